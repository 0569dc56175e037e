/* SPDX-License-Identifier: MIT */
/*
 * test_replay: replays of known cases under callgrind, and of cases that cannot be replayed. Runs the real
 * program (ASSAY_PROGRAM) on the plug-in ASSAY_REPLAY_PLUGIN; skipped where there is no callgrind.
 */
#include "harness/engine/replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "tests/t.h"

enum { NOPS = 198, LOOP = 2, SKIPPED_TEST = 77 };

static struct assay_err err;
static char folder[T_PATH];

static struct assay_replayed replay(const char *name, uint64_t operations, uint64_t timeout_ns)
{
	const char *const plugins[] = {getenv("ASSAY_REPLAY_PLUGIN"), NULL};
	const struct assay_replay request = {
		.program = getenv("ASSAY_PROGRAM"),
		.plugins = plugins,
		.case_name = name,
		.operations = operations,
		.timeout_ns = timeout_ns ? timeout_ns : 60000000000,
		.memory_bytes = 1u << 30,
	};
	struct assay_replayed replayed;
	assert_ok(assay_replay_case(&request, &replayed, &err));
	return replayed;
}

static struct assay_replayed count(const char *name)
{
	struct assay_replayed replayed = replay(name, 0, 0);
	if (replayed.status != ASSAY_STATUS_OK)
		fail_msg("%s is %s: %s", name, assay_status_name(replayed.status), replayed.reason);
	return replayed;
}

static void expect(const char *name, enum assay_status status, const char *says)
{
	/* Only what is to run into its deadline has a near one: the machine may be busy. */
	uint64_t timeout_ns = status == ASSAY_STATUS_TIMEOUT ? 1500000000 : 0;
	struct assay_replayed replayed = replay(name, 0, timeout_ns);
	if (replayed.status != status || !strstr(replayed.reason, says))
		fail_msg("%s is %s: '%s'", name, assay_status_name(replayed.status),
			 replayed.reason);
}

static size_t leftovers(void)
{
	DIR *dir = opendir(folder);
	size_t n = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void a_known_loop_has_its_count(void **state)
{
	(void)state;
	struct assay_replayed known = count("replay/known/threads:1");
	uint64_t raw = known.counts[ASSAY_REPLAY_INSTRUCTIONS].raw;
#ifdef __x86_64__
	assert_true(raw - known.operations * (NOPS + LOOP) < 100); /* the edges */
#endif
	assert_true(raw >= 500000);
	assert_close(known.counts[ASSAY_REPLAY_INSTRUCTIONS].value,
		     (double)raw / (double)known.operations, 1e-12);
	assert_true(known.counts[ASSAY_REPLAY_DATA_READS].raw < 100);
	assert_string_equal(known.counts[ASSAY_REPLAY_DATA_READS].source, "callgrind");
	assert_non_null(strstr(known.counts[ASSAY_REPLAY_DATA_READS].reason, "callgrind-"));
	assert_int_equal(leftovers(), 0);
}

/* With another environment, another folder for its files, and with the number of operations given. */
static void counts_are_the_same_every_time(void **state)
{
	(void)state;
	struct assay_replayed first = count("replay/library/threads:1");
	char large[3000];
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	setenv("ASSAY_TEST_LARGE", large, 1);
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	setenv("VALGRIND_OPTS", "--D1=1024,1,64", 1);
	struct assay_replayed second = count("replay/library/threads:1");
	unsetenv("ASSAY_TEST_LARGE");
	unsetenv("GLIBC_TUNABLES");
	unsetenv("VALGRIND_OPTS");
	setenv("TMPDIR", "/tmp", 1);
	struct assay_replayed third = replay("replay/library/threads:1", first.operations, 0);
	setenv("TMPDIR", folder, 1);
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++) {
		assert_int_equal(first.counts[e].raw, second.counts[e].raw);
		assert_int_equal(first.counts[e].raw, third.counts[e].raw);
	}
}

static void chance_and_time_repeat(void **state)
{
	(void)state;
	struct assay_replayed first = count("replay/chance/threads:1");
	struct assay_replayed second = count("replay/chance/threads:1");
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++)
		assert_int_equal(first.counts[e].raw, second.counts[e].raw);
}

static void a_known_size_of_batch_is_kept(void **state)
{
	(void)state;
	assert_int_equal(replay("replay/known/threads:1", 100, 0).operations, 100);
	assert_int_equal(count("replay/few/threads:1").operations, 20);
	assert_int_equal(count("replay/once/threads:1").operations, 1);
}

/* The child writes files beside ours; the parent's are taken. */
static void counts_of_a_case_with_children(void **state)
{
	(void)state;
	struct assay_replayed forks = count("replay/forks/threads:1");
	assert_true(forks.counts[ASSAY_REPLAY_INSTRUCTIONS].raw < NOPS + LOOP + 100);
	assert_int_equal(leftovers(), 0);
}

static void what_cannot_be_counted_says_why(void **state)
{
	(void)state;
	expect("replay/threaded/threads:1", ASSAY_STATUS_SKIPPED, "this case has 2");
	expect("replay/pair/threads:2", ASSAY_STATUS_SKIPPED, "only one thread");
	expect("replay/latency/threads:1", ASSAY_STATUS_SKIPPED, "LATENCY");
	expect("replay/window/threads:1", ASSAY_STATUS_SKIPPED, "CONTENDED");
#ifdef __x86_64__
	expect("replay/avx512/threads:1", ASSAY_STATUS_SKIPPED, "AVX-512");
#endif
}

static void bad_days_end_as_in_any_launch(void **state)
{
	(void)state;
	expect("replay/hang/threads:1", ASSAY_STATUS_TIMEOUT, "1.5 s");
	expect("replay/trap/threads:1", ASSAY_STATUS_CRASHED, "signal");
	expect("replay/die/threads:1", ASSAY_STATUS_CRASHED, "signal 11");
	expect("replay/wrong/threads:1", ASSAY_STATUS_FAILED, "two and two is five");
	assert_int_equal(leftovers(), 0);
}

/* PATH is one folder, in which `valgrind` is a link to `target`, or nothing. */
static struct assay_replayed replay_with(const char *target)
{
	char bin[64], link[80];
	const char *path = getenv("PATH");
	char *before = strdup(path ? path : "");
	snprintf(bin, sizeof(bin), "%s/bin", folder);
	snprintf(link, sizeof(link), "%s/valgrind", bin);
	assert_int_equal(mkdir(bin, 0700), 0);
	if (target)
		assert_int_equal(symlink(target, link), 0);
	setenv("PATH", bin, 1);
	struct assay_replayed replayed = replay("replay/known/threads:1", 0, 0);
	setenv("PATH", before, 1);
	free(before);
	unlink(link);
	rmdir(bin);
	return replayed;
}

static void bad_valgrinds_are_named(void **state)
{
	(void)state;
	struct assay_replayed none = replay_with(NULL);
	assert_int_equal(none.status, ASSAY_STATUS_SKIPPED);
	assert_non_null(strstr(none.reason, "package valgrind"));
	struct assay_replayed broken = replay_with("/bin/false");
	assert_int_equal(broken.status, ASSAY_STATUS_CRASHED);
	assert_non_null(strstr(broken.reason, "exit status 1"));
}

static void bad_days_of_the_user(void **state)
{
	(void)state;
	const volatile sig_atomic_t interrupted = 1;
	const struct assay_replay request = {
		.program = getenv("ASSAY_PROGRAM"),
		.case_name = "replay/hang/threads:1",
		.timeout_ns = 60000000000,
		.interrupted = &interrupted,
	};
	struct assay_replayed replayed;
	assert_fails(assay_replay_case(&request, &replayed, &err), ASSAY_EINTR, "interrupted");
	assert_int_equal(leftovers(), 0);
}

static void counts_go_among_counters(void **state)
{
	(void)state;
	struct assay_count counters[ASSAY_REPLAY_EVENTS + 1] = {
		{.event = "instructions", .quality = ASSAY_EXACT, .source = "papi", .value = 7},
		{.event = "branch_misses", .reason = "no unit"},
	};
	size_t n = 2;
	struct assay_replayed replayed = {.status = ASSAY_STATUS_OK};
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++)
		replayed.counts[e] =
			(struct assay_count){.quality = ASSAY_SIMULATED, .value = (double)(10 + e)};
	assay_replay_add(&replayed, counters, ASSAY_REPLAY_EVENTS + 1, &n);
	assert_int_equal(n, ASSAY_REPLAY_EVENTS + 1);
	assert_close(counters[0].value, 7, 0);
	assert_string_equal(counters[1].event, "branch_misses");
	assert_int_equal(counters[1].quality, ASSAY_SIMULATED);
	assert_string_equal(counters[2].event, "callgrind:instructions");
	assert_string_equal(counters[3].event, "data_reads");
	n = 2;
	replayed.status = ASSAY_STATUS_SKIPPED;
	snprintf(replayed.reason, sizeof(replayed.reason), "no valgrind");
	assay_replay_add(&replayed, counters, 3, &n);
	assert_int_equal(n, 3);
	assert_close(counters[0].value, 7, 0);
	assert_int_equal(counters[2].quality, ASSAY_UNAVAILABLE);
	assert_string_equal(counters[2].reason, "no valgrind");
}

/* The argument is a pattern for the names of the tests to run. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_loop_has_its_count),
		cmocka_unit_test(a_known_size_of_batch_is_kept),
		cmocka_unit_test(counts_are_the_same_every_time),
		cmocka_unit_test(chance_and_time_repeat),
		cmocka_unit_test(counts_go_among_counters),
		cmocka_unit_test(counts_of_a_case_with_children),
		cmocka_unit_test(what_cannot_be_counted_says_why),
		cmocka_unit_test(bad_days_end_as_in_any_launch),
		cmocka_unit_test(bad_valgrinds_are_named),
		cmocka_unit_test(bad_days_of_the_user),
	};
	struct assay_err why = {0};
	if (assay_replay_probe(&why) != ASSAY_OK) {
		printf("skipped: %s\n", why.text);
		return SKIPPED_TEST;
	}
	if (!mkdtemp(t_path(folder, "replay")) || setenv("TMPDIR", folder, 1) != 0 ||
	    assay_guard_start(&why) != ASSAY_OK)
		return 1;
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}

/* SPDX-License-Identifier: MIT */
/*
 * test_sampler: samples of a program that does a known thing, by each engine that this machine permits:
 * this test itself, started again with a word. No time is asserted, only shares.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "profiler/cost.h"
#include "profiler/debuginfo.h"
#include "profiler/perf.h"
#include "profiler/sampler.h"
#include "tests/t.h"

extern char **environ;

/* A sanitiser's library insists on being loaded first, before any that is preloaded. */
static const bool preloads = !ASSAY_ASAN;

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Most of the time; `x` so that no call is the last thing a function does. */
static ASSAY_NOIPA uint64_t spin(uint64_t ns)
{
	uint64_t x = 1, end = cpu_ns() + ns;
	while (cpu_ns() < end)
		for (int i = 0; i < 20000; i++)
			__asm__ volatile("" : "+r"(x));
	return x;
}

static ASSAY_NOIPA uint64_t hot_function(uint64_t ns)
{
	return spin(ns) + 1;
}

static ASSAY_NOIPA uint64_t in_the_child(uint64_t ns)
{
	return spin(ns) + 2;
}

static void *on_a_thread(void *argument)
{
	*(uint64_t *)argument += hot_function(60000000);
	return argument;
}

/* What is sampled: a thread, a child that does not exec, and the process itself. */
static int target(void)
{
	pthread_t thread;
	uint64_t x = 0;
	if (pthread_create(&thread, NULL, on_a_thread, &x) != 0)
		return 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(in_the_child(60000000) == 0);
	waitpid(pid, NULL, 0);
	pthread_join(thread, NULL);
	return hot_function(30000000) == 0;
}

/*
 * More stack than a sample holds, below a function that is not the process' first. Not sanitised: who looks for
 * uses after return keeps locals elsewhere.
 */
__attribute__((no_sanitize_address)) static ASSAY_NOIPA uint64_t deep(unsigned frames, uint64_t ns)
{
	volatile char room[3000];
	room[frames] = 1;
	return (frames ? deep(frames - 1, ns) : spin(ns)) + (uint64_t)room[frames];
}

static void start_target(const char *const *pairs, const char *what)
{
	char *const argv[] = {(char *)"test_sampler", (char *)(uintptr_t)what, NULL};
	char *env[256];
	size_t n = 0;
	pid_t pid;
	int status;
	for (size_t i = 0; pairs[i]; i++)
		env[n++] = (char *)(uintptr_t)pairs[i];
	for (size_t i = 0; environ[i] && n < 255; i++)
		env[n++] = environ[i];
	env[n] = NULL;
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static double total_share(const struct assay_stacks *s, const char *function)
{
	struct assay_err err = {0};
	uint64_t *self = calloc(s->n_frames + 1, 8), *total = calloc(s->n_frames + 1, 8);
	double share = 0;
	assert_ok(assay_stacks_by_frame(s, self, total, &err));
	for (size_t i = 0; i < s->n_frames; i++)
		if (strcmp(s->frames[i].function, function) == 0)
			share += (double)total[i] / (double)s->facts.samples;
	free(self);
	free(total);
	return share;
}

static void check_profile(const struct assay_stacks *s)
{
	double hot = total_share(s, "hot_function"), child = total_share(s, "in_the_child");
	assert_true(s->facts.samples >= 10);
	if (debuginfo_missing()) /* without it only what is running is sure to be named */
		return;
	/* 90 ms and 60 ms of 150; of the few samples of a busy machine, both must have some. */
	if (!(hot > 0.1 && child > 0.03 && hot + child > 0.9))
		fail_msg("of %llu samples %.2f in hot_function, %.2f in_the_child",
			 (unsigned long long)s->facts.samples, hot, child);
	assert_true(total_share(s, "spin") > 0.9);
	assert_true((double)s->facts.partial < 0.1 * (double)s->facts.samples);
}

static void sample_target(enum sampler_engine engine)
{
	struct assay_err err = {0};
	struct sampler *sampler;
	const struct sampler_options options = {
		.engine = engine, .budget_ratio = 0.02, .rate_hz = 997};
	enum assay_code rc = sampler_new(&options, &sampler, &err);
	if (rc == ASSAY_SKIP && err.text[0]) {
		print_message("not possible here: %s\n", err.text);
		skip();
	}
	assert_ok(rc);
	for (int round = 0; round < 2; round++) { /* it can be started again */
		const char *const *pairs;
		struct assay_stacks *s;
		const struct sampler_view view = {.title = "target", .processes = true};
		assert_ok(sampler_start(sampler, &pairs, &err));
		start_target(pairs, "target");
		assert_ok(sampler_finish(sampler, &view, &s, &err));
		check_profile(s);
		assert_int_equal(s->facts.lost, 0);
		assert_string_equal(s->facts.title, "target");
		assay_stacks_free(s);
	}
	sampler_free(sampler);
}

static void perf_event_finds_where_the_time_goes(void **state)
{
	(void)state;
	sample_target(SAMPLER_PERF);
}

static void the_timer_finds_where_the_time_goes(void **state)
{
	(void)state;
	if (!preloads)
		skip();
	sample_target(SAMPLER_TIMER);
}

static void only_spans_count_and_callers_of_the_root_are_left_out(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct sampler *sampler;
	const char *const *pairs;
	struct assay_stacks *s;
	const struct sampler_options options = {.budget_ratio = 0.02, .rate_hz = 997};
	const struct sampler_span never = {1, 2};
	if (sampler_new(&options, &sampler, &err) == ASSAY_SKIP)
		skip();
	const struct sampler_view outside = {.title = "", .spans = &never, .n_spans = 1};
	assert_ok(sampler_start(sampler, &pairs, &err));
	start_target(pairs, "target");
	assert_ok(sampler_finish(sampler, &outside, &s, &err));
	assert_int_equal(s->facts.samples, 0);
	assert_true(s->facts.outside >= 10);
	assay_stacks_free(s);
	const struct sampler_view below = {.title = "", .root = "hot_function"};
	assert_ok(sampler_start(sampler, &pairs, &err));
	start_target(pairs, "target");
	assert_ok(sampler_finish(sampler, &below, &s, &err));
	assert_close(total_share(s, "hot_function"), 0, 0);
	assay_stacks_free(s);
	sampler_free(sampler);
	sampler_free(NULL);
}

static void stacks_that_were_not_recorded_whole_are_counted(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct sampler *sampler;
	const char *const *pairs;
	struct assay_stacks *s;
	const struct sampler_options options = {
		.budget_ratio = 0.02, .rate_hz = 997, .unwind = SAMPLER_UNWIND_DWARF};
	if (sampler_new(&options, &sampler, &err) == ASSAY_SKIP)
		skip();
	const struct sampler_view all = {.title = ""}, below = {.title = "", .root = "deep"};
	assert_ok(sampler_start(sampler, &pairs, &err));
	start_target(pairs, "deep");
	assert_ok(sampler_finish(sampler, &all, &s, &err));
	/* What starts and ends the process has its whole stack recorded. */
	double spins = total_share(s, "spin") * (double)s->facts.samples;
	assert_true(spins > 0 && (double)s->facts.partial > 0.8 * spins);
	assay_stacks_free(s);
	/* What lies beyond the root is not missed. */
	assert_ok(sampler_start(sampler, &pairs, &err));
	start_target(pairs, "deep");
	assert_ok(sampler_finish(sampler, &below, &s, &err));
	spins = total_share(s, "spin") * (double)s->facts.samples;
	double others = (double)s->facts.samples - spins;
	assert_true(spins > 0 && (double)s->facts.partial < others + 0.2 * spins);
	assay_stacks_free(s);
	sampler_free(sampler);
}

static void the_rate_keeps_to_the_budget(void **state)
{
	(void)state;
	const struct sample_cost cheap = {2000, 1900, 2100, 41}, dear = {13000, 12500, 13500, 41},
				 noisy = {13000, 0, 900000, 41}, absurd = {1e7, 1e7, 1e7, 41};
	assert_int_equal(sample_rate_hz(&cheap, 0.0075), 997);
	assert_int_equal(sample_rate_hz(&dear, 0.0075), 499);  /* 555 allowed */
	assert_int_equal(sample_rate_hz(&noisy, 0.0075), 269); /* as if it cost twice as much */
	assert_int_equal(sample_rate_hz(&absurd, 0.0075), 11);
}

static void impossible_wishes_are_refused_in_words(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct sampler *sampler;
	const struct sampler_options dwarf = {.unwind = SAMPLER_UNWIND_DWARF, .budget_ratio = 0.01};
	if (!debuginfo_missing())
		skip();
	assert_fails(sampler_new(&dwarf, &sampler, &err), ASSAY_SKIP, "libdw");
}

static void every_refusal_of_the_kernel_has_its_words(void **state)
{
	(void)state;
	static const struct {
		int error;
		const char *words;
	} refusals[] = {
		{EACCES, "CAP_PERFMON"},        {EPERM, "not permitted"},
		{ENOSYS, "no perf_event_open"}, {ENOENT, "not offer"},
		{EOPNOTSUPP, "not offer"},      {EBUSY, "taken by somebody else"},
		{EMFILE, "ulimit -n"},
	};
	char text[300];
	for (size_t i = 0; i < ASSAY_COUNT_OF(refusals); i++)
		if (!strstr(perf_reason(refusals[i].error, text, sizeof(text)), refusals[i].words))
			fail_msg("%s: '%s'", strerror(refusals[i].error), text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(perf_event_finds_where_the_time_goes),
		cmocka_unit_test(the_timer_finds_where_the_time_goes),
		cmocka_unit_test(only_spans_count_and_callers_of_the_root_are_left_out),
		cmocka_unit_test(stacks_that_were_not_recorded_whole_are_counted),
		cmocka_unit_test(the_rate_keeps_to_the_budget),
		cmocka_unit_test(impossible_wishes_are_refused_in_words),
		cmocka_unit_test(every_refusal_of_the_kernel_has_its_words),
	};
	if (argc == 2 && strcmp(argv[1], "target") == 0)
		return target();
	if (argc == 2 && strcmp(argv[1], "deep") == 0)
		return deep(8, 200000000) == 0; /* at least two samples at the lowest rate */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_sources: the sources of this build, on this machine, against work of known effect. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/machine/noise.h"
#include "profiler/sources.h"
#include "tests/t.h"

enum { PAGES = 512, NAPS = 5, THREADS = 4, NOBODY = 65534 };

static const struct assay_source *find(const char *name)
{
	for (const struct assay_source *const *s = assay_source_table; *s; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}

static void name_counts(struct assay_count *counts, const char *const *events, size_t n)
{
	memset(counts, 0, n * sizeof(*counts));
	for (size_t i = 0; i < n; i++)
		assay_copy(counts[i].event, sizeof(counts[i].event), events[i]);
}

/* Touch PAGES fresh small pages, sleep NAPS times. */
static void work(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
	struct timespec nap = {.tv_nsec = 100000};
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return;
	madvise(fresh, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		((volatile char *)fresh)[i] = 1;
	munmap(fresh, size);
	for (int i = 0; i < NAPS; i++)
		nanosleep(&nap, NULL);
}

/* Count work() with one source; false when the source is not usable here. */
static bool count_work(const struct assay_source *source, struct assay_count *counts, size_t n,
		       struct assay_err *err)
{
	void *state;
	if (source->probe(err) != ASSAY_OK)
		return false;
	if (source->open(counts, n, &state, err) != ASSAY_OK || !state)
		return false;
	bool ok = source->start(state, err) == ASSAY_OK;
	work();
	ok = ok && source->stop(state, counts, n, err) == ASSAY_OK;
	source->close(state);
	return ok;
}

/* Page faults of this thread so far, by the kernel's own account. */
static double thread_faults(void)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	return (double)(usage.ru_minflt + usage.ru_majflt);
}

static void the_table_is_in_order_of_preference(void **state)
{
	(void)state;
	assert_string_equal(assay_source_table[0]->name, "papi");
	static const char *const names[] = {"papi",  "perf",        "rusage", "proc",  "powercap",
					    "cupti", "cupti_range", "nvml",   "chain", "fake"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		assert_string_equal(assay_source_table[i]->name, names[i]);
	assert_null(assay_source_table[ASSAY_COUNT_OF(names)]);
}

static void rusage_counts_faults_switches_and_time(void **state)
{
	(void)state;
	static const char *const events[] = {"page_faults",     "context_switches",
					     "task_clock",      "rusage:voluntary_switches",
					     "rusage:nonsense", "cycles"};
	struct assay_count c[6];
	struct assay_err err = {0};
	name_counts(c, events, 6);
	assert_true(count_work(find("rusage"), c, 6, &err));
	assert_true(c[0].value >= PAGES);
	assert_true(c[1].value >= NAPS);
	assert_true(c[3].value >= NAPS && c[3].value <= c[1].value);
	assert_string_equal(c[2].unit, "ns");
	assert_true(c[2].value >= 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(c[i].quality, ASSAY_EXACT);
	assert_int_equal(c[4].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[4].reason, "rusage:nonsense"));
	assert_int_equal(c[5].quality, ASSAY_UNAVAILABLE);
	assert_true(c[5].reason[0] != '\0');
}

/* A chain of known length takes as many cycles; neighbours and interrupts may stretch it, not halve it. */
static void cycles_follow_from_a_chain_of_additions(void **state)
{
	(void)state;
	static const char *const events[] = {"cycles", "core_cycles", "chain:nonsense",
					     "page_faults"};
	enum { TURNS = 100000 };
	const struct assay_source *chain = find("chain");
	struct assay_count c[4];
	struct assay_err err = {0};
	uint64_t value = 1;
	void *session;
	name_counts(c, events, 4);
	if (chain->probe(&err) != ASSAY_OK)
		skip();
	assert_ok(chain->open(c, 4, &session, &err));
	assert_non_null(session);
	assert_ok(chain->start(session, &err));
	assert_fails(chain->start(session, &err), ASSAY_EBUG, "started twice");
	assert_true(assay_add_chain(TURNS, &value));
	assert_ok(chain->stop(session, c, 4, &err));
	assert_fails(chain->stop(session, c, 4, &err), ASSAY_EBUG, "without start");
	chain->close(session);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(c[i].quality, ASSAY_DERIVED);
		assert_string_equal(c[i].source, "chain");
		assert_non_null(strstr(c[i].reason, "CPU time at"));
		assert_true(c[i].value > 0.5 * TURNS * ASSAY_CHAIN_ADDS);
		assert_true(c[i].value < 20.0 * TURNS * ASSAY_CHAIN_ADDS);
	}
	assert_int_equal(c[2].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(c[2].reason, "no 'nonsense'"));
	assert_int_equal(c[3].quality, ASSAY_UNAVAILABLE);
	/* What a better source has taken stays with it. */
	name_counts(c, events, 1);
	c[0].quality = ASSAY_EXACT;
	assay_copy(c[0].source, sizeof(c[0].source), "papi");
	assert_ok(chain->open(c, 1, &session, &err));
	assert_null(session);
	assert_string_equal(c[0].source, "papi");
}

static void fake_events_have_known_values(void **state)
{
	(void)state;
	static const char *const events[] = {"fake:count",   "fake:broken", "fake:scaled",
					     "fake:starved", "fake:zero",   "cycles"};
	const struct assay_source *fake = find("fake");
	struct assay_count c[6];
	struct assay_err err = {0};
	void *session;
	name_counts(c, events, 6);
	assert_ok(fake->open(c, 6, &session, &err));
	assert_non_null(session);
	for (int region = 1; region <= 3; region++) {
		assert_ok(fake->start(session, &err));
		assert_ok(fake->stop(session, c, 6, &err));
		assert_close(c[0].value, region, 0);
	}
	assert_string_equal(c[1].reason, "broken on purpose");
	assert_int_equal(c[2].quality, ASSAY_SCALED);
	assert_close(c[2].value, 1000, 0);
	assert_close((double)c[2].raw, 250, 0);
	assert_true(c[2].running_ns < c[2].enabled_ns);
	assert_int_equal(c[3].quality, ASSAY_UNAVAILABLE);
	assert_int_equal(c[4].quality, ASSAY_EXACT);
	assert_close(c[4].value, 0, 0);
	assert_string_equal(c[5].source, "");
	assert_fails(fake->stop(session, c, 6, &err), ASSAY_EBUG, "without start");
	fake->close(session);
	fake->close(NULL);
}

/* Every default event ends as a number of some source or with a reason, whatever the machine. */
static void every_default_event_is_a_number_or_a_reason(void **state)
{
	(void)state;
	struct assay_count c[16];
	size_t n = 0;
	while (assay_default_events[n])
		n++;
	name_counts(c, assay_default_events, n);
	for (const struct assay_source *const *s = assay_source_table; *s; s++) {
		struct assay_err err = {0};
		void *session = NULL;
		if ((*s)->probe(&err) == ASSAY_OK)
			assert_ok((*s)->open(c, n, &session, &err));
		(*s)->close(session);
	}
	for (size_t i = 0; i < n; i++) {
		if (c[i].quality == ASSAY_UNAVAILABLE)
			assert_true(c[i].reason[0] != '\0');
		else
			assert_true(c[i].source[0] != '\0');
		print_message("# %-18s %-12s %-7s %s\n", c[i].event,
			      assay_quality_name(c[i].quality), c[i].source, c[i].reason);
	}
}

static void papi_agrees_with_the_work_or_says_why_not(void **state)
{
	(void)state;
	static const char *const events[] = {"page_faults", "context_switches", "task_clock",
					     "cpu_migrations"};
	struct assay_count c[4];
	struct assay_err err = {0};
	name_counts(c, events, 4);
	double faults_before = thread_faults();
	if (!count_work(find("papi"), c, 4, &err)) {
		print_message("# no PAPI here: %s %s\n", err.text, c[0].reason);
		assert_true(err.text[0] != '\0' || c[0].reason[0] != '\0');
		skip();
	}
	if (c[0].quality == ASSAY_EXACT)
		assert_true(c[0].value >= PAGES && c[0].value <= thread_faults() - faults_before);
	if (c[1].quality == ASSAY_EXACT)
		assert_true(c[1].value >= NAPS);
	if (c[2].quality == ASSAY_EXACT)
		assert_true(c[2].value > 0);
	for (int i = 0; i < 4; i++)
		assert_true(c[i].quality == ASSAY_EXACT || c[i].reason[0] != '\0');
}

/* Without the kernel side these read 0 for ever: they must be refused, not believed. */
static void papi_refuses_the_false_zeros_of_this_machine(void **state)
{
	(void)state;
	static const char *const events[] = {"papi:perf::CONTEXT-SWITCHES"};
	struct assay_count c[1];
	struct assay_err err = {0};
	name_counts(c, events, 1);
	if (find("papi")->probe(&err) != ASSAY_OK)
		skip();
	bool counted = count_work(find("papi"), c, 1, &err);
	if (counted)
		assert_true(c[0].value >= NAPS);
	else
		assert_non_null(strstr(c[0].reason, "getrusage saw"));
}

struct worker {
	pthread_t thread;
	int pages;
	bool counted;
	struct assay_count count;
};

static void *count_own_pages(void *context)
{
	struct worker *w = context;
	const struct assay_source *papi = find("papi");
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)w->pages * page;
	void *state;
	if (papi->open(&w->count, 1, &state, NULL) != ASSAY_OK || !state)
		return NULL;
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	w->counted = fresh != MAP_FAILED && papi->start(state, NULL) == ASSAY_OK;
	if (fresh != MAP_FAILED) {
		madvise(fresh, size, MADV_NOHUGEPAGE);
		for (size_t i = 0; i < size; i += page)
			((volatile char *)fresh)[i] = 1;
	}
	w->counted = w->counted && papi->stop(state, &w->count, 1, NULL) == ASSAY_OK;
	papi->close(state);
	return NULL;
}

/* First use from several threads at once: one initialisation, and each counts itself only. */
static void papi_counts_each_thread_apart(void **state)
{
	(void)state;
	static const char *const events[] = {"page_faults"};
	struct worker workers[THREADS] = {0};
	struct assay_err err = {0};
	for (int i = 0; i < THREADS; i++) {
		workers[i].pages = 64 * (i + 1);
		name_counts(&workers[i].count, events, 1);
		assert_int_equal(
			pthread_create(&workers[i].thread, NULL, count_own_pages, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	if (find("papi")->probe(&err) != ASSAY_OK)
		skip();
	for (int i = 0; i < THREADS; i++) {
		assert_true(workers[i].counted);
		assert_true(workers[i].count.value >= workers[i].pages);
		/* Whoever touched more counted more: nobody has the sum. */
		if (i > 0)
			assert_true(workers[i].count.value > workers[i - 1].count.value);
	}
}

/* What the child found, as an exit status. */
enum { FOUND_GOOD = 0, FOUND_NO_PAPI = 10, FOUND_FALSE_ZERO, FOUND_NO_REASON, FOUND_NO_USER };

/* As nobody: whatever context_switches ends as, it is not a silent zero. */
static int look_as_nobody(void)
{
	static const char *const events[] = {"context_switches", "page_faults"};
	struct assay_count c[2];
	struct assay_err err = {0};
	if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		return FOUND_NO_USER;
	if (find("papi")->probe(&err) != ASSAY_OK)
		return FOUND_NO_PAPI;
	name_counts(c, events, 2);
	count_work(find("papi"), c, 2, &err);
	for (int i = 0; i < 2; i++) {
		if (c[i].quality == ASSAY_UNAVAILABLE && !c[i].reason[0])
			return FOUND_NO_REASON;
		if (c[i].quality != ASSAY_UNAVAILABLE && c[i].value <= 0)
			return FOUND_FALSE_ZERO;
	}
	/* and rusage fills the gap */
	if (c[0].quality == ASSAY_UNAVAILABLE && !count_work(find("rusage"), c, 1, &err))
		return FOUND_NO_REASON;
	return c[0].value >= NAPS ? FOUND_GOOD : FOUND_FALSE_ZERO;
}

static void nobody_gets_a_number_or_a_reason(void **state)
{
	(void)state;
	int status;
	if (geteuid() != 0)
		skip();
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(look_as_nobody());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == FOUND_NO_PAPI || WEXITSTATUS(status) == FOUND_NO_USER)
		skip();
	assert_int_equal(WEXITSTATUS(status), FOUND_GOOD);
}

static void the_trial_leaves_the_affinity_as_it_was(void **state)
{
	(void)state;
	static const char *const events[] = {"cpu_migrations"};
	cpu_set_t before, after;
	struct assay_count c[1];
	struct assay_err err = {0};
	name_counts(c, events, 1);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	count_work(find("papi"), c, 1, &err);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	/* The child of the first test must be forked before PAPI is initialised here. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gets_a_number_or_a_reason),
		cmocka_unit_test(papi_counts_each_thread_apart),
		cmocka_unit_test(the_table_is_in_order_of_preference),
		cmocka_unit_test(rusage_counts_faults_switches_and_time),
		cmocka_unit_test(cycles_follow_from_a_chain_of_additions),
		cmocka_unit_test(fake_events_have_known_values),
		cmocka_unit_test(every_default_event_is_a_number_or_a_reason),
		cmocka_unit_test(papi_agrees_with_the_work_or_says_why_not),
		cmocka_unit_test(papi_refuses_the_false_zeros_of_this_machine),
		cmocka_unit_test(the_trial_leaves_the_affinity_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_fits: laws of scaling and trade-offs, in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fits.h"
#include "tests/reports/fixture.h"
#include "tests/t.h"

enum { LAUNCHES = 4, EACH = 3 };

/* Samples of one metric: four launches that differ by a per cent or so. */
struct launches {
	double values[LAUNCHES * EACH];
	uint32_t ends[LAUNCHES];
};

static void give(struct assay_result *r, struct launches *l, double median)
{
	static const double off[LAUNCHES] = {0.99, 1.0, 1.01, 1.002};
	for (int i = 0; i < LAUNCHES * EACH; i++)
		l->values[i] = median * off[i / EACH];
	for (int i = 0; i < LAUNCHES; i++)
		l->ends[i] = (uint32_t)(i + 1) * EACH;
	r->samples = (struct assay_samples){.values = l->values,
					    .n = LAUNCHES * EACH,
					    .launch_end = l->ends,
					    .launches = LAUNCHES};
}

/* Owned by the caller. */
static char *words(struct fixture *f)
{
	const struct assay_report_model *model = fixture_model(f);
	struct assay_str text = {0};
	assay_report_fits(&text, &model->runs[0].suites[0].benches[0]);
	char *copy = strdup(assay_str_text(&text));
	assay_str_done(&text);
	fixture_free(f);
	return copy;
}

/* Speedups of a serial part of `serial` on 1 to n threads. */
static char *strong(const char *metric, unsigned n, double serial, double first, bool samples,
		    unsigned unpinned_from)
{
	static struct launches kept[16];
	struct fixture *f = fixture_new();
	for (unsigned t = 1; t <= n; t++) {
		double ideal = strcmp(metric, "speedup") == 0 ? 1 / (serial + (1 - serial) / t)
							      : t - serial * (t - 1);
		FIXTURE_ADD(f, "scaling", "strong", "threads", "points:32Ki", t, .median = 1e6 / t);
		struct assay_result *r = fixture_beside(f, metric, "ratio", first * ideal);
		if (samples)
			give(r, &kept[t], first * ideal);
		if (t >= unpinned_from)
			r->flags |= ASSAY_RESULT_UNPINNED;
	}
	return words(f);
}

/* The text holds this; it is freed. */
static void says(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
	free(text);
}

static void says_not(char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' says '%s'", text, part);
	free(text);
}

static void launches_are_points_and_give_intervals(void **state)
{
	(void)state;
	says(strong("speedup", 2, 0.1, 0.95, true, 99), "serial part 10.");
	says(strong("speedup", 2, 0.1, 0.95, true, 99), " [");
	says_not(strong("speedup", 2, 0.1, 0.95, false, 99), " [");
	says(strong("speedup", 6, 0.1, 0.95, true, 99), "contention 0.1 [");
	says(strong("scaled_speedup", 3, 0.2, 1, true, 99), "Gustafson's law: serial part 19.9 %");
	says(strong("scaled_speedup", 3, 0.2, 1, true, 99), " [");
	says(strong("scaled_speedup", 1, 0.2, 1, true, 99), "not fitted");
	says(strong("speedup", 2, 3, 1, true, 99), "Amdahl's law has nothing to say");
}

static void assert_silent(struct fixture *f)
{
	fixture_beside(f, "speedup", "ratio", 1.1);
	char *text = words(f);
	assert_string_equal(text ? text : "", "");
	free(text);
}

/* A launcher's ranks have a thread each, and so has who asks a device: there is no law of threads to look for. */
static void ranks_and_devices_are_no_threads(void **state)
{
	(void)state;
	struct fixture *f = fixture_new();
	FIXTURE_ADD(f, "scaling", "strong", "threads", "points:32Ki/ranks:2", 1, .median = 1e6);
	assert_silent(f);
	f = fixture_new();
	FIXTURE_ADD(f, "gpu", "break_even", "cuda", "n:64", 1, .median = 1e6);
	assert_silent(f);
}

static void nothing_is_said_of_more_than_twice_the_threads(void **state)
{
	(void)state;
	says(strong("speedup", 2, 0.1, 0.95, true, 99), "at 4 threads a speedup of 2.9");
	says_not(strong("speedup", 2, 0.1, 0.95, true, 99), "at most");
	says(strong("speedup", 6, 0.1, 0.95, true, 99), "no peak up to 12 threads");
}

static void too_much_of_the_cores_is_pointed_out(void **state)
{
	(void)state;
	says(strong("speedup", 2, 0, 1.07, true, 99), "efficiency of 107 % at 1 thread: above");
	says(strong("speedup", 2, 0, 1.02, true, 99), "efficiency of 102 %");
	/* The interval, a per cent to each side, holds 100 %. */
	says_not(strong("speedup", 2, 0, 1.005, true, 99), "suspect the baseline");
}

/* Four threads on two cores would make a serial part out of sharing. */
static void what_has_no_core_of_its_own_enters_no_fit(void **state)
{
	(void)state;
	says(strong("speedup", 8, 0.1, 0.95, true, 3), "there are 2");
	says(strong("speedup", 8, 0.1, 0.95, true, 3), "6 cases without a core for each thread");
	says(strong("speedup", 8, 0.1, 0.95, true, 3), "at 4 threads a speedup");
}

static void policy(struct fixture *f, const char *name, double unserved, double hours)
{
	char params[64];
	snprintf(params, sizeof(params), "policy:%s/delay:30", name);
	FIXTURE_ADD(f, "scaling", "autoscale_trace", "", params, 1, .median = 1e6);
	fixture_beside(f, "replica_hours", "h", hours);
	struct assay_result *r = fixture_beside(f, "unserved", "ratio", unserved);
	r->estimate.lo = unserved * 0.9;
	r->estimate.hi = unserved * 1.1;
}

static void policies_have_a_front_and_no_winner(void **state)
{
	(void)state;
	struct fixture *f = fixture_new();
	policy(f, "hpa", 0.01, 70);
	policy(f, "hybrid", 0.005, 75);
	policy(f, "thresholds", 0.02, 80);
	policy(f, "adaptive", 0.0052, 75); /* worse than hybrid, but by chance it may be */
	policy(f, "clairvoyant", 0.0001, 60);
	char *text = words(f);
	assert_non_null(strstr(text, "hpa 1 % for 70 h; "));
	assert_non_null(strstr(text, "hybrid 0.5 % for 75 h; "));
	assert_non_null(strstr(text, "thresholds 2 % for 80 h (not on the front: "));
	assert_null(strstr(text, "adaptive 0.52 % for 75 h (not"));
	assert_non_null(strstr(text, "clairvoyant 0.01 % for 60 h (a bound)"));
	assert_null(strstr(text, "clairvoyant is better"));
	free(text);
}

/* Eighty counts with four launches each: the last ones, where it breaks down, are not left out. */
static void test_many_counts(void **state)
{
	enum { COUNTS = 80, BREAKS = 64 };
	struct launches *kept = calloc(COUNTS + 1, sizeof(*kept));
	struct fixture *f = fixture_new();
	(void)state;
	assert_non_null(kept);
	for (unsigned t = 1; t <= COUNTS; t++) {
		FIXTURE_ADD(f, "scaling", "strong", "threads", "points:32Ki", t, .median = 1e6 / t);
		double speedup = t <= BREAKS ? t : 1;
		give(fixture_beside(f, "speedup", "ratio", speedup), &kept[t], speedup);
	}
	char *text = words(f);
	puts(text);
	assert_null(strstr(text, "no serial part seen"));
	free(text);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_counts),
		cmocka_unit_test(launches_are_points_and_give_intervals),
		cmocka_unit_test(ranks_and_devices_are_no_threads),
		cmocka_unit_test(nothing_is_said_of_more_than_twice_the_threads),
		cmocka_unit_test(too_much_of_the_cores_is_pointed_out),
		cmocka_unit_test(what_has_no_core_of_its_own_enters_no_fit),
		cmocka_unit_test(policies_have_a_front_and_no_winner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

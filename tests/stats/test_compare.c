/* SPDX-License-Identifier: MIT */
/* Comparing two runs: false alarms on equal ones, found differences, and what it takes to be sure. */
#include "harness/base/rng.h"
#include "harness/stats/compare.h"
#include "harness/stats/estimate.h"
#include "tests/t.h"

enum { LAUNCHES = 8, REPS = 30, MOST = LAUNCHES * REPS };

struct side {
	double values[MOST], ordered[MOST];
	uint8_t flags[MOST];
	uint32_t ends[LAUNCHES];
	struct assay_samples samples;
	struct assay_estimate estimate;
};

static void summarise(struct side *s)
{
	size_t n = s->samples.n;
	memcpy(s->ordered, s->values, n * sizeof(double));
	assay_sort(s->ordered, n);
	s->estimate = (struct assay_estimate){.n = n, .median = assay_median(s->ordered, n)};
	assay_median_interval(s->ordered, n, 0.95, &s->estimate.lo, &s->estimate.hi);
}

/* Box-Muller; one value a call is enough. */
static double gauss(struct assay_rng *rng)
{
	double u = 1 - assay_rng_unit(rng), v = assay_rng_unit(rng);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* A run: it drifts as a whole, its launches differ, its samples more so, some are preempted. */
static void make(struct side *s, struct assay_rng *rng, size_t launches, double level,
		 double run_sd, double launch_sd, double sample_sd)
{
	s->samples =
		(struct assay_samples){s->values, s->flags, launches * REPS, s->ends, launches};
	double run = run_sd * gauss(rng);
	for (size_t l = 0; l < launches; l++) {
		double launch = launch_sd * gauss(rng);
		for (size_t i = l * REPS; i < (l + 1) * REPS; i++) {
			bool preempted = assay_rng_unit(rng) < 0.05;
			s->values[i] = level * exp(run + launch + sample_sd * gauss(rng)) *
				       (preempted ? 2 : 1);
			s->flags[i] = preempted ? ASSAY_SAMPLE_PREEMPTED : 0;
		}
		s->ends[l] = (uint32_t)((l + 1) * REPS);
	}
	summarise(s);
}

static const struct assay_compare_policy policy = {0.02, 0.99, 0.01};

static struct assay_comparison compare(const struct side *a, const struct side *b,
				       enum assay_better better,
				       const struct assay_compare_policy *p)
{
	struct assay_err err = {0};
	struct assay_comparison c;
	struct assay_side x = {&a->samples, &a->estimate}, y = {&b->samples, &b->estimate};
	assert_ok(assay_compare(&x, &y, better, p, &c, &err));
	return c;
}

/* The same build twice: how often is it called different? Fixed seeds: the count never changes. */
static size_t false_alarms(size_t trials, size_t launches, double run_sd, double launch_sd,
			   char grade)
{
	struct assay_compare_policy p = {0.02, 0.99, assay_drift_allowance(grade)};
	struct assay_rng rng;
	assay_rng_init(&rng, 42);
	size_t wrong = 0;
	for (size_t i = 0; i < trials; i++) {
		struct side a, b;
		make(&a, &rng, launches, 100, run_sd, launch_sd, 0.01);
		make(&b, &rng, launches, 100, run_sd, launch_sd, 0.01);
		enum assay_verdict v = compare(&a, &b, ASSAY_LOWER, &p).verdict;
		wrong += v == ASSAY_FASTER || v == ASSAY_SLOWER;
	}
	return wrong;
}

static void equal_builds_are_not_called_different(void **state)
{
	/* At most 1 in 200, where the interval alone would allow 1 in 100. */
	assert_in_range(false_alarms(2000, 3, 0.003, 0.01, 'A'), 0, 10);
	assert_in_range(false_alarms(2000, 3, 0.02, 0.03, 'C'), 0, 10);
	assert_in_range(false_alarms(2000, 5, 0.03, 0.06, 'D'), 0, 10);
	assert_in_range(false_alarms(2000, 8, 0.03, 0.06, 'D'), 0, 10);
	/* One launch has no spread between launches: never. */
	assert_int_equal(false_alarms(2000, 2, 0.05, 0.1, 'A'), 0);
}

static void differences_are_found(void **state)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 7);
	struct side a, b;
	make(&a, &rng, 5, 100, 0, 0.005, 0.01);
	make(&b, &rng, 5, 110, 0, 0.005, 0.01);
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_SLOWER);
	assert_close(c.ratio, 1.1, 0.02);
	assert_true(c.lo > 1 && c.lo < c.ratio && c.ratio < c.hi);
	assert_int_equal(c.launches_a, 5);
	assert_string_equal(c.reason, "");
	/* The other direction of the metric, and the other order. */
	assert_int_equal(compare(&a, &b, ASSAY_HIGHER, &policy).verdict, ASSAY_FASTER);
	assert_int_equal(compare(&b, &a, ASSAY_LOWER, &policy).verdict, ASSAY_FASTER);
	assert_int_equal(compare(&b, &a, ASSAY_HIGHER, &policy).verdict, ASSAY_SLOWER);
}

static void fill(struct side *s, size_t launches, const double *medians)
{
	s->samples =
		(struct assay_samples){s->values, s->flags, launches * REPS, s->ends, launches};
	for (size_t i = 0; i < launches * REPS; i++) {
		s->values[i] = medians[i / REPS];
		s->flags[i] = 0;
	}
	for (size_t l = 0; l < launches; l++)
		s->ends[l] = (uint32_t)((l + 1) * REPS);
	summarise(s);
}

static void a_certain_but_small_difference_is_the_same(void **state)
{
	struct side a, b;
	fill(&a, 3, (const double[]){100, 100, 100});
	fill(&b, 3, (const double[]){101.5, 101.5, 101.5});
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SAME);
	fill(&b, 3, (const double[]){103.5, 103.5, 103.5});
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SLOWER);
	/* The same figures from a noisy machine prove nothing. */
	struct assay_compare_policy noisy = policy;
	noisy.allowance = assay_drift_allowance('D');
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &noisy).verdict, ASSAY_SAME);
}

static void launches_that_disagree_leave_it_open(void **state)
{
	struct side a, b;
	fill(&a, 3, (const double[]){100, 120, 90});
	fill(&b, 3, (const double[]){110, 95, 130});
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_UNSURE);
	assert_non_null(strstr(c.reason, "launches differ"));
}

static void few_launches_can_only_say_the_same(void **state)
{
	struct side a, b;
	fill(&a, 1, (const double[]){100});
	fill(&b, 1, (const double[]){102});
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SAME);
	fill(&b, 1, (const double[]){150});
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_UNSURE);
	assert_string_equal(c.reason, "needs 3 launches on each side");
	assert_close(c.ratio, 1.5, 1e-12);
	fill(&a, 3, (const double[]){100, 100, 100}); /* one side alone does not help */
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_UNSURE);
}

static void summaries_stand_in_for_samples(void **state)
{
	struct side a = {.estimate = {.n = 9, .median = 100, .lo = 99, .hi = 101}};
	struct side b = {.estimate = {.n = 9, .median = 101, .lo = 100, .hi = 102}};
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SAME);
	b.estimate.median = 200;
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_UNSURE);
}

static void flagged_samples_do_not_move_the_median(void **state)
{
	struct side a, b;
	fill(&a, 3, (const double[]){100, 100, 100});
	fill(&b, 3, (const double[]){100, 100, 100});
	for (size_t i = 0; i < 3 * REPS; i++) {
		if (i % REPS < 20) { /* two thirds were preempted and took twice as long */
			b.values[i] = 200;
			b.flags[i] = ASSAY_SAMPLE_PREEMPTED;
		}
	}
	summarise(&b);
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_SAME);
	assert_close(c.ratio, 1, 1e-12);
	/* When nothing clean is left, they are used after all. */
	memset(b.flags, ASSAY_SAMPLE_PREEMPTED, sizeof(b.flags));
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SLOWER);
	/* Rejected ones never are. */
	memset(b.flags, ASSAY_SAMPLE_REJECTED, sizeof(b.flags));
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).launches_b, 0);
}

static void ratios_that_do_not_exist(void **state)
{
	struct side a, b;
	fill(&a, 3, (const double[]){0, 0, 0});
	fill(&b, 3, (const double[]){0, 0, 0});
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SAME);
	fill(&b, 3, (const double[]){5, 5, 5});
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_UNSURE);
	assert_true(isnan(c.ratio));
	assert_non_null(strstr(c.reason, "zero"));
}

static void a_median_is_of_all_samples_of_its_launch(void **state)
{
	(void)state;
	double values[] = {1, 3, NAN, 10, 20, 40}, medians[3], scratch[6];
	uint32_t ends[] = {2, 3, 6};
	const struct assay_samples samples = {values, NULL, 6, ends, 3};
	assert_int_equal(assay_launch_medians(&samples, medians, scratch), 2);
	assert_true(medians[0] == 2 && medians[1] == 20);
}

/* One launch on each side: what both intervals leave open counts as the same, up to their width. */
static void intervals_of_one_launch_are_believed(void **state)
{
	(void)state;
	struct side a = {.estimate = {.n = 9, .median = 100, .lo = 99, .hi = 101}};
	struct side b = {.estimate = {.n = 9, .median = 103.5, .lo = 102.5, .hi = 104.5}};
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_SAME);
	b.estimate = (struct assay_estimate){.n = 9, .median = 105, .lo = 104, .hi = 106};
	assert_int_equal(compare(&a, &b, ASSAY_LOWER, &policy).verdict, ASSAY_UNSURE);
	/* down to zero, as of a counter of ticks: everything is open */
	b.estimate = (struct assay_estimate){.n = 9, .median = 100, .lo = 0, .hi = 101};
	struct assay_comparison c = compare(&a, &b, ASSAY_LOWER, &policy);
	assert_int_equal(c.verdict, ASSAY_UNSURE);
	assert_true(c.ratio == 1 && c.lo == 0 && isinf(c.hi));
	/* below one as well as above it */
	a.estimate = (struct assay_estimate){.n = 9, .median = 0.5, .lo = 0.495, .hi = 0.505};
	b.estimate = (struct assay_estimate){.n = 9, .median = 0.25, .lo = 0.2475, .hi = 0.2525};
	assert_close(compare(&a, &b, ASSAY_LOWER, &policy).ratio, 0.5, 1e-12);
	/* a negative one has no ratio */
	b.estimate.median = -1;
	assert_true(isnan(compare(&a, &b, ASSAY_LOWER, &policy).ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_builds_are_not_called_different),
		cmocka_unit_test(differences_are_found),
		cmocka_unit_test(a_certain_but_small_difference_is_the_same),
		cmocka_unit_test(launches_that_disagree_leave_it_open),
		cmocka_unit_test(few_launches_can_only_say_the_same),
		cmocka_unit_test(summaries_stand_in_for_samples),
		cmocka_unit_test(flagged_samples_do_not_move_the_median),
		cmocka_unit_test(ratios_that_do_not_exist),
		cmocka_unit_test(a_median_is_of_all_samples_of_its_launch),
		cmocka_unit_test(intervals_of_one_launch_are_believed),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}

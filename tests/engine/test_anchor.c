/* SPDX-License-Identifier: MIT */
/* test_anchor: names of the ratios' metrics, and ratios of two sides whose launches are known. */
#include "tests/t.h"

#include <stdio.h>

#include "harness/engine/anchor.h"

enum { LAUNCHES = 5, PER_LAUNCH = 4, SAMPLES = LAUNCHES * PER_LAUNCH };

/* What a side measured: `time` falls and rises with the machine, the same for both sides. */
struct fake {
	double values[2][SAMPLES];
	uint8_t flags[SAMPLES];
	uint32_t ends[LAUNCHES];
	struct assay_collect collect;
};

static void fake_init(struct fake *fake, double level, const double *machine)
{
	*fake = (struct fake){0};
	for (int l = 0; l < LAUNCHES; l++) {
		for (int s = 0; s < PER_LAUNCH; s++) {
			fake->values[0][l * PER_LAUNCH + s] = level * machine[l];
			fake->values[1][l * PER_LAUNCH + s] = 0.5;
		}
		fake->ends[l] = (uint32_t)((l + 1) * PER_LAUNCH);
	}
	struct assay_collect *c = &fake->collect;
	c->n_metrics = 2;
	c->launches_done = LAUNCHES;
	c->metrics[0] =
		(struct collect_metric){"time",  "ns/op", ASSAY_LOWER, fake->values[0], fake->flags,
					SAMPLES, SAMPLES, fake->ends,  LAUNCHES};
	c->metrics[1] = (struct collect_metric){"share",         "ratio",     ASSAY_HIGHER,
						fake->values[1], fake->flags, SAMPLES,
						SAMPLES,         fake->ends,  LAUNCHES};
}

struct seen {
	size_t n;
	char metric[64], reason[500];
	enum assay_status status;
	enum assay_better better;
	struct assay_estimate estimate;
	size_t samples;
};

static enum assay_code on_result(void *context, const struct assay_result *result,
				 struct assay_err *err)
{
	struct seen *seen = context;
	(void)err;
	seen->n++;
	snprintf(seen->metric, sizeof(seen->metric), "%s", result->metric.name);
	snprintf(seen->reason, sizeof(seen->reason), "%s", result->reason);
	seen->status = result->status;
	seen->better = result->metric.better;
	seen->estimate = result->estimate;
	seen->samples = result->samples.n;
	assert_false(result->primary);
	return ASSAY_OK;
}

static struct seen ratios(const struct fake *ours, const struct fake *theirs)
{
	static const struct assay_bench bench = {.brief = "fake"};
	static const struct assay_bench_entry entry = {"fake", "case", &bench, NULL};
	const struct assay_planned planned = {
		.c = {.bench = &entry, .threads = 1, .name = (char *)(uintptr_t) "fake/case"}};
	const struct assay_anchor anchor = {.id = "0123456789"};
	struct assay_err err = {0};
	struct seen seen = {0};
	assert_ok(assay_anchor_results(&anchor, &ours->collect, &theirs->collect, &planned, 'A',
				       on_result, &seen, &err));
	return seen;
}

static const double quiet[LAUNCHES] = {1, 1, 1, 1, 1};
static const double drifting[LAUNCHES] = {1, 1.1, 1.3, 1.6, 2};

static void the_machine_cancels(void **state)
{
	(void)state;
	struct fake ours, theirs;
	fake_init(&ours, 12, drifting);
	fake_init(&theirs, 10, drifting);
	struct seen seen = ratios(&ours, &theirs);
	assert_int_equal(seen.n, 1); /* a share is not a time: the machine is not in it */
	assert_string_equal(seen.metric, "time_vs_anchor_0123456789");
	assert_int_equal(seen.status, ASSAY_STATUS_OK);
	assert_int_equal(seen.better, ASSAY_LOWER);
	assert_close(seen.estimate.median, 1.2, 1e-12);
	assert_close(seen.estimate.lo, 1.2, 1e-12);
	assert_close(seen.estimate.hi, 1.2, 1e-12);
	assert_int_equal(seen.estimate.n, LAUNCHES);
	assert_int_equal(seen.samples, LAUNCHES);
}

/* Ratios 1, 1.1, 1.3, 1.6, 2 in pairs: the median of the 15 Walsh averages of their logarithms. */
static void estimate_is_hodges_lehmann(void **state)
{
	(void)state;
	struct fake ours, theirs;
	fake_init(&ours, 10, drifting);
	fake_init(&theirs, 10, quiet);
	struct seen seen = ratios(&ours, &theirs);
	double walsh[15];
	size_t n = 0;
	for (int i = 0; i < LAUNCHES; i++)
		for (int j = i; j < LAUNCHES; j++)
			walsh[n++] = sqrt(drifting[i] * drifting[j]);
	size_t below = 0, above = 0;
	for (size_t i = 0; i < n; i++) {
		below += walsh[i] < seen.estimate.median - 1e-9;
		above += walsh[i] > seen.estimate.median + 1e-9;
	}
	assert_int_equal(below, 7);
	assert_int_equal(above, 7);
	assert_close(seen.estimate.lo, 1, 1e-12);
	assert_close(seen.estimate.hi, 2, 1e-12);
	assert_int_equal(seen.status, ASSAY_STATUS_UNSTABLE);
}

static void a_lost_launch_is_no_pair(void **state)
{
	(void)state;
	struct fake ours, theirs;
	fake_init(&ours, 10, quiet);
	fake_init(&theirs, 10, quiet);
	for (int i = 0; i < PER_LAUNCH; i++)
		theirs.flags[i] = ASSAY_SAMPLE_REJECTED;
	theirs.collect.metrics[0].launches = 4;
	struct seen seen = ratios(&ours, &theirs);
	assert_int_equal(seen.samples, 3);
	assert_close(seen.estimate.median, 1, 1e-12);
}

static void refusals_have_reasons(void **state)
{
	(void)state;
	struct fake ours, theirs;
	fake_init(&ours, 10, quiet);
	fake_init(&theirs, 10, quiet);
	theirs.collect.hello.version = 3;
	struct seen seen = ratios(&ours, &theirs);
	assert_int_equal(seen.status, ASSAY_STATUS_SKIPPED);
	assert_non_null(strstr(seen.reason, "version 3 of this benchmark, this is version 0"));
	assert_true(isnan(seen.estimate.median));

	theirs.collect.hello.version = 0;
	theirs.collect.status = ASSAY_STATUS_CRASHED;
	snprintf(theirs.collect.reason, sizeof(theirs.collect.reason), "signal 11");
	seen = ratios(&ours, &theirs);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.status, ASSAY_STATUS_SKIPPED);
	assert_string_equal(seen.reason, "the anchor crashed: signal 11");

	snprintf(theirs.collect.metrics[0].unit, sizeof(theirs.collect.metrics[0].unit), "op/s");
	theirs.collect.status = ASSAY_STATUS_OK;
	seen = ratios(&ours, &theirs);
	assert_int_equal(seen.status, ASSAY_STATUS_SKIPPED);
	assert_non_null(strstr(seen.reason, "another unit"));
}

static void no_series_without_both_sides(void **state)
{
	(void)state;
	struct fake ours, theirs;
	fake_init(&ours, 10, quiet);
	fake_init(&theirs, 10, quiet);
	theirs.collect.status = ASSAY_STATUS_SKIPPED; /* it has no such case */
	assert_int_equal(ratios(&ours, &theirs).n, 0);
	theirs.collect.status = ASSAY_STATUS_OK;
	ours.collect.status = ASSAY_STATUS_FAILED;
	assert_int_equal(ratios(&ours, &theirs).n, 0);
	ours.collect.status = ASSAY_STATUS_OK;
	theirs.collect.launches_done = 0; /* a program: never asked */
	assert_int_equal(ratios(&ours, &theirs).n, 0);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	char name[64];
	size_t length;
	const char *id;
	assert_true(assay_anchor_metric("rate", "00ff00ff00", name));
	assert_string_equal(name, "rate_vs_anchor_00ff00ff00");
	assert_true(assay_anchor_metric_parse(name, &length, &id));
	assert_int_equal(length, 4);
	assert_string_equal(id, "00ff00ff00");
	assert_false(assay_anchor_metric("a_name_of_more_than_forty_two_letters_is_too_long",
					 "00ff00ff00", name));
	static const char *const others[] = {
		"time",
		"",
		"_vs_anchor_00ff00ff00",
		"time_vs_anchor_00ff00ff0",
		"time_vs_anchor_00ff00ffXX",
		"time_vs_anchor_00ff00ff000",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(others); i++)
		assert_false(assay_anchor_metric_parse(others[i], &length, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machine_cancels),
		cmocka_unit_test(estimate_is_hodges_lehmann),
		cmocka_unit_test(a_lost_launch_is_no_pair),
		cmocka_unit_test(refusals_have_reasons),
		cmocka_unit_test(no_series_without_both_sides),
		cmocka_unit_test(names_go_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

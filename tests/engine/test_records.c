/* SPDX-License-Identifier: MIT */
/* test_records: frames, the histogram, and what samples are summarised to. */
#include "tests/t.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/engine/collect.h"
#include "harness/engine/frame.h"
#include "tests/engine/toy.h"

static void frames_survive_any_cut(void **state)
{
	(void)state;
	struct assay_err err = {0};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	const struct assay_sample_frame sample = {.value = 1.5, .ops = 7};
	assert_ok(assay_frame_write(ends[1], ASSAY_FRAME_SAMPLE, &sample, sizeof(sample), &err));
	assert_ok(assay_frame_write(ends[1], ASSAY_FRAME_SAMPLE, &sample, sizeof(sample), &err));
	uint8_t bytes[512];
	ssize_t n = read(ends[0], bytes, sizeof(bytes));
	for (ssize_t cut = 0; cut <= n; cut++) {
		struct assay_frame_reader reader = {0};
		enum assay_frame_type type;
		const void *payload;
		size_t length;
		enum assay_code rc;
		int seen = 0;
		assert_ok(assay_frame_feed(&reader, bytes, (size_t)cut, &err));
		while (assay_frame_next(&reader, &type, &payload, &length, &rc, &err))
			seen++;
		assert_int_equal(rc, ASSAY_OK);
		assert_ok(assay_frame_feed(&reader, bytes + cut, (size_t)(n - cut), &err));
		while (assay_frame_next(&reader, &type, &payload, &length, &rc, &err)) {
			assert_int_equal(type, ASSAY_FRAME_SAMPLE);
			assert_memory_equal(payload, &sample, sizeof(sample));
			seen++;
		}
		assert_int_equal(seen, 2);
		assay_frame_reader_done(&reader);
	}
	close(ends[0]);
	close(ends[1]);
}

static void damaged_frames_are_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	const struct assay_sample_frame sample = {.value = 1.5};
	assert_ok(assay_frame_write(ends[1], ASSAY_FRAME_SAMPLE, &sample, sizeof(sample), &err));
	uint8_t bytes[512];
	ssize_t n = read(ends[0], bytes, sizeof(bytes));
	for (ssize_t i = 0; i < n; i++) {
		struct assay_frame_reader reader = {0};
		enum assay_frame_type type;
		const void *payload;
		size_t length;
		enum assay_code rc;
		bytes[i] ^= 0x40;
		assert_ok(assay_frame_feed(&reader, bytes, (size_t)n, &err));
		bool whole = assay_frame_next(&reader, &type, &payload, &length, &rc, &err);
		/* a longer length waits for more; a changed type is caught by its consumer */
		assert_true(!whole || type != ASSAY_FRAME_SAMPLE);
		bytes[i] ^= 0x40;
		assay_frame_reader_done(&reader);
	}
	close(ends[0]);
	close(ends[1]);
}

static void buckets_err_by_less_than_one_in_128(void **state)
{
	(void)state;
	struct assay_rng rng;
	assay_rng_init(&rng, 5);
	for (int i = 0; i < 100000; i++) {
		uint64_t value = assay_rng_next(&rng) >> assay_rng_below(&rng, 63);
		uint32_t index = assay_histogram_index(value);
		assert_true(index < ASSAY_HISTOGRAM_BUCKETS);
		double shown = assay_histogram_value(index);
		if (fabs(shown - (double)value) > (double)value / 128)
			fail_msg("%llu is shown as %g", (unsigned long long)value, shown);
	}
}

static void quantiles_are_nearest_ranks(void **state)
{
	(void)state;
	struct assay_histogram *h = calloc(1, sizeof(*h));
	struct assay_histogram *other = calloc(1, sizeof(*other));
	assert_true(isnan(assay_histogram_quantile(h, 0.5)));
	for (uint64_t v = 1; v <= 50; v++)
		assay_histogram_add(h, v);
	for (uint64_t v = 51; v <= 100; v++)
		assay_histogram_add(other, v);
	assay_histogram_merge(h, other);
	assert_int_equal(h->total, 100);
	assert_close(assay_histogram_quantile(h, 0.5), 50, 0);
	assert_close(assay_histogram_quantile(h, 0.99), 99, 0);
	assert_close(assay_histogram_quantile(h, 1), 100, 0);
	assert_close(assay_histogram_quantile(h, 0), 1, 0);
	free(h);
	free(other);
}

/* n samples of `value`, the first `bad` of them flagged. */
static struct assay_summary summarise(const double *values, const uint8_t *flags, size_t n,
				      const uint32_t *ends, size_t launches)
{
	struct assay_err err = {0};
	struct assay_samples samples = {(double *)(uintptr_t)values, (uint8_t *)(uintptr_t)flags, n,
					(uint32_t *)(uintptr_t)ends, launches};
	struct assay_summary summary;
	assert_ok(assay_summarise(&samples, &summary, &err));
	return summary;
}

static void preempted_samples_do_not_count_while_clean_ones_do(void **state)
{
	(void)state;
	const double values[] = {10, 10, 10, 10, 10, 10, 99, 99};
	const uint8_t some[] = {0, 0, 0, 0, 0, 0, 1, 1};
	const uint8_t most[] = {0, 1, 1, 1, 1, 1, 1, 1};
	const uint32_t end = 8;
	struct assay_summary s = summarise(values, some, 8, &end, 1);
	assert_int_equal(s.estimate.n, 6);
	assert_close(s.estimate.max, 10, 0);
	assert_int_equal(s.flags & ASSAY_RESULT_PREEMPTED_USED, 0);
	s = summarise(values, most, 8, &end, 1);
	assert_int_equal(s.estimate.n, 8);
	assert_true(s.flags & ASSAY_RESULT_PREEMPTED_USED);
}

static void rejected_windows_never_count(void **state)
{
	(void)state;
	const double values[] = {10, 20, 30};
	const uint8_t flags[] = {2, 2, 2};
	const uint32_t end = 3;
	struct assay_summary s = summarise(values, flags, 3, &end, 1);
	assert_int_equal(s.estimate.n, 0);
	assert_true(isnan(s.estimate.median));
	assert_true(s.unstable);
	assert_non_null(strstr(s.reason, "side by side"));
}

static void the_interval_covers_what_launches_disagree_about(void **state)
{
	(void)state;
	double values[30];
	uint8_t flags[30] = {0};
	const uint32_t ends[] = {10, 20, 30};
	for (size_t i = 0; i < 30; i++)
		values[i] = i < 10 ? 100 : i < 20 ? 101 : 103;
	struct assay_summary s = summarise(values, flags, 30, ends, 3);
	assert_close(s.estimate.median, 101, 0);
	assert_close(s.estimate.lo, 100, 0);
	assert_close(s.estimate.hi, 103, 0);
	assert_false(s.unstable);
}

static void noise_and_drift_are_unstable(void **state)
{
	(void)state;
	double wide[20], rising[30];
	uint8_t flags[30] = {0};
	const uint32_t end20 = 20, end30 = 30;
	for (size_t i = 0; i < 20; i++)
		wide[i] = i % 2 ? 50 : 100;
	for (size_t i = 0; i < 30; i++)
		rising[i] = 100 + (double)i;
	struct assay_summary s = summarise(wide, flags, 20, &end20, 1);
	assert_true(s.unstable);
	/* The larger side, as every table shows it. */
	char said[80];
	snprintf(said, sizeof(said), "known to ±%.0f %% only",
		 100 * assay_plus_minus(s.estimate.median, s.estimate.lo, s.estimate.hi));
	assert_non_null(strstr(s.reason, said));
	for (size_t i = 0; i < 20; i++)
		wide[i] = i < 5 ? 90 : i < 12 ? 100 : 150;
	s = summarise(wide, flags, 20, &end20, 1);
	assert_non_null(strstr(s.reason, "known to ±50 % only"));
	s = summarise(rising, flags, 30, &end30, 1);
	assert_true(s.flags & ASSAY_RESULT_DRIFT);
	assert_true(s.unstable);
	assert_non_null(strstr(s.reason, "drifting"));
}

static void no_samples_are_no_numbers(void **state)
{
	(void)state;
	struct assay_summary s = summarise(NULL, NULL, 0, NULL, 0);
	assert_int_equal(s.estimate.n, 0);
	assert_true(isnan(s.estimate.median) && isnan(s.estimate.p99));
	assert_false(s.unstable);
}

struct outcome_seen {
	size_t n;
	enum assay_status status;
	char reason[80];
};

static enum assay_code see(void *context, const struct assay_result *result, struct assay_err *err)
{
	struct outcome_seen *seen = context;
	(void)err;
	seen->n++;
	seen->status = result->status;
	snprintf(seen->reason, sizeof(seen->reason), "%s", result->reason);
	return ASSAY_OK;
}

/* A worker that says it is well and has measured nothing, with or without naming what. */
static void a_launch_without_a_sample_is_no_success(void **state)
{
	struct assay_metric_frame metric = {.name = "time", .unit = "ns/op"};
	(void)state;
	for (int named = 0; named < 2; named++) {
		struct assay_err err = {0};
		struct assay_registry *registry;
		struct assay_planned planned = {0};
		struct assay_collect collect = {0};
		struct outcome_seen seen = {0};
		assert_ok(assay_registry_new(&toy_table, &registry, &err));
		assert_ok(assay_case_parse(registry, "toy/empty/threads:1", &planned.c, &err));
		assay_collect_begin(&collect);
		if (named)
			assert_ok(assay_collect_record(&collect, ASSAY_FRAME_METRIC, &metric,
						       sizeof(metric), &err));
		assert_ok(assay_collect_end(&collect, ASSAY_STATUS_OK, "", &err));
		assert_ok(assay_collect_results(&collect, &planned, 'A', see, &seen, &err));
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.status, ASSAY_STATUS_FAILED);
		assert_non_null(strstr(seen.reason, "without a sample"));
		assay_collect_done(&collect);
		assay_case_done(&planned.c);
		assay_registry_free(registry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_survive_any_cut),
		cmocka_unit_test(damaged_frames_are_refused),
		cmocka_unit_test(buckets_err_by_less_than_one_in_128),
		cmocka_unit_test(quantiles_are_nearest_ranks),
		cmocka_unit_test(preempted_samples_do_not_count_while_clean_ones_do),
		cmocka_unit_test(rejected_windows_never_count),
		cmocka_unit_test(the_interval_covers_what_launches_disagree_about),
		cmocka_unit_test(noise_and_drift_are_unstable),
		cmocka_unit_test(no_samples_are_no_numbers),
		cmocka_unit_test(a_launch_without_a_sample_is_no_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

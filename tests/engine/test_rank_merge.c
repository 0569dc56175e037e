/* SPDX-License-Identifier: MIT */
/* test_rank_merge: the slowest rank of each batch counts, is named, and the distance to the others is kept. */
#include "tests/t.h"

#include "harness/engine/rank_merge.h"

enum { RANKS = 3, BATCHES = 4 };

static void put(struct assay_rank_part *part, enum assay_frame_type type, const void *frame,
		size_t size)
{
	struct assay_err err = {0};
	assert_ok(assay_collect_record(&part->collect, type, frame, size, &err));
}

static void define(struct assay_rank_part *part, unsigned index, const char *name,
		   enum assay_better better)
{
	struct assay_metric_frame frame = {.index = index, .better = better, .unit = "ns/op"};
	memcpy(frame.name, name, strlen(name) + 1);
	put(part, ASSAY_FRAME_METRIC, &frame, sizeof(frame));
}

/* Rank r takes 10 * (r + 1) ns, and began batch i at 1000 * i + r ns of a clock that is 500 * r ahead. */
static void fill(struct assay_rank_part *parts, enum assay_better better, size_t batches)
{
	static struct assay_span_frame spans[RANKS][BATCHES];
	for (unsigned r = 0; r < RANKS; r++) {
		const struct assay_hello hello = {.pinned = 1};
		parts[r] = (struct assay_rank_part){
			.spans = spans[r],
			.n_spans = batches,
			.before = {.offset_ns = 500 * (int)r, .bound_ns = 5 + r, .rounds = 1},
		};
		assay_collect_begin(&parts[r].collect);
		put(&parts[r], ASSAY_FRAME_HELLO, &hello, sizeof(hello));
		define(&parts[r], 0, "time", better);
		for (size_t i = 0; i < batches; i++) {
			const struct assay_sample_frame sample = {
				.value = 10.0 * (r + 1),
				.flags = r == 1 && i == 2 ? ASSAY_SAMPLE_PREEMPTED : 0,
				.wall_ns = 100,
				.cpu_ns = 50,
			};
			put(&parts[r], ASSAY_FRAME_SAMPLE, &sample, sizeof(sample));
			spans[r][i].begin_ns = 1000 * i + r + 500 * r;
		}
	}
}

static void empty(struct assay_rank_part *parts)
{
	for (unsigned r = 0; r < RANKS; r++) {
		parts[r].spans = NULL; /* not on the heap here */
		assay_rank_part_done(&parts[r]);
	}
}

static void the_slowest_counts(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank_part parts[RANKS];
	struct assay_collect all = {0};
	struct assay_rank_merged merged;
	fill(parts, ASSAY_LOWER, BATCHES);
	assay_collect_begin(&all);
	assert_ok(assay_rank_merge(parts, RANKS, &all, &merged, &err));
	assert_int_equal(all.n_metrics, 3);
	assert_string_equal(all.metrics[1].name, "imbalance");
	assert_string_equal(all.metrics[2].name, "start_skew");
	for (size_t i = 0; i < BATCHES; i++) {
		assert_close(all.metrics[0].values[i], 30.0, 1e-12);
		assert_close(all.metrics[1].values[i], 1.5, 1e-12);
		assert_close(all.metrics[2].values[i], 2.0, 1e-9); /* by one clock, not 1002 */
		assert_int_equal(all.metrics[0].flags[i], i == 2 ? ASSAY_SAMPLE_PREEMPTED : 0);
	}
	assert_int_equal(merged.slowest, 2);
	assert_int_equal(merged.times, BATCHES);
	assert_int_equal(merged.batches, BATCHES);
	assert_int_equal(merged.clock_bound_ns, 7 + 6);
	assert_string_equal(all.counters[0].event, "slowest_rank");
	assert_close(all.counters[0].value, 2, 0);
	assert_close(all.wall_ns, 100.0 * RANKS * BATCHES, 1e-12);
	assert_int_equal(all.hello.pinned, 1);
	assay_collect_done(&all);
	empty(parts);
}

static void of_rates_the_lowest_counts(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank_part parts[RANKS];
	struct assay_collect all = {0};
	struct assay_rank_merged merged;
	fill(parts, ASSAY_HIGHER, BATCHES);
	assay_collect_begin(&all);
	assert_ok(assay_rank_merge(parts, RANKS, &all, &merged, &err));
	assert_close(all.metrics[0].values[0], 10.0, 1e-12);
	assert_close(all.metrics[1].values[0], 2.0, 1e-12); /* 20 of the middle one to 10 */
	assert_int_equal(merged.slowest, 0);
	assay_collect_done(&all);
	empty(parts);
}

static void ranks_that_differ_are_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank_part parts[RANKS];
	struct assay_collect all = {0};
	struct assay_rank_merged merged;
	const struct assay_sample_frame more = {.value = 1};
	fill(parts, ASSAY_LOWER, 2);
	put(&parts[1], ASSAY_FRAME_SAMPLE, &more, sizeof(more));
	assay_collect_begin(&all);
	assert_fails(assay_rank_merge(parts, RANKS, &all, &merged, &err), ASSAY_EPARSE,
		     "rank 1 has 3 samples");
	assay_collect_done(&all);
	empty(parts);
	fill(parts, ASSAY_LOWER, 2);
	define(&parts[2], 1, "extra", ASSAY_LOWER);
	assay_collect_begin(&all);
	assert_fails(assay_rank_merge(parts, RANKS, &all, &merged, &err), ASSAY_EPARSE,
		     "rank 2 measured 2 metrics");
	assay_collect_done(&all);
	empty(parts);
}

static void without_samples_nothing_is_made_up(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rank_part parts[RANKS];
	struct assay_collect all = {0};
	struct assay_rank_merged merged;
	fill(parts, ASSAY_LOWER, 0);
	assay_collect_begin(&all);
	assert_ok(assay_rank_merge(parts, RANKS, &all, &merged, &err));
	assert_int_equal(all.n_metrics, 1);
	assert_int_equal(merged.batches, 0);
	assay_collect_done(&all);
	empty(parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slowest_counts),
		cmocka_unit_test(of_rates_the_lowest_counts),
		cmocka_unit_test(ranks_that_differ_are_refused),
		cmocka_unit_test(without_samples_nothing_is_made_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* batch: random requests and batches beside a plain list; sizes by rule; the simulated server. */
#include "harness/base/rng.h"
#include "suites/concurrency/batch.h"
#include "suites/concurrency/batch_sim.h"
#include "tests/t.h"

#define MS 1000000u

static struct batcher_config config_of(enum batcher_rule rule)
{
	return (struct batcher_config){.rule = rule,
				       .least = 4,
				       .most = 32,
				       .growth = 1.5,
				       .deadline_ns = 10 * MS,
				       .room = 64};
}

static struct batcher *make(enum batcher_rule rule)
{
	struct batcher_config config = config_of(rule);
	struct batcher *b = NULL;
	struct assay_err err = {0};
	assert_ok(batcher_new(&config, &b, &err));
	return b;
}

/* Each step a request comes, time passes, a batch begins or one ends; a list says what may be taken. */
static void batches_are_taken_in_time_and_in_bounds(void **state)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 5);
	for (int rule = BATCHER_FIXED; rule <= BATCHER_GREEDY; rule++) {
		struct batcher *b = make((enum batcher_rule)rule);
		uint64_t came_ns[64], now_ns = 0, until_ns;
		uint32_t n = 0, working = 0;
		for (int step = 0; step < 20000; step++) {
			now_ns += assay_rng_below(&rng, step % 4000 < 2000 ? MS : MS / 50);
			if (assay_rng_below(&rng, 3)) {
				bool let_in = batcher_add(b, now_ns);
				assert_int_equal(let_in, n < 64);
				if (let_in)
					came_ns[n++] = now_ns;
			}
			if (working) {
				batcher_done(b, now_ns);
				working = 0;
				continue;
			}
			working = batcher_take(b, now_ns, &until_ns);
			assert_true(working <= n && working <= 32);
			if (!working && n) {
				/* it may wait, but not beyond the deadline, nor with a batch whole */
				assert_in_range(until_ns, now_ns + 1, came_ns[0] + 10 * MS);
				assert_true(n < batcher_size(b) && rule != BATCHER_GREEDY);
			}
			n -= working;
			memmove(came_ns, came_ns + working, n * sizeof(*came_ns));
			assert_int_equal(batcher_waiting(b), n);
			assert_in_range(batcher_size(b), 4, 32);
		}
		batcher_free(b);
	}
}

/* So many wait at `now_ns` when the next batch begins; it ends at once. */
static void one_batch(struct batcher *b, uint32_t waiting, uint64_t now_ns, uint64_t end_ns)
{
	uint64_t until_ns;
	while (batcher_waiting(b) < waiting)
		assert_true(batcher_add(b, now_ns));
	uint32_t n = batcher_take(b, now_ns, &until_ns);
	assert_true(n > 0 || until_ns != UINT64_MAX);
	if (!n)
		n = batcher_take(b, until_ns, &until_ns);
	assert_true(n > 0);
	batcher_done(b, end_ns);
}

static void sizes_follow_their_rule(void **state)
{
	struct batcher *b = make(BATCHER_GROWTH);
	one_batch(b, 60, 0, 0);
	assert_int_equal(batcher_size(b), 6);
	one_batch(b, 60, 0, 0);
	assert_int_equal(batcher_size(b), 9);
	for (int i = 0; i < 8; i++)
		one_batch(b, 64, 0, 0);
	assert_int_equal(batcher_size(b), 32);
	one_batch(b, 32, 0, 0); /* what is left is below a batch: no more, no less */
	assert_int_equal(batcher_size(b), 32);
	while (batcher_waiting(b) >= 32)
		one_batch(b, 0, 0, 0);
	one_batch(b, 1, 100 * MS, 100 * MS); /* not full */
	assert_in_range(batcher_size(b), 4, 31);
	batcher_free(b);
	b = make(BATCHER_AIMD);
	one_batch(b, 4, 0, 0);
	one_batch(b, 8, 0, 0);
	assert_int_equal(batcher_size(b), 12);
	one_batch(b, 12, 0, 11 * MS); /* late */
	assert_int_equal(batcher_size(b), 10);
	batcher_free(b);
	b = make(BATCHER_FIXED);
	one_batch(b, 60, 0, 11 * MS);
	assert_int_equal(batcher_size(b), 4);
	batcher_free(b);
}

static void senseless_configurations_are_refused(void **state)
{
	struct batcher *b;
	struct assay_err err = {0};
	struct batcher_config config = config_of(BATCHER_GROWTH);
	config.least = 33;
	assert_fails(batcher_new(&config, &b, &err), ASSAY_EUSAGE, "least <= most");
	config = config_of(BATCHER_GROWTH);
	config.room = 31;
	assert_fails(batcher_new(&config, &b, &err), ASSAY_EUSAGE, "room");
	config = config_of(BATCHER_GROWTH);
	config.growth = 1;
	assert_fails(batcher_new(&config, &b, &err), ASSAY_EUSAGE, "above 1");
	config = config_of(BATCHER_GROWTH);
	config.deadline_ns = 0;
	assert_fails(batcher_new(&config, &b, &err), ASSAY_EUSAGE, "deadline");
}

static struct batch_sim_result simulate(enum batcher_rule rule, uint32_t size, double rate_hz)
{
	struct batch_sim_config config = {.batcher = {.rule = rule,
						      .least = rule == BATCHER_FIXED ? size : 16,
						      .most = rule == BATCHER_FIXED ? size : 512,
						      .growth = 1.2,
						      .deadline_ns = 20 * MS,
						      .room = 8192},
					  .batch_ns = 200e3,
					  .item_ns = 5e3,
					  .rate_hz = rate_hz,
					  .high_hz = rate_hz,
					  .turn_ns = 1e9,
					  .requests = 50000,
					  .seed = 7};
	struct batch_sim_result result = {0};
	struct assay_err err = {0};
	assert_ok(batch_sim(&config, &result, &err));
	assert_int_equal(result.answered + result.refused, 50000);
	return result;
}

/* Known in closed form: the share of time in service, and what a queue that is full makes one wait. */
static void the_server_is_right(void **state)
{
	struct batch_sim_result r = simulate(BATCHER_FIXED, 1, 0.5 / 205e-6);
	assert_close(r.busy_ns / r.span_ns, 0.5, 0.03);
	assert_int_equal(r.batches, 50000);
	assert_true(r.p50_ns >= 205e3 && r.p50_ns < 2 * 205e3);
	/* beyond what it can do, all room is full: the wait is what 8192 before it take */
	r = simulate(BATCHER_FIXED, 16, 150000);
	assert_true(r.refused > 0);
	assert_close(r.worst_ns, 8192 / 16 * 280e3, 0.02);
	assert_close(1e9 * r.answered / r.span_ns, 16 / 280e-6, 0.02);
}

static void adaptive_sizes_have_the_better_of_both(void **state)
{
	struct batch_sim_result small = simulate(BATCHER_FIXED, 16, 140000);
	struct batch_sim_result large = simulate(BATCHER_FIXED, 512, 15000);
	struct batch_sim_result high = simulate(BATCHER_GROWTH, 0, 140000);
	struct batch_sim_result low = simulate(BATCHER_GROWTH, 0, 15000);
	assert_true(small.refused > 0);
	assert_int_equal(high.refused, 0);
	assert_int_equal(high.late, 0);
	assert_true(low.p50_ns < large.p50_ns / 2);
	/* only before anything is known of what a batch takes can one be late */
	assert_in_range(large.late, 0, 512);
	assert_int_equal(low.late, 0);
	assert_int_equal(simulate(BATCHER_GREEDY, 0, 15000).late, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_are_taken_in_time_and_in_bounds),
		cmocka_unit_test(sizes_follow_their_rule),
		cmocka_unit_test(senseless_configurations_are_refused),
		cmocka_unit_test(the_server_is_right),
		cmocka_unit_test(adaptive_sizes_have_the_better_of_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

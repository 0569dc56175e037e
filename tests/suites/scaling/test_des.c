/* SPDX-License-Identifier: MIT */
/* test_des: events in order against a plain list, and the simulators against queueing theory. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/queueing.h"
#include "suites/scaling/des.h"
#include "suites/scaling/fleet_sim.h"
#include "suites/scaling/queue_theory.h"
#include "tests/t.h"

enum { SLOTS = 300, STEPS = 60000 };

/* The plain list: the earliest event by looking at all. */
static uint32_t earliest(const double *times)
{
	uint32_t best = DES_NONE;
	for (uint32_t i = 0; i < SLOTS; i++)
		if (times[i] >= 0 && (best == DES_NONE || times[i] < times[best]))
			best = i;
	return best;
}

/* Gaps of very different size, and a scale that changes on the way: the width must follow. */
static double gap(struct assay_rng *rng, int step)
{
	double scale = step < STEPS / 3 ? 1e-3 : step < 2 * STEPS / 3 ? 1 : 1e4;
	double far = assay_rng_below(rng, 16) ? 1 : 1000;
	return scale * far * assay_rng_unit(rng);
}

static void events_come_in_order_whatever_their_distances(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_rng rng;
	struct des des;
	double times[SLOTS];
	assay_rng_init(&rng, 11);
	assert_ok(des_init(&des, SLOTS, 1, &err));
	for (uint32_t i = 0; i < SLOTS; i++)
		des_put(&des, i, times[i] = gap(&rng, 0));
	for (int step = 0; step < STEPS; step++) {
		uint32_t want = earliest(times), slot = des_take(&des);
		assert_int_equal(slot, want);
		assert_true(des.now == times[want]);
		times[slot] = -1;
		/* Mostly put back, sometimes another forgotten, sometimes those come back. */
		uint32_t other = (uint32_t)assay_rng_below(&rng, SLOTS);
		if (assay_rng_below(&rng, 8) == 0) {
			des_drop(&des, other);
			times[other] = -1;
		} else if (times[other] < 0) {
			des_put(&des, other, times[other] = des.now + gap(&rng, step));
		}
		if (times[slot] < 0)
			des_put(&des, slot, times[slot] = des.now + gap(&rng, step));
	}
	des_done(&des);
}

static void equal_times_come_as_they_were_put_and_nothing_is_nothing(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct des des;
	assert_fails(des_init(&des, 0, 1, &err), ASSAY_EUSAGE, "0 slots");
	assert_ok(des_init(&des, 8, 0.5, &err));
	assert_int_equal(des_take(&des), DES_NONE);
	for (uint32_t i = 0; i < 8; i++)
		des_put(&des, (i * 5) % 8, 7);
	des_drop(&des, 0);
	des_drop(&des, 0);
	for (uint32_t i = 1; i < 8; i++)
		assert_int_equal(des_take(&des), (i * 5) % 8);
	assert_int_equal(des_take(&des), DES_NONE);
	des_put(&des, 3, 1e12); /* far beyond this year */
	assert_int_equal(des_take(&des), 3);
	des_done(&des);
}

static void simulators_agree_with_theory(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(queue_theory_holds(QUEUE_THEORY_JOBS, 0, &err));
}

static void theory_is_not_met_by_anything(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(queue_theory_compare("x", 2.45, 0.06, 2.5, &err));
	assert_fails(queue_theory_compare("x", 2.6, 0.06, 2.5, &err), ASSAY_ECHECK,
		     "theory says 2.5");
	assert_fails(queue_theory_compare("x", 2.5, 0.2, 2.5, &err), ASSAY_ECHECK, "too wide");
	assert_fails(queue_theory_compare("x", NAN, 0.01, 2.5, &err), ASSAY_ECHECK, "theory");
	/* Too short a simulation cannot tell, and says so. */
	assert_fails(queue_theory_holds(2000, 0, &err), ASSAY_ECHECK, "too wide");
}

static void work_has_the_mean_and_variance_it_is_said_to_have(void **state)
{
	(void)state;
	static const double variance[] = {
		[FLEET_EXPONENTIAL] = 1, [FLEET_CONSTANT] = 0, [FLEET_HYPER] = 2};
	enum { N = 400000 };
	struct assay_rng rng;
	assay_rng_init(&rng, 3);
	for (int work = 0; work < 3; work++) {
		double sum = 0, squares = 0;
		for (int i = 0; i < N; i++) {
			double x = fleet_draw((enum fleet_work)work, &rng);
			sum += x;
			squares += x * x;
		}
		assert_true(fabs(sum / N - 1) < 0.02);
		assert_true(fabs(squares / N - 1 - variance[work]) < 0.08);
	}
}

static void failures_cost_what_they_should(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct fleet_config config = {
		.nodes = 50, .load = 0.6, .mtbf = 900, .mttr = 100, .jobs = 100000, .seed = 5};
	struct fleet_result plain, failing, two;
	assert_ok(fleet_sim(&config, &failing, &err));
	assert_true(fabs(failing.available - 0.9) < 0.02);
	/* A node is busy 2/3 of its time up and loses what it does then, once in 900. */
	assert_true(failing.lost > 0.0004 && failing.lost < 0.003);
	config.routing = FLEET_TWO;
	assert_ok(fleet_sim(&config, &two, &err));
	config.routing = FLEET_RANDOM;
	config.mtbf = 0;
	assert_ok(fleet_sim(&config, &plain, &err));
	assert_true(plain.lost == 0 && plain.available > 0.9999);
	assert_true(two.mean_sojourn < plain.mean_sojourn);
	assert_true(plain.mean_sojourn < failing.mean_sojourn);
	assert_true(plain.p99_sojourn > 3 * plain.mean_sojourn);
	/* The 99th percentile of M/M/1 is -ln(0.01) times the mean. */
	assert_true(fabs(plain.p99_sojourn / plain.mean_sojourn / -log(0.01) - 1) < 0.1);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct fleet_result result;
	struct fleet_config good = {.nodes = 1, .load = 0.5, .jobs = 100}, bad = good;
	assert_ok(fleet_sim(&good, &result, &err));
	bad.load = 1;
	assert_fails(fleet_sim(&bad, &result, &err), ASSAY_EUSAGE, "between 0 and 1");
	bad = good;
	bad.nodes = 0;
	assert_fails(fleet_sim(&bad, &result, &err), ASSAY_EUSAGE, "0 nodes");
	bad = good;
	bad.mtbf = 10;
	assert_fails(fleet_sim(&bad, &result, &err), ASSAY_EUSAGE, "failures after 10 for 0");
}

/* Nobody may be up: arrivals are lost then, and the simulation goes on. */
static void a_fleet_that_is_down_loses_what_comes(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct fleet_config config = {
		.nodes = 1, .load = 0.5, .mtbf = 50, .mttr = 50, .jobs = 20000, .seed = 8};
	struct fleet_result result;
	assert_ok(fleet_sim(&config, &result, &err));
	assert_true(fabs(result.available - 0.5) < 0.1);
	assert_true(result.lost > 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order_whatever_their_distances),
		cmocka_unit_test(equal_times_come_as_they_were_put_and_nothing_is_nothing),
		cmocka_unit_test(simulators_agree_with_theory),
		cmocka_unit_test(theory_is_not_met_by_anything),
		cmocka_unit_test(work_has_the_mean_and_variance_it_is_said_to_have),
		cmocka_unit_test(failures_cost_what_they_should),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_fleet_that_is_down_loses_what_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

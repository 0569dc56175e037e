/* SPDX-License-Identifier: MIT */
/* sim: every policy agrees with plain lists, known small cases come out by hand, a wrong one is found. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/sim_plain.h"
#include "tests/t.h"

static void policies_agree_with_plain_lists(void **state)
{
	struct assay_err err = {0};
	for (size_t i = 0; i < SIM_POLICIES; i++)
		for (uint64_t seed = 1; seed <= 8; seed++)
			assert_ok(sim_plain_check(sim_policies()[i], seed, &err));
}

static void policies_are_found_by_name(void **state)
{
	char names[200] = "";
	for (size_t i = 0; i < SIM_POLICIES; i++) {
		const struct sim_policy *policy = sim_policies()[i];
		assert_ptr_equal(sim_policy(policy->name), policy);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? "," : "",
			 policy->name);
	}
	assert_string_equal(names, SIM_POLICY_NAMES);
	assert_null(sim_policy("MRU"));
}

/* One miss too many, now and then. */
static uint64_t lru_off_by_one(const struct sim *sim)
{
	return sim_lru.run(sim) + (sim->capacity == 64);
}

static void a_wrong_policy_is_found(void **state)
{
	struct assay_err err = {0};
	struct sim_policy wrong = sim_lru;
	wrong.run = lru_off_by_one;
	assert_fails(sim_plain_check(&wrong, 1, &err), ASSAY_ECHECK, "LRU with 64 objects");
	wrong = sim_sieve;
	wrong.name = "CLOCK";
	assert_fails(sim_plain_check(&wrong, 1, &err), ASSAY_ECHECK, "CLOCK with");
}

static uint64_t misses(const char *policy, const uint64_t *ids, size_t n, uint64_t capacity)
{
	struct trace t;
	struct sim sim;
	struct assay_err err = {0};
	assert_ok(trace_from_ids(ids, NULL, n, &t, &err));
	assert_ok(sim_init(&sim, sim_policy(policy), &t, capacity, false, &err));
	uint64_t result = sim_policy(policy)->run(&sim);
	assert_int_equal(sim_policy(policy)->run(&sim), result);
	sim_done(&sim);
	trace_done(&t);
	return result;
}

static void small_cases_come_out_by_hand(void **state)
{
	/* Belady's own example shows more misses of FIFO in a larger cache */
	static const uint64_t anomaly[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
	assert_int_equal(misses("FIFO", anomaly, 12, 3), 9);
	assert_int_equal(misses("FIFO", anomaly, 12, 4), 10);
	assert_int_equal(misses("LRU", anomaly, 12, 3), 10);
	assert_int_equal(misses("LRU", anomaly, 12, 4), 8);
	assert_int_equal(misses("Belady", anomaly, 12, 3), 7);
	assert_int_equal(misses("Belady", anomaly, 12, 4), 6);
	assert_int_equal(misses("null", anomaly, 12, 4), 12);
	static const uint64_t visited[] = {1, 2, 3, 1, 4, 1, 5, 1};
	assert_int_equal(misses("FIFO", visited, 8, 3), 6);
	assert_int_equal(misses("CLOCK", visited, 8, 3), 5);
	assert_int_equal(misses("SIEVE", visited, 8, 3), 5);
}

static void one_object_and_huge_capacities_are_fine(void **state)
{
	static const uint64_t same[] = {9, 9, 9};
	for (size_t i = 1; i < SIM_POLICIES; i++) {
		const char *name = sim_policies()[i]->name;
		/* S3-FIFO admits nothing to a cache of fewer than 20 objects */
		uint64_t want = strcmp(name, "S3-FIFO") == 0 ? 3 : 1;
		assert_int_equal(misses(name, same, 3, 1), want);
		assert_int_equal(misses(name, same, 3, 1ull << 50), 1);
	}
}

static void no_capacity_is_refused(void **state)
{
	static const uint64_t same[] = {9, 9, 9};
	struct trace t;
	struct sim sim;
	struct assay_err err = {0};
	assert_ok(trace_from_ids(same, NULL, 3, &t, &err));
	assert_fails(sim_init(&sim, &sim_lru, &t, 0, false, &err), ASSAY_EUSAGE, "no objects");
	assert_fails(sim_init(&sim, &sim_lru, &t, 0, true, &err), ASSAY_EUSAGE, "no bytes");
	trace_done(&t);
}

static void the_curve_is_lru_at_every_capacity(void **state)
{
	enum { REQUESTS = 6000, OBJECTS = 150 };
	static uint64_t ids[REQUESTS];
	struct assay_rng rng;
	assay_rng_init(&rng, 3);
	for (size_t i = 0; i < REQUESTS; i++)
		ids[i] = assay_rng_below(&rng, assay_rng_below(&rng, OBJECTS) + 1);
	struct trace t;
	struct assay_err err = {0};
	assert_ok(trace_from_ids(ids, NULL, REQUESTS, &t, &err));
	uint32_t *curve = calloc(t.n_objects + 1, sizeof(*curve));
	assert_ok(sim_lru_curve(&t, curve, &err));
	assert_int_equal(curve[0], REQUESTS);
	for (uint32_t c = 1; c <= t.n_objects; c++)
		assert_int_equal(curve[c], misses("LRU", ids, REQUESTS, c));
	free(curve);
	trace_done(&t);
}

static void nothing_beats_the_bound(void **state)
{
	struct trace t;
	struct assay_err err = {0};
	assert_ok(trace_synthetic("scan", &t, &err));
	uint64_t bound = 0;
	for (size_t i = SIM_POLICIES; i-- > 0;) {
		struct sim sim;
		assert_ok(sim_init(&sim, sim_policies()[i], &t, 4000, false, &err));
		uint64_t result = sim_policies()[i]->run(&sim);
		sim_done(&sim);
		if (sim_policies()[i] == &sim_belady)
			bound = result;
		/* a missed object must come in: no policy does better, not even by luck */
		assert_true(result >= bound && result <= t.n);
	}
	trace_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_agree_with_plain_lists),
		cmocka_unit_test(policies_are_found_by_name),
		cmocka_unit_test(a_wrong_policy_is_found),
		cmocka_unit_test(small_cases_come_out_by_hand),
		cmocka_unit_test(one_object_and_huge_capacities_are_fine),
		cmocka_unit_test(no_capacity_is_refused),
		cmocka_unit_test(the_curve_is_lru_at_every_capacity),
		cmocka_unit_test(nothing_beats_the_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

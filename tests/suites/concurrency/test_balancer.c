/* SPDX-License-Identifier: MIT */
/* balancers pass their oracle, planted faults do not; the simulator agrees with queueing theory. */
#include <stdio.h>

#include "harness/stats/queueing.h"
#include "suites/concurrency/argmin.h"
#include "suites/concurrency/queue_sim.h"
#include "suites/concurrency/xxh64.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_balance_null,
	assay_subject_concurrency_balance_bound, assay_subject_concurrency_balance_random,
	assay_subject_concurrency_round_robin, assay_subject_concurrency_smooth_weighted,
	assay_subject_concurrency_edf, assay_subject_concurrency_static_stride,
	assay_subject_concurrency_least_connections, assay_subject_concurrency_weighted_least,
	assay_subject_concurrency_power_of_two, assay_subject_concurrency_peak_ewma,
	assay_subject_concurrency_resource_aware, assay_subject_concurrency_join_idle,
	assay_subject_concurrency_maglev, assay_subject_concurrency_balance_hash;
static const struct assay_subject *const subjects[] = {
	&assay_subject_concurrency_balance_null,    &assay_subject_concurrency_balance_bound,
	&assay_subject_concurrency_balance_random,  &assay_subject_concurrency_round_robin,
	&assay_subject_concurrency_smooth_weighted, &assay_subject_concurrency_edf,
	&assay_subject_concurrency_static_stride,   &assay_subject_concurrency_least_connections,
	&assay_subject_concurrency_weighted_least,  &assay_subject_concurrency_power_of_two,
	&assay_subject_concurrency_peak_ewma,       &assay_subject_concurrency_resource_aware,
	&assay_subject_concurrency_join_idle,       &assay_subject_concurrency_maglev,
	&assay_subject_concurrency_balance_hash,
};

static void all_pass(void **state)
{
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++)
		for (uint64_t seed = 1; seed <= 5; seed++)
			if (assay_suite_concurrency.check(subjects[i], seed * 7919, &err) !=
			    ASSAY_OK)
				fail_msg("%s: %s", subjects[i]->brief, err.text);
}

static int pick_any(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return (int)assay_rng_below(&b->rng, b->n);
}

static int pick_random(struct balancer *b, uint64_t key, uint64_t now_ns)
{
	return (int)b->open[assay_rng_below(&b->rng, b->n_open)];
}

static void planted_faults_are_caught(void **state)
{
	struct assay_err err = {0};
	struct balancer_policy faulty = {.pick = pick_any};
	assert_fails(balancer_check(&faulty, 1, &err), ASSAY_ECHECK, "may not be picked");
	faulty = (struct balancer_policy){.pick = pick_random, .weighted = true};
	assert_fails(balancer_check(&faulty, 1, &err), ASSAY_ECHECK, "of weight");
	faulty = (struct balancer_policy){.pick = pick_random, .keyed = true};
	assert_fails(balancer_check(&faulty, 1, &err), ASSAY_ECHECK, "and then to");
}

static void bad_configurations_are_refused(void **state)
{
	const struct balancer_policy *maglev = assay_subject_concurrency_maglev.ops;
	struct balancer_backend is[3] = {{0}};
	struct balancer_config config = {.backends = is, .n = 0};
	struct balancer *b;
	struct assay_err err = {0};
	assert_fails(balancer_new(maglev, &config, &b, &err), ASSAY_EUSAGE, "at least 1");
	config.n = 3;
	config.table = 9;
	assert_fails(balancer_new(maglev, &config, &b, &err), ASSAY_EUSAGE, "a prime");
	is[1].weight = -1;
	assert_fails(balancer_new(maglev, &config, &b, &err), ASSAY_EUSAGE, "weight -1");
}

/* The mean over several seeds. */
static double sojourn(const struct assay_subject *subject, size_t servers, double load)
{
	double speeds[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, sum = 0;
	struct queue_sim_config config = {.policy = subject->ops,
					  .speeds = speeds,
					  .servers = servers,
					  .load = load,
					  .requests = 100000,
					  .warmup = 10000};
	struct queue_sim_result result;
	struct assay_err err = {0};
	for (config.seed = 1; config.seed <= 4; config.seed++) {
		assert_ok(queue_sim(&config, &result, &err));
		sum += result.mean_sojourn;
	}
	return sum / 4;
}

static void one_server_is_m_m_1(void **state)
{
	double loads[] = {0.3, 0.6, 0.8};
	for (size_t i = 0; i < ASSAY_COUNT_OF(loads); i++) {
		double theory = assay_mm1(loads[i], 1).mean_sojourn;
		assert_close(sojourn(&assay_subject_concurrency_round_robin, 1, loads[i]), theory,
			     0.04);
		/* random splitting of a Poisson stream gives Poisson streams */
		assert_close(sojourn(&assay_subject_concurrency_balance_random, 10, loads[i]),
			     theory, 0.04);
	}
}

static void one_queue_is_m_m_c(void **state)
{
	size_t servers[] = {2, 4, 10};
	for (size_t i = 0; i < ASSAY_COUNT_OF(servers); i++) {
		double theory =
			1 + assay_erlang(servers[i], 0.8).mean_queue / (0.8 * (double)servers[i]);
		assert_close(sojourn(&assay_subject_concurrency_balance_bound, servers[i], 0.8),
			     theory, 0.03);
	}
}

/* What theory and every published comparison say of the order at high load. */
static void policies_come_in_order(void **state)
{
	double random = sojourn(&assay_subject_concurrency_balance_random, 10, 0.9);
	double around = sojourn(&assay_subject_concurrency_round_robin, 10, 0.9);
	double two = sojourn(&assay_subject_concurrency_power_of_two, 10, 0.9);
	double least = sojourn(&assay_subject_concurrency_least_connections, 10, 0.9);
	double bound = sojourn(&assay_subject_concurrency_balance_bound, 10, 0.9);
	assert_true(around < random && two < around && least < two && bound < least);
}

static void impossible_systems_are_refused(void **state)
{
	double speed = 1;
	struct queue_sim_config config = {.policy = assay_subject_concurrency_round_robin.ops,
					  .speeds = &speed,
					  .servers = 1,
					  .load = 1,
					  .requests = 10};
	struct queue_sim_result result;
	struct assay_err err = {0};
	assert_fails(queue_sim(&config, &result, &err), ASSAY_EUSAGE, "between 0 and 1");
}

static void the_tree_finds_the_smallest(void **state)
{
	uint64_t keys[37];
	struct argmin tree;
	struct assay_rng rng;
	assay_rng_init(&rng, 5);
	assert_true(argmin_init(&tree, ASSAY_COUNT_OF(keys)));
	memset(keys, 0xff, sizeof(keys));
	for (int step = 0; step < 5000; step++) {
		size_t i = assay_rng_below(&rng, ASSAY_COUNT_OF(keys)), least = 0;
		keys[i] = assay_rng_below(&rng, 50);
		argmin_set(&tree, i, keys[i]);
		for (size_t k = 1; k < ASSAY_COUNT_OF(keys); k++)
			least = keys[k] < keys[least] ? k : least;
		assert_int_equal(argmin_first(&tree), least);
	}
	argmin_done(&tree);
}

/* The values of the specification's own implementation, xxHash 0.8. */
static void hashes_are_xxh64(void **state)
{
	assert_int_equal(xxh64("", 0, 0), 0xef46db3751d8e999u);
	assert_int_equal(xxh64("a", 1, 0), 0xd24ec4f1a98c6e5bu);
	assert_int_equal(xxh64("abc", 3, 0), 0x44bc2cf5ad770999u);
	assert_int_equal(xxh64("Nobody inspects the spammish repetition", 39, 0),
			 0xfbcea83c8a378bf1u);
}

/* Earliest deadline first by looking at all of them: deadlines turns / weight, ties to the one that waited. */
enum { SCANNED = 40 };

static size_t scan_deadlines(const uint64_t *turns, const uint64_t *weight, const uint64_t *order,
			     size_t n)
{
	size_t first = 0;
	for (size_t i = 1; i < n; i++) {
		uint64_t mine = turns[i] * weight[first], least = turns[first] * weight[i];
		if (mine < least || (mine == least && order[i] < order[first]))
			first = i;
	}
	return first;
}

static void deadlines_come_as_in_a_scan(void **state)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		uint64_t turns[SCANNED], weight[SCANNED], order[SCANNED], picks = 0;
		struct balancer_backend is[SCANNED] = {0};
		struct balancer_config config = {.backends = is};
		struct balancer *b;
		struct assay_rng rng;
		struct assay_err err = {0};
		assay_rng_init(&rng, seed);
		config.n = 1 + assay_rng_below(&rng, SCANNED);
		for (size_t i = 0; i < config.n; i++) {
			weight[i] = 1 + assay_rng_below(&rng, 1 + seed);
			is[i].weight = (double)weight[i];
			turns[i] = 1;
			order[i] = picks++;
		}
		assert_ok(balancer_new(assay_subject_concurrency_edf.ops, &config, &b, &err));
		for (int k = 0; k < 1000; k++) {
			size_t down = assay_rng_below(&rng, config.n), want;
			balancer_set_healthy(b, down, assay_rng_below(&rng, 4) > 0);
			if (!b->n_open)
				continue;
			do { /* what may not be picked has had its turn all the same */
				want = scan_deadlines(turns, weight, order, config.n);
				turns[want]++;
				order[want] = picks++;
			} while (!b->backends[want].open);
			assert_int_equal(balancer_pick(b, 0, 1), want);
		}
		balancer_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pass),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(one_server_is_m_m_1),
		cmocka_unit_test(one_queue_is_m_m_c),
		cmocka_unit_test(policies_come_in_order),
		cmocka_unit_test(impossible_systems_are_refused),
		cmocka_unit_test(the_tree_finds_the_smallest),
		cmocka_unit_test(hashes_are_xxh64),
		cmocka_unit_test(deadlines_come_as_in_a_scan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

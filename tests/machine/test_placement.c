/* SPDX-License-Identifier: MIT */
/* Planned CPUs of every policy on machines of many shapes, refusals, and pinning on this one. */
#include "harness/machine/placement.h"

#include <sched.h>

#include "harness/base/str.h"
#include "tests/machine/fixture.h"

enum { MOST = 512 };

struct plan {
	const char *machine;
	const char *policy;
	unsigned threads;
	const char *cpus;    /* "0 2 4"; NULL: refused */
	const char *refusal; /* part of the reason */
};

static void check_plan(const struct assay_topology *topology, const struct plan *plan)
{
	struct assay_err err = {0};
	unsigned list[MOST], cpus[MOST + 1];
	struct assay_placement placement;
	assert_ok(assay_placement_parse(plan->policy, list, MOST, &placement, &err));
	enum assay_code code =
		assay_placement_plan(topology, &placement, plan->threads, cpus, &err);
	if (!plan->cpus) {
		assert_fails(code, ASSAY_SKIP, plan->refusal);
		return;
	}
	assert_ok(code);
	struct assay_str got = {0};
	for (unsigned i = 0; i < plan->threads; i++)
		assay_str_add(&got, "%s%u", i ? " " : "", cpus[i]);
	if (strcmp(assay_str_text(&got), plan->cpus) != 0)
		fail_msg("%s: %s with %u threads gives %s, not %s", plan->machine, plan->policy,
			 plan->threads, assay_str_text(&got), plan->cpus);
	assay_str_done(&got);
}

static void plans_match_the_shape_of_the_machine(void **state)
{
	static const struct plan plans[] = {
		/* 2 packages of 4 cores of 2 threads: core i has CPUs 2i and 2i + 1 */
		{TWO_SOCKETS, "compact", 1, "0", NULL},
		{TWO_SOCKETS, "compact", 5, "0 2 4 6 8", NULL},
		{TWO_SOCKETS, "compact", 9, "0 2 4 6 8 10 12 14 1", NULL},
		{TWO_SOCKETS, "spread", 2, "0 8", NULL},
		{TWO_SOCKETS, "spread", 5, "0 8 2 10 4", NULL},
		{TWO_SOCKETS, "spread", 9, "0 8 2 10 4 12 6 14 1", NULL},
		{TWO_SOCKETS, "same-core", 2, "0 1", NULL},
		{TWO_SOCKETS, "same-core", 3, NULL, "a core has at most 2"},
		{TWO_SOCKETS, "same-l3", 4, "0 2 4 6", NULL},
		{TWO_SOCKETS, "same-l3", 5, "0 2 4 6 1", NULL},
		{TWO_SOCKETS, "same-l3", 9, NULL, "at most 8 CPUs share"},
		{TWO_SOCKETS, "cross-numa", 5, "0 8 2 10 4", NULL},
		{TWO_SOCKETS, "7,3", 2, "7 3", NULL},
		{TWO_SOCKETS, "7,3", 1, "7", NULL},
		{TWO_SOCKETS, "7,3", 3, NULL, "only 2 CPUs are listed"},
		{TWO_SOCKETS, "7,16", 2, NULL, "CPU 16 does not exist"},
		{TWO_SOCKETS, "compact", 17, NULL, "only 16 CPUs may be used"},
		{TWO_SOCKETS, "spread", 17, NULL, "only 16 CPUs may be used"},
		/* 2 packages of 4 nodes of 8 cores of 1 thread: node k has CPUs 8k to 8k + 7 */
		{EIGHT_NUMA, "compact", 10, "0 1 2 3 4 5 6 7 8 9", NULL},
		{EIGHT_NUMA, "spread", 4, "0 32 8 40", NULL},
		{EIGHT_NUMA, "spread", 10, "0 32 8 40 16 48 24 56 1 33", NULL},
		{EIGHT_NUMA, "cross-numa", 9, "0 8 16 24 32 40 48 56 1", NULL},
		{EIGHT_NUMA, "same-core", 1, "0", NULL},
		{EIGHT_NUMA, "same-core", 2, NULL, "no core has a second hardware thread"},
		{EIGHT_NUMA, "same-l3", 8, "0 1 2 3 4 5 6 7", NULL},
		{EIGHT_NUMA, "same-l3", 9, NULL, "at most 8 CPUs share"},
		/* 256 cores of 2 threads; 32 last-level caches */
		{CORES_256, "spread", 9, "0 256 64 320 128 384 192 448 16", NULL},
		{CORES_256, "same-l3", 9, "0 2 4 6 8 10 12 14 1", NULL},
		{CORES_256, "compact", 513, NULL, "only 512 CPUs may be used"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(plans); i++) {
		struct assay_topology *topology = load(plans[i].machine);
		check_plan(topology, &plans[i]);
		assay_topology_free(topology);
	}
}

/* 4 fast cores of 2 threads (CPUs 0 to 7), 8 efficient ones of 1 thread (8, 10, ... 22). */
static void hybrid_plans_take_fast_cores_first(void **state)
{
	static const struct plan plans[] = {
		{"hybrid", "compact", 6, "0 2 4 6 8 10", NULL},
		{"hybrid", "compact", 13, "0 2 4 6 8 10 12 14 16 18 20 22 1", NULL},
		{"hybrid", "spread", 6, "0 2 4 6 8 10", NULL},
		{"hybrid", "same-core", 2, "0 1", NULL},
		{"hybrid", "same-l3", 5, "0 2 4 6 8", NULL},
		{"hybrid", "cross-numa", 2, NULL, "one NUMA node"},
		{"hybrid", "9", 1, NULL, "CPU 9 does not exist"},
	};
	(void)state;
	struct assay_topology *topology = load(fixture_path("hybrid.xml"));
	for (size_t i = 0; i < ASSAY_COUNT_OF(plans); i++)
		check_plan(topology, &plans[i]);
	assay_topology_free(topology);
}

/* Whatever the machine and the policy: distinct CPUs that exist. */
static void every_plan_has_distinct_usable_cpus(void **state)
{
	static const char *const machines[] = {TWO_SOCKETS, EIGHT_NUMA, CORES_256,
					       "synthetic:pack:3 core:5 pu:4", "synthetic:pu:7"};
	static const char *const policies[] = {"compact", "spread", "same-core", "same-l3",
					       "cross-numa"};
	(void)state;
	for (size_t m = 0; m < ASSAY_COUNT_OF(machines); m++) {
		struct assay_topology *topology = load(machines[m]);
		size_t n;
		const struct assay_pu *pus = assay_topology_pus(topology, &n);
		for (size_t p = 0; p < ASSAY_COUNT_OF(policies); p++) {
			for (unsigned threads = 1; threads <= n; threads += 1 + threads / 4) {
				struct assay_placement placement;
				struct assay_err err = {0};
				unsigned cpus[MOST];
				bool used[MOST] = {false};
				assert_ok(assay_placement_parse(policies[p], NULL, 0, &placement,
								&err));
				if (assay_placement_plan(topology, &placement, threads, cpus, &err))
					continue;
				for (unsigned i = 0; i < threads; i++) {
					assert_true(cpus[i] < n && !used[cpus[i]]);
					used[cpus[i]] = true;
				}
			}
		}
		assert_int_equal(pus[n - 1].os_index, n - 1);
		assay_topology_free(topology);
	}
}

static void spread_over_256_uses_every_core_once(void **state)
{
	(void)state;
	struct assay_topology *topology = load(CORES_256);
	struct assay_placement placement = {.policy = ASSAY_SPREAD};
	struct assay_err err = {0};
	unsigned cpus[256];
	bool core[256] = {false};
	assert_ok(assay_placement_plan(topology, &placement, 256, cpus, &err));
	for (size_t i = 0; i < 256; i++) {
		assert_false(core[cpus[i] / 2]);
		core[cpus[i] / 2] = true;
	}
	assay_topology_free(topology);
}

static void parsing_knows_policies_and_lists(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_placement placement;
	unsigned list[4];
	assert_ok(assay_placement_parse("cross-numa", list, 4, &placement, &err));
	assert_int_equal(placement.policy, ASSAY_CROSS_NUMA);
	assert_string_equal(assay_policy_name(placement.policy), "cross-numa");
	assert_ok(assay_placement_parse("0-2,9", list, 4, &placement, &err));
	assert_int_equal(placement.policy, ASSAY_CPU_LIST);
	assert_int_equal(placement.n_list, 4);
	assert_int_equal(placement.list[3], 9);
	assert_string_equal(assay_policy_name(placement.policy), "list");
	assert_fails(assay_placement_parse("comapct", list, 4, &placement, &err), ASSAY_EUSAGE,
		     "did you mean 'compact'");
	assert_fails(assay_placement_parse("everywhere", list, 4, &placement, &err), ASSAY_EUSAGE,
		     "unknown placement 'everywhere' (compact");
	assert_fails(assay_placement_parse("", list, 4, &placement, &err), ASSAY_EUSAGE, "unknown");
	assert_fails(assay_placement_parse("0-4", list, 4, &placement, &err), ASSAY_EPARSE,
		     "more than 4 CPUs");
	assert_fails(assay_placement_parse("3-1", list, 4, &placement, &err), ASSAY_EPARSE,
		     "not a list");
	assert_fails(assay_placement_parse("1,1", list, 4, &placement, &err), ASSAY_EPARSE,
		     "twice");
}

static void pinning_is_read_back(void **state)
{
	(void)state;
	cpu_set_t before, after;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	struct assay_topology *topology = load(NULL);
	assert_true(assay_topology_is_live(topology));
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(topology, &n);
	struct assay_err err = {0};
	for (size_t i = 0; i < n; i++) {
		assert_ok(assay_pin_thread(pus[i].os_index, &err));
		assert_int_equal(sched_getcpu(), pus[i].os_index);
		assert_ok(assay_pin_check(pus[i].os_index, &err));
		assert_fails(assay_pin_check(pus[i].os_index + 1, &err), ASSAY_EENV, "without it");
	}
	unsigned many[] = {pus[0].os_index, pus[n - 1].os_index, 60000};
	assert_ok(assay_pin_to_all(many, 2, &err));
	assert_int_equal(sched_getaffinity(0, sizeof(before), &after), 0);
	assert_int_equal(CPU_COUNT(&after), n > 1 ? 2 : 1);
	assert_true(CPU_ISSET(many[0], &after) && CPU_ISSET(many[1], &after));
	assert_fails(assay_pin_to_all(many, 3, &err), ASSAY_EENV, "CPU 60000 may not be used here");
	assert_fails(assay_pin_to_all(&many[2], 1, &err), ASSAY_EENV, "bind to 1 CPUs");
	assert_fails(assay_pin_thread(60000, &err), ASSAY_EENV, "pin to CPU 60000");
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	if (n > 1)
		assert_fails(assay_pin_check(pus[0].os_index, &err), ASSAY_EENV, "mask holds");
	assay_topology_free(topology);
}

/* A process that may use one CPU plans on that one only. */
static void the_affinity_mask_limits_plans(void **state)
{
	(void)state;
	cpu_set_t before;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	int cpu = sched_getcpu();
	struct assay_err err = {0};
	assert_ok(assay_pin_thread((unsigned)cpu, &err));
	struct assay_topology *topology = load(NULL);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(topology, &n);
	assert_int_equal(n, 1);
	assert_int_equal(pus[0].os_index, cpu);
	unsigned cpus[2];
	struct assay_placement placement = {.policy = ASSAY_COMPACT};
	assert_fails(assay_placement_plan(topology, &placement, 2, cpus, &err), ASSAY_SKIP,
		     "only 1 CPUs may be used");
	assay_topology_free(topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_match_the_shape_of_the_machine),
		cmocka_unit_test(hybrid_plans_take_fast_cores_first),
		cmocka_unit_test(every_plan_has_distinct_usable_cpus),
		cmocka_unit_test(spread_over_256_uses_every_core_once),
		cmocka_unit_test(parsing_knows_policies_and_lists),
		cmocka_unit_test(pinning_is_read_back),
		cmocka_unit_test(the_affinity_mask_limits_plans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

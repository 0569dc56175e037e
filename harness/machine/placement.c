/* SPDX-License-Identifier: MIT */
/* placement: policies from text, plans over any topology, and pinning that is read back. */
#include "harness/machine/placement.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

static const char *const policy_names[] = {
	[ASSAY_COMPACT] = "compact",       [ASSAY_SPREAD] = "spread",
	[ASSAY_SAME_CORE] = "same-core",   [ASSAY_SAME_L3] = "same-l3",
	[ASSAY_CROSS_NUMA] = "cross-numa",
};

const char *assay_policy_name(enum assay_policy policy)
{
	return policy == ASSAY_CPU_LIST ? "list" : policy_names[policy];
}

static enum assay_code unknown_policy(const char *text, struct assay_err *err)
{
	const char *near = assay_nearest(text, policy_names, ASSAY_COUNT_OF(policy_names));
	char clean[64];
	assay_sanitise(clean, sizeof(clean), text);
	return assay_fail(err, ASSAY_EUSAGE,
			  "unknown placement '%s'%s%s%s (compact, spread, same-core, same-l3, "
			  "cross-numa, or CPUs such as 0-3,8)",
			  clean, near ? "; did you mean '" : "", near ? near : "",
			  near ? "'?" : "");
}

enum assay_code assay_placement_parse(const char *text, unsigned *list, size_t capacity,
				      struct assay_placement *ret, struct assay_err *err)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(policy_names); i++) {
		if (strcmp(text, policy_names[i]) == 0) {
			*ret = (struct assay_placement){.policy = (enum assay_policy)i};
			return ASSAY_OK;
		}
	}
	if (!isdigit((unsigned char)text[0]))
		return unknown_policy(text, err);
	size_t n = 0;
	enum assay_code rc = assay_parse_cpus(text, list, capacity, &n, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "placement");
	*ret = (struct assay_placement){.policy = ASSAY_CPU_LIST, .list = list, .n_list = n};
	return ASSAY_OK;
}

/* What a choice is made from: the PUs that a policy allows. */
struct pool {
	const struct assay_pu **pus;
	size_t n;
};

static enum assay_code pool_init(struct pool *pool, const struct assay_topology *topology,
				 struct assay_err *err)
{
	size_t n;
	const struct assay_pu *pus = assay_topology_pus(topology, &n);
	pool->pus = calloc(n + 1, sizeof(*pool->pus));
	if (!pool->pus)
		return assay_fail(err, ASSAY_ENOMEM, "placement: out of memory");
	for (size_t i = 0; i < n; i++)
		pool->pus[i] = &pus[i];
	pool->n = n;
	return ASSAY_OK;
}

static void pool_done(struct pool *pool)
{
	free(pool->pus);
}

/* One thread per core before any sibling, fast cores before efficient ones, then neighbours. */
static int by_compact(const void *a, const void *b)
{
	const struct assay_pu *x = *(const struct assay_pu *const *)a;
	const struct assay_pu *y = *(const struct assay_pu *const *)b;
	if (x->rank_in_core != y->rank_in_core)
		return x->rank_in_core < y->rank_in_core ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind > y->kind ? -1 : 1;
	return x < y ? -1 : x > y; /* one array, in logical order */
}

static void take_compact(struct pool *pool, unsigned threads, unsigned *cpus)
{
	qsort(pool->pus, pool->n, sizeof(*pool->pus), by_compact);
	for (unsigned i = 0; i < threads; i++)
		cpus[i] = pool->pus[i]->os_index;
}

/* A PU, and how many of those taken so far share each level with it, outermost first. */
struct candidate {
	const struct assay_pu *pu;
	unsigned package, numa, l3, core;
	bool taken;
};

/* Is `a` further from all that is taken than `b`? Ties go to the first in compact order. */
static bool further(const struct candidate *a, const struct candidate *b)
{
	if (a->package != b->package)
		return a->package < b->package;
	if (a->numa != b->numa)
		return a->numa < b->numa;
	if (a->l3 != b->l3)
		return a->l3 < b->l3;
	if (a->core != b->core)
		return a->core < b->core;
	return by_compact(&a->pu, &b->pu) < 0;
}

static void take_candidate(struct candidate *all, size_t n, struct candidate *one)
{
	one->taken = true;
	for (size_t i = 0; i < n; i++) {
		all[i].package += all[i].pu->package == one->pu->package;
		all[i].numa += all[i].pu->numa == one->pu->numa;
		all[i].l3 += all[i].pu->l3 == one->pu->l3;
		all[i].core += all[i].pu->core == one->pu->core;
	}
}

/*
 * Greedy: the next thread goes where fewest share its package, then its NUMA node, its last-level
 * cache, its core.
 */
static enum assay_code take_spread(const struct pool *pool, unsigned threads, unsigned *cpus,
				   struct assay_err *err)
{
	struct candidate *all = calloc(pool->n + 1, sizeof(*all));
	if (!all)
		return assay_fail(err, ASSAY_ENOMEM, "placement: out of memory");
	for (size_t i = 0; i < pool->n; i++)
		all[i].pu = pool->pus[i];
	for (unsigned i = 0; i < threads; i++) {
		struct candidate *best = NULL;
		for (size_t k = 0; k < pool->n; k++)
			if (!all[k].taken && (!best || further(&all[k], best)))
				best = &all[k];
		take_candidate(all, pool->n, best);
		cpus[i] = best->pu->os_index;
	}
	free(all);
	return ASSAY_OK;
}

static unsigned core_of(const struct assay_pu *pu)
{
	return pu->core;
}

static unsigned l3_of(const struct assay_pu *pu)
{
	return pu->l3;
}

static unsigned numa_of(const struct assay_pu *pu)
{
	return pu->numa;
}

/* Keep only the PUs whose `key` is `value`. */
static void keep_only(struct pool *pool, unsigned (*key)(const struct assay_pu *), unsigned value)
{
	size_t n = 0;
	for (size_t i = 0; i < pool->n; i++)
		if (key(pool->pus[i]) == value)
			pool->pus[n++] = pool->pus[i];
	pool->n = n;
}

/* PUs that share `key` with `pu`; with first_only, just the first PU of each core counts. */
static unsigned sharing(const struct pool *pool, const struct assay_pu *pu,
			unsigned (*key)(const struct assay_pu *), bool first_only)
{
	unsigned n = 0;
	for (size_t i = 0; i < pool->n; i++)
		n += key(pool->pus[i]) == key(pu) && (!first_only || !pool->pus[i]->rank_in_core);
	return n;
}

/*
 * Take all threads from one group of PUs with equal `key`: the first group with enough cores, else
 * the first with enough PUs. Else ASSAY_SKIP, and *ret_most says how many the largest has.
 */
static enum assay_code take_group(struct pool *pool, unsigned (*key)(const struct assay_pu *),
				  unsigned threads, unsigned *cpus, unsigned *ret_most)
{
	*ret_most = 0;
	qsort(pool->pus, pool->n, sizeof(*pool->pus), by_compact);
	for (int whole_cores = 1; whole_cores >= 0; whole_cores--) {
		for (size_t i = 0; i < pool->n; i++) {
			unsigned n = sharing(pool, pool->pus[i], key, whole_cores);
			*ret_most = n > *ret_most ? n : *ret_most;
			if (n < threads)
				continue;
			keep_only(pool, key, key(pool->pus[i]));
			take_compact(pool, threads, cpus);
			return ASSAY_OK;
		}
	}
	return ASSAY_SKIP;
}

static enum assay_code take_same_core(struct pool *pool, unsigned threads, unsigned *cpus,
				      struct assay_err *err)
{
	unsigned most;
	if (take_group(pool, core_of, threads, cpus, &most) == ASSAY_OK)
		return ASSAY_OK;
	if (most == 1)
		return assay_fail(err, ASSAY_SKIP,
				  "same-core: no core has a second hardware thread here");
	return assay_fail(err, ASSAY_SKIP, "same-core: %u threads, but a core has at most %u",
			  threads, most);
}

static enum assay_code take_same_l3(struct pool *pool, unsigned threads, unsigned *cpus,
				    struct assay_err *err)
{
	unsigned most;
	if (take_group(pool, l3_of, threads, cpus, &most) == ASSAY_OK)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP,
			  "same-l3: %u threads, but at most %u CPUs share a last-level cache",
			  threads, most);
}

/* A PU that is the `round`-th of its node in compact order. */
struct turn {
	const struct assay_pu *pu;
	unsigned round;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;
	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	return x->pu->numa < y->pu->numa ? -1 : x->pu->numa > y->pu->numa;
}

/* Thread after thread goes to the next node in turn; nodes that are full are passed over. */
static enum assay_code take_cross_numa(struct pool *pool, unsigned threads, unsigned *cpus,
				       struct assay_err *err)
{
	if (pool->n && sharing(pool, pool->pus[0], numa_of, false) == pool->n)
		return assay_fail(err, ASSAY_SKIP,
				  "cross-numa: all usable CPUs belong to one NUMA node");
	struct turn *turns = calloc(pool->n + 1, sizeof(*turns));
	if (!turns)
		return assay_fail(err, ASSAY_ENOMEM, "placement: out of memory");
	qsort(pool->pus, pool->n, sizeof(*pool->pus), by_compact);
	for (size_t i = 0; i < pool->n; i++) {
		turns[i].pu = pool->pus[i];
		for (size_t j = 0; j < i; j++)
			turns[i].round += turns[j].pu->numa == turns[i].pu->numa;
	}
	qsort(turns, pool->n, sizeof(*turns), by_turn);
	for (unsigned i = 0; i < threads; i++)
		cpus[i] = turns[i].pu->os_index;
	free(turns);
	return ASSAY_OK;
}

static enum assay_code take_list(const struct pool *pool, const struct assay_placement *placement,
				 unsigned threads, unsigned *cpus, struct assay_err *err)
{
	if (threads > placement->n_list)
		return assay_fail(err, ASSAY_SKIP, "%u threads, but only %zu CPUs are listed",
				  threads, placement->n_list);
	for (unsigned i = 0; i < threads; i++) {
		bool usable = false;
		for (size_t k = 0; k < pool->n && !usable; k++)
			usable = pool->pus[k]->os_index == placement->list[i];
		if (!usable)
			return assay_fail(err, ASSAY_SKIP,
					  "CPU %u does not exist or may not be used here",
					  placement->list[i]);
		cpus[i] = placement->list[i];
	}
	return ASSAY_OK;
}

static enum assay_code take(struct pool *pool, const struct assay_placement *placement,
			    unsigned threads, unsigned *cpus, struct assay_err *err)
{
	switch (placement->policy) {
	case ASSAY_COMPACT:
		take_compact(pool, threads, cpus);
		return ASSAY_OK;
	case ASSAY_SPREAD:
		return take_spread(pool, threads, cpus, err);
	case ASSAY_SAME_CORE:
		return take_same_core(pool, threads, cpus, err);
	case ASSAY_SAME_L3:
		return take_same_l3(pool, threads, cpus, err);
	case ASSAY_CROSS_NUMA:
		return take_cross_numa(pool, threads, cpus, err);
	case ASSAY_CPU_LIST:
		return take_list(pool, placement, threads, cpus, err);
	}
	return assay_fail(err, ASSAY_EBUG, "placement policy %d", (int)placement->policy);
}

enum assay_code assay_placement_plan(const struct assay_topology *topology,
				     const struct assay_placement *placement, unsigned threads,
				     unsigned *cpus, struct assay_err *err)
{
	struct pool pool = {0};
	enum assay_code rc = pool_init(&pool, topology, err);
	if (rc == ASSAY_OK && threads > pool.n)
		rc = assay_fail(err, ASSAY_SKIP, "%u threads, but only %zu CPUs may be used here",
				threads, pool.n);
	if (rc == ASSAY_OK)
		rc = take(&pool, placement, threads, cpus, err);
	pool_done(&pool);
	return rc;
}

enum { MOST_CPUS = 65536 }; /* the kernel refuses masks smaller than its own */

enum assay_code assay_pin_to_all(const unsigned *cpus, size_t n, struct assay_err *err)
{
	size_t size = CPU_ALLOC_SIZE(MOST_CPUS);
	ASSAY_AUTO_FREE cpu_set_t *wanted = calloc(1, size), *got = calloc(1, size);
	if (!wanted || !got)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a CPU mask");
	for (size_t i = 0; i < n; i++)
		CPU_SET_S(cpus[i], size, wanted);
	if (sched_setaffinity(0, size, wanted) != 0)
		return assay_fail(err, ASSAY_EENV, "bind to %zu CPUs: %s", n, strerror(errno));
	if (sched_getaffinity(0, size, got) != 0)
		return assay_fail(err, ASSAY_EENV, "read the CPU mask back: %s", strerror(errno));
	/* the kernel leaves out what may not be used, silently */
	for (size_t i = 0; i < n; i++)
		if (!CPU_ISSET_S(cpus[i], size, got))
			return assay_fail(err, ASSAY_EENV,
					  "asked for %zu CPUs, but CPU %u may not be used here", n,
					  cpus[i]);
	if (!CPU_EQUAL_S(size, wanted, got))
		return assay_fail(err, ASSAY_EENV,
				  "asked for %zu CPUs, but the kernel's mask holds %d", n,
				  CPU_COUNT_S(size, got));
	return ASSAY_OK;
}

enum assay_code assay_pin_thread(unsigned cpu, struct assay_err *err)
{
	size_t size = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	if (!set)
		return assay_fail(err, ASSAY_ENOMEM, "pin to CPU %u: out of memory", cpu);
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	int failed = sched_setaffinity(0, size, set) ? errno : 0;
	CPU_FREE(set);
	if (failed)
		return assay_fail(err, ASSAY_EENV, "pin to CPU %u: %s", cpu,
				  failed == EINVAL
					  ? "the kernel does not let this process run there"
					  : strerror(failed));
	return assay_pin_check(cpu, err);
}

enum assay_code assay_pin_check(unsigned cpu, struct assay_err *err)
{
	size_t size = CPU_ALLOC_SIZE(MOST_CPUS);
	cpu_set_t *set = CPU_ALLOC(MOST_CPUS);
	if (!set)
		return assay_fail(err, ASSAY_ENOMEM, "read CPU mask: out of memory");
	CPU_ZERO_S(size, set);
	int failed = sched_getaffinity(0, size, set) ? errno : 0;
	int count = CPU_COUNT_S(size, set);
	bool there = CPU_ISSET_S(cpu, size, set);
	CPU_FREE(set);
	if (failed)
		return assay_fail(err, ASSAY_EENV, "read the CPU mask back: %s", strerror(failed));
	if (count != 1 || !there)
		return assay_fail(err, ASSAY_EENV,
				  "pinned to CPU %u, but the kernel's mask holds %d CPUs%s", cpu,
				  count, there ? "" : " without it");
	int now = sched_getcpu();
	if (now >= 0 && (unsigned)now != cpu)
		return assay_fail(err, ASSAY_EENV, "pinned to CPU %u, but running on CPU %d", cpu,
				  now);
	return ASSAY_OK;
}

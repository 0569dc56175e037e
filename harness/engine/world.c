/* SPDX-License-Identifier: MIT */
/* world: counting ranks, telling hosts apart, naming the binding, merging clocks. */
#include "harness/engine/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/str.h"

static int by_rank(const void *a, const void *b)
{
	const struct assay_rank *x = a, *y = b;
	return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1)
				  : (x->pid > y->pid) - (x->pid < y->pid);
}

static bool same_host(const struct assay_rank *a, const struct assay_rank *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->boot, b->boot) == 0;
}

static enum assay_code check_one(const struct assay_rank *r, unsigned asked, struct assay_err *err)
{
	if (r->rank < 0 || r->size < 0)
		return assay_fail(
			err, ASSAY_EENV,
			"the process %lld on %s does not know which rank it is: the launcher "
			"sets none of ASSAY's, Open MPI's, PMI's and SLURM's variables",
			(long long)r->pid, r->host);
	if ((unsigned)r->size != asked)
		return assay_fail(err, ASSAY_EENV,
				  "%u ranks were asked for, but rank %d on %s is one of %d", asked,
				  r->rank, r->host, r->size);
	if (strcmp(r->version, ASSAY_VERSION) != 0)
		return assay_fail(
			err, ASSAY_EENV,
			"rank %d on %s is assay %s, this one is %s: install the same everywhere",
			r->rank, r->host, r->version, ASSAY_VERSION);
	return ASSAY_OK;
}

static enum assay_code check_pair(const struct assay_rank *a, const struct assay_rank *b,
				  struct assay_err *err)
{
	if (a->rank == b->rank)
		return assay_fail(
			err, ASSAY_EENV,
			"two processes, %lld on %s and %lld on %s, both say they are rank %d",
			(long long)a->pid, a->host, (long long)b->pid, b->host, a->rank);
	if (same_host(a, b) && a->pid == b->pid)
		return assay_fail(err, ASSAY_EENV,
				  "ranks %d and %d are the same process, %lld on %s", a->rank,
				  b->rank, (long long)a->pid, a->host);
	return ASSAY_OK;
}

/* Bits of a list that assay_cpus_text() wrote; more than fit are left out. */
static void cpus_set(const char *list, uint8_t *set, size_t most)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (unsigned long i = from; i <= to && i < most; i++)
			set[i] = 1;
		list = *end == ',' ? end + 1 : end;
	}
}

static bool overlap(const char *a, const char *b)
{
	enum { MOST_CPUS = 65536 };
	ASSAY_AUTO_FREE uint8_t *sets = calloc(2, MOST_CPUS);
	if (!sets)
		return true; /* the answer that claims nothing */
	cpus_set(a, sets, MOST_CPUS);
	cpus_set(b, sets + MOST_CPUS, MOST_CPUS);
	for (size_t i = 0; i < MOST_CPUS; i++)
		if (sets[i] && sets[MOST_CPUS + i])
			return true;
	return false;
}

/* Who shares a host, and CPUs on it. Ranks are few thousand at most, and this happens once a launch. */
static enum assay_code find_hosts(struct assay_world *world, struct assay_err *err)
{
	world->hosts = 0;
	for (unsigned i = 0; i < world->n; i++) {
		struct assay_rank *r = &world->ranks[i];
		r->on_host = r->local_rank = 0;
		r->own_cpus = true;
		for (unsigned j = 0; j < world->n; j++) {
			const struct assay_rank *other = &world->ranks[j];
			if (!same_host(r, other))
				continue;
			r->on_host++;
			r->local_rank += j < i;
			if (j != i && r->own_cpus && overlap(r->allowed, other->allowed))
				r->own_cpus = false;
		}
		world->hosts += r->local_rank == 0;
		if (r->local >= 0 && (uint32_t)r->local >= r->on_host)
			return assay_fail(
				err, ASSAY_EENV,
				"rank %d is told that it is number %d on %s, where %u ranks are",
				r->rank, r->local, r->host, r->on_host);
	}
	return ASSAY_OK;
}

enum assay_code assay_world_check(struct assay_world *world, unsigned asked, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (unsigned i = 0; code == ASSAY_OK && i < world->n; i++)
		code = check_one(&world->ranks[i], asked, err);
	if (code != ASSAY_OK)
		return code;
	if (world->n != asked)
		return assay_fail(err, ASSAY_EENV, "%u ranks were asked for, %u came", asked,
				  world->n);
	qsort(world->ranks, world->n, sizeof(*world->ranks), by_rank);
	for (unsigned i = 0; code == ASSAY_OK && i + 1 < world->n; i++)
		code = check_pair(&world->ranks[i], &world->ranks[i + 1], err);
	for (unsigned i = 0; code == ASSAY_OK && i < world->n; i++)
		if (world->ranks[i].rank != (int)i)
			code = assay_fail(err, ASSAY_EENV,
					  "of %u ranks none is number %u, but one is %d", asked, i,
					  world->ranks[i].rank);
	return code == ASSAY_OK ? find_hosts(world, err) : code;
}

enum assay_code assay_world_can_bind(const struct assay_world *world, struct assay_err *err)
{
	for (unsigned i = 0; i < world->n; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct assay_rank *a = &world->ranks[j], *b = &world->ranks[i];
			if (!same_host(a, b) || strcmp(a->allowed, b->allowed) == 0 ||
			    (a->own_cpus && b->own_cpus))
				continue;
			return assay_fail(
				err, ASSAY_EENV,
				"rank %u may use the CPUs %s of %s and rank %u the CPUs %s: "
				"neither the same nor apart; have the launcher bind nothing, or "
				"say --bind none",
				j, a->allowed, a->host, i, b->allowed);
		}
	}
	return ASSAY_OK;
}

void assay_world_name_binding(struct assay_world *world, const char *bind)
{
	const char *name = bind;
	bool disjoint = true, crowded = false;
	for (unsigned i = 0; i < world->n; i++) {
		const struct assay_rank *r = &world->ranks[i];
		disjoint &= r->own_cpus && r->on_host > 1;
		crowded |= r->n_allowed < r->on_host && !r->own_cpus;
	}
	if (strcmp(bind, "none") == 0)
		name = crowded ? "oversubscribed" : disjoint ? "launcher" : "none";
	assay_copy(world->binding, sizeof(world->binding), name);
}

enum assay_code assay_world_same(const struct assay_world *was, const struct assay_world *is,
				 struct assay_err *err)
{
	for (unsigned i = 0; i < was->n && i < is->n; i++) {
		const struct assay_rank *a = &was->ranks[i], *b = &is->ranks[i];
		if (!same_host(a, b))
			return assay_fail(err, ASSAY_EENV,
					  "rank %u was on %s when the run began and is on %s now",
					  i, a->host, b->host);
		if (strcmp(a->allowed, b->allowed) != 0)
			return assay_fail(
				err, ASSAY_EENV,
				"rank %u on %s had the CPUs %s when the run began and has %s now",
				i, a->host, a->allowed, b->allowed);
	}
	if (was->n != is->n)
		return assay_fail(err, ASSAY_EENV, "the world had %u ranks and has %u now", was->n,
				  is->n);
	return ASSAY_OK;
}

json_t *assay_world_json(const struct assay_world *world)
{
	json_t *ranks = json_array();
	for (unsigned i = 0; i < world->n; i++) {
		const struct assay_rank *r = &world->ranks[i];
		json_array_append_new(ranks,
				      json_pack("{s:i, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "rank",
						r->rank, "host", assay_json_text(r->host), "boot",
						assay_json_text(r->boot), "local_rank",
						(json_int_t)r->local_rank, "on_host",
						(json_int_t)r->on_host, "pid", (json_int_t)r->pid,
						"allowed_cpus", assay_json_text(r->allowed),
						"bound_cpus", assay_json_text(r->bound)));
	}
	return json_pack("{s:I, s:o, s:o}", "hosts", (json_int_t)world->hosts, "binding",
			 assay_json_text(world->binding), "ranks", ranks);
}

void assay_world_done(struct assay_world *world)
{
	free(world->ranks);
	*world = (struct assay_world){0};
}

void assay_cpus_text(const unsigned *cpus, size_t n, char *to, size_t size)
{
	size_t used = 0;
	to[0] = '\0';
	for (size_t i = 0; i < n;) {
		size_t last = i;
		while (last + 1 < n && cpus[last + 1] == cpus[last] + 1)
			last++;
		char part[32];
		snprintf(part, sizeof(part), last > i ? "%s%u-%u" : "%s%u", i ? "," : "", cpus[i],
			 cpus[last]);
		if (used + strlen(part) + sizeof(",...") > size) {
			snprintf(to + used, size - used, ",...");
			return;
		}
		used += (size_t)snprintf(to + used, size - used, "%s", part);
		i = last + 1;
	}
}

void assay_clock_take(struct assay_clock_offset *clock, uint64_t sent, uint64_t stamp,
		      uint64_t heard)
{
	uint64_t half = (heard - sent + 1) / 2;
	if (clock->rounds++ && half >= clock->bound_ns)
		return;
	clock->bound_ns = half;
	clock->at_ns = sent + (heard - sent) / 2;
	clock->offset_ns = (int64_t)(stamp - clock->at_ns);
}

/* In differences from the first estimate: doubles do not hold nanoseconds since the boot. */
double assay_clock_since(const struct assay_clock_offset *before,
			 const struct assay_clock_offset *after, uint64_t stamp, uint64_t origin_ns)
{
	double since = (double)(int64_t)(stamp - before->at_ns - (uint64_t)before->offset_ns);
	double drift = 0;
	if (after->rounds && after->at_ns > before->at_ns)
		drift = (double)(after->offset_ns - before->offset_ns) /
			(double)(after->at_ns - before->at_ns);
	return (double)(int64_t)(before->at_ns - origin_ns) + since - drift * since;
}

/* SPDX-License-Identifier: MIT */
/*
 * world: who the ranks of a launch are, where they run, and what their clocks say beside ours. Data and pure
 * functions: judged before anything is timed, and tested without any rank.
 */
#ifndef ASSAY_ENGINE_WORLD_H
#define ASSAY_ENGINE_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

enum { ASSAY_MAX_RANKS = 1024 };

/* What one rank says of itself, before it is bound. */
struct assay_rank {
	int rank, size, local; /* as its launcher told it; -1: it did not */
	int64_t pid;
	char version[24];  /* of assay there */
	char host[64];     /* its name */
	char boot[40];     /* which boot of which kernel: two hosts may share a name */
	char allowed[256]; /* CPUs its launcher left it, such as "0-3,8" */
	char bound[256];   /* CPUs it runs on, as read back; empty until then */
	uint32_t n_allowed;
	uint32_t on_host, local_rank; /* ranks on its host, and which of them it is; by the check */
	bool own_cpus;                /* no other rank on its host may use its CPUs; by the check */
};

struct assay_world {
	struct assay_rank *ranks; /* n, by rank after the check */
	unsigned n;
	unsigned hosts;
	char binding[16]; /* how they are bound: a parameter of every result */
};

/*
 * Are these the `asked` ranks of one world? Sorts them and fills in what "by the check" says. ASSAY_EENV, with what
 * was seen, when a rank does not know who it is, when sizes, numbers, processes or versions do not fit, or when local
 * numbers of a launcher contradict the hosts.
 */
enum assay_code assay_world_check(struct assay_world *world, unsigned asked, struct assay_err *err);

/*
 * Can the ranks of each host share its CPUs out among themselves? They can when all may use the same, or none may use
 * another's. ASSAY_EENV names two for which neither holds. After the check.
 */
enum assay_code assay_world_can_bind(const struct assay_world *world, struct assay_err *err);

/*
 * What the binding of a world is called. `bind` is what was asked for: "cores", where each rank has CPUs of its own
 * that were read back, or "none", where nothing was bound by us: then "launcher" when the ranks of each host were left
 * disjoint CPUs, "oversubscribed" when a host has fewer CPUs than ranks, else "none".
 */
void assay_world_name_binding(struct assay_world *world, const char *bind);

/* Two calls found the same hosts, CPUs and binding? ASSAY_EENV names the first rank that differs. */
enum assay_code assay_world_same(const struct assay_world *was, const struct assay_world *is,
				 struct assay_err *err);

/* Every rank with its host, process and CPUs; new reference. */
json_t *assay_world_json(const struct assay_world *world);
void assay_world_done(struct assay_world *world);

/* "0-3,8" of CPU numbers in rising order. Cut with "..." when to[size] is too small. */
void assay_cpus_text(const unsigned *cpus, size_t n, char *to, size_t size);

/*
 * How far a rank's clock is ahead of ours, from messages there and back. The true offset lies within the bound of
 * the estimate, whatever the network did: the answer was stamped after we asked and before we heard [Cristian,
 * Probabilistic clock synchronization, Distributed Computing 1989]. Zero-initialise.
 */
struct assay_clock_offset {
	int64_t offset_ns;
	uint64_t bound_ns; /* half the shortest round trip */
	uint64_t at_ns;    /* of our clock, in its middle */
	unsigned rounds;   /* 0: nothing is known */
};
/* One exchange: asked at `sent`, answered at `stamp` of the rank's clock, heard at `heard`. The shortest stays. */
void assay_clock_take(struct assay_clock_offset *clock, uint64_t sent, uint64_t stamp,
		      uint64_t heard);

/*
 * A moment of the rank's clock, in nanoseconds of ours since `origin_ns`. Between two estimates the offset is taken to
 * drift evenly; `after` may know nothing.
 */
double assay_clock_since(const struct assay_clock_offset *before,
			 const struct assay_clock_offset *after, uint64_t stamp,
			 uint64_t origin_ns);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ranks: a launch of several workers at once, started by whatever a starter names, on this machine or others. They are
 * counted and placed before anything is timed, begin each batch together, and count as their slowest one.
 */
#ifndef ASSAY_ENGINE_RANKS_H
#define ASSAY_ENGINE_RANKS_H

#include "harness/engine/launch.h"
#include "harness/engine/rank_merge.h"
#include "harness/engine/starter.h"

struct assay_ranks {
	const char *launcher;       /* name of the starter, for messages */
	struct assay_argv template; /* of the starter */
	bool near;                  /* listen on the loopback device only */
	unsigned n;                 /* how many */
	const char *bind;           /* "cores" or "none"; see assay_world_name_binding() */
	char program[4096];         /* path of this program, the same on every host */
	struct assay_world world;   /* by assay_ranks_call(); every launch must find the same */
};

/*
 * Start all ranks once, to find out who they are. Fills in ranks->world. `launch` says which plug-ins they load, and how
 * long they may take (job is not looked at). ASSAY_EENV with what was seen: not as many as asked for, not distinct, not
 * where they should be bound, or not there in time; ASSAY_EINTR.
 */
enum assay_code assay_ranks_call(struct assay_ranks *ranks, const struct assay_launch *launch,
				 struct assay_err *err);

/*
 * Run one launch of a case on all ranks; its records go to `into`. A rank that dies, stops or falls silent ends the
 * launch, which is then crashed, or timed out, and names it. *ret_remark says which rank lagged, or is empty.
 * ASSAY_EENV when the world is not the one that was called; else as assay_launch_run().
 */
enum assay_code assay_ranks_run(const struct assay_ranks *ranks, const struct assay_launch *launch,
				struct assay_collect *into, struct assay_outcome *ret,
				char ret_remark[256], struct assay_err *err);

void assay_ranks_done(struct assay_ranks *ranks);

#endif

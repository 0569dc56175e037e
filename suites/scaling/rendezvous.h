/* SPDX-License-Identifier: MIT */
/*
 * rendezvous: where workers wait for work and their leader waits for them; spin a little, then sleep
 * on a futex. Lives in memory that all of them see, threads or processes.
 */
#ifndef ASSAY_SUITES_SCALING_RENDEZVOUS_H
#define ASSAY_SUITES_SCALING_RENDEZVOUS_H

#include <stdatomic.h>

#include "suites/scaling/scaling.h"

/* Zero-initialised is ready. Both words are on lines of their own: they are written by turns. */
struct rendezvous {
	/* Raised by the leader for each piece of work; what stands below belongs to it. */
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint32_t generation;
	bool stop;
	unsigned parts;
	team_part part;
	void *context;
	/* Workers that are not done yet. */
	_Alignas(ASSAY_CACHE_LINE) _Atomic uint32_t left;
};

/* Leader: hand `part` to parts - 1 workers. */
void rendezvous_post(struct rendezvous *r, team_part part, void *context, unsigned parts);
/* Leader: wait until all are done; false when that takes longer than about `patience_ns`. */
bool rendezvous_wait(struct rendezvous *r, uint64_t patience_ns);
/* Leader: let every worker leave. */
void rendezvous_stop(struct rendezvous *r);
/* Worker `number` (from 1): do part after part until stopped. */
void rendezvous_serve(struct rendezvous *r, unsigned number);

#endif

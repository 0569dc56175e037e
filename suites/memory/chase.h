/* SPDX-License-Identifier: MIT */
/* chase: memory with a chain through it, as the benchmarks of latency set it up. */
#ifndef ASSAY_SUITES_MEMORY_CHASE_H
#define ASSAY_SUITES_MEMORY_CHASE_H

#include "suites/memory/chain.h"
#include "suites/memory/memory.h"
#include "suites/memory/pages.h"

/* What the chain goes through. */
struct chase {
	struct pages pages;
	size_t lines;
};

/*
 * Map `size` bytes on pages of `kind`, touched on the calling thread, with a chain in `order` over all of
 * its lines. ASSAY_SKIP when there are no such pages or the size is less than a line; free with
 * chase_done() in any case.
 */
enum assay_code chase_open(struct chase *chase, enum pages_kind kind, size_t size,
			   enum chain_order order, uint64_t seed, struct assay_err *err);
void chase_done(struct chase *chase);

/* Make a failure of setup() the case's outcome: skipped or failed with the message. */
void memory_settle(struct assay_run *run, enum assay_code code, const struct assay_err *err);

/* setup() with axes "size" and "pages" and the given order; the state is a struct chase. */
void chase_setup(struct assay_run *run, enum chain_order order);
/* thread_setup(): walks the chain once, which also brings it into this thread's caches; of a chain that is
 * larger than those the beginning. */
void chase_thread_setup(struct assay_run *run);
void chase_teardown(struct assay_run *run);

#endif

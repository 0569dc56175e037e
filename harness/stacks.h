/* SPDX-License-Identifier: MIT */
/*
 * stacks.h: call stacks and how often each was seen, as the profiler makes them, the store keeps them
 * and reports draw them. The stacks are one tree: what many share is there once.
 */
#ifndef ASSAY_STACKS_H
#define ASSAY_STACKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* The kind of the attachments that hold them. */
#define ASSAY_STACKS_KIND "stacks"

/* Deepest stack that is kept; what is deeper loses its innermost calls. */
enum { ASSAY_STACKS_DEPTH = 256 };

/* One function as it may stand in a stack. Texts are never NULL; empty: unknown. */
struct assay_stack_frame {
	const char *function; /* "malloc"; where no symbol is known: "libc.so.6+0x1f2e0" */
	const char *module;   /* file name of its program or library, or "[kernel]" */
	const char *file;     /* of its source */
	unsigned line;        /* where the function begins in it; 0: unknown */
};

/* Node 0 is the root: its own parent, of no frame. A parent stands before its children. */
struct assay_stack_node {
	uint32_t parent;
	uint32_t frame;
	uint64_t self; /* weight of the stacks that end here */
};

/* What is said of how they were taken. Texts are borrowed when given, owned by the stacks after. */
struct assay_stacks_facts {
	const char *title;  /* the case, or the command line */
	const char *engine; /* "perf_event task-clock", ... */
	const char *unit;   /* of weights: "samples" or "B" */
	const char *unwind; /* how callers were found: "dwarf", "frame pointers" */
	double rate_hz;     /* samples asked for per second of CPU time; 0: not a clock */
	double cost_ns, cost_lo_ns,
		cost_hi_ns;  /* of one sample, with its 95 % interval; NaN unknown */
	uint64_t wall_ns;    /* while samples were taken */
	uint64_t samples;    /* in the tree */
	uint64_t outside;    /* taken outside the timed region: not in the tree */
	uint64_t lost;       /* by the kernel, because a buffer was full */
	uint64_t partial;    /* in the tree, but their outermost callers are missing */
	const char *remarks; /* limits, in words, one per line */
};

struct assay_stacks {
	struct assay_stacks_facts facts;
	struct assay_stack_frame *frames;
	size_t n_frames;
	struct assay_stack_node *nodes;
	size_t n_nodes;                   /* at least 1 */
	struct assay_stacks_index *index; /* private */
};

/* An empty tree. ASSAY_ENOMEM. */
enum assay_code assay_stacks_new(struct assay_stacks **ret, struct assay_err *err);
void assay_stacks_free(struct assay_stacks *stacks); /* takes NULL */

/* Copies the texts. ASSAY_ENOMEM. */
enum assay_code assay_stacks_describe(struct assay_stacks *stacks,
				      const struct assay_stacks_facts *facts,
				      struct assay_err *err);

/* The number of a frame; the same function of the same module and file is the same frame. */
enum assay_code assay_stacks_frame(struct assay_stacks *stacks,
				   const struct assay_stack_frame *frame, uint32_t *ret,
				   struct assay_err *err);
/* Add `weight` to the stack of frames[n], outermost first. n may be 0. */
enum assay_code assay_stacks_add(struct assay_stacks *stacks, const uint32_t *frames, size_t n,
				 uint64_t weight, struct assay_err *err);

/* Weight of each node with all below it to total[n_nodes]. */
void assay_stacks_totals(const struct assay_stacks *stacks, uint64_t *total);

/*
 * For each frame: self weight, and the weight of all stacks it occurs in, once each however often a
 * recursion repeats it. To self[n_frames] and total[n_frames].
 */
enum assay_code assay_stacks_by_frame(const struct assay_stacks *stacks, uint64_t *self,
				      uint64_t *total, struct assay_err *err);

/*
 * As bytes for the store, malloc'd, and back. Bytes may come from anywhere: ASSAY_EPARSE says what is
 * wrong with them.
 */
enum assay_code assay_stacks_encode(const struct assay_stacks *stacks, char **ret, size_t *ret_size,
				    struct assay_err *err);
enum assay_code assay_stacks_decode(const char *bytes, size_t size, struct assay_stacks **ret,
				    struct assay_err *err);

#endif

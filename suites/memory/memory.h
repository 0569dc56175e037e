/* SPDX-License-Identifier: MIT */
/* memory: what subjects of the memory suite fill in: allocators and stream kernels. */
#ifndef ASSAY_SUITES_MEMORY_H
#define ASSAY_SUITES_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/bench.h"

/* Interface "allocator", the suite's default. Every function may be called from any thread. */
struct allocator {
	/* At least `size` bytes, contents undefined; NULL when memory is exhausted. Aligned to 16, or
	 * to 8 below 16 bytes, where nothing can need more. */
	void *(*alloc)(size_t size);
	/* Take back what alloc(size) gave, on any thread; `ptr` is not NULL, `size` is the same. */
	void (*release)(void *ptr, size_t size);
	/* The calling thread will not allocate for a while: give up its caches. May be NULL. */
	void (*thread_done)(void);
	/* Give back to the system what memory is not in use, as far as it can. May be NULL. */
	void (*trim)(void);
	/* All that this thread takes from begin to end is released by end alone. May be NULL, both. */
	void (*scope_begin)(void);
	void (*scope_end)(void);
	/* False for an allocator whose blocks may be handed out twice (null): nobody reads them. */
	bool keeps_content;
	bool one_thread; /* what a thread took, that thread must release */
};

#define MEMORY_ALLOCATOR "allocator"

/* What a block of `size` bytes is aligned to. */
#define MEMORY_ALIGNMENT(size) ((size) < 16 ? 8u : 16u)

/*
 * Interface "stream_kernel": one pass over arrays of n doubles, aligned to 8 bytes, that do not
 * overlap. NULL for an operation that the kernel has no form of. Results are complete and visible
 * to other threads on return (non-temporal stores are fenced).
 */
struct stream_kernel {
	double (*read)(const double *a, size_t n); /* the sum of a, in any order */
	void (*write)(double *a, double value, size_t n);
	void (*copy)(double *a, const double *b, size_t n);
	/* a = b + scale * c */
	void (*triad)(double *a, const double *b, const double *c, double scale, size_t n);
	bool is_null; /* does nothing: results are not there to be checked */
};

#define MEMORY_STREAM_KERNEL "stream_kernel"

/*
 * Interface "flop_kernel": `rounds` times a = a * factor + step on each of FLOP_VECTORS vectors of `lanes`
 * doubles, vector k beginning as k in every lane; returns the sum of all lanes.
 */
struct flop_kernel {
	double (*run)(uint64_t rounds, double factor, double step);
	unsigned lanes;
	bool is_null; /* calculates nothing */
};

#define MEMORY_FLOP_KERNEL "flop_kernel"

/*
 * Interface "handoff": how two threads take turns. Sides are 0 and 1; side s is to take the turns of its
 * parity, 0 first: turn() waits until it is turn `v`, and passes v + 1 on. What a side wrote before its
 * turn ends is visible to the other in its own.
 */
struct handoff {
	enum assay_code (*open)(void **ret_state, struct assay_err *err);
	/* False when the other side passed something else on, or the system refused. */
	bool (*turn)(void *state, unsigned side, uint32_t v);
	void (*close)(void *state); /* NULL is fine */
	bool is_null;               /* waits for nobody */
};

#define MEMORY_HANDOFF "handoff"

/* The oracles behind assay_suite_memory.check; ASSAY_ECHECK says what differed and the seed. */
enum assay_code memory_check_allocator(const struct allocator *allocator, uint64_t seed,
				       struct assay_err *err);
enum assay_code memory_check_stream(const struct stream_kernel *kernel, uint64_t seed,
				    struct assay_err *err);
enum assay_code memory_check_flops(const struct flop_kernel *kernel, uint64_t seed,
				   struct assay_err *err);
enum assay_code memory_check_handoff(const struct handoff *handoff, uint64_t seed,
				     struct assay_err *err);

#endif

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

/*
 * Interface "codec": bytes made smaller and back, block by block, each by itself. Functions may be called from
 * any thread, and expand() with any bytes at all.
 */
struct codec {
	/* Write from[n] in fewer bytes to to[capacity]; how many, or 0 when they do not fit. n > 0. */
	size_t (*compress)(void *to, size_t capacity, const void *from, size_t n);
	/* Write the n bytes behind from[bytes] to to[n]. False when from is not what gives n bytes. */
	bool (*expand)(void *to, size_t n, const void *from, size_t bytes);
};

#define MEMORY_CODEC "codec"
/* What every codec can do with: room for n bytes that cannot be made smaller. */
#define MEMORY_CODEC_BOUND(n) ((n) + (n) / 64 + 64)

/* A file to be gone through once, in pieces whose order is given. */
struct file_pass {
	const char *path;
	uint64_t size;           /* whole pieces */
	const uint64_t *offsets; /* n of them, multiples of `piece` */
	size_t n;
	size_t piece; /* bytes, a multiple of the page size */
};

/* Interface "file_reader": ways to get at the bytes of a file. */
struct file_reader {
	/* Open the file, add up (modulo 2^64) all 64-bit words of its pieces, and close it again.
	 * ASSAY_EIO with what failed. */
	enum assay_code (*pass)(const struct file_pass *pass, uint64_t *ret_sum,
				struct assay_err *err);
	bool is_null; /* reads nothing */
};

#define MEMORY_FILE_READER "file_reader"

/*
 * Interface "object_pool": objects of one size that are used again. acquire() gives one with any contents;
 * functions may be called from any thread.
 */
struct object_pool {
	enum assay_code (*open)(size_t bytes, void **ret_pool, struct assay_err *err);
	/* NULL when memory is exhausted. *ret_reused: it was somebody's before. */
	void *(*acquire)(void *pool, bool *ret_reused);
	void (*release)(void *pool, void *object);
	/* Frees the objects that were released; all must have been. NULL is fine. */
	void (*close)(void *pool);
	bool is_null; /* all objects are one */
};

#define MEMORY_OBJECT_POOL "object_pool"

/* The oracles behind assay_suite_memory.check; ASSAY_ECHECK says what differed and the seed. */
enum assay_code memory_check_allocator(const struct allocator *allocator, uint64_t seed,
				       struct assay_err *err);
enum assay_code memory_check_stream(const struct stream_kernel *kernel, uint64_t seed,
				    struct assay_err *err);
enum assay_code memory_check_flops(const struct flop_kernel *kernel, uint64_t seed,
				   struct assay_err *err);
enum assay_code memory_check_handoff(const struct handoff *handoff, uint64_t seed,
				     struct assay_err *err);
enum assay_code memory_check_codec(const struct codec *codec, uint64_t seed, struct assay_err *err);
enum assay_code memory_check_reader(const struct file_reader *reader, uint64_t seed,
				    struct assay_err *err);
enum assay_code memory_check_objects(const struct object_pool *pool, uint64_t seed,
				     struct assay_err *err);

#endif

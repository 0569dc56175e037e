/* SPDX-License-Identifier: MIT */
/*
 * arena: memory for one thread, taken by moving a mark up and given back by moving it down again: all that
 * was taken since a mark at once, whatever it was [regions: Hanson, "Fast allocation and deallocation of
 * memory based on object lifetimes", Software: Practice and Experience 20(1), 1990].
 *
 * Blocks may also be released one by one: the last one moves the mark down, others are counted, and a chunk
 * whose blocks are all released is empty again. Chunks are aligned to their size, so that a block's is known.
 */
#ifndef ASSAY_SUITES_MEMORY_ARENA_H
#define ASSAY_SUITES_MEMORY_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_CHUNK_BYTES ((size_t)1 << 20)
/* Above, the C library's malloc: it would waste too much of a chunk. */
#define ARENA_LARGEST ((size_t)64 << 10)

struct arena_chunk {
	struct arena_chunk
		*below; /* the chunk that was full when this one was begun; or the next kept */
	struct arena_chunk *above;
	char *top;   /* where the next block goes */
	size_t live; /* blocks not released yet */
};

struct arena_large {
	struct arena_large *next, **link;
	size_t serial;
};

/* Zero-initialise. Not thread-safe: one arena per thread. */
struct arena {
	struct arena_chunk *current;
	struct arena_chunk *kept; /* empty ones, for later */
	size_t n_kept;
	struct arena_large *large; /* the latest first */
	size_t serial;
};

/* A place to come back to. */
struct arena_mark {
	struct arena_chunk *chunk; /* NULL: nothing was taken */
	char *top;
	size_t live;
	size_t serial;
};

/* At least `size` bytes, aligned to 16; NULL when memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);
/* Take back one block of arena_alloc(size). */
void arena_release(struct arena *arena, void *ptr, size_t size);
struct arena_mark arena_mark(const struct arena *arena);
/* Release all that was taken since `mark`. What was taken before must not have been released since. */
void arena_rewind(struct arena *arena, const struct arena_mark *mark);
/* Give the memory of empty chunks back to the system. */
void arena_trim(struct arena *arena);
/* Release everything. */
void arena_done(struct arena *arena);

#endif

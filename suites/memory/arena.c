/* SPDX-License-Identifier: MIT */
/* arena: chunks stacked on each other, and a mark that moves. */
#include "suites/memory/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { KEPT_CHUNKS = 8 };
#define HEADER_BYTES ((sizeof(struct arena_chunk) + 63) & ~(size_t)63)

static size_t rounded(size_t size)
{
	return size ? (size + 15) & ~(size_t)15 : 16;
}

static struct arena_chunk *chunk_of(const void *ptr)
{
	return (struct arena_chunk *)((uintptr_t)ptr & ~(uintptr_t)(ARENA_CHUNK_BYTES - 1));
}

static char *bottom(struct arena_chunk *chunk)
{
	return (char *)chunk + HEADER_BYTES;
}

static struct arena_chunk *chunk_map(void)
{
	char *base = mmap(NULL, 2 * ARENA_CHUNK_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)base & (ARENA_CHUNK_BYTES - 1);
	if (before)
		munmap(base, before);
	munmap(base + before + ARENA_CHUNK_BYTES, ARENA_CHUNK_BYTES - before);
	return (struct arena_chunk *)(base + before);
}

/* Put an empty chunk, on top of which there is another, away. */
static void chunk_put(struct arena *arena, struct arena_chunk *chunk)
{
	if (arena->n_kept == KEPT_CHUNKS) {
		munmap(chunk, ARENA_CHUNK_BYTES);
		return;
	}
	chunk->below = arena->kept;
	arena->kept = chunk;
	arena->n_kept++;
}

/* A new chunk on top of the stack. */
static struct arena_chunk *chunk_push(struct arena *arena)
{
	struct arena_chunk *chunk = arena->kept;

	if (chunk) {
		arena->kept = chunk->below;
		arena->n_kept--;
	} else {
		chunk = chunk_map();
	}
	if (!chunk)
		return NULL;
	chunk->below = arena->current;
	chunk->above = NULL;
	chunk->top = bottom(chunk);
	chunk->live = 0;
	if (arena->current)
		arena->current->above = chunk;
	arena->current = chunk;
	return chunk;
}

/* Take a chunk without blocks out of the stack, wherever in it. */
static void chunk_pull(struct arena *arena, struct arena_chunk *chunk)
{
	if (chunk->above)
		chunk->above->below = chunk->below;
	else
		arena->current = chunk->below;
	if (chunk->below)
		chunk->below->above = chunk->above;
	chunk_put(arena, chunk);
}

/* Large blocks are linked, so that a rewind finds those that are younger than its mark. */
static void *large_alloc(struct arena *arena, size_t size)
{
	struct arena_large *large = malloc(sizeof(struct arena_large) + 8 + size);

	_Static_assert((sizeof(struct arena_large) + 8) % 16 == 0, "blocks stay aligned");
	if (!large)
		return NULL;
	large->serial = arena->serial++;
	large->next = arena->large;
	large->link = &arena->large;
	if (large->next)
		large->next->link = &large->next;
	arena->large = large;
	return (char *)(large + 1) + 8;
}

static void large_release(struct arena_large *large)
{
	*large->link = large->next;
	if (large->next)
		large->next->link = large->link;
	free(large);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->current;
	size_t bytes = rounded(size);

	if (__builtin_expect(size > ARENA_LARGEST, 0))
		return large_alloc(arena, size);
	if (__builtin_expect(!chunk || chunk->top + bytes > (char *)chunk + ARENA_CHUNK_BYTES, 0)) {
		chunk = chunk_push(arena);
		if (!chunk)
			return NULL;
	}
	char *ptr = chunk->top;
	chunk->top += bytes;
	chunk->live++;
	return ptr;
}

void arena_release(struct arena *arena, void *ptr, size_t size)
{
	if (__builtin_expect(size > ARENA_LARGEST, 0)) {
		large_release((struct arena_large *)((char *)ptr - 8) - 1);
		return;
	}
	struct arena_chunk *chunk = chunk_of(ptr);
	if ((char *)ptr + rounded(size) == chunk->top)
		chunk->top = ptr;
	if (--chunk->live > 0)
		return;
	chunk->top = bottom(chunk);
	if (chunk != arena->current)
		chunk_pull(arena, chunk);
}

struct arena_mark arena_mark(const struct arena *arena)
{
	struct arena_chunk *chunk = arena->current;

	/* One without blocks may leave the stack, and come back elsewhere in it, before the mark is used. The one below
	 * has blocks, which stay until then. */
	if (chunk && chunk->live == 0)
		chunk = chunk->below;
	return (struct arena_mark){chunk, chunk ? chunk->top : NULL, chunk ? chunk->live : 0,
				   arena->serial};
}

void arena_rewind(struct arena *arena, const struct arena_mark *mark)
{
	while (arena->current != mark->chunk)
		chunk_pull(arena, arena->current);
	if (mark->chunk) {
		mark->chunk->top = mark->top;
		mark->chunk->live = mark->live;
	}
	while (arena->large && arena->large->serial >= mark->serial)
		large_release(arena->large);
}

void arena_trim(struct arena *arena)
{
	while (arena->kept) {
		struct arena_chunk *chunk = arena->kept;
		arena->kept = chunk->below;
		munmap(chunk, ARENA_CHUNK_BYTES);
	}
	arena->n_kept = 0;
	if (arena->current && arena->current->live == 0 && !arena->current->below) {
		munmap(arena->current, ARENA_CHUNK_BYTES);
		arena->current = NULL;
	}
}

void arena_done(struct arena *arena)
{
	arena_rewind(arena, &(struct arena_mark){0});
	arena_trim(arena);
}

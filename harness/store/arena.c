/* SPDX-License-Identifier: MIT */
/* arena: blocks that only grow, for everything one list of results points at. */
#include "harness/store/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct store_arena {
	struct block *blocks;
};

struct store_arena *store_arena_new(void)
{
	return calloc(1, sizeof(struct store_arena));
}

void store_arena_free(struct store_arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
}

void *store_arena_take(struct store_arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct block *block = arena->blocks;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct block){.next = arena->blocks, .size = room};
		arena->blocks = block;
	}
	void *taken = block->bytes + block->used;
	block->used += size;
	return memset(taken, 0, size);
}

char *store_arena_text(struct store_arena *arena, const void *text, size_t length)
{
	char *copy = store_arena_take(arena, length + 1);
	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}

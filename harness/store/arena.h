/* SPDX-License-Identifier: MIT */
/* arena: memory of a list that was read, freed as a whole. */
#ifndef ASSAY_STORE_ARENA_H
#define ASSAY_STORE_ARENA_H

#include <stddef.h>

struct store_arena;

/* NULL when out of memory. */
struct store_arena *store_arena_new(void);
void store_arena_free(struct store_arena *arena);
/* `size` bytes, zeroed and aligned for any type; NULL when out of memory. */
void *store_arena_take(struct store_arena *arena, size_t size);
/* A copy of text[length] with a NUL behind it; NULL when out of memory. */
char *store_arena_text(struct store_arena *arena, const void *text, size_t length);

#endif

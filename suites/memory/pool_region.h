/* SPDX-License-Identifier: MIT */
/* pool_region: where the pool's heaps get their addresses and slabs from. */
#ifndef ASSAY_SUITES_MEMORY_POOL_REGION_H
#define ASSAY_SUITES_MEMORY_POOL_REGION_H

#include "suites/memory/pool_heap.h"

/* A region of addresses with some MiB of zeros at its beginning, for the head of a region or a whole heap;
 * `pool` knows it from now on. Never freed. NULL when the system refuses. */
struct pool_region *pool_region_new(struct pool *pool);
/* A slab without blocks in use: an empty one, or one cut from the last region. NULL when memory is exhausted. */
struct pool_slab *pool_slab_get(struct pool_heap *heap);
/* A slab has no block in use. Beyond some that are kept, its memory goes back to the system but for a page. */
void pool_slab_put(struct pool_heap *heap, struct pool_slab *slab);
/* The memory of all empty slabs goes back. */
void pool_slabs_discard(struct pool_heap *heap);

#endif

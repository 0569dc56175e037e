/* SPDX-License-Identifier: MIT */
/* pool_region: addresses are reserved at once, and opened in pieces as slabs are cut. */
#include "suites/memory/pool_region.h"

#include <sys/mman.h>

/* Opened at once: large enough to be rare, small enough to count little against limits. */
#define PIECE_BYTES         ((size_t)4 << 20)
#define COUNTED_PIECE_BYTES ((size_t)256 << 10)
/* Empty slabs that keep their memory; those beyond it give all but their first page back. */
#define EMPTY_KEPT        64
#define HEADER_PAGE_BYTES ((size_t)4096)

struct pool_region *pool_region_new(struct pool *pool)
{
	_Static_assert(sizeof(struct pool_heap) <= POOL_SLAB_BYTES,
		       "a heap is where a slab would be");
	/* Without access it counts as no memory. What is too much around a whole region goes back. */
	char *room = mmap(NULL, 2 * POOL_REGION_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)room & (POOL_REGION_BYTES - 1);
	char *base = room + before;
	uintptr_t number = (uintptr_t)base / POOL_REGION_BYTES;
	if (before)
		munmap(room, before);
	munmap(base + POOL_REGION_BYTES, POOL_REGION_BYTES - before);
	if (number >= POOL_REGIONS || mprotect(base, PIECE_BYTES, PROT_READ | PROT_WRITE) != 0) {
		munmap(base, POOL_REGION_BYTES);
		return NULL;
	}
	struct pool_region *region = (struct pool_region *)base;
	region->cut_end[0] = (uintptr_t)base + POOL_SLAB_BYTES;
	region->open_end[0] = (uintptr_t)base + PIECE_BYTES;
	region->cut_end[1] = region->open_end[1] = (uintptr_t)base + POOL_HALF_BYTES;
	atomic_fetch_or_explicit(&pool->known[number / 64], (uint64_t)1 << number % 64,
				 memory_order_relaxed);
	return region;
}

/* Cut one more slab from a half of a region. NULL when that is full or memory exhausted. */
static struct pool_slab *cut_half(struct pool_region *region, size_t half)
{
	uintptr_t at = region->cut_end[half];
	uintptr_t end = (uintptr_t)region + (half + 1) * POOL_HALF_BYTES;
	size_t piece = half ? COUNTED_PIECE_BYTES : PIECE_BYTES;

	if (at == end)
		return NULL;
	if (at == region->open_end[half]) {
		if (mprotect((void *)at, piece, PROT_READ | PROT_WRITE) != 0)
			return NULL;
		region->open_end[half] += piece;
	}
	atomic_store_explicit(&region->cut_end[half], at + POOL_SLAB_BYTES, memory_order_relaxed);
	return pool_slab_of((void *)at);
}

/* Now and then from the upper half, else from the lower one; when it is full from the other, and then
 * from a new region. */
static struct pool_slab *cut(struct pool_heap *heap)
{
	size_t half = heap->n_ever >= POOL_COUNTED_FROM && heap->n_ever % POOL_COUNTED_ONE_IN == 0;
	struct pool_slab *slab = cut_half(heap->last, half);

	if (!slab)
		slab = cut_half(heap->last, !half);
	if (!slab) {
		struct pool_region *region = pool_region_new(heap->pool);
		if (!region)
			return NULL;
		region->home = heap;
		heap->last = region;
		slab = cut_half(region, 0);
	}
	if (slab) {
		heap->n_ever++;
		atomic_fetch_add_explicit(&heap->pool->mapped_slabs, 1, memory_order_relaxed);
	}
	return slab;
}

struct pool_slab *pool_slab_get(struct pool_heap *heap)
{
	struct pool_slab *slab = heap->empty ? heap->empty : heap->bare;

	if (!slab)
		return cut(heap);
	if (slab == heap->empty) {
		heap->empty = slab->next;
		heap->n_empty--;
	} else {
		heap->bare = slab->next;
	}
	return slab;
}

static void discard(struct pool_heap *heap, struct pool_slab *slab)
{
	char *base = (char *)((uintptr_t)slab & ~(uintptr_t)(POOL_SLAB_BYTES - 1));

	/* On pages larger than 4 KiB the kernel refuses, and the memory is merely kept. */
	(void)madvise(base + HEADER_PAGE_BYTES, POOL_SLAB_BYTES - HEADER_PAGE_BYTES, MADV_DONTNEED);
	slab->next = heap->bare;
	heap->bare = slab;
}

void pool_slab_put(struct pool_heap *heap, struct pool_slab *slab)
{
	slab->class = POOL_CLASSES;
	if (heap->n_empty >= EMPTY_KEPT) {
		discard(heap, slab);
		return;
	}
	slab->next = heap->empty;
	heap->empty = slab;
	heap->n_empty++;
}

void pool_slabs_discard(struct pool_heap *heap)
{
	struct pool_slab *slab = heap->empty, *next;

	heap->empty = NULL;
	heap->n_empty = 0;
	for (; slab; slab = next) {
		next = slab->next;
		discard(heap, slab);
	}
}

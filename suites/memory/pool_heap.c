/* SPDX-License-Identifier: MIT */
/* pool_heap: the slow ways of the pool: cutting slabs, taking remote frees in, threads that end. */
#include "suites/memory/pool_heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "suites/memory/pool_parcel.h"
#include "suites/memory/pool_region.h"

/* Blocks are cut in runs of about a page, so that a slab is touched as it is used. */
#define RUN_BYTES         4096u
#define FIRST_SWEEP_SLABS 16
/* Idle slabs that wait until a pass over all of them collects them: so many, and a share of all. */
#define COLLECT_SLABS 8
#define COLLECT_SHARE 8
/* Counted bytes released until the first look; between later ones at most one in LOOK_SHARE of all that are
 * counted: who then releases everything passes there while half of it is still to come. */
#define LOOK_SOON  (POOL_SLAB_BYTES / 16)
#define LOOK_SHARE 4

const struct pool_heap pool_heap_none = {.next_entry = &pool_no_entry};

void pool_corrupt(void)
{
	__builtin_trap();
}

/* Put a free block of the heap's into its slab's own list. */
static void settle(struct pool_heap *heap, struct pool_block *block)
{
	struct pool_slab *slab = pool_slab_of(block);

	if (slab->idle++ == 0) {
		slab->next_partial = heap->partial[slab->class];
		heap->partial[slab->class] = slab;
	}
	pool_link(heap, block, slab->free, heap->pool->hardened);
	slab->free = block;
	heap->n_settled++;
	heap->n_idle += slab->idle == slab->cut;
}

/* Put all blocks in the heap's lists into those of their slabs. */
static void settle_lists(struct pool_heap *heap)
{
	for (size_t class = 0; class < POOL_CLASSES; class ++) {
		struct pool_block *block = heap->free[class], *next;
		for (heap->free[class] = NULL; block; block = next) {
			next = pool_next(heap, block, heap->pool->hardened);
			settle(heap, block);
		}
	}
}

/* The list of a slab with idle blocks becomes the heap's, which has none. False when there is no such. */
static bool take_partial(struct pool_heap *heap, size_t class)
{
	struct pool_slab *slab = heap->partial[class];

	if (!slab)
		return false;
	heap->partial[class] = slab->next_partial;
	heap->n_idle -= slab->idle == slab->cut;
	heap->n_settled -= slab->idle;
	heap->free[class] = slab->free;
	slab->free = NULL;
	slab->idle = 0;
	return true;
}

/* Put the slabs that have no block in use away. */
static void collect(struct pool_heap *heap)
{
	memset(heap->partial, 0, sizeof(heap->partial));
	for (struct pool_slab **link = &heap->slabs, *slab; (slab = *link);) {
		if (slab->idle < slab->cut || slab->cut == 0) {
			if (slab->idle) {
				slab->next_partial = heap->partial[slab->class];
				heap->partial[slab->class] = slab;
			}
			link = &slab->next;
			continue;
		}
		*link = slab->next;
		heap->n_slabs--;
		heap->n_cut -= slab->cut;
		heap->n_settled -= slab->idle;
		if (heap->fresh[slab->class] == slab)
			heap->fresh[slab->class] = NULL;
		pool_slab_put(heap, slab);
	}
	heap->n_idle = 0;
	/* Twice as many before the next sweep: the work stays in proportion to the slabs taken. */
	heap->sweep_at = 2 * heap->n_slabs;
	if (heap->sweep_at < FIRST_SWEEP_SLABS)
		heap->sweep_at = FIRST_SWEEP_SLABS;
}

/* Find all slabs of a heap that have no block in use. By its thread, or with the lock held when it has none. */
static void sweep(struct pool_heap *heap)
{
	pool_take_home(heap);
	settle_lists(heap);
	collect(heap);
}

/* Collect when there is enough for a pass over all slabs to be worth it. */
static void collect_some(struct pool_heap *heap)
{
	if (heap->n_idle > COLLECT_SLABS + heap->n_slabs / COLLECT_SHARE)
		collect(heap);
}

/* Enough counted bytes have been released since the last look: are free blocks piling up? */
static void look(struct pool_heap **mine)
{
	struct pool_heap *heap = *mine;
	bool hardened = heap->pool->hardened;
	size_t idle = 0, many = (heap->n_cut - heap->n_settled) / 2;

	for (size_t class = 0; class < POOL_CLASSES; class ++)
		for (struct pool_block *block = heap->free[class]; block && idle < many;
		     block = pool_next(heap, block, hardened))
			idle++;
	if (idle < many) {
		/* Look less often: to look is to go through the lists. */
		size_t counted = heap->n_slabs * (POOL_SLAB_BYTES / POOL_COUNTED_ONE_IN);
		if (heap->look_every < counted / LOOK_SHARE)
			heap->look_every *= 2;
		heap->until_look = heap->look_every;
		return;
	}
	heap->until_look = heap->look_every = LOOK_SOON;
	pool_take_home(heap);
	settle_lists(heap);
	collect_some(heap);
	*mine = heap->stand_in;
}

/* Put a block back into the list of its own heap, which is the thread's, and count it. */
static void give_counted(struct pool_heap **mine, struct pool_block *block)
{
	struct pool_heap *heap = *mine;
	const struct pool_slab *slab = pool_slab_of(block);

	pool_link(heap, block, heap->free[slab->class], heap->pool->hardened);
	heap->free[slab->class] = block;
	if (heap->until_look > slab->block_bytes)
		heap->until_look -= slab->block_bytes;
	else
		look(mine);
}

/* The thread's heap itself, which is back from now on if another stood in for it. */
static struct pool_heap *bring_back(struct pool_heap **mine)
{
	if ((*mine)->real)
		*mine = (*mine)->real;
	return *mine;
}

/* Make `slab` one of the heap's, for blocks of `class`. */
static void slab_give(struct pool_heap *heap, struct pool_slab *slab, size_t class)
{
	char *end = (char *)((uintptr_t)slab & ~(uintptr_t)(POOL_SLAB_BYTES - 1)) + POOL_SLAB_BYTES;
	uint32_t block_bytes = (uint32_t)size_class_bytes(class);

	_Static_assert(sizeof(*slab) <= 64, "the header is one line");
	slab->blocks = (char *)slab + 64;
	slab->class = (uint32_t) class;
	slab->block_bytes = block_bytes;
	slab->capacity = (uint32_t)(end - slab->blocks) / block_bytes;
	slab->cut = 0;
	slab->idle = 0;
	slab->free = NULL;
	slab->next = heap->slabs;
	heap->slabs = slab;
	heap->n_slabs++;
	heap->fresh[class] = slab;
}

/* Cut a run of blocks from the class's fresh slab into the heap's empty list. */
static void cut_run(struct pool_heap *heap, size_t class)
{
	struct pool_slab *slab = heap->fresh[class];
	uint32_t run = RUN_BYTES / slab->block_bytes;
	uint32_t left = slab->capacity - slab->cut;
	struct pool_block *next = NULL;

	if (run == 0)
		run = 1;
	if (run > left)
		run = left;
	for (uint32_t i = slab->cut + run; i-- > slab->cut;) {
		struct pool_block *block =
			(struct pool_block *)(slab->blocks + (size_t)i * slab->block_bytes);
		pool_link(heap, block, next, heap->pool->hardened);
		next = block;
	}
	slab->cut += run;
	heap->n_cut += run;
	if (slab->cut == slab->capacity)
		heap->fresh[class] = NULL;
	heap->free[class] = next;
}

/* The destructor of the pool's key: a thread ends, its heap waits for another. */
static void abandon(void *value)
{
	struct pool_heap *heap = value;
	struct pool *pool = heap->pool;

	pool_send_parcel(heap);
	*heap->mine = POOL_HEAP_NONE;
	heap->mine = NULL;
	sweep(heap);
	pthread_mutex_lock(&pool->lock);
	/* One keeps its memory for the next thread. */
	if (pool->abandoned)
		pool_slabs_discard(heap);
	heap->next = pool->abandoned;
	pool->abandoned = heap;
	pthread_mutex_unlock(&pool->lock);
}

static uintptr_t new_secret(void)
{
	uintptr_t secret;

	if (getrandom(&secret, sizeof(secret), GRND_NONBLOCK) == sizeof(secret))
		return secret;
	/* Too early in the life of a machine for random numbers: time and layout have to do. */
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uintptr_t)now.tv_nsec << 32 ^ (uintptr_t)&secret) * 0x9e3779b97f4a7c15u;
}

/* Lock held. */
static struct pool_heap *heap_new(struct pool *pool)
{
	struct pool_heap *stand_in = aligned_alloc(_Alignof(struct pool_heap), sizeof(*stand_in));
	struct pool_region *region = stand_in ? pool_region_new(pool) : NULL;

	if (!region) {
		free(stand_in);
		return NULL;
	}
	struct pool_heap *heap = (struct pool_heap *)region;
	region->home = heap;
	heap->last = region;
	memset(stand_in, 0, sizeof(*stand_in));
	stand_in->pool = heap->pool = pool;
	stand_in->next_entry = heap->next_entry = &pool_no_entry;
	stand_in->real = heap;
	stand_in->next = pool->stand_ins;
	pool->stand_ins = stand_in;
	heap->stand_in = stand_in;
	heap->until_look = heap->look_every = LOOK_SOON;
	heap->sweep_at = FIRST_SWEEP_SLABS;
	if (pool->hardened)
		heap->secret = new_secret();
	heap->mark = ~heap->secret * 0x9e3779b97f4a7c15u;
	return heap;
}

/* Give the calling thread a heap: an abandoned one, or a new one. False when out of memory. */
static bool attach(struct pool *pool, struct pool_heap **mine)
{
	struct pool_heap *heap = NULL;

	pthread_mutex_lock(&pool->lock);
	if (!pool->has_key)
		pool->has_key = pthread_key_create(&pool->key, abandon) == 0;
	if (pool->has_key) {
		heap = pool->abandoned;
		if (heap)
			pool->abandoned = heap->next;
		else
			heap = heap_new(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	if (!heap)
		return false;
	heap->mine = mine;
	heap->next = NULL;
	if (pthread_setspecific(pool->key, heap) != 0) {
		*mine = heap;
		abandon(heap);
		return false;
	}
	*mine = heap;
	return true;
}

/* Fill the heap's empty list of `class` from wherever blocks can be had. */
static bool refill(struct pool_heap *heap, size_t class)
{
	pool_take_alone(heap, class);
	if (heap->free[class])
		return true;
	if (take_partial(heap, class))
		return true;
	if (!heap->fresh[class]) {
		if (heap->n_slabs >= heap->sweep_at)
			sweep(heap);
		/* The sweep may have found blocks that other threads had just released. */
		if (take_partial(heap, class))
			return true;
		struct pool_slab *slab = pool_slab_get(heap);
		if (!slab) {
			/* No time to wait. */
			pool_take_home(heap);
			return heap->free[class];
		}
		slab_give(heap, slab, class);
		/* What grows may shrink. */
		heap->look_every = LOOK_SOON;
		if (heap->until_look > LOOK_SOON)
			heap->until_look = LOOK_SOON;
	}
	cut_run(heap, class);
	return true;
}

static __attribute__((noinline)) void *refill_heap(struct pool *pool, struct pool_heap **mine,
						   size_t class)
{
	if (*mine == POOL_HEAP_NONE && !attach(pool, mine))
		return NULL;

	struct pool_heap *heap = bring_back(mine);
	/* An adopted heap comes with full lists. */
	struct pool_block *block = heap->free[class] ? NULL : pool_arrived(heap, class);
	if (!block) {
		if (!heap->free[class] && !refill(heap, class))
			return NULL;
		block = heap->free[class];
		heap->free[class] = pool_next(heap, block, pool->hardened);
	}
	if (pool->hardened)
		block->mark = 0;
	return block;
}

void *pool_refill(struct pool *pool, struct pool_heap **mine, size_t class)
{
	uintptr_t entry = *(*mine)->next_entry;

	/* Most often it is one more of what another thread releases. */
	if (!pool->hardened && (uint16_t)entry == class) {
		(*mine)->next_entry++;
		return (void *)(entry >> POOL_ENTRY_SHIFT);
	}
	return refill_heap(pool, mine, class);
}

void *pool_alloc_wide(struct pool *pool, struct pool_heap **mine, size_t size)
{
	if (size > POOL_LARGEST)
		return malloc(size);
	return pool_take(pool, mine, size_class_wide(size), pool->hardened);
}

void pool_release_wide(struct pool *pool, struct pool_heap **mine, void *ptr, size_t size)
{
	if (size > POOL_LARGEST)
		free(ptr);
	else
		pool_give(pool, mine, ptr, size_class_wide(size), pool->hardened);
}

static __attribute__((noinline)) void release_far(struct pool *pool, struct pool_heap **mine,
						  struct pool_block *block, size_t class)
{
	struct pool_heap *owner = pool_heap_of(block);

	if (*mine == POOL_HEAP_NONE && !attach(pool, mine)) {
		pool_send_alone(block, class, pool->hardened);
		return;
	}
	if ((*mine)->real == owner) {
		settle(owner, block);
		collect_some(owner);
		return;
	}
	struct pool_heap *heap = bring_back(mine);
	if (heap == owner) {
		give_counted(mine, block);
	} else if (pool_address_parcel(heap, owner)) {
		heap->outbox_region = pool_region_of(block);
		pool_pack(heap, block, class);
	} else {
		pool_send_alone(block, class, pool->hardened);
	}
}

void pool_release_remote(struct pool *pool, struct pool_heap **mine, struct pool_block *block,
			 size_t class)
{
	/* Most often it is one more from where the last came from. */
	if ((*mine)->outbox_region == pool_region_of(block))
		pool_pack(*mine, block, class);
	else
		release_far(pool, mine, block, class);
}

void pool_trim(struct pool *pool, struct pool_heap **mine)
{
	pthread_mutex_lock(&pool->lock);
	if (*mine != POOL_HEAP_NONE) {
		struct pool_heap *heap = bring_back(mine);
		pool_send_parcel(heap);
		sweep(heap);
		pool_slabs_discard(heap);
	}
	for (struct pool_heap *heap = pool->abandoned; heap; heap = heap->next) {
		sweep(heap);
		pool_slabs_discard(heap);
	}
	pthread_mutex_unlock(&pool->lock);
}

void pool_thread_done(struct pool_heap **mine)
{
	if (*mine == POOL_HEAP_NONE)
		return;
	struct pool_heap *heap = bring_back(mine);
	/* Cannot fail: the slot of this thread exists since it was first set. */
	(void)pthread_setspecific(heap->pool->key, NULL);
	abandon(heap);
}

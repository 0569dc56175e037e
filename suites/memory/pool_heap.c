/* SPDX-License-Identifier: MIT */
/* pool_heap: the slow ways of the pool: cutting slabs, taking remote frees in, threads that end. */
#include "suites/memory/pool_heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

/* One mapping: large enough to be rare, small enough to be cheap when little is used. */
#define CHUNK_BYTES ((size_t)4 << 20)
/* Empty slabs that keep their memory; those beyond it give all but their first page back. */
#define EMPTY_KEPT        64
#define HEADER_PAGE_BYTES ((size_t)4096)
/* Blocks are cut in runs of about a page, so that a slab is touched as it is used. */
#define RUN_BYTES         4096u
#define FIRST_SWEEP_SLABS 16
/* Idle slabs that wait until a pass over all of them collects them: so many, and a share of all. */
#define COLLECT_SLABS 8
#define COLLECT_SHARE 8
/* Releases between two looks at most, where nothing has grown for long. */
#define LOOK_SELDOM ((size_t)1 << 16)
#define LOOK_SHARE  8

const struct pool_heap pool_heap_none = {.secret = 0};

void pool_corrupt(void)
{
	__builtin_trap();
}

/* Note that a slab is the pool's. False when there is no memory for the note. Lock held. */
static bool know(struct pool *pool, const struct pool_slab *slab)
{
	uintptr_t number = (uintptr_t)slab / POOL_SLAB_BYTES, leaf = number >> 16;

	if (!pool->hardened)
		return true;
	if (leaf >= POOL_KNOWN_LEAVES)
		return false;
	_Atomic uint64_t *bits = atomic_load_explicit(&pool->known[leaf], memory_order_relaxed);
	if (!bits) {
		bits = calloc(65536 / 64, sizeof(*bits));
		if (!bits)
			return false;
		atomic_store_explicit(&pool->known[leaf], bits, memory_order_release);
	}
	atomic_fetch_or_explicit(&bits[(number & 0xffff) / 64], (uint64_t)1 << number % 64,
				 memory_order_relaxed);
	return true;
}

/* Cut one more slab from the pool's chunk. NULL when memory is exhausted. Lock held. */
static struct pool_slab *slab_map(struct pool *pool)
{
	if (pool->chunk_slabs == 0) {
		char *base = mmap(NULL, CHUNK_BYTES + POOL_SLAB_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (base == MAP_FAILED)
			return NULL;
		pool->chunk = base + (-(uintptr_t)base & (POOL_SLAB_BYTES - 1));
		pool->chunk_slabs = CHUNK_BYTES / POOL_SLAB_BYTES;
	}
	struct pool_slab *slab = pool_slab_of(pool->chunk);
	if (!know(pool, slab))
		return NULL;
	pool->chunk += POOL_SLAB_BYTES;
	pool->chunk_slabs--;
	pool->mapped_slabs++;
	return slab;
}

/* Give back the memory of an empty slab, all but the page of its header. */
static void slab_discard(struct pool_slab *slab)
{
	char *base = (char *)((uintptr_t)slab & ~(uintptr_t)(POOL_SLAB_BYTES - 1));

	/* On pages larger than 4 KiB the kernel refuses, and the memory is merely kept. */
	(void)madvise(base + HEADER_PAGE_BYTES, POOL_SLAB_BYTES - HEADER_PAGE_BYTES, MADV_DONTNEED);
}

/* A slab without blocks in use becomes anyone's. Lock held. */
static void slab_put(struct pool *pool, struct pool_slab *slab)
{
	slab->owner = NULL;
	slab->next = pool->empty;
	pool->empty = slab;
	if (++pool->n_empty > EMPTY_KEPT)
		slab_discard(slab);
}

/* Push a block onto its owner's remote stack. */
static void push_remote(struct pool_block *block, bool hardened)
{
	const struct pool_slab *slab = pool_slab_of(block);
	struct pool_heap *owner = slab->owner;
	_Atomic(struct pool_block *) *top = &owner->remote[slab->class];
	struct pool_block *next = atomic_load_explicit(top, memory_order_relaxed);

	/* Push only, and taken whole: the ABA problem cannot arise. Release, so that the owner finds
	 * the block as the last user left it. */
	do
		pool_link(owner, block, next, hardened);
	while (!atomic_compare_exchange_weak_explicit(top, &next, block, memory_order_release,
						      memory_order_relaxed));
}

/* Send what the heap's outbox holds to its owner. */
static void send_outbox(struct pool_heap *heap)
{
	struct pool_parcel *parcel = heap->outbox;

	if (!parcel)
		return;
	_Atomic(struct pool_parcel *) *top = &heap->outbox_to->parcels;
	parcel->next = atomic_load_explicit(top, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(top, &parcel->next, parcel,
						      memory_order_release, memory_order_relaxed))
		;
	heap->outbox = NULL;
	heap->outbox_to = NULL;
}

/* Sort the blocks of all parcels that have arrived into the heap's lists. */
static void unpack(struct pool_heap *heap)
{
	bool hardened = heap->pool->hardened;

	/* A look first: most of the time nothing is there, and an exchange would take the line. */
	if (!atomic_load_explicit(&heap->parcels, memory_order_relaxed))
		return;
	struct pool_parcel *parcel =
		atomic_exchange_explicit(&heap->parcels, NULL, memory_order_acquire);
	for (struct pool_parcel *next; parcel; parcel = next) {
		const struct pool_block *wrapping = (const struct pool_block *)parcel;
		next = parcel->next;
		for (size_t i = parcel->n; i-- > 0;) {
			struct pool_block *block = (struct pool_block *)pool_seal(
				heap, wrapping, parcel->blocks[i], hardened);
			size_t class = pool_slab_of(block)->class;
			pool_link(heap, block, heap->free[class], hardened);
			heap->free[class] = block;
		}
		push_remote((struct pool_block *)parcel, hardened);
	}
}

/* Take the remote stack of one class into the heap's own list. */
static void take_remote(struct pool_heap *heap, size_t class)
{
	bool hardened = heap->pool->hardened;

	if (!atomic_load_explicit(&heap->remote[class], memory_order_relaxed))
		return;
	struct pool_block *first =
		atomic_exchange_explicit(&heap->remote[class], NULL, memory_order_acquire);
	struct pool_block *own = heap->free[class];
	heap->free[class] = first;
	if (!own)
		return;
	struct pool_block *last = first, *next;
	while ((next = pool_next(heap, last, hardened)))
		last = next;
	pool_link(heap, last, own, hardened);
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

/* Give the slabs that have no block in use to the pool. Lock held. */
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
		slab_put(heap->pool, slab);
	}
	heap->n_idle = 0;
	/* Twice as many before the next sweep: the work stays in proportion to the slabs taken. */
	heap->sweep_at = 2 * heap->n_slabs;
	if (heap->sweep_at < FIRST_SWEEP_SLABS)
		heap->sweep_at = FIRST_SWEEP_SLABS;
}

/* Find all slabs of a heap that have no block in use, and give them to the pool. Lock held. */
static void sweep(struct pool_heap *heap)
{
	unpack(heap);
	for (size_t class = 0; class < POOL_CLASSES; class ++)
		take_remote(heap, class);
	settle_lists(heap);
	collect(heap);
}

/* Collect when there is enough for a pass over all slabs to be worth it. */
static void collect_some(struct pool_heap *heap)
{
	if (heap->n_idle <= COLLECT_SLABS + heap->n_slabs / COLLECT_SHARE)
		return;
	pthread_mutex_lock(&heap->pool->lock);
	collect(heap);
	pthread_mutex_unlock(&heap->pool->lock);
}

void pool_look(struct pool_heap **mine)
{
	struct pool_heap *heap = *mine;
	bool hardened = heap->pool->hardened;
	size_t idle = 0, many = (heap->n_cut - heap->n_settled) / 2;

	if (many < POOL_LOOK)
		many = POOL_LOOK;

	for (size_t class = 0; class < POOL_CLASSES; class ++)
		for (struct pool_block *block = heap->free[class]; block && idle < many;
		     block = pool_next(heap, block, hardened))
			idle++;
	if (idle < many) {
		/* Look less often: to look is to go through the lists. */
		if (heap->look_every < LOOK_SELDOM || heap->look_every < LOOK_SHARE * idle)
			heap->look_every *= 2;
		heap->until_look = heap->look_every;
		return;
	}
	heap->until_look = heap->look_every = POOL_LOOK;
	settle_lists(heap);
	collect_some(heap);
	*mine = heap->stand_in;
}

/* The thread's heap itself, which is back from now on if another stood in for it. */
static struct pool_heap *bring_back(struct pool_heap **mine)
{
	if ((*mine)->real)
		*mine = (*mine)->real;
	return *mine;
}

/* An empty slab: kept, swept out of what ended threads left, or new. Lock held. */
static struct pool_slab *slab_get(struct pool *pool)
{
	if (!pool->empty && pool->chunk_slabs == 0) {
		for (struct pool_heap *heap = pool->abandoned; heap; heap = heap->next)
			sweep(heap);
	}
	struct pool_slab *slab = pool->empty;
	if (!slab)
		return slab_map(pool);
	pool->empty = slab->next;
	pool->n_empty--;
	return slab;
}

/* Make `slab` one of the heap's, for blocks of `class`. */
static void slab_give(struct pool_heap *heap, struct pool_slab *slab, size_t class)
{
	char *end = (char *)((uintptr_t)slab & ~(uintptr_t)(POOL_SLAB_BYTES - 1)) + POOL_SLAB_BYTES;
	uint32_t block_bytes = (uint32_t)size_class_bytes(class);

	_Static_assert(sizeof(*slab) <= 64, "the header is one line");
	slab->owner = heap;
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

	send_outbox(heap);
	*heap->mine = POOL_HEAP_NONE;
	pthread_mutex_lock(&pool->lock);
	heap->mine = NULL;
	sweep(heap);
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

static struct pool_heap *heap_new(struct pool *pool)
{
	struct pool_heap *heap = aligned_alloc(_Alignof(struct pool_heap), 2 * sizeof(*heap));

	if (!heap)
		return NULL;
	memset(heap, 0, 2 * sizeof(*heap));
	heap->pool = pool;
	heap->until_look = heap->look_every = POOL_LOOK;
	heap->stand_in = heap + 1;
	heap->stand_in->pool = pool;
	heap->stand_in->real = heap;
	heap->sweep_at = FIRST_SWEEP_SLABS;
	if (pool->hardened)
		heap->secret = new_secret();
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
	struct pool *pool = heap->pool;

	unpack(heap);
	if (!heap->free[class])
		take_remote(heap, class);
	if (heap->free[class])
		return true;
	if (take_partial(heap, class))
		return true;
	if (!heap->fresh[class]) {
		pthread_mutex_lock(&pool->lock);
		if (heap->n_slabs >= heap->sweep_at)
			sweep(heap);
		/* The sweep may have found blocks that other threads had just released. */
		bool found = take_partial(heap, class);
		struct pool_slab *slab = found ? NULL : slab_get(pool);
		pthread_mutex_unlock(&pool->lock);
		if (found)
			return true;
		if (!slab)
			return false;
		slab_give(heap, slab, class);
		/* What grows may shrink. */
		heap->look_every = POOL_LOOK;
		if (heap->until_look > POOL_LOOK)
			heap->until_look = POOL_LOOK;
	}
	cut_run(heap, class);
	return true;
}

void *pool_refill(struct pool *pool, struct pool_heap **mine, size_t class)
{
	if (*mine == POOL_HEAP_NONE && !attach(pool, mine))
		return NULL;

	struct pool_heap *heap = bring_back(mine);
	/* An adopted heap comes with full lists. */
	if (!heap->free[class] && !refill(heap, class))
		return NULL;
	struct pool_block *block = heap->free[class];
	heap->free[class] = pool_next(heap, block, pool->hardened);
	if (pool->hardened)
		block->mark = 0;
	return block;
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

/* An empty parcel addressed to `owner` in the heap's outbox. False when out of memory. */
static bool open_parcel(struct pool_heap *heap, struct pool_heap *owner)
{
	_Static_assert(sizeof(struct pool_parcel) <= POOL_STEPPED, "a parcel is a stepped block");
	struct pool_parcel *parcel = pool_take(heap->pool, heap->mine, sizeof(*parcel) / POOL_STEP,
					       heap->pool->hardened);

	if (!parcel)
		return false;
	parcel->n = 0;
	heap->outbox = parcel;
	heap->outbox_to = owner;
	return true;
}

void pool_release_remote(struct pool *pool, struct pool_heap **mine, struct pool_block *block)
{
	struct pool_heap *owner = pool_slab_of(block)->owner;
	bool hardened = pool->hardened;

	if (*mine == POOL_HEAP_NONE && !attach(pool, mine)) {
		push_remote(block, hardened);
		return;
	}
	if ((*mine)->real == owner) {
		settle(owner, block);
		collect_some(owner);
		return;
	}
	struct pool_heap *heap = bring_back(mine);
	if (heap->outbox_to != owner)
		send_outbox(heap);
	/* The heap just adopted may be the block's own; and without a parcel it goes alone. */
	if (owner == heap || (!heap->outbox && !open_parcel(heap, owner))) {
		push_remote(block, hardened);
		return;
	}
	struct pool_parcel *parcel = heap->outbox;
	parcel->blocks[parcel->n++] =
		pool_seal(owner, (struct pool_block *)parcel, (uintptr_t)block, hardened);
	/* A write even where no link is needed: the owner will take this line over, and from a cache
	 * that has written it that is cheaper than from one that has only read it. */
	pool_link(owner, block, NULL, hardened);
	if (parcel->n == POOL_PARCEL_BLOCKS)
		send_outbox(heap);
}

void pool_trim(struct pool *pool, struct pool_heap **mine)
{
	pthread_mutex_lock(&pool->lock);
	if (*mine != POOL_HEAP_NONE) {
		struct pool_heap *heap = bring_back(mine);
		send_outbox(heap);
		sweep(heap);
	}
	for (struct pool_heap *heap = pool->abandoned; heap; heap = heap->next)
		sweep(heap);
	for (struct pool_slab *slab = pool->empty; slab; slab = slab->next)
		slab_discard(slab);
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

/* SPDX-License-Identifier: MIT */
/*
 * pool_heap: the pool allocator. Each heap serves one thread at a time and has a region of addresses to itself,
 * of which it opens as much as it needs; so whether a block is the heap's own is seen from its address alone. Blocks of
 * one size class are cut from slabs of 64 KiB. A thread pops and pushes plain lists
 * of its own heap. The addresses of blocks of one other heap gather in a parcel and go home together (pool_parcel.h); a block
 * for which there is no parcel goes onto that heap's remote stack of its class, which the owner takes whole with one exchange.
 * A heap outlives its thread: it is left with its slabs and the next thread adopts it, so a slab never changes hands.
 * [Thread lists and remote lists as in mimalloc: Leijen, Zorn, de Moura, "Mimalloc: free list
 * sharding in action", APLAS 2019; whole-heap adoption as in Hoard's and rpmalloc's spirit.]
 *
 * A release counts nothing: a sample does it for all. From some size on one slab in POOL_COUNTED_ONE_IN lies in the upper half
 * of the region, where the address says "not here", and releases to it take the slow way, on which their bytes
 * are counted. When enough have passed, or less often while nothing grows, the heap
 * looks whether half of its blocks are free. If so they are sorted into lists of their slabs, which know
 * when all of their blocks are there, and the thread's heap is replaced by a stand-in with empty lists: every
 * further release takes the slow way into its slab's list, until the first allocation brings the heap back. So
 * slabs without blocks in use are found while a thread only releases, and the fast way stays short. A
 * heap under 8 MiB (POOL_COUNTED_FROM slabs) keeps what it has.
 *
 * The hardened variant seals the links of free lists with a secret, marks free blocks so that a
 * second release of one is seen, and checks that a block is the pool's and has the size it is released
 * with; what it finds wrong ends the process by a trap. `hardened` is a constant in both variants: neither pays
 * for the other.
 *
 * Not for the child of a fork() in a threaded process: another thread may have held the lock. Needs 2 GiB of
 * addresses, not of memory, for each thread that allocates at the same time, and room for them below 2^48.
 */
#ifndef ASSAY_SUITES_MEMORY_POOL_HEAP_H
#define ASSAY_SUITES_MEMORY_POOL_HEAP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "suites/memory/size_class.h"

#define POOL_SLAB_BYTES   ((size_t)64 << 10)
#define POOL_HALF_SHIFT   30
#define POOL_HALF_BYTES   ((size_t)1 << POOL_HALF_SHIFT)
#define POOL_REGION_BYTES (2 * POOL_HALF_BYTES)

enum {
	POOL_STEP = SIZE_STEP,
	POOL_STEPPED = SIZE_STEPPED,
	POOL_LARGEST = SIZE_LARGEST, /* above, the C library's malloc */
	POOL_CLASSES = SIZE_CLASSES,
	POOL_COUNTED_ONE_IN = 64,
	POOL_COUNTED_FROM = 128,        /* slabs */
	POOL_WAITING_BYTES = 128 << 10, /* of blocks that came home and have to wait */
};

/* User space of 47 bits on x86-64, of 48 on aarch64, where mappings begin at its end; a region anywhere else would
 * not be known, and so not taken. */
#define POOL_ADDRESS_BITS 48
#define POOL_REGIONS      (((size_t)1 << POOL_ADDRESS_BITS) / POOL_REGION_BYTES)

/* A free block. `mark` is written by the hardened variant only. */
struct pool_block {
	uintptr_t next;
	uintptr_t mark;
};

/* Header of a slab: written when the slab is given to a class, afterwards read by all threads. */
struct pool_slab {
	struct pool_slab *next; /* among those in use, or the empty ones */
	char *blocks;           /* the first block */
	uint32_t class;         /* POOL_CLASSES: empty */
	uint32_t block_bytes;
	uint32_t capacity;       /* blocks that fit */
	uint32_t cut;            /* blocks handed out at least once: the rest is untouched memory */
	uint32_t idle;           /* blocks in its own list */
	struct pool_block *free; /* its own list: free blocks that are in no list of the heap */
	struct pool_slab *next_partial; /* among those of its class with idle blocks */
};

/* Blocks released far from home, on their way. Itself a block of the heap that fills it. */
enum { POOL_PARCEL_BLOCKS = 253, POOL_PARCEL_SIZE = 2048 };
struct pool_parcel {
	struct pool_parcel *next; /* in the owner's stack of arrived parcels */
	size_t bytes;             /* of the blocks, and its own */
	/* A block's address above POOL_ENTRY_SHIFT, below it its class, sealed as links are; POOL_NO_ENTRY
	 * after the last. */
	uintptr_t entries[POOL_PARCEL_BLOCKS + 1];
};
#define POOL_ENTRY_SHIFT 16
_Static_assert(POOL_ADDRESS_BITS + POOL_ENTRY_SHIFT <= 64, "an entry has room for every address");
#define POOL_NO_ENTRY UINTPTR_MAX

/* Beginning of each region. */
struct pool_region {
	struct pool_heap *home;        /* whose it is */
	_Atomic(uintptr_t) cut_end[2]; /* of each half: where the next slab will be cut */
	uintptr_t open_end[2];         /* the end of what is accessible */
};

/* A heap stands at the beginning of its first region, a stand-in elsewhere. */
struct pool_heap {
	struct pool_region region;
	struct pool_block *free[POOL_CLASSES];
	size_t until_look; /* counted bytes to be released until the next look */
	size_t look_every; /* how many there will be before the one after it */
	uintptr_t secret;  /* of the hardened variant, and what it marks free blocks with */
	uintptr_t mark;
	struct pool *pool;
	struct pool_heap **mine; /* the owner thread's variable that points here; NULL: abandoned */
	struct pool_heap *next;  /* among abandoned heaps */
	struct pool_region *
		last; /* of its regions, where slabs are cut; blocks of all but the first go the slow way */
	size_t n_ever; /* slabs cut so far */
	struct pool_slab *slabs;
	size_t n_slabs;
	size_t n_idle;    /* of them without a block in use, as far as is known */
	size_t n_cut;     /* blocks cut from them */
	size_t n_settled; /* of these in the lists of the slabs */
	size_t sweep_at;  /* slabs that make the next sweep worth while */
	struct pool_slab *partial[POOL_CLASSES]; /* slabs with idle blocks */
	struct pool_slab *fresh[POOL_CLASSES];   /* the slab with blocks not yet cut */
	struct pool_slab *empty;                 /* without blocks in use, memory kept */
	size_t n_empty;
	struct pool_slab *bare; /* the same, memory given back */
	/* A heap with empty lists that stands in for this one while its thread only releases; of the stand-in
	 * itself NULL, and `real` is the heap it stands in for. */
	struct pool_heap *stand_in;
	struct pool_heap *real;
	struct pool_parcel *outbox; /* being filled; NULL: none */
	uintptr_t *outbox_end;      /* after its last entry */
	struct pool_heap *outbox_to;
	const struct pool_region *outbox_region;    /* of its last block; NULL: no outbox */
	struct pool_parcel *opened;                 /* being emptied; NULL: none */
	const uintptr_t *next_entry;                /* in it, or a POOL_NO_ENTRY */
	struct pool_parcel *waiting, *waiting_last; /* not opened yet, in order of arrival */
	size_t waiting_bytes;
	/* Pushed to by other threads: away from what the owner uses all the time. */
	_Alignas(128) _Atomic(struct pool_parcel *) parcels;
	_Atomic(struct pool_block *) remote[POOL_CLASSES];
};

/* One allocator: what its heaps share. Zero-initialised but for the lock. */
struct pool {
	pthread_mutex_t lock; /* over all below */
	bool hardened;
	bool has_key;
	pthread_key_t key; /* its destructor abandons the heap of a thread that ends */
	struct pool_heap *abandoned;
	struct pool_heap *stand_ins; /* all, by `next` */
	/* These are without it. */
	atomic_size_t mapped_slabs; /* all ever cut, for tests and statistics */
	_Atomic uint64_t known[POOL_REGIONS /
			       64]; /* a bit for each region that is a heap's; only ever set */
};
#define POOL_INITIALIZER(is_hardened)                                        \
	{                                                                    \
		.lock = PTHREAD_MUTEX_INITIALIZER, .hardened = (is_hardened) \
	}

/* A heap whose lists are always empty, for threads that have none yet: saves a test per call. */
extern const struct pool_heap pool_heap_none;
#define POOL_HEAP_NONE ((struct pool_heap *)(uintptr_t)&pool_heap_none)

/* The slow ways. *mine is the calling thread's heap. */
void *pool_refill(struct pool *pool, struct pool_heap **mine, size_t class);
void *pool_alloc_wide(struct pool *pool, struct pool_heap **mine, size_t size);
void pool_release_wide(struct pool *pool, struct pool_heap **mine, void *ptr, size_t size);
void pool_release_remote(struct pool *pool, struct pool_heap **mine, struct pool_block *block,
			 size_t class);
/* Give the memory of slabs without blocks in use back to the system: the calling thread's, and those that
 * ended threads left. Their first pages stay. */
void pool_trim(struct pool *pool, struct pool_heap **mine);
/* Give up the calling thread's heap now instead of when the thread ends. */
void pool_thread_done(struct pool_heap **mine);
/* The hardened variant found a broken invariant. Does not return. */
_Noreturn void pool_corrupt(void);

static inline struct pool_region *pool_region_of(const void *ptr)
{
	return (struct pool_region *)((uintptr_t)ptr & ~(uintptr_t)(POOL_REGION_BYTES - 1));
}

/* The heap in one of whose regions `ptr` lies. */
static inline struct pool_heap *pool_heap_of(const void *ptr)
{
	return pool_region_of(ptr)->home;
}

/*
 * Header of the slab that holds `ptr`. It stands at one of 64 lines of the slab's first page, chosen
 * by the slab's own address: headers all at the start of their slab would fight for one set of
 * the cache.
 */
static inline struct pool_slab *pool_slab_of(const void *ptr)
{
	uintptr_t address = (uintptr_t)ptr;

	return (struct pool_slab *)((address & ~(uintptr_t)(POOL_SLAB_BYTES - 1)) |
				    (address >> 10 & 0xfc0));
}

/* A link as it is stored in the block at `at`, and back. Its own inverse. */
static inline uintptr_t pool_seal(const struct pool_heap *owner, const struct pool_block *at,
				  uintptr_t link, bool hardened)
{
	return hardened ? link ^ owner->secret ^ ((uintptr_t)at >> 4) : link;
}

static inline uintptr_t pool_mark(const struct pool_heap *owner, const struct pool_block *block)
{
	return owner->mark + (uintptr_t)block;
}

/* Put `block` of `owner` before `next` in a list. */
static inline void pool_link(const struct pool_heap *owner, struct pool_block *block,
			     const struct pool_block *next, bool hardened)
{
	block->next = pool_seal(owner, block, (uintptr_t)next, hardened);
	if (hardened)
		block->mark = pool_mark(owner, block);
}

/* What no link has: blocks are aligned, and in user space. */
#define POOL_NO_LINK_BITS (UINTPTR_MAX << POOL_ADDRESS_BITS | (POOL_STEP - 1u))

/* The block after `block` in a list of `owner`'s. */
static inline struct pool_block *pool_next(const struct pool_heap *owner,
					   const struct pool_block *block, bool hardened)
{
	struct pool_block *next =
		(struct pool_block *)pool_seal(owner, block, block->next, hardened);

	/* An overwritten link decodes to noise, which is hardly ever aligned and in user space. */
	if (hardened && __builtin_expect(((uintptr_t)next & POOL_NO_LINK_BITS) != 0, 0))
		pool_corrupt();
	return next;
}

/* Was the slab that would hold `ptr` cut from that half of the region? Before the first slab stands its head. */
static inline bool pool_has_cut(const struct pool_region *region, const void *ptr, size_t half)
{
	uintptr_t address = (uintptr_t)ptr;

	return address - (uintptr_t)region >= POOL_SLAB_BYTES &&
	       address < atomic_load_explicit(&region->cut_end[half], memory_order_relaxed);
}

/* Was the slab that would hold `ptr` cut by this pool? Nothing at the address itself is read. */
static inline bool pool_knows(const struct pool *pool, const void *ptr)
{
	uintptr_t address = (uintptr_t)ptr, region = address / POOL_REGION_BYTES;

	return region < POOL_REGIONS &&
	       (atomic_load_explicit(&pool->known[region / 64], memory_order_relaxed) >>
			region % 64 &
		1) &&
	       pool_has_cut(pool_region_of(ptr), ptr, address >> POOL_HALF_SHIFT & 1);
}

/* Is `block` of `owner` one that may be released now as a block of `class`? */
static inline void pool_inspect(const struct pool_heap *owner, const struct pool_block *block,
				size_t class)
{
	const struct pool_slab *slab = pool_slab_of(block);
	size_t offset = (size_t)((const char *)block - slab->blocks);

	if (__builtin_expect(slab->class != class || offset >= POOL_SLAB_BYTES ||
				     (offset & (POOL_STEP - 1)) != 0 ||
				     block->mark == pool_mark(owner, block),
			     0))
		pool_corrupt();
}

/* Take a block of `class` from the heap's list. */
static inline __attribute__((always_inline)) void *
pool_take(struct pool *pool, struct pool_heap **mine, size_t class, bool hardened)
{
	struct pool_heap *heap = *mine;
	struct pool_block *block = heap->free[class];

	if (__builtin_expect(!block, 0))
		return pool_refill(pool, mine, class);
	heap->free[class] = pool_next(heap, block, hardened);
	if (hardened)
		block->mark = 0;
	return block;
}

/* Put a block of `class` back, into the own list or on its way to another's. Blocks of the own heap's lower
 * half, where the heap itself is, agree with its address in all higher bits. */
static inline __attribute__((always_inline)) void
pool_give(struct pool *pool, struct pool_heap **mine, void *ptr, size_t class, bool hardened)
{
	struct pool_heap *heap = *mine;
	struct pool_block *block = ptr;
	bool own = ((uintptr_t)ptr ^ (uintptr_t)heap) >> POOL_HALF_SHIFT == 0;

	if (hardened) {
		if (__builtin_expect(
			    !(own ? pool_has_cut(&heap->region, ptr, 0) : pool_knows(pool, ptr)),
			    0))
			pool_corrupt();
		pool_inspect(own ? heap : pool_heap_of(ptr), block, class);
	}
	if (__builtin_expect(!own, 0)) {
		pool_release_remote(pool, mine, block, class);
		return;
	}
	pool_link(heap, block, heap->free[class], hardened);
	heap->free[class] = block;
}

/* At least `size` bytes, aligned to 16; NULL when memory is exhausted. */
static inline __attribute__((always_inline)) void *
pool_alloc(struct pool *pool, struct pool_heap **mine, size_t size, bool hardened)
{
	if (__builtin_expect(size > POOL_STEPPED, 0))
		return pool_alloc_wide(pool, mine, size);
	return pool_take(pool, mine, (size + POOL_STEP - 1) / POOL_STEP, hardened);
}

/* Take back what pool_alloc(size) gave to any thread. */
static inline __attribute__((always_inline)) void
pool_release(struct pool *pool, struct pool_heap **mine, void *ptr, size_t size, bool hardened)
{
	if (__builtin_expect(size > POOL_STEPPED, 0))
		pool_release_wide(pool, mine, ptr, size);
	else
		pool_give(pool, mine, ptr, (size + POOL_STEP - 1) / POOL_STEP, hardened);
}

#endif

/* SPDX-License-Identifier: MIT */
/* packed_pool: slots of plain blocks, packed copies of the others. */
#include "suites/memory/packed_pool.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NOWHERE = UINT32_MAX };

/* A block is plain in a slot, packed, or neither: then it is zero and was never asked for. */
struct zblock {
	void *packed; /* malloc'd, `bytes` long */
	uint32_t bytes;
	uint32_t slot; /* or NOWHERE */
};

/* What a packed copy takes of memory: the C library rounds it up, and keeps a word before it. */
static size_t held(void *packed)
{
	return malloc_usable_size(packed) + sizeof(size_t);
}

struct zslot {
	uint32_t block; /* or NOWHERE */
	bool used;      /* since the hand came by */
};

struct zpool {
	const struct codec *codec;
	size_t block_bytes, n_blocks, n_plain, hand;
	struct zblock *blocks;
	struct zslot *slots;
	unsigned char *plain; /* n_plain blocks, mapped */
	unsigned char *room;  /* to compress into */
	size_t packed_bytes;
	uint64_t faults;
};

enum assay_code zpool_new(const struct codec *codec, size_t block_bytes, size_t n_blocks,
			  size_t n_plain, struct zpool **ret, struct assay_err *err)
{
	if (!block_bytes || !n_plain || n_plain > n_blocks || n_blocks >= NOWHERE)
		return assay_fail(err, ASSAY_EUSAGE,
				  "no pool of %zu blocks of %zu bytes can have %zu plain", n_blocks,
				  block_bytes, n_plain);
	struct zpool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a pool");
	*pool = (struct zpool){codec, block_bytes, n_blocks, n_plain};
	pool->blocks = calloc(n_blocks, sizeof(*pool->blocks));
	pool->slots = calloc(n_plain, sizeof(*pool->slots));
	pool->room = malloc(MEMORY_CODEC_BOUND(block_bytes));
	void *plain = mmap(NULL, n_plain * block_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pool->plain = plain == MAP_FAILED ? NULL : plain;
	if (!pool->blocks || !pool->slots || !pool->room || !pool->plain) {
		zpool_free(pool);
		return assay_fail(err, ASSAY_ENOMEM,
				  "no memory for a pool of %zu blocks of %zu bytes", n_blocks,
				  block_bytes);
	}
	for (size_t i = 0; i < n_blocks; i++)
		pool->blocks[i].slot = NOWHERE;
	for (size_t i = 0; i < n_plain; i++)
		pool->slots[i].block = NOWHERE;
	*ret = pool;
	return ASSAY_OK;
}

void zpool_free(struct zpool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; pool->blocks && i < pool->n_blocks; i++)
		free(pool->blocks[i].packed);
	if (pool->plain)
		munmap(pool->plain, pool->n_plain * pool->block_bytes);
	free(pool->blocks);
	free(pool->slots);
	free(pool->room);
	free(pool);
}

static unsigned char *slot_bytes(const struct zpool *pool, size_t slot)
{
	return pool->plain + slot * pool->block_bytes;
}

/* Compress what is in the slot and empty it. False when there is no memory for that. */
static bool evict(struct zpool *pool, size_t slot)
{
	if (pool->slots[slot].block == NOWHERE)
		return true;
	struct zblock *block = &pool->blocks[pool->slots[slot].block];
	size_t bytes = pool->codec->compress(pool->room, MEMORY_CODEC_BOUND(pool->block_bytes),
					     slot_bytes(pool, slot), pool->block_bytes);
	void *packed = bytes ? malloc(bytes) : NULL;
	if (!packed)
		return false;
	memcpy(packed, pool->room, bytes);
	*block = (struct zblock){packed, (uint32_t)bytes, NOWHERE};
	pool->packed_bytes += held(packed);
	pool->slots[slot].block = NOWHERE;
	return true;
}

/* The next slot that was not used since the hand came by last. */
static size_t choose(struct zpool *pool)
{
	for (;;) {
		size_t at = pool->hand;
		pool->hand = at + 1 == pool->n_plain ? 0 : at + 1;
		if (pool->slots[at].block == NOWHERE || !pool->slots[at].used)
			return at;
		pool->slots[at].used = false;
	}
}

/* Bring a block into an empty slot. */
static bool bring(struct zpool *pool, struct zblock *block, size_t slot)
{
	unsigned char *to = slot_bytes(pool, slot);

	if (!block->packed) {
		memset(to, 0, pool->block_bytes);
		return true;
	}
	if (!pool->codec->expand(to, pool->block_bytes, block->packed, block->bytes))
		return false;
	pool->packed_bytes -= held(block->packed);
	free(block->packed);
	block->packed = NULL;
	pool->faults++;
	return true;
}

void *zpool_get(struct zpool *pool, size_t index)
{
	struct zblock *block = &pool->blocks[index];

	if (block->slot == NOWHERE) {
		size_t slot = choose(pool);
		if (!evict(pool, slot) || !bring(pool, block, slot))
			return NULL;
		block->slot = (uint32_t)slot;
		pool->slots[slot].block = (uint32_t)index;
	}
	pool->slots[block->slot].used = true;
	return slot_bytes(pool, block->slot);
}

size_t zpool_bytes(const struct zpool *pool)
{
	return pool->n_plain * (pool->block_bytes + sizeof(struct zslot)) +
	       pool->n_blocks * sizeof(struct zblock) + pool->packed_bytes + sizeof(*pool) +
	       MEMORY_CODEC_BOUND(pool->block_bytes);
}

uint64_t zpool_faults(const struct zpool *pool)
{
	return pool->faults;
}

/* Only whole pages can be: of smaller blocks a page holds several. */
static void give_back(const struct zpool *pool, size_t slot)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	if (pool->block_bytes % page_bytes == 0)
		madvise(slot_bytes(pool, slot), pool->block_bytes, MADV_DONTNEED);
}

size_t zpool_trim(struct zpool *pool)
{
	size_t trimmed = 0;

	for (size_t slot = 0; slot < pool->n_plain; slot++) {
		if (pool->slots[slot].used)
			pool->slots[slot].used = false;
		else if (pool->slots[slot].block != NOWHERE && evict(pool, slot)) {
			give_back(pool, slot);
			trimmed++;
		}
	}
	return trimmed;
}

/* SPDX-License-Identifier: MIT */
/*
 * pool_parcel: how blocks that another thread released come home. Only their addresses travel, eight to a
 * line: neither side reads or writes the blocks themselves, whose lines the last user has in its cache.
 *
 * What has come home waits its turn, first in, first out, behind POOL_WAITING_BYTES of others, and new blocks are cut
 * meanwhile. A line that the other processor still holds in its first-level cache costs
 * twice as much to take back as one that has sunk below; where few blocks go round and round between two threads,
 * that is most of the cost. Within a heap the order is the opposite, last in, first out, because there the block that was
 * used last is the one in the own cache.
 */
#ifndef ASSAY_SUITES_MEMORY_POOL_PARCEL_H
#define ASSAY_SUITES_MEMORY_POOL_PARCEL_H

#include "suites/memory/pool_heap.h"

/* What blocks are in a parcel that is sent before it is full. */
#define POOL_PARCEL_BYTES ((size_t)128 << 10)

/* What a heap without an opened parcel would unpack next. */
extern const uintptr_t pool_no_entry;

/* Put `block` of `class` onto its owner's stack, by itself. From any thread. */
void pool_send_alone(struct pool_block *block, size_t class, bool hardened);
/* Open a parcel to `owner`, after sending the one to somebody else. False when out of memory. */
bool pool_address_parcel(struct pool_heap *heap, struct pool_heap *owner);
/* Send what the heap's outbox holds to its owner. */
void pool_send_parcel(struct pool_heap *heap);
/* The next block that came home if it is of `class`; those of others before it go into their lists. NULL when no more
 * is there than has to wait. */
struct pool_block *pool_arrived(struct pool_heap *heap, size_t class);
/* Put all blocks that came home into the heap's lists. */
void pool_take_home(struct pool_heap *heap);
/* The same for those of `class` that came alone. */
void pool_take_alone(struct pool_heap *heap, size_t class);

/* Put `block` into the heap's outbox, which is addressed to its owner. */
static inline void pool_pack(struct pool_heap *heap, struct pool_block *block, size_t class)
{
	struct pool_parcel *parcel = heap->outbox;
	struct pool_heap *owner = heap->outbox_to;
	bool hardened = heap->pool->hardened;
	uintptr_t entry = (uintptr_t)block << POOL_ENTRY_SHIFT | class;
	uintptr_t *end = heap->outbox_end;

	*end++ = pool_seal(owner, (struct pool_block *)parcel, entry, hardened);
	heap->outbox_end = end;
	parcel->bytes += size_class_bytes(class);
	if (hardened)
		block->mark = pool_mark(owner, block);
	if (end == &parcel->entries[POOL_PARCEL_BLOCKS] || parcel->bytes >= POOL_PARCEL_BYTES)
		pool_send_parcel(heap);
}

#endif

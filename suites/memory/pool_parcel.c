/* SPDX-License-Identifier: MIT */
/* pool_parcel: sending parcels, and taking in what has come home. */
#include "suites/memory/pool_parcel.h"

const uintptr_t pool_no_entry = POOL_NO_ENTRY;

void pool_send_alone(struct pool_block *block, size_t class, bool hardened)
{
	struct pool_heap *owner = pool_heap_of(block);
	_Atomic(struct pool_block *) *top = &owner->remote[class];
	struct pool_block *next = atomic_load_explicit(top, memory_order_relaxed);

	/* Push only, and taken whole: the ABA problem cannot arise. Release, so that the owner finds
	 * the block as the last user left it. */
	do
		pool_link(owner, block, next, hardened);
	while (!atomic_compare_exchange_weak_explicit(top, &next, block, memory_order_release,
						      memory_order_relaxed));
}

bool pool_address_parcel(struct pool_heap *heap, struct pool_heap *owner)
{
	_Static_assert(sizeof(struct pool_parcel) == POOL_PARCEL_SIZE, "a parcel fills its block");

	if (heap->outbox_to != owner)
		pool_send_parcel(heap);
	if (heap->outbox)
		return true;
	struct pool_parcel *parcel = pool_take(
		heap->pool, heap->mine, size_class_of(POOL_PARCEL_SIZE), heap->pool->hardened);
	if (!parcel)
		return false;
	parcel->bytes = POOL_PARCEL_SIZE;
	heap->outbox = parcel;
	heap->outbox_end = parcel->entries;
	heap->outbox_to = owner;
	return true;
}

void pool_send_parcel(struct pool_heap *heap)
{
	struct pool_parcel *parcel = heap->outbox;

	if (!parcel)
		return;
	*heap->outbox_end = POOL_NO_ENTRY;
	/* As above. */
	_Atomic(struct pool_parcel *) *top = &heap->outbox_to->parcels;
	parcel->next = atomic_load_explicit(top, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(top, &parcel->next, parcel,
						      memory_order_release, memory_order_relaxed))
		;
	heap->outbox = NULL;
	heap->outbox_to = NULL;
	heap->outbox_region = NULL;
}

/* Move the parcels that have arrived to the end of those that wait, in the order they were sent in. */
static void receive(struct pool_heap *heap)
{
	/* A look first: most of the time nothing is there, and an exchange would take the line. */
	if (!atomic_load_explicit(&heap->parcels, memory_order_relaxed))
		return;
	struct pool_parcel *last =
		atomic_exchange_explicit(&heap->parcels, NULL, memory_order_acquire);
	struct pool_parcel *first = NULL, *next;
	for (struct pool_parcel *parcel = last; parcel; parcel = next) {
		next = parcel->next;
		parcel->next = first;
		first = parcel;
		heap->waiting_bytes += parcel->bytes;
	}
	if (heap->waiting)
		heap->waiting_last->next = first;
	else
		heap->waiting = first;
	heap->waiting_last = last;
}

/* Open the parcel that has waited longest, if behind it there are more bytes than `behind`. */
static bool open_next(struct pool_heap *heap, size_t behind)
{
	struct pool_parcel *parcel = heap->waiting;

	if (!parcel || heap->waiting_bytes - parcel->bytes < behind)
		return false;
	heap->waiting = parcel->next;
	heap->waiting_bytes -= parcel->bytes;
	heap->opened = parcel;
	heap->next_entry = parcel->entries;
	return true;
}

/* The next block of the opened parcel that is of `class`. NULL when there is none, and the parcel on its way back. */
static struct pool_block *unpack(struct pool_heap *heap, size_t class)
{
	struct pool_parcel *parcel = heap->opened;
	const struct pool_block *wrapping = (const struct pool_block *)parcel;
	bool hardened = heap->pool->hardened;

	while (*heap->next_entry != POOL_NO_ENTRY) {
		uintptr_t entry = pool_seal(heap, wrapping, *heap->next_entry++, hardened);
		size_t its_class = entry & (((uintptr_t)1 << POOL_ENTRY_SHIFT) - 1);
		struct pool_block *block = (struct pool_block *)(entry >> POOL_ENTRY_SHIFT);
		if (hardened && (its_class >= POOL_CLASSES || !pool_knows(heap->pool, block)))
			pool_corrupt();
		if (its_class == class)
			return block;
		pool_link(heap, block, heap->free[its_class], hardened);
		heap->free[its_class] = block;
	}
	heap->opened = NULL;
	heap->next_entry = &pool_no_entry;
	pool_send_alone((struct pool_block *)parcel, size_class_of(POOL_PARCEL_SIZE), hardened);
	return NULL;
}

struct pool_block *pool_arrived(struct pool_heap *heap, size_t class)
{
	for (;;) {
		struct pool_block *block = heap->opened ? unpack(heap, class) : NULL;
		if (block)
			return block;
		receive(heap);
		if (!open_next(heap, POOL_WAITING_BYTES))
			return NULL;
	}
}

void pool_take_home(struct pool_heap *heap)
{
	receive(heap);
	do
		if (heap->opened)
			unpack(heap, POOL_CLASSES);
	while (open_next(heap, 0));
	for (size_t class = 0; class < POOL_CLASSES; class ++)
		pool_take_alone(heap, class);
}

void pool_take_alone(struct pool_heap *heap, size_t class)
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

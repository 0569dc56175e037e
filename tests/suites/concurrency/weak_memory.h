/* SPDX-License-Identifier: MIT */
/*
 * weak_memory: what the threads of a small program may see of each other's stores.
 *
 * A view machine [Kang et al., "A promising semantics for relaxed-memory concurrency", POPL 2017,
 * without promises]: each place keeps all its stores; each thread has a view, the oldest store of each
 * place that it may still read; a release store carries the writer's view to whoever acquires it. seq_cst
 * accesses and fences share one more view. Accesses that are not atomic are checked for races with vector
 * clocks [Flanagan & Freund, "FastTrack", PLDI 2009].
 *
 * What it does not show: a load that takes its value from a later store of its own thread's past
 * (load buffering), and stores that enter a place's order before stores made earlier.
 */
#ifndef ASSAY_TESTS_WEAK_MEMORY_H
#define ASSAY_TESTS_WEAK_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEAK_THREADS = 5, WEAK_PLACES = 40, WEAK_STORES = 48, WEAK_PLAIN = 96 };

struct weak_view {
	uint8_t seen[WEAK_PLACES];    /* oldest store that may be read */
	uint16_t clock[WEAK_THREADS]; /* what of each thread happened before */
};

struct weak_store {
	uint64_t value;
	struct weak_view view; /* what a load that acquires it learns */
};

/* One atomic variable, with its stores in their order. */
struct weak_place {
	const volatile void *address;
	size_t size;
	unsigned n;
	struct weak_store stores[WEAK_STORES];
};

/* One variable that is not atomic: who wrote it last and who read it since, and when. */
struct weak_plain {
	const volatile void *address;
	unsigned writer;
	uint16_t written;
	uint16_t read[WEAK_THREADS];
};

struct weak_thread {
	struct weak_view view;
	struct weak_view pending;  /* what relaxed loads would have learnt: for an acquire fence */
	struct weak_view released; /* the view at the last release fence: for relaxed stores */
};

struct weak_memory {
	unsigned n_places, n_plain;
	struct weak_place places[WEAK_PLACES];
	struct weak_plain plain[WEAK_PLAIN];
	struct weak_thread threads[WEAK_THREADS];
	struct weak_view agreed; /* the one order of seq_cst */
	const char *broken;      /* a race, or no room; NULL: all well */
};

void weak_init(struct weak_memory *m);
/* The place of an atomic variable; its first store is what stands there now. NULL: no room. */
struct weak_place *weak_place(struct weak_memory *m, const volatile void *address, size_t size);
/* The oldest store of `place` that a load of `thread` with `order` may read. */
unsigned weak_oldest(const struct weak_memory *m, const struct weak_place *place, unsigned thread,
		     memory_order order);
/* The load takes store `at`. */
uint64_t weak_load(struct weak_memory *m, struct weak_place *place, unsigned thread, unsigned at,
		   memory_order order);
/* `replaces`: it is the store of a read-modify-write, which continues the release sequence. */
void weak_store(struct weak_memory *m, struct weak_place *place, unsigned thread, uint64_t value,
		memory_order order, bool replaces);
void weak_fence(struct weak_memory *m, unsigned thread, memory_order order);
/* All threads meet in one seq_cst fence, as membarrier(2) makes them. */
void weak_fence_everywhere(struct weak_memory *m);
/* Accesses that are not atomic; a race sets `broken`. */
void weak_plain_read(struct weak_memory *m, const volatile void *address, unsigned thread);
void weak_plain_write(struct weak_memory *m, const volatile void *address, unsigned thread);
/* `later` begins, or goes on, knowing all that `earlier` knows. */
void weak_follow(struct weak_memory *m, unsigned later, unsigned earlier);

#endif

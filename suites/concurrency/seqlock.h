/* SPDX-License-Identifier: MIT */
/*
 * seqlock: a record that readers copy without writing anything, and copy again when a writer was at work
 * [Lameter, "Effective synchronization on Linux/NUMA systems", 2005]. The orders are those of Boehm, "Can
 * seqlocks get along with programming language memory models?", MSPC 2012, with acquire loads and release
 * stores of the words in the place of fences.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_SEQLOCK_H
#define ASSAY_SUITES_CONCURRENCY_SEQLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "harness/base/clock.h"
#include "suites/concurrency/reading.h"

/* Zero-initialised holds zeros. */
struct seqlock {
	_Atomic uint64_t sequence; /* odd while a writer is at work */
	_Atomic uint64_t words[READING_WORDS];
};

static inline void seqlock_read(struct seqlock *l, struct record *ret)
{
	for (;;) {
		/* acquire: the words are read after it, as they were when it was stored */
		uint64_t before = atomic_load_explicit(&l->sequence, memory_order_acquire);
		if (!(before & 1)) {
			/* acquire: a word of a later record brings the sequence of its writer */
			for (int i = 0; i < READING_WORDS; i++)
				ret->words[i] =
					atomic_load_explicit(&l->words[i], memory_order_acquire);
			/* relaxed: the loads above stay above */
			if (atomic_load_explicit(&l->sequence, memory_order_relaxed) == before)
				return;
		}
		assay_cpu_relax();
	}
}

static inline void seqlock_write(struct seqlock *l, const struct record *record)
{
	uint64_t before = atomic_load_explicit(&l->sequence, memory_order_relaxed);
	/* acquire: writers one after the other */
	while ((before & 1) || !atomic_compare_exchange_strong_explicit(
				       &l->sequence, &before, before + 1, memory_order_acquire,
				       memory_order_relaxed)) {
		assay_cpu_relax();
		before = atomic_load_explicit(&l->sequence, memory_order_relaxed);
	}
	/* release: who sees the word sees the odd sequence before it */
	for (int i = 0; i < READING_WORDS; i++)
		atomic_store_explicit(&l->words[i], record->words[i], memory_order_release);
	/* release: the words come before it */
	atomic_store_explicit(&l->sequence, before + 2, memory_order_release);
}

#endif

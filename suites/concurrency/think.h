/* SPDX-License-Identifier: MIT */
/*
 * think: what a thread does between two operations on a shared structure: a loop of a random length around a
 * mean, so that threads do not fall into step [as in Yang & Mellor-Crummey, PPoPP 2016].
 */
#ifndef ASSAY_SUITES_CONCURRENCY_THINK_H
#define ASSAY_SUITES_CONCURRENCY_THINK_H

#include <stdint.h>

/* One thread's; neither reads a clock nor touches memory while it thinks. */
struct think {
	uint32_t random;
	uint32_t turns; /* mean length in turns of the loop, below 2^31; 0: no thinking */
};

/* Turns of the loop for a mean of `ns`, measured now; takes about 0.1 ms. */
uint32_t think_turns(double ns);

static inline void think(struct think *t)
{
	if (t->turns == 0)
		return;
	t->random = t->random * 1664525u + 1013904223u; /* Knuth & Lewis; the high bits are used */
	/* from half the mean to one and a half */
	uint32_t turns = t->turns / 2 + (uint32_t)((uint64_t)t->random * (t->turns + 1ull) >> 32);
	for (uint32_t i = 0; i < turns; i++)
		__asm__ volatile("" : "+r"(i));
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * anywhere: threads that work in the background may use every processor. Those that the pinned thread of a benchmark
 * starts, itself or through a library, are pinned as it is, and would take their time from what is measured.
 */
#ifndef ASSAY_SUITES_CACHE_ANYWHERE_H
#define ASSAY_SUITES_CACHE_ANYWHERE_H

#include <sched.h>
#include <stdbool.h>
#include <string.h>

struct anywhere {
	cpu_set_t before;
	bool moved;
};

/* The calling thread, and what it starts, until anywhere_end(). Where it may not, it stays where it is. */
static inline struct anywhere anywhere_begin(void)
{
	struct anywhere a;
	cpu_set_t all;
	memset(&all, 0xff, sizeof(all));
	a.moved = sched_getaffinity(0, sizeof(a.before), &a.before) == 0 &&
		  sched_setaffinity(0, sizeof(all), &all) == 0;
	return a;
}

/* Back to where it was pinned; that cannot fail, for it was there before. */
static inline void anywhere_end(const struct anywhere *a)
{
	if (a->moved)
		sched_setaffinity(0, sizeof(a->before), &a->before);
}

#endif

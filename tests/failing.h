/* SPDX-License-Identifier: MIT */
/*
 * failing: allocations that fail when told. Whoever links it passes failing_wraps to the linker: then our own code asks
 * it, while libraries, and a sanitizer below it, ask the C library as ever.
 */
#ifndef ASSAY_TESTS_FAILING_H
#define ASSAY_TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failing {
	uint64_t at;   /* the one that fails, from 1; 0: none, and none is counted */
	uint64_t seen; /* so far */
	bool for_ever; /* all after it fail as well */
	bool fired;
};

/* From now on `hand` decides; NULL: nothing fails. Returns who did before. Not for several threads at once. */
struct failing *failing_use(struct failing *hand);
/* Counts one allocation: does it fail? For allocators that are put into libraries. */
bool failing_now(void);

/* The same hand on SQLite's allocator, before anything else is asked of it. False when it refuses. */
bool failing_sqlite(void);

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);

#endif

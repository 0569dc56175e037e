/* SPDX-License-Identifier: MIT */
/* chain: pointers through memory, each to be loaded before the next is known. */
#ifndef ASSAY_SUITES_MEMORY_CHAIN_H
#define ASSAY_SUITES_MEMORY_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

#define CHAIN_LINE_BYTES 64

/*
 * Write into the first word of each of the `lines` lines at `base` the address of the next line of one
 * random cycle over all of them [Sattolo 1986: a uniform random cyclic permutation]. ASSAY_ENOMEM;
 * ASSAY_EUSAGE for no lines or more than 2^32.
 */
enum assay_code chain_random(void *base, size_t lines, uint64_t seed, struct assay_err *err);

/* In the order of the axis "chain". */
enum chain_order {
	CHAIN_RANDOM, /* as above */
	CHAIN_WINDOW, /* windows of CHAIN_WINDOW_BYTES one after the other, random within each */
	CHAIN_SEQUENTIAL, /* line after line */
};
#define CHAIN_WINDOW_BYTES ((size_t)256 << 10)

/* A cycle over all lines in the given order; errors as above. */
enum assay_code chain_build(void *base, size_t lines, enum chain_order order, uint64_t seed,
			    struct assay_err *err);

#define CHAIN_PAGE_BYTES ((size_t)4096)

/*
 * One random cycle over one line of each of `pages` pages of 4 KiB at `base`: line k % 64 of page k, so that
 * the lines lie in different sets of the caches. Errors as above.
 */
enum assay_code chain_pages(void *base, size_t pages, uint64_t seed, struct assay_err *err);

/* Steps from `base` until the walk is back there; 0 when it is not after `most`, or leaves base[bytes]. */
size_t chain_length(const void *base, size_t bytes, size_t most);

/* Does a walk of `steps` from `base` stay on lines of base[bytes] without coming back? */
bool chain_goes_on(const void *base, size_t bytes, size_t steps);

/* Does the walk from the first line visit each of `lines` lines at `base` exactly once? */
bool chain_is_one_cycle(const void *base, size_t lines);

#endif

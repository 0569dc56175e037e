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

/* Does the walk from the first line visit each of `lines` lines at `base` exactly once? */
bool chain_is_one_cycle(const void *base, size_t lines);

#endif

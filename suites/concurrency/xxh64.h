/* SPDX-License-Identifier: MIT */
/* xxh64: the hash XXH64 of a few bytes [Collet, xxHash specification, 2016], as Envoy's Maglev uses it. */
#ifndef ASSAY_SUITES_CONCURRENCY_XXH64_H
#define ASSAY_SUITES_CONCURRENCY_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* Of any length; little-endian machines and others give the same. */
uint64_t xxh64(const void *data, size_t size, uint64_t seed);

#endif

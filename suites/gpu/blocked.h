/* SPDX-License-Identifier: MIT */
/* blocked: a product of matrices on this machine's CPUs, by blocks that its caches hold and by vectors. */
#ifndef ASSAY_SUITES_GPU_BLOCKED_H
#define ASSAY_SUITES_GPU_BLOCKED_H

#include <stddef.h>

/*
 * c = a b, row after row, of n x n floats, n a multiple of 16, on `threads` threads (0: a thread each CPU that this
 * process may use, whatever its caller is pinned to). The loops and blocks are those of Goto and van de Geijn.
 */
void gpu_blocked_product(const float *a, const float *b, float *c, size_t n, unsigned threads);

#endif

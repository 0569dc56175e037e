/* SPDX-License-Identifier: MIT */
/* comm_sum: the inner loop of a reduction: the sum of n arrays, written to n arrays. */
#ifndef ASSAY_SUITES_SCALING_COMM_SUM_H
#define ASSAY_SUITES_SCALING_COMM_SUM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * to[k][i] = from[0][i] + ... + from[n - 1][i], in this order, for all k below n and begin <= i < end. The same bits on
 * every machine and whatever the vector width. `stream`: past the caches, for results that nobody reads soon; then
 * `begin` is a multiple of 16 and the arrays are aligned to 64 bytes. Other threads see the result after a release.
 */
void comm_sum(const float *const *from, float *const *to, unsigned n, size_t begin, size_t end,
	      bool stream);
/* The same without vectors: the reference. */
void comm_sum_scalar(const float *const *from, float *const *to, unsigned n, size_t begin,
		     size_t end);

#endif

/* SPDX-License-Identifier: MIT */
/* scan_null: the null distribution of the scan, by other means than the table in the product. */
#ifndef ASSAY_TESTS_STATS_SCAN_NULL_H
#define ASSAY_TESTS_STATS_SCAN_NULL_H

#include <stddef.h>
#include <stdint.h>

enum { SCAN_EXACT = 20 }; /* 2^n sums: memory and patience end here */

/* P(statistic > bound) for n <= SCAN_EXACT points, by summing over all orders; NaN without memory. */
double scan_exact_tail(size_t n, double bound);

/* Statistics of `trials` random orders of n points, ascending, to ret[trials]. */
void scan_simulate(size_t n, size_t trials, uint64_t seed, double *ret);

/*
 * The smallest value that the statistic exceeds with probability at most `level`: exact up to
 * SCAN_EXACT, else from sorted simulated[trials]. Infinite when even the largest is too frequent.
 */
double scan_critical_value(size_t n, double level, const double *simulated, size_t trials);

#endif

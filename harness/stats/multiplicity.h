/* SPDX-License-Identifier: MIT */
/* multiplicity: p-values of many tests at once, adjusted so that each may be held against one level. */
#ifndef ASSAY_STATS_MULTIPLICITY_H
#define ASSAY_STATS_MULTIPLICITY_H

#include <stddef.h>

#include "harness/base/err.h"

/*
 * Adjusted p-values of p[n], in the same order, to ret[n], which may be p itself. A NaN is a test that
 * was not made: it stays NaN and does not count. O(n log n). ASSAY_ENOMEM.
 *
 * Holm: rejecting where ret <= level, the chance of any false rejection is at most level, however the tests
 * depend on each other [Holm, Scand. J. Stat. 1979].
 */
enum assay_code assay_holm(const double *p, size_t n, double *ret, struct assay_err *err);

/*
 * Benjamini-Hochberg: of those with ret <= level at most the share `level` is false on average, for tests
 * that are independent or depend on each other positively [Benjamini & Hochberg, J. R. Stat. Soc. B 1995].
 */
enum assay_code assay_benjamini_hochberg(const double *p, size_t n, double *ret,
					 struct assay_err *err);

#endif

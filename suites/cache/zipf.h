/* SPDX-License-Identifier: MIT */
/* zipf: random ranks where rank k comes up in proportion to 1 / k^skew. */
#ifndef ASSAY_SUITES_CACHE_ZIPF_H
#define ASSAY_SUITES_CACHE_ZIPF_H

#include <stdint.h>

#include "harness/base/rng.h"

/* Constants of the distribution; set by zipf_init, read-only afterwards. */
struct zipf {
	double skew;
	double n;
	double area_first; /* integral of the density up to 1.5, less the weight of rank 1 */
	double area_all;   /* integral up to n + 0.5 */
	double sure;       /* a rank at most this far above x is accepted without a second look */
};

/* Ranks 1..n, n >= 1; skew >= 0, where 0 is uniform and 0.99 is what most key-value traces show. */
void zipf_init(struct zipf *zipf, uint64_t n, double skew);

/* The next rank, 1..n. Exact for any n and skew, constant space, about 40 ns. */
uint64_t zipf_next(const struct zipf *zipf, struct assay_rng *rng);

#endif

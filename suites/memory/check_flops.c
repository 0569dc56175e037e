/* SPDX-License-Identifier: MIT */
/* check_flops: the oracle of flop kernels: whole numbers, so that fused or not the sum is exact. */
#include "harness/base/rng.h"
#include "suites/memory/flop_kernel.h"

static double plain(unsigned lanes, uint64_t rounds, double factor, double step)
{
	double sum = 0;

	for (int k = 0; k < FLOP_VECTORS; k++) {
		double a = k;
		for (uint64_t i = 0; i < rounds; i++)
			a = a * factor + step;
		sum += a * lanes;
	}
	return sum;
}

enum assay_code memory_check_flops(const struct flop_kernel *kernel, uint64_t seed,
				   struct assay_err *err)
{
	struct assay_rng rng;

	if (kernel->is_null)
		return ASSAY_OK;
	assay_rng_init(&rng, seed);
	for (uint64_t rounds = 0; rounds < 24; rounds++) {
		/* -2 to 2, and rounds few enough that nothing passes 2^53. */
		double factor = (double)assay_rng_below(&rng, 5) - 2;
		double step = (double)assay_rng_below(&rng, 9) - 4;
		double got = kernel->run(rounds, factor, step);
		double want = plain(kernel->lanes, rounds, factor, step);
		if (got != want)
			return assay_fail(
				err, ASSAY_ECHECK,
				"%llu rounds by %g and %g gave %.17g, not %.17g (seed %llu)",
				(unsigned long long)rounds, factor, step, got, want,
				(unsigned long long)seed);
	}
	return ASSAY_OK;
}

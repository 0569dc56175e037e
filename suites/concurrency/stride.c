/* SPDX-License-Identifier: MIT */
/* stride: scaling and the generations, in the order of operations of gRPC, so that results agree. */
#include "suites/concurrency/stride.h"

#include <math.h>

int stride_scale(const double *weights, size_t n, uint16_t *scaled)
{
	const double most_ratio = 10, least_ratio = 0.01;
	double sum = 0, most = 0;
	size_t given = 0;
	for (size_t i = 0; i < n; i++) {
		sum += weights[i];
		most = fmax(most, weights[i]);
		given += weights[i] > 0;
	}
	if (n < 2 || !given)
		return 0;
	double mean = sum / (double)given;
	most = fmin(most, most_ratio * mean);
	double factor = STRIDE_WEIGHT / most;
	double scaled_mean = (double)lround(factor * mean);
	double least = fmax(1, (double)lround(scaled_mean * least_ratio));
	for (size_t i = 0; i < n; i++) {
		double weight = (double)lround(fmin(weights[i], most) * factor);
		scaled[i] = (uint16_t)(weights[i] > 0 ? fmax(weight, least) : scaled_mean);
	}
	return 1;
}

size_t stride_next(const uint16_t *scaled, size_t n, uint64_t *sequence)
{
	for (;;) {
		uint64_t generation = *sequence / n, i = *sequence % n, weight = scaled[i];
		++*sequence;
		/* the offset shifts the generations a backend is left out of against those of others */
		uint64_t at = (weight * generation + i * (STRIDE_WEIGHT / 2)) % STRIDE_WEIGHT;
		if (at >= STRIDE_WEIGHT - weight)
			return i;
	}
}

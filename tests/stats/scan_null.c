/* SPDX-License-Identifier: MIT */
/* scan_null: orders counted over subsets of ranks, or drawn. */
#include "tests/stats/scan_null.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/changepoint.h"
#include "harness/stats/estimate.h"

static double standardised(size_t n, size_t k, double sum)
{
	double nn = (double)n, kk = (double)k;
	return fabs(sum - kk * (nn + 1) / 2) / sqrt(kk * (nn - kk) * (nn + 1) / 12);
}

static bool is_split(size_t n, size_t k)
{
	return k >= ASSAY_SCAN_SEGMENT && k <= n - ASSAY_SCAN_SEGMENT;
}

/*
 * The ranks of the first k points are a set; a random order is a random walk through sets that grow
 * by one. share[set]: probability of being there with no split so far beyond the bound.
 */
double scan_exact_tail(size_t n, double bound)
{
	size_t sets = (size_t)1 << n;
	double *share = calloc(sets, sizeof(*share));
	if (!share)
		return NAN;
	share[0] = 1;
	for (size_t set = 0; set < sets - 1; set++) {
		size_t k = (size_t)__builtin_popcountll(set);
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += set >> i & 1 ? (double)(i + 1) : 0;
		if (is_split(n, k) && standardised(n, k, sum) > bound + 1e-9)
			share[set] = 0;
		for (size_t i = 0; i < n && share[set] > 0; i++)
			if (!(set >> i & 1))
				share[set | (size_t)1 << i] += share[set] / (double)(n - k);
	}
	double inside = share[sets - 1];
	free(share);
	return 1 - inside;
}

void scan_simulate(size_t n, size_t trials, uint64_t seed, double *ret)
{
	uint32_t order[ASSAY_SCAN_MOST];
	double scale[ASSAY_SCAN_MOST] = {0};
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < n; i++) {
		order[i] = (uint32_t)i + 1;
		if (is_split(n, i))
			scale[i] = standardised(n, i, (double)i * (double)(n + 1) / 2 + 1);
	}
	for (size_t trial = 0; trial < trials; trial++) {
		double sum = 0, largest = 0;
		assay_rng_shuffle(&rng, order, n);
		for (size_t k = 1; k <= n - ASSAY_SCAN_SEGMENT; k++) {
			sum += order[k - 1] - (double)(n + 1) / 2;
			largest = fmax(largest, fabs(sum) * scale[k]);
		}
		ret[trial] = largest;
	}
	assay_sort(ret, trials);
}

/* Every value the statistic can take; how many. */
static size_t attainable(size_t n, double *ret)
{
	size_t count = 0;
	for (size_t k = ASSAY_SCAN_SEGMENT; k <= n - ASSAY_SCAN_SEGMENT; k++)
		for (size_t sum = k * (k + 1) / 2; sum <= k * (2 * n - k + 1) / 2; sum++)
			ret[count++] = standardised(n, k, (double)sum);
	assay_sort(ret, count);
	return count;
}

static double exact_critical(size_t n, double level)
{
	static double values[SCAN_EXACT * SCAN_EXACT * SCAN_EXACT];
	size_t last = attainable(n, values) - 1, lo = 0, hi = last;
	/* Nothing lies beyond the largest value: is the largest itself rare enough? */
	double below = values[last];
	for (size_t i = last; i > 0 && below > values[last] - 1e-9; i--)
		below = values[i - 1];
	if (scan_exact_tail(n, below) > level)
		return INFINITY;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (scan_exact_tail(n, values[middle]) <= level)
			hi = middle;
		else
			lo = middle + 1;
	}
	return values[lo];
}

double scan_critical_value(size_t n, double level, const double *simulated, size_t trials)
{
	if (n <= SCAN_EXACT)
		return exact_critical(n, level);
	return simulated[trials - 1 - (size_t)(level * (double)trials)];
}

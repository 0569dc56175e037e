/* SPDX-License-Identifier: MIT */
/* histogram: reading and merging. */
#include "harness/engine/histogram.h"

#include <math.h>

double assay_histogram_value(uint32_t index)
{
	if (index < ASSAY_HISTOGRAM_LINEAR)
		return (double)index;
	uint32_t above = index - ASSAY_HISTOGRAM_LINEAR;
	int octave = (int)(above / ASSAY_HISTOGRAM_SUB) + 7;
	double width = ldexp(1, octave - 6);
	return ldexp(1, octave) + ((double)(above % ASSAY_HISTOGRAM_SUB) + 0.5) * width;
}

double assay_histogram_quantile(const struct assay_histogram *h, double p)
{
	if (!h->total)
		return NAN;
	double rank = ceil(p * (double)h->total);
	uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank;
	uint64_t seen = 0;
	for (uint32_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++) {
		seen += h->counts[i];
		if (seen >= wanted)
			return assay_histogram_value(i);
	}
	return (double)h->max;
}

void assay_histogram_merge(struct assay_histogram *into, const struct assay_histogram *from)
{
	if (!from->total)
		return;
	for (uint32_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	if (!into->total || from->min < into->min)
		into->min = from->min;
	if (!into->total || from->max > into->max)
		into->max = from->max;
	into->total += from->total;
}

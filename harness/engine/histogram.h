/* SPDX-License-Identifier: MIT */
/*
 * histogram: log-linear counts of nanoseconds, relative error at most 1/128. Values below 128 have a
 * bucket each; above, each power of two is cut into 64 buckets and a value is reported as the
 * middle of its bucket [the layout of fio's stat.h and HdrHistogram]. Mergeable by addition.
 */
#ifndef ASSAY_ENGINE_HISTOGRAM_H
#define ASSAY_ENGINE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	ASSAY_HISTOGRAM_LINEAR = 128,
	ASSAY_HISTOGRAM_SUB = 64,
	/* 128 single values, then 57 octaves (2^7 .. 2^64) of 64 buckets */
	ASSAY_HISTOGRAM_BUCKETS = ASSAY_HISTOGRAM_LINEAR + 57 * ASSAY_HISTOGRAM_SUB,
};

struct assay_histogram {
	uint64_t counts[ASSAY_HISTOGRAM_BUCKETS];
	uint64_t total;
	uint64_t min, max; /* exact; meaningless while total is 0 */
};

static inline uint32_t assay_histogram_index(uint64_t value)
{
	if (value < ASSAY_HISTOGRAM_LINEAR)
		return (uint32_t)value;
	unsigned octave = 63u - (unsigned)__builtin_clzll(value); /* 7 .. 63 */
	uint32_t sub = (uint32_t)(value >> (octave - 6)) & (ASSAY_HISTOGRAM_SUB - 1);
	return ASSAY_HISTOGRAM_LINEAR + (octave - 7) * ASSAY_HISTOGRAM_SUB + sub;
}

static inline void assay_histogram_add(struct assay_histogram *h, uint64_t value)
{
	h->counts[assay_histogram_index(value)]++;
	if (!h->total++ || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
}

/* The value that stands for a bucket: its middle. */
double assay_histogram_value(uint32_t index);
/* The middle of the bucket that holds quantile p in [0,1] (nearest rank); NaN when empty. */
double assay_histogram_quantile(const struct assay_histogram *h, double p);
void assay_histogram_merge(struct assay_histogram *into, const struct assay_histogram *from);

#endif

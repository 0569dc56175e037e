/* SPDX-License-Identifier: MIT */
/*
 * compress: values compressed or decompressed, and how much smaller they get. Different ones of a kind in turn:
 * a processor learns the branches of a few KiB that come again and again by heart.
 */
#include <stdlib.h>

#include "suites/cache/parts.h"

/* All values together: many small ones, one large one; in the second-level cache where they are small. */
#define TOGETHER ((size_t)1 << 20)
enum { MOST_VALUES = 256 };

/* `values` of n bytes each, and as many places of `bound` bytes for what they are packed to. */
struct state {
	unsigned char *data, *packed, *back;
	size_t n, bound, values, at;
	size_t packed_n[MOST_VALUES];
};

static unsigned char *packed_of(const struct state *s, size_t value)
{
	return s->packed + value * s->bound;
}

static const unsigned char *data_of(const struct state *s, size_t value)
{
	return s->data + value * s->n;
}

static size_t values_of(size_t n)
{
	size_t values = TOGETHER / n;
	return values < 1 ? 1 : values > MOST_VALUES ? MOST_VALUES : values;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	const struct codec_ops *ops = assay_subject(run);
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->n = (size_t)assay_axis(run, "size");
	if (s->n < 8 || s->n > 1u << 30) {
		assay_skip(run, "size must be 8 B to 1 GiB");
		return;
	}
	s->bound = ops->bound(s->n);
	s->values = values_of(s->n);
	s->data = malloc(s->values * s->n);
	s->back = malloc(s->n);
	s->packed = malloc(s->values * s->bound);
	if (!assay_check(run, s->data && s->back && s->packed, "no memory for %zu bytes", s->n))
		return;
	for (size_t i = 0; i < s->values; i++) {
		codec_data_fill((enum codec_data)assay_axis(run, "data"), assay_seed(run) + i,
				s->data + i * s->n, s->n);
		s->packed_n[i] = ops->compress(data_of(s, i), s->n, packed_of(s, i), s->bound);
		if (!assay_check(run, s->packed_n[i] > 0, "the data could not be compressed"))
			return;
	}
	assay_set_bytes_per_op(run, (double)s->n);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	free(s->data);
	free(s->packed);
	free(s->back);
	free(s);
}

/* Do all of them come back? *ret: how many times smaller they were. */
static bool come_back(const struct state *s, const struct codec_ops *ops, double *ret)
{
	size_t packed_n = 0;
	bool back = true;
	for (size_t i = 0; i < s->values; i++) {
		back &= ops->decompress(packed_of(s, i), s->packed_n[i], s->back, s->n) &&
			memcmp(s->back, data_of(s, i), s->n) == 0;
		packed_n += s->packed_n[i];
	}
	*ret = (double)(s->values * s->n) / (double)packed_n;
	return back;
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	const struct codec_ops *ops = assay_subject(run);
	bool packs = strcmp(assay_axis_text(run, "way"), "compress") == 0;
	size_t at = s->at;
	uint64_t failed = 0;
	double ratio;

	ASSAY_LOOP (run) {
		size_t packed_n = s->packed_n[at];
		if (packs)
			failed += ops->compress(data_of(s, at), s->n, packed_of(s, at), s->bound) !=
				  packed_n;
		else
			failed += !ops->decompress(packed_of(s, at), packed_n, s->back, s->n);
		at = at + 1 == s->values ? 0 : at + 1;
	}
	s->at = at;
	assay_check(run, failed == 0, "%llu times it failed, or gave another length",
		    (unsigned long long)failed);
	if (assay_check(run, come_back(s, ops, &ratio), "the data do not come back"))
		assay_metric(run, "ratio", "ratio", ASSAY_HIGHER, ratio);
}

const struct assay_bench assay_bench_cache_compress = {
	.brief = "values compressed and decompressed, and how much smaller they get",
	.source = "lzbench; https://github.com/inikep/lzbench",
	.claim = "S4.cache",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = CODEC_INTERFACE,
	.axes = ASSAY_AXES({"size", "bytes", "4Ki,64Ki", "4Ki"},
			   {"data", "name", CODEC_DATA_NAMES, "text"},
			   {"way", "name", "compress,decompress", "compress"}),
	.unit = "B/s",
	.version = 1,
};

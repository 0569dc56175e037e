/* SPDX-License-Identifier: MIT */
/* compress: values compressed or decompressed, and how much smaller they get. */
#include <stdlib.h>

#include "suites/cache/parts.h"

struct state {
	unsigned char *data, *packed, *back;
	size_t n, packed_n, bound;
};

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
	s->data = malloc(s->n);
	s->back = malloc(s->n);
	s->packed = malloc(s->bound);
	if (!assay_check(run, s->data && s->back && s->packed, "no memory for %zu bytes", s->n))
		return;
	codec_data_fill((enum codec_data)assay_axis(run, "data"), assay_seed(run), s->data, s->n);
	s->packed_n = ops->compress(s->data, s->n, s->packed, s->bound);
	assay_check(run, s->packed_n > 0, "the data could not be compressed");
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

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	const struct codec_ops *ops = assay_subject(run);
	bool packs = strcmp(assay_axis_text(run, "way"), "compress") == 0;
	uint64_t failed = 0;

	ASSAY_LOOP (run) {
		if (packs)
			failed += ops->compress(s->data, s->n, s->packed, s->bound) != s->packed_n;
		else
			failed += !ops->decompress(s->packed, s->packed_n, s->back, s->n);
	}
	assay_check(run, failed == 0, "%llu times it failed, or gave another length",
		    (unsigned long long)failed);
	bool back = ops->decompress(s->packed, s->packed_n, s->back, s->n);
	assay_check(run, back && memcmp(s->back, s->data, s->n) == 0, "the data do not come back");
	assay_metric(run, "ratio", "ratio", ASSAY_HIGHER, (double)s->n / (double)s->packed_n);
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

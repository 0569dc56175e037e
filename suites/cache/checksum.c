/* SPDX-License-Identifier: MIT */
/* checksum: bytes summed; and single flipped bits planted in them, all of which must be found. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/cache/parts.h"

enum { PLANTED = 1000 };

struct state {
	unsigned char *bytes;
	size_t n;
	uint64_t found;
};

/* The null subject sums nothing, and finds what it finds. */
static void plant(struct assay_run *run, struct state *s, const struct checksum_ops *ops)
{
	struct assay_rng rng;
	assay_rng_init(&rng, assay_seed(run));
	uint64_t sum = ops->sum(s->bytes, s->n);
	for (int i = 0; i < PLANTED; i++) {
		uint64_t bit = assay_rng_below(&rng, 8 * s->n);
		s->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		s->found += ops->sum(s->bytes, s->n) != sum;
		s->bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->n = (size_t)assay_axis(run, "size");
	if (s->n < 1) {
		assay_skip(run, "size must be at least 1");
		return;
	}
	s->bytes = malloc(s->n);
	if (!assay_check(run, s->bytes, "no memory for %zu bytes", s->n))
		return;
	codec_data_fill(CODEC_RANDOM, assay_seed(run), s->bytes, s->n);
	plant(run, s, assay_subject(run));
	assay_set_bytes_per_op(run, (double)s->n);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	free(s->bytes);
	free(s);
}

static void body(struct assay_run *run)
{
	const struct state *s = assay_state(run);
	const struct checksum_ops *ops = assay_subject(run);
	const unsigned char *bytes = s->bytes;
	size_t n = s->n;

	ASSAY_LOOP (run) {
		const unsigned char *at = assay_keep(bytes);
		assay_keep(ops->sum(at, n));
	}
	assay_counter(run, "planted", PLANTED);
	assay_counter(run, "found", s->found);
	assay_metric(run, "found_share", "ratio", ASSAY_HIGHER, (double)s->found / PLANTED);
}

const struct assay_bench assay_bench_cache_checksum = {
	.brief = "checksum of a value; planted flipped bits found",
	.source =
		"planted single-bit errors as in P. Koopman, \"32-bit cyclic redundancy codes for Internet applications\", DSN 2002",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = CHECKSUM_INTERFACE,
	.axes = ASSAY_AXES({"size", "bytes", "64,1Ki,64Ki", "1Ki"}),
	.unit = "B/s",
	.version = 1,
};

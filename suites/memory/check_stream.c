/* SPDX-License-Identifier: MIT */
/* check_stream: the oracle of stream kernels: exact results at every length and alignment, and not
 * one element outside the arrays touched. */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"

enum {
	GUARD = 16,    /* elements before and after that must stay as they are */
	LONGEST = 400, /* several turns of every kernel's loop, and all remainders */
	OFFSETS = 8,   /* of a first element within a line */
	ROUNDS = 200,
	ARRAY = GUARD + OFFSETS + LONGEST + GUARD,
};

/* Three arrays as the kernel sees them, and what they should look like afterwards. */
struct trial {
	double got[3][ARRAY];
	double want[3][ARRAY];
	double *a, *b, *c;
	double *want_a;
	double scale;
	size_t n;
	uint64_t seed;
};

static void draw(struct trial *t, struct assay_rng *rng, size_t n)
{
	/* Whole numbers below 2^20: sums and products are exact in any order, fused or not. */
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < ARRAY; k++)
			t->got[i][k] = (double)assay_rng_below(rng, 1u << 20);
	memcpy(t->want, t->got, sizeof(t->want));
	size_t offset = assay_rng_below(rng, OFFSETS);
	t->a = t->got[0] + GUARD + offset;
	t->want_a = t->want[0] + GUARD + offset;
	t->b = t->got[1] + GUARD + assay_rng_below(rng, OFFSETS);
	t->c = t->got[2] + GUARD + assay_rng_below(rng, OFFSETS);
	t->scale = (double)assay_rng_below(rng, 1000);
	t->n = n;
}

static enum assay_code compare(const struct trial *t, const char *op, struct assay_err *err)
{
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < ARRAY; k++)
			if (t->got[i][k] != t->want[i][k])
				return assay_fail(err, ASSAY_ECHECK,
						  "%s of %zu elements: element %td of array %zu is "
						  "%g and should be %g (seed %llu)",
						  op, t->n, &t->got[0][k] - t->a, i, t->got[i][k],
						  t->want[i][k], (unsigned long long)t->seed);
	return ASSAY_OK;
}

static enum assay_code check_read(const struct stream_kernel *kernel, const struct trial *t,
				  struct assay_err *err)
{
	double sum = 0;

	if (!kernel->read)
		return ASSAY_OK;
	for (size_t i = 0; i < t->n; i++)
		sum += t->a[i];
	double got = kernel->read(t->a, t->n);
	if (!kernel->is_null && got != sum)
		return assay_fail(err, ASSAY_ECHECK,
				  "read of %zu elements gives %.17g and should %.17g (seed %llu)",
				  t->n, got, sum, (unsigned long long)t->seed);
	return compare(t, "read", err);
}

static enum assay_code check_write(const struct stream_kernel *kernel, struct trial *t,
				   struct assay_err *err)
{
	if (!kernel->write)
		return ASSAY_OK;
	kernel->write(t->a, t->scale, t->n);
	for (size_t i = 0; i < t->n && !kernel->is_null; i++)
		t->want_a[i] = t->scale;
	return compare(t, "write", err);
}

static enum assay_code check_copy(const struct stream_kernel *kernel, struct trial *t,
				  struct assay_err *err)
{
	if (!kernel->copy)
		return ASSAY_OK;
	kernel->copy(t->a, t->b, t->n);
	for (size_t i = 0; i < t->n && !kernel->is_null; i++)
		t->want_a[i] = t->b[i];
	return compare(t, "copy", err);
}

static enum assay_code check_triad(const struct stream_kernel *kernel, struct trial *t,
				   struct assay_err *err)
{
	if (!kernel->triad)
		return ASSAY_OK;
	kernel->triad(t->a, t->b, t->c, t->scale, t->n);
	for (size_t i = 0; i < t->n && !kernel->is_null; i++)
		t->want_a[i] = t->b[i] + t->scale * t->c[i];
	return compare(t, "triad", err);
}

enum assay_code memory_check_stream(const struct stream_kernel *kernel, uint64_t seed,
				    struct assay_err *err)
{
	struct assay_rng rng;
	struct trial *t = calloc(1, sizeof(*t));
	enum assay_code code = ASSAY_OK;

	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the oracle of stream kernels");
	if (!kernel->read && !kernel->write && !kernel->copy && !kernel->triad)
		code = assay_fail(err, ASSAY_ECHECK, "the kernel has no operation at all");
	assay_rng_init(&rng, seed);
	t->seed = seed;
	for (size_t round = 0; code == ASSAY_OK && round < ROUNDS; round++) {
		/* Every short length in turn, then random ones. */
		size_t n = round < 80 ? round : assay_rng_below(&rng, LONGEST + 1);
		draw(t, &rng, n);
		code = check_read(kernel, t, err);
		if (code == ASSAY_OK)
			code = check_write(kernel, t, err);
		draw(t, &rng, n);
		if (code == ASSAY_OK)
			code = check_copy(kernel, t, err);
		draw(t, &rng, n);
		if (code == ASSAY_OK)
			code = check_triad(kernel, t, err);
	}
	free(t);
	return code;
}

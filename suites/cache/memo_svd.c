/* SPDX-License-Identifier: MIT */
/*
 * memo_svd: singular values of matrices of which many come again, computed each time or kept by content.
 * Small matrices show where hashing and comparing the input costs more than computing.
 */
#include <stdlib.h>

#include "suites/cache/memoised.h"
#include "suites/kernels/svd.h"

struct state {
	struct memoised memoised;
	size_t n;
	double *scratch;
};

static void make_matrix(void *context, uint64_t number, double *a)
{
	const struct state *s = context;
	struct assay_rng rng;
	assay_rng_init(&rng, number);
	for (size_t i = 0; i < s->n * s->n; i++)
		a[i] = assay_rng_unit(&rng) - 0.5;
}

static bool decompose(void *context, const double *a, double *values)
{
	struct state *s = context;
	double squares = 0, norm = 0;
	memcpy(s->scratch, a, s->n * s->n * sizeof(*a));
	if (!svd_values(s->scratch, s->n, values))
		return false;
	/* their squares add up to those of the elements */
	for (size_t i = 0; i < s->n * s->n; i++)
		norm += a[i] * a[i];
	for (size_t i = 0; i < s->n; i++)
		squares += values[i] * values[i];
	return squares > norm * (1 - 1e-9) && squares < norm * (1 + 1e-9);
}

static const struct memoised_kind kind = {make_matrix, decompose};

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	double n = assay_axis(run, "n");
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	if (n < 2 || n > 512 || n != (unsigned)n) {
		assay_skip(run, "n must be 2 to 512");
		return;
	}
	s->n = (size_t)n;
	s->scratch = calloc(s->n * s->n, sizeof(*s->scratch));
	if (!assay_check(run, s->scratch, "out of memory"))
		return;
	s->memoised = (struct memoised){
		.kind = &kind, .context = s, .n_input = s->n * s->n, .n_output = s->n};
	memoised_init(&s->memoised, run);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	memoised_done(&s->memoised);
	free(s->scratch);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	memoised_body(run, &s->memoised);
}

const struct assay_bench assay_bench_cache_memo_svd = {
	.brief = "singular values of a matrix, computed or kept by its content",
	.source = "one-sided Jacobi [Hestenes, J. SIAM 6(1), 1958]",
	.claim = "S4.cache",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"n", "count", "2,4,16,64", "16"}, {"way", "name", MEMOISED_WAYS, NULL},
			   {"repeat", "share", "0.9", NULL}),
};

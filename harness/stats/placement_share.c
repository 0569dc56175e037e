/* SPDX-License-Identifier: MIT */
/* placement_share: launches sorted by variant, then the two classical one-way layouts over them. */
#include "harness/stats/placement_share.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"
#include "harness/stats/ranks.h"

/* The launches that count, those of a variant side by side. */
struct groups {
	double *x;     /* n */
	double *ranks; /* n, of x */
	size_t *end;   /* of each group in x */
	unsigned *variant;
	size_t n, k;
	double ties;
};

static void groups_done(struct groups *g)
{
	free(g->x);
	free(g->ranks);
	free(g->end);
	free(g->variant);
}

/* The smallest variant that is not below `least` and has launches, or UINT_MAX + 1 when none is. */
static uint64_t next_variant(const double *x, const unsigned *variant, size_t n, uint64_t least)
{
	uint64_t next = (uint64_t)UINT32_MAX + 1;
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]) && variant[i] >= least && variant[i] < next)
			next = variant[i];
	return next;
}

static enum assay_code groups_init(struct groups *g, const double *x, const unsigned *variant,
				   size_t n, struct assay_err *err)
{
	ASSAY_AUTO_FREE struct assay_ranked *sorting = malloc((n + 1) * sizeof(*sorting));
	*g = (struct groups){
		.x = malloc((n + 1) * sizeof(*g->x)),
		.ranks = malloc((n + 1) * sizeof(*g->ranks)),
		.end = malloc((n + 1) * sizeof(*g->end)),
		.variant = malloc((n + 1) * sizeof(*g->variant)),
	};
	if (!sorting || !g->x || !g->ranks || !g->end || !g->variant)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu launches", n);
	uint64_t v = next_variant(x, variant, n, 0);
	for (; v <= UINT32_MAX; v = next_variant(x, variant, n, v + 1)) {
		for (size_t i = 0; i < n; i++)
			if (variant[i] == v && isfinite(x[i]))
				g->x[g->n++] = x[i];
		g->variant[g->k] = (unsigned)v;
		g->end[g->k++] = g->n;
	}
	g->ties = assay_mid_ranks(g->x, g->n, g->ranks, sorting);
	return ASSAY_OK;
}

/* Sum over groups of their size times the square of their mean, about `centre`. */
static double between(const struct groups *g, const double *values, double centre)
{
	double sum = 0;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++]) {
		double apart = assay_mean(values + from, g->end[i] - from) - centre;
		sum += (double)(g->end[i] - from) * apart * apart;
	}
	return sum;
}

static double share_of(const struct groups *g)
{
	double n = (double)g->n, k = (double)g->k;
	double h = 12 / (n * (n + 1)) * between(g, g->ranks, (n + 1) / 2);
	h /= 1 - g->ties / (n * n * n - n);
	double share = (h - k + 1) / (n - k);
	return isfinite(share) ? fmin(1, fmax(0, share)) : 0; /* all values equal */
}

/* Variance components of groups of unequal sizes. */
static void components(const struct groups *g, struct assay_placement *ret)
{
	double n = (double)g->n, k = (double)g->k, inside = 0, squares = 0;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++]) {
		double size = (double)(g->end[i] - from);
		double sd = assay_sd(g->x + from, g->end[i] - from);
		inside += (size - 1) * sd * sd;
		squares += size * size;
	}
	double within = inside / (n - k);
	double mean_square = between(g, g->x, assay_mean(g->x, g->n)) / (k - 1);
	double size = (n - squares / n) / (k - 1);
	ret->sd_within = sqrt(within);
	ret->sd = sqrt(fmax(0, (mean_square - within) / size));
}

enum assay_code assay_placement_of(const double *x, const unsigned *variant, size_t n,
				   struct assay_placement *ret, struct assay_err *err)
{
	ASSAY_AUTO(groups_done) struct groups g = {0};
	enum assay_code code = groups_init(&g, x, variant, n, err);
	*ret = (struct assay_placement){g.n, g.k, NAN, NAN, NAN};
	if (code != ASSAY_OK || g.k < 2 || g.n <= 2 * g.k)
		return code;
	ret->share = share_of(&g);
	components(&g, ret);
	return ASSAY_OK;
}

double assay_placement_reach(double sd_a, double sd_b, double confidence)
{
	if (!(confidence > 0 && confidence < 1))
		return NAN;
	return assay_normal_quantile((1 + confidence) / 2) * hypot(sd_a, sd_b);
}

/* Level of variant 0, and the mean of the levels of all. Sorts x. */
static void levels(struct groups *g, double *ret_first, double *ret_mean)
{
	double sum = 0;
	*ret_first = *ret_mean = NAN;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++]) {
		assay_sort(g->x + from, g->end[i] - from);
		double level = assay_median(g->x + from, g->end[i] - from);
		sum += level;
		if (g->variant[i] == 0)
			*ret_first = level;
	}
	if (g->k)
		*ret_mean = sum / (double)g->k;
}

enum assay_code assay_placement_split(const double *a, const unsigned *variant_a, size_t n_a,
				      const double *b, const unsigned *variant_b, size_t n_b,
				      struct assay_placement_split *ret, struct assay_err *err)
{
	ASSAY_AUTO(groups_done) struct groups ga = {0}, gb = {0};
	double first_a, first_b, mean_a, mean_b;
	*ret = (struct assay_placement_split){NAN, NAN, NAN};
	enum assay_code code = groups_init(&ga, a, variant_a, n_a, err);
	if (code == ASSAY_OK)
		code = groups_init(&gb, b, variant_b, n_b, err);
	if (code != ASSAY_OK)
		return code;
	levels(&ga, &first_a, &mean_a);
	levels(&gb, &first_b, &mean_b);
	ret->as_built = first_b - first_a;
	ret->code = mean_b - mean_a;
	ret->placed = ret->as_built - ret->code;
	return ASSAY_OK;
}

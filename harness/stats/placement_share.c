/* SPDX-License-Identifier: MIT */
/* placement_share: launches sorted by variant, then what lies between variants and what within. */
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
	size_t n, k;
	double ties;
};

static void groups_done(struct groups *g)
{
	free(g->x);
	free(g->ranks);
	free(g->end);
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
		.x = calloc(n + 1, sizeof(*g->x)),
		.ranks = malloc((n + 1) * sizeof(*g->ranks)),
		.end = malloc((n + 1) * sizeof(*g->end)),
	};
	if (!sorting || !g->x || !g->ranks || !g->end)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu launches", n);
	uint64_t v = next_variant(x, variant, n, 0);
	for (; v <= UINT32_MAX; v = next_variant(x, variant, n, v + 1)) {
		for (size_t i = 0; i < n; i++)
			if (variant[i] == v && isfinite(x[i]))
				g->x[g->n++] = x[i];
		g->end[g->k++] = g->n;
	}
	g->ties = assay_mid_ranks(g->x, g->n, g->ranks, sorting);
	return ASSAY_OK;
}

/* Sum over groups of the size times the square of the mean of ranks, about the mean of all. */
static double between(const struct groups *g)
{
	double sum = 0;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++]) {
		double size = (double)(g->end[i] - from);
		double apart =
			assay_mean(g->ranks + from, g->end[i] - from) - ((double)g->n + 1) / 2;
		sum += size * apart * apart;
	}
	return sum;
}

static double share_of(const struct groups *g)
{
	double n = (double)g->n, k = (double)g->k;
	double h = 12 / (n * (n + 1)) * between(g);
	h /= 1 - g->ties / (n * n * n - n);
	double share = (h - k + 1) / (n - k);
	return isfinite(share) ? fmin(1, fmax(0, share)) : 0; /* all values equal */
}

/* Distances between launches of one variant, all pairs; returns how many. */
static size_t distances(const struct groups *g, double *ret)
{
	size_t m = 0;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++])
		for (size_t a = from; a < g->end[i]; a++)
			for (size_t b = from; b < a; b++)
				ret[m++] = fabs(g->x[a] - g->x[b]);
	return m;
}

/*
 * Variance of the median of n values of variance 1: within 4 % of the exact one of normal values [Rider,
 * JASA 1960], which differs between odd and even n.
 */
static double variance_of_median(size_t n)
{
	return M_PI / (2 * (double)n + (n % 2 ? M_PI - 2 : 2.5));
}

/* Sorts the launches of each group. */
static enum assay_code spreads(struct groups *g, struct assay_placement *ret, struct assay_err *err)
{
	size_t most = g->n * (g->n - 1) / 2;
	ASSAY_AUTO_FREE double *apart = malloc((most + 1) * sizeof(*apart));
	ASSAY_AUTO_FREE double *levels = malloc(g->k * sizeof(*levels));
	if (!apart || !levels)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu launches", g->n);
	size_t m = distances(g, apart);
	assay_sort(apart, m);
	double within = assay_median(apart, m) / (M_SQRT2 * assay_normal_quantile(0.75));
	double explained = 0;
	for (size_t i = 0, from = 0; i < g->k; from = g->end[i++]) {
		size_t size = g->end[i] - from;
		assay_sort(g->x + from, size);
		levels[i] = assay_median(g->x + from, size);
		explained += within * within * variance_of_median(size) / (double)g->k;
	}
	double sd = assay_sd(levels, g->k);
	ret->sd_within = within;
	ret->sd = sqrt(fmax(0, sd * sd - explained));
	return ASSAY_OK;
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
	return spreads(&g, ret, err);
}

double assay_placement_reach(double sd_a, double sd_b, double confidence)
{
	if (!(confidence > 0 && confidence < 1))
		return NAN;
	return assay_normal_quantile((1 + confidence) / 2) * hypot(sd_a, sd_b);
}

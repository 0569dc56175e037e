/* SPDX-License-Identifier: MIT */
/* ranks: null distributions of sums of mid-ranks, by dynamic programming. */
#include "harness/stats/ranks.h"

#include <math.h>
#include <stdlib.h>

#include "harness/stats/distribution.h"

static int by_value(const void *a, const void *b)
{
	double x = ((const struct assay_ranked *)a)->value;
	double y = ((const struct assay_ranked *)b)->value;
	return (x > y) - (x < y);
}

double assay_mid_ranks(const double *x, size_t n, double *ranks, struct assay_ranked *scratch)
{
	double ties = 0;
	for (size_t i = 0; i < n; i++)
		scratch[i] = (struct assay_ranked){x[i], i};
	if (n > 1)
		qsort(scratch, n, sizeof(*scratch), by_value);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && scratch[to].value == scratch[from].value;)
			to++;
		for (size_t i = from; i < to; i++)
			ranks[scratch[i].index] = (double)(from + to + 1) / 2;
		double equal = (double)(to - from);
		ties += equal * equal * equal - equal;
	}
	return ties;
}

/* Sums of ranks as integers: mid-ranks need halves, whole ranks do not. */
static size_t in_units(double rank, bool halves)
{
	return (size_t)(halves ? 2 * rank : rank);
}

static void set_p(struct assay_rank_test *ret, double less, double greater)
{
	ret->p_less = fmin(1, less);
	ret->p_greater = fmin(1, greater);
	ret->p_two_sided = fmin(1, 2 * fmin(ret->p_less, ret->p_greater));
}

/* Both tails, each with `at`, of p[0..last]. */
static void set_exact(struct assay_rank_test *ret, const double *p, size_t last, size_t at)
{
	double less = 0, greater = 0;
	for (size_t s = 0; s <= at; s++)
		less += p[s];
	for (size_t s = last + 1; s-- > at;)
		greater += p[s];
	ret->exact = true;
	set_p(ret, less, greater);
}

/* Normal tails with continuity correction. */
static void set_normal(struct assay_rank_test *ret, double mean, double variance)
{
	double sd = sqrt(variance), away = ret->statistic - mean;
	if (sd > 0)
		set_p(ret, assay_normal_cdf((away + 0.5) / sd),
		      assay_normal_cdf((0.5 - away) / sd));
	else
		set_p(ret, 1, 1); /* every value equal */
}

/* last >= 1: there is more than one possible sum. */
static struct assay_rank_quantile exact_quantile(const double *distribution, size_t last, double p)
{
	struct assay_rank_quantile ret = {1, distribution[0]};
	double sum = distribution[0] + distribution[1];
	while (ret.q < last && !assay_at_most(p, sum)) {
		ret.below = sum;
		sum += distribution[++ret.q];
	}
	return ret;
}

static struct assay_rank_quantile normal_quantile(double mean, double variance, double p)
{
	double sd = sqrt(variance);
	double q = fmax(1, ceil(mean + sd * assay_normal_quantile(p) - 0.5));
	return (struct assay_rank_quantile){(size_t)q,
					    q > 0 ? assay_normal_cdf((q - 0.5 - mean) / sd) : 0};
}

static double signed_rank_variance(double n, double ties)
{
	return n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
}

/* One more coin flip: next[s] from p[s], for sums up to reach. Two arrays, so that it can be vectorised. */
static void flip_coin(const double *restrict p, double *restrict next, size_t rank, size_t reach)
{
	for (size_t s = 0; s < rank; s++)
		next[s] = p[s] / 2;
	for (size_t s = rank; s <= reach; s++)
		next[s] = (p[s] + p[s - rank]) / 2;
}

/*
 * ret[s]: probability that a coin flip for each of ranks[n] sums to s. p and next hold the largest sum and one
 * more, and are zero on entry; ret is one of them.
 */
static const double *coin_flips(const double *ranks, size_t n, bool halves, double *p, double *next)
{
	size_t reach = 0;
	p[0] = 1;
	for (size_t i = 0; i < n; i++) {
		size_t rank = in_units(ranks[i], halves);
		reach += rank;
		flip_coin(p, next, rank, reach);
		double *done = next;
		next = p;
		p = done;
	}
	return p;
}

static enum assay_code out_of_memory(struct assay_err *err, size_t n)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory for a rank test of %zu values", n);
}

/* Magnitudes of x - centre without zeros to magnitudes[], and which are positive; NaN when one is. */
static size_t magnitudes(const double *x, size_t n, double centre, double *ret, bool *positive,
			 bool *ret_nan)
{
	size_t used = 0;
	*ret_nan = isnan(centre);
	for (size_t i = 0; i < n; i++) {
		double d = x[i] - centre;
		*ret_nan |= isnan(d);
		if (d == 0)
			continue;
		positive[used] = d > 0;
		ret[used++] = fabs(d);
	}
	return used;
}

/* What the signed-rank test works with. */
struct signed_ranks {
	double *magnitude, *rank;
	struct assay_ranked *sorting;
	bool *positive;
	/* The null distribution of the last test without ties; it is that of every other one of that size. */
	double *memory;
	const double *null;
	size_t null_n;
};

/* The null distribution of ranks[n]; *ret points into with->memory. */
static enum assay_code null_of(struct signed_ranks *with, size_t n, bool halves, const double **ret,
			       struct assay_err *err)
{
	size_t last = n * (n + 1) / (halves ? 1 : 2);
	*ret = with->null;
	if (!halves && with->null && with->null_n == n)
		return ASSAY_OK;
	free(with->memory);
	with->null = NULL;
	with->memory = calloc(2 * (last + 1), sizeof(*with->memory));
	if (!with->memory)
		return out_of_memory(err, n);
	*ret = coin_flips(with->rank, n, halves, with->memory, with->memory + last + 1);
	with->null = halves ? NULL : *ret;
	with->null_n = n;
	return ASSAY_OK;
}

static enum assay_code test_signed(struct signed_ranks *with, struct assay_rank_test *ret,
				   struct assay_err *err)
{
	size_t n = ret->n_used;
	double ties = assay_mid_ranks(with->magnitude, n, with->rank, with->sorting);
	ret->statistic = 0;
	for (size_t i = 0; i < n; i++)
		ret->statistic += with->positive[i] ? with->rank[i] : 0;
	if (n > ASSAY_SIGNED_RANK_EXACT) {
		set_normal(ret, (double)n * (double)(n + 1) / 4,
			   signed_rank_variance((double)n, ties));
		return ASSAY_OK;
	}
	bool halves = ties > 0;
	const double *null;
	enum assay_code code = null_of(with, n, halves, &null, err);
	if (code == ASSAY_OK)
		set_exact(ret, null, n * (n + 1) / (halves ? 1 : 2),
			  in_units(ret->statistic, halves));
	return code;
}

enum assay_code assay_signed_ranks(const double *x, size_t n, const double *centres, size_t count,
				   struct assay_rank_test *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE double *doubles = malloc((2 * n + 1) * sizeof(*doubles));
	ASSAY_AUTO_FREE struct assay_ranked *sorting = malloc((n + 1) * sizeof(*sorting));
	ASSAY_AUTO_FREE bool *positive = malloc(n + 1);
	struct signed_ranks with = {doubles, doubles ? doubles + n : NULL, sorting, positive};
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct assay_rank_test){NAN, 0, NAN, NAN, NAN, false};
	if (!doubles || !sorting || !positive)
		return out_of_memory(err, n);
	for (size_t i = 0; code == ASSAY_OK && i < count; i++) {
		bool undefined;
		size_t used = magnitudes(x, n, centres[i], doubles, positive, &undefined);
		if (undefined)
			continue;
		ret[i].n_used = used;
		code = test_signed(&with, &ret[i], err);
	}
	free(with.memory);
	return code;
}

enum assay_code assay_signed_rank(const double *x, size_t n, double centre,
				  struct assay_rank_test *ret, struct assay_err *err)
{
	return assay_signed_ranks(x, n, &centre, 1, ret, err);
}

enum assay_code assay_signed_rank_quantile(size_t n, double p, struct assay_rank_quantile *ret,
					   struct assay_err *err)
{
	*ret = (struct assay_rank_quantile){0, 0};
	if (!(p > 0 && p < 1) || n == 0)
		return ASSAY_OK;
	if (n > ASSAY_SIGNED_RANK_EXACT) {
		*ret = normal_quantile((double)n * (double)(n + 1) / 4,
				       signed_rank_variance((double)n, 0), p);
		return ASSAY_OK;
	}
	size_t last = n * (n + 1) / 2;
	ASSAY_AUTO_FREE double *distribution = calloc(2 * (last + 1), sizeof(*distribution));
	if (!distribution)
		return out_of_memory(err, n);
	double ranks[ASSAY_SIGNED_RANK_EXACT];
	for (size_t i = 0; i < n; i++)
		ranks[i] = (double)(i + 1);
	*ret = exact_quantile(coin_flips(ranks, n, false, distribution, distribution + last + 1),
			      last, p);
	return ASSAY_OK;
}

/*
 * p[chosen * width + s]: probability that, of ranks[0..seen), `chosen` fell to a group of k drawn
 * blindly from all n, with sum s. Each item falls to the group with the share of it that is still
 * open, so that only probabilities are ever multiplied. p must be zero on entry; its row k is the
 * distribution.
 */
static void blind_draws(const double *ranks, size_t n, bool halves, size_t k, size_t width,
			double *p)
{
	p[0] = 1;
	for (size_t seen = 0; seen < n; seen++) {
		size_t rank = in_units(ranks[seen], halves);
		double left = (double)(n - seen);
		for (size_t chosen = seen < k ? seen : k;; chosen--) {
			double *row = p + chosen * width, draw = (double)(k - chosen) / left;
			double stay = (left - (double)(k - chosen)) / left;
			for (size_t s = 0; chosen < k && s + rank < width; s++)
				row[width + s + rank] += row[s] * draw;
			for (size_t s = 0; s < width; s++)
				row[s] *= stay;
			if (chosen == 0)
				break;
		}
	}
}

/* Sum of the k largest of ranks[n], in units; ranks ascend. */
static size_t largest_sum(const double *ranks, size_t n, bool halves, size_t k)
{
	size_t sum = 0;
	for (size_t i = n - k; i < n; i++)
		sum += in_units(ranks[i], halves);
	return sum;
}

static double rank_sum_variance(double n, double m, double ties)
{
	double all = n + m;
	return n * m / 12 * (all + 1 - (all > 1 ? ties / (all * (all - 1)) : 0));
}

/*
 * Distribution of the sum of k of the ascending ranks[all], to a new array of *ret_width in *ret_row,
 * which points into *ret_memory.
 */
static enum assay_code rank_sum_distribution(const double *ranks, size_t all, bool halves, size_t k,
					     size_t *ret_width, const double **ret_row,
					     double **ret_memory, struct assay_err *err)
{
	*ret_width = largest_sum(ranks, all, halves, k) + 1;
	*ret_memory = calloc((k + 1) * *ret_width, sizeof(**ret_memory));
	if (!*ret_memory)
		return out_of_memory(err, all);
	blind_draws(ranks, all, halves, k, *ret_width, *ret_memory);
	*ret_row = *ret_memory + k * *ret_width;
	return ASSAY_OK;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* ranks[n + m]: those of x, then those of y. */
static enum assay_code test_sums(double *ranks, size_t n, size_t m, double ties,
				 struct assay_rank_test *ret, struct assay_err *err)
{
	size_t all = n + m, k = n < m ? n : m;
	double sum = 0, all_sum = (double)all * (double)(all + 1) / 2;
	for (size_t i = 0; i < n; i++)
		sum += ranks[i];
	ret->statistic = sum - (double)n * (double)(n + 1) / 2;
	if (all > ASSAY_RANK_SUM_EXACT) {
		set_normal(ret, (double)n * (double)m / 2,
			   rank_sum_variance((double)n, (double)m, ties));
		return ASSAY_OK;
	}
	ASSAY_AUTO_FREE double *memory = NULL;
	const double *p;
	size_t width;
	bool halves = ties > 0, of_y = m < n;
	qsort(ranks, all, sizeof(*ranks), ascending);
	enum assay_code code =
		rank_sum_distribution(ranks, all, halves, k, &width, &p, &memory, err);
	if (code != ASSAY_OK)
		return code;
	set_exact(ret, p, width - 1, in_units(of_y ? all_sum - sum : sum, halves));
	if (of_y)
		set_p(ret, ret->p_greater, ret->p_less);
	return ASSAY_OK;
}

enum assay_code assay_rank_sum(const double *x, size_t n, const double *y, size_t m,
			       struct assay_rank_test *ret, struct assay_err *err)
{
	size_t all = n + m;
	ASSAY_AUTO_FREE double *values = calloc(2 * all + 1, sizeof(*values));
	ASSAY_AUTO_FREE struct assay_ranked *sorting = calloc(all + 1, sizeof(*sorting));
	*ret = (struct assay_rank_test){NAN, all, NAN, NAN, NAN, false};
	if (!values || !sorting)
		return out_of_memory(err, all);
	bool undefined = false;
	for (size_t i = 0; i < all; i++) {
		values[i] = i < n ? x[i] : y[i - n];
		undefined |= isnan(values[i]);
	}
	if (undefined)
		return ASSAY_OK;
	double *ranks = values + all, ties = assay_mid_ranks(values, all, ranks, sorting);
	return test_sums(ranks, n, m, ties, ret, err);
}

enum assay_code assay_rank_sum_quantile(size_t n, size_t m, double p,
					struct assay_rank_quantile *ret, struct assay_err *err)
{
	size_t all = n + m, k = n < m ? n : m, width;
	*ret = (struct assay_rank_quantile){0, 0};
	if (!(p > 0 && p < 1) || k == 0)
		return ASSAY_OK;
	if (all > ASSAY_RANK_SUM_EXACT) {
		*ret = normal_quantile((double)n * (double)m / 2,
				       rank_sum_variance((double)n, (double)m, 0), p);
		return ASSAY_OK;
	}
	double ranks[ASSAY_RANK_SUM_EXACT];
	for (size_t i = 0; i < all; i++)
		ranks[i] = (double)(i + 1);
	ASSAY_AUTO_FREE double *memory = NULL;
	const double *distribution;
	enum assay_code code =
		rank_sum_distribution(ranks, all, false, k, &width, &distribution, &memory, err);
	if (code != ASSAY_OK)
		return code;
	size_t least = k * (k + 1) / 2; /* W is 0 there */
	*ret = exact_quantile(distribution + least, width - 1 - least, p);
	return ASSAY_OK;
}

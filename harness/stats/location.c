/* SPDX-License-Identifier: MIT */
/*
 * location: order statistics of pairwise sums, found by halving the doubles themselves. The sum of two
 * rows is monotone in each of them, also after rounding, so the sums at most some bound are counted in one
 * walk, and the smallest double that enough of them reach is one of them exactly.
 */
#include "harness/stats/location.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/estimate.h"
#include "harness/stats/ranks.h"

/* Pairs of two ascending rows; with `walsh` they are one row and only i <= j counts. */
struct pairs {
	const double *a, *b;
	size_t n, m;
	bool walsh;
};

static double combine(const struct pairs *pairs, size_t i, size_t j)
{
	return pairs->walsh ? pairs->a[i] / 2 + pairs->b[j] / 2 : pairs->a[i] + pairs->b[j];
}

/* How many pairs are at most `bound`. */
static size_t count_up_to(const struct pairs *pairs, double bound)
{
	size_t count = 0, j = pairs->m;
	for (size_t i = 0; i < pairs->n; i++) {
		while (j > 0 && combine(pairs, i, j - 1) > bound)
			j--;
		size_t from = pairs->walsh ? i : 0;
		count += j > from ? j - from : 0;
	}
	return count;
}

/* Doubles as integers in the same order, and back. */
static int64_t key_of(double x)
{
	int64_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits < 0 ? INT64_MIN - bits : bits;
}

static double of_key(int64_t key)
{
	int64_t bits = key < 0 ? INT64_MIN - key : key;
	double x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* The pair of rank 1 .. number of pairs. */
static double select_pair(const struct pairs *pairs, size_t rank)
{
	int64_t lo = key_of(combine(pairs, 0, 0));
	int64_t hi = key_of(combine(pairs, pairs->n - 1, pairs->m - 1));
	while (lo < hi) {
		int64_t middle = (lo & hi) + ((lo ^ hi) >> 1);
		if (count_up_to(pairs, of_key(middle)) >= rank)
			hi = middle;
		else
			lo = middle + 1;
	}
	return of_key(lo) + 0.0; /* never -0 */
}

static void locate(const struct pairs *pairs, size_t count, struct assay_rank_quantile quantile,
		   struct assay_location *ret)
{
	double below = select_pair(pairs, (count + 1) / 2);
	double above = count % 2 ? below : select_pair(pairs, count / 2 + 1);
	ret->estimate = count % 2 ? below : (below + above) / 2;
	ret->rank = quantile.q;
	ret->lo = select_pair(pairs, ret->rank);
	ret->hi = select_pair(pairs, count + 1 - ret->rank);
	ret->coverage = 1 - 2 * quantile.below;
}

/* A sorted copy of x[n], each value times sign; *ret_finite is cleared when one is not finite. */
static double *sorted_copy(const double *x, size_t n, double sign, bool *ret_finite)
{
	double *copy = malloc((n + 1) * sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = sign * x[i];
		*ret_finite &= isfinite(x[i]) != 0;
	}
	if (copy && *ret_finite)
		assay_sort(copy, n);
	return copy;
}

static bool is_level(double confidence)
{
	return confidence > 0 && confidence < 1;
}

enum assay_code assay_hodges_lehmann(const double *x, size_t n, double confidence,
				     struct assay_location *ret, struct assay_err *err)
{
	*ret = (struct assay_location){NAN, NAN, NAN, 0, NAN};
	bool finite = n > 0 && is_level(confidence);
	ASSAY_AUTO_FREE double *row = sorted_copy(x, n, 1, &finite);
	if (!row)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to sort %zu values", n);
	if (!finite)
		return ASSAY_OK;
	struct assay_rank_quantile quantile;
	enum assay_code code = assay_signed_rank_quantile(n, (1 - confidence) / 2, &quantile, err);
	if (code == ASSAY_OK)
		locate(&(struct pairs){row, row, n, n, true}, n * (n + 1) / 2, quantile, ret);
	return code;
}

enum assay_code assay_hodges_lehmann_shift(const double *x, size_t n, const double *y, size_t m,
					   double confidence, struct assay_location *ret,
					   struct assay_err *err)
{
	*ret = (struct assay_location){NAN, NAN, NAN, 0, NAN};
	bool finite = n > 0 && m > 0 && is_level(confidence);
	ASSAY_AUTO_FREE double *row_x = sorted_copy(x, n, 1, &finite);
	ASSAY_AUTO_FREE double *row_y = sorted_copy(y, m, -1, &finite);
	if (!row_x || !row_y)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to sort %zu values", n + m);
	if (!finite)
		return ASSAY_OK;
	struct assay_rank_quantile quantile;
	enum assay_code code = assay_rank_sum_quantile(n, m, (1 - confidence) / 2, &quantile, err);
	if (code == ASSAY_OK)
		locate(&(struct pairs){row_x, row_y, n, m, false}, n * m, quantile, ret);
	return code;
}

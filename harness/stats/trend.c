/* SPDX-License-Identifier: MIT */
/* trend: all pairs, compared. */
#include "harness/stats/trend.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"

static bool all_finite(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

/* Sum of t (t - 1)(2t + 5) over groups of t equal values of sorted x[n]. */
static double tie_term(const double *sorted, size_t n)
{
	double sum = 0;
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && sorted[to] == sorted[from];)
			to++;
		double t = (double)(to - from);
		sum += t * (t - 1) * (2 * t + 5);
	}
	return sum;
}

static double all_pairs_term(size_t n)
{
	double nn = (double)n;
	return n ? nn * (nn - 1) * (2 * nn + 5) : 0;
}

/* Slopes of all pairs with different x, to slopes[]; how many. */
static size_t pair_slopes(const double *x, const double *y, size_t n, double *slopes)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (x[i] != x[j])
				slopes[count++] = (y[j] - y[i]) / (x[j] - x[i]);
	return count;
}

enum assay_code assay_theil_sen(const double *x, const double *y, size_t n, double confidence,
				struct assay_line *ret, struct assay_err *err)
{
	*ret = (struct assay_line){NAN, NAN, NAN, NAN};
	if (n < 2 || !(confidence > 0 && confidence < 1) || !all_finite(x, n) || !all_finite(y, n))
		return ASSAY_OK;
	ASSAY_AUTO_FREE double *slopes = malloc((n * (n - 1) / 2 + 2 * n) * sizeof(*slopes));
	if (!slopes)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the slopes of %zu points", n);
	size_t count = pair_slopes(x, y, n, slopes);
	if (count == 0)
		return ASSAY_OK;
	double *sorted_x = slopes + n * (n - 1) / 2, *sorted_y = sorted_x + n;
	memcpy(sorted_x, x, n * sizeof(*x));
	memcpy(sorted_y, y, n * sizeof(*y));
	assay_sort(sorted_x, n);
	assay_sort(sorted_y, n);
	assay_sort(slopes, count);
	double variance = (all_pairs_term(n) - tie_term(sorted_x, n) - tie_term(sorted_y, n)) / 18;
	double reach = assay_normal_quantile((1 + confidence) / 2) * sqrt(fmax(variance, 0));
	double lower = fmax(1, rint(((double)count - reach) / 2));
	double upper = fmin((double)count, rint(((double)count + reach) / 2) + 1);
	ret->slope = assay_median(slopes, count);
	ret->intercept = assay_median(sorted_y, n) - ret->slope * assay_median(sorted_x, n);
	ret->lo = slopes[(size_t)lower - 1];
	ret->hi = slopes[(size_t)upper - 1];
	return ASSAY_OK;
}

enum assay_code assay_mann_kendall(const double *y, size_t n, struct assay_trend_test *ret,
				   struct assay_err *err)
{
	*ret = (struct assay_trend_test){NAN, NAN, NAN, NAN};
	ASSAY_AUTO_FREE double *sorted = malloc((n + 1) * sizeof(*sorted));
	if (!sorted)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to sort %zu values", n);
	double s = 0;
	for (size_t i = 0; i < n; i++) {
		if (isnan(y[i]))
			return ASSAY_OK;
		sorted[i] = y[i];
		for (size_t j = 0; j < i; j++)
			s += (y[i] > y[j]) - (y[i] < y[j]);
	}
	assay_sort(sorted, n);
	ret->s = s;
	ret->variance = (all_pairs_term(n) - tie_term(sorted, n)) / 18;
	ret->z = s == 0 ? 0 : (s - copysign(1, s)) / sqrt(ret->variance);
	ret->p_two_sided = 2 * assay_normal_cdf(-fabs(ret->z));
	return ASSAY_OK;
}

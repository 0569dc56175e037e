/* SPDX-License-Identifier: MIT */
/* estimate: summaries of one sample, and the difference of the means of two. */
#include "harness/stats/estimate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/stats/distribution.h"
#include "harness/stats/order.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void assay_sort(double *x, size_t n)
{
	if (n > 1)
		qsort(x, n, sizeof(*x), ascending);
}

double assay_quantile(const double *sorted, size_t n, double p)
{
	if (n == 0)
		return NAN;
	double h = (double)(n - 1) * p;
	size_t below = (size_t)floor(h);
	if (below >= n - 1)
		return sorted[n - 1];
	double part = h - (double)below;
	/* Not a + part * (b - a): between equal infinities that would be NaN. */
	return part == 0 ? sorted[below] : sorted[below] * (1 - part) + sorted[below + 1] * part;
}

double assay_median(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

void assay_median_interval(const double *sorted, size_t n, double confidence, double *ret_lo,
			   double *ret_hi)
{
	if (n == 0) {
		*ret_lo = *ret_hi = NAN;
		return;
	}
	struct assay_order_interval found = assay_order_interval(sorted, n, 0.5, confidence);
	*ret_lo = found.lower_rank ? found.lo : sorted[0];
	*ret_hi = found.lower_rank ? found.hi : sorted[n - 1];
}

double assay_mad(const double *sorted, size_t n, double *scratch)
{
	double median = assay_median(sorted, n);
	for (size_t i = 0; i < n; i++)
		scratch[i] = fabs(sorted[i] - median);
	assay_sort(scratch, n);
	return assay_median(scratch, n);
}

double assay_mean(const double *x, size_t n)
{
	if (n == 0)
		return NAN;
	double sum = 0, lost = 0; /* Kahan: a million samples of equal size lose digits otherwise */
	for (size_t i = 0; i < n; i++) {
		double next = x[i] - lost;
		double total = sum + next;
		lost = (total - sum) - next;
		sum = total;
	}
	return sum / (double)n;
}

static bool all_equal(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

/* Equal values have no spread, though the rounding of their mean may seem to leave one. */
double assay_sd(const double *x, size_t n)
{
	if (n < 2 || all_equal(x, n))
		return 0;
	double mean = assay_mean(x, n), squares = 0, rest = 0;
	for (size_t i = 0; i < n; i++) {
		double d = x[i] - mean;
		squares += d * d;
		rest += d;
	}
	/* `rest` is 0 but for the rounding of the mean [Chan, Golub & LeVeque 1983]. */
	double variance = (squares - rest * rest / (double)n) / (double)(n - 1);
	return variance <= 0 ? 0 : sqrt(variance); /* NaN stays NaN */
}

/* Standard error of the difference of two means, and Satterthwaite's degrees of freedom. */
static double welch_error(double sa, size_t na, double sb, size_t nb, double *ret_df)
{
	double scale = fmax(sa, sb); /* squares of tiny or huge values leave the range */
	double va = sa / scale * (sa / scale) / (double)na;
	double vb = sb / scale * (sb / scale) / (double)nb;
	*ret_df = (va + vb) * (va + vb) / (va * va / (double)(na - 1) + vb * vb / (double)(nb - 1));
	return scale * sqrt(va + vb);
}

struct assay_interval assay_welch(const double *a, size_t na, const double *b, size_t nb,
				  double confidence)
{
	struct assay_interval ret = {assay_mean(b, nb) - assay_mean(a, na), -INFINITY, INFINITY};
	if (na < 2 || nb < 2)
		return ret;
	double sa = assay_sd(a, na), sb = assay_sd(b, nb), df;
	if (!(sa + sb > 0)) {
		ret.lo = ret.hi = ret.estimate;
		return ret;
	}
	double error = welch_error(sa, na, sb, nb, &df);
	double half = assay_t_quantile(1 - (1 - confidence) / 2, df) * error;
	ret.lo = ret.estimate - half;
	ret.hi = ret.estimate + half;
	return ret;
}

struct assay_t_test assay_welch_test(const double *x, size_t nx, const double *y, size_t ny)
{
	struct assay_t_test ret = {NAN, NAN, NAN, NAN, NAN};
	if (nx < 2 || ny < 2)
		return ret;
	double sx = assay_sd(x, nx), sy = assay_sd(y, ny), df;
	if (!(sx + sy > 0))
		return ret;
	ret.t = (assay_mean(x, nx) - assay_mean(y, ny)) / welch_error(sx, nx, sy, ny, &df);
	ret.df = df;
	ret.p_greater = assay_t_tail(ret.t, df);
	ret.p_less = assay_t_tail(-ret.t, df);
	ret.p_two_sided = 2 * assay_t_tail(fabs(ret.t), df);
	return ret;
}

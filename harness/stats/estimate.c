/* SPDX-License-Identifier: MIT */
/* estimate: order statistics and the two distributions their intervals need. */
#include "harness/stats/estimate.h"

#include <math.h>
#include <stdlib.h>

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

/*
 * P(Bin(n, 1/2) <= k), summed from its largest term downwards: O(sqrt n) terms matter. The first
 * term comes from the log-gamma function, so that n in the millions neither over- nor underflows.
 */
static double binomial_half_cdf(size_t n, size_t k)
{
	int sign;
	double nn = (double)n, kk = (double)k;
	double term = exp(lgamma_r(nn + 1, &sign) - lgamma_r(kk + 1, &sign) -
			  lgamma_r(nn - kk + 1, &sign) - nn * M_LN2);
	double sum = 0;
	for (double i = kk; i >= 0 && term > sum * 1e-17; i--) {
		sum += term;
		term *= i / (nn - i + 1);
	}
	return sum;
}

void assay_median_interval(const double *sorted, size_t n, double confidence, double *ret_lo,
			   double *ret_hi)
{
	if (n == 0) {
		*ret_lo = *ret_hi = NAN;
		return;
	}
	/* The largest k with P(Bin <= k - 1) <= tail: x(k) and x(n+1-k) are the pair; 0: none is. */
	double tail = (1 - confidence) / 2;
	size_t k = 0, above = (n + 1) / 2 + 1;
	while (above - k > 1) {
		size_t middle = k + (above - k) / 2;
		if (middle <= (n + 1) / 2 && binomial_half_cdf(n, middle - 1) <= tail)
			k = middle;
		else
			above = middle;
	}
	*ret_lo = sorted[k ? k - 1 : 0];
	*ret_hi = sorted[k ? n - k : n - 1];
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

double assay_sd(const double *x, size_t n)
{
	if (n < 2)
		return 0;
	double mean = assay_mean(x, n), squares = 0, rest = 0;
	for (size_t i = 0; i < n; i++) {
		double d = x[i] - mean;
		squares += d * d;
		rest += d;
	}
	/* `rest` is 0 but for the rounding of the mean [Chan, Golub & LeVeque 1983]. */
	double variance = (squares - rest * rest / (double)n) / (double)(n - 1);
	return variance > 0 ? sqrt(variance) : 0;
}

/*
 * Logarithm of the beta function. For a large argument the difference of two log-gammas would lose all
 * digits, hence Stirling's series of the difference itself.
 */
static double log_beta(double a, double b)
{
	int sign;
	double z = fmax(a, b), s = fmin(a, b);
	if (z < 1000)
		return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
	double rise = (z - 0.5) * log1p(s / z) + s * log(z + s) - s + (1 / (z + s) - 1 / z) / 12;
	return lgamma_r(s, &sign) - rise;
}

/*
 * Regularised incomplete beta function by its continued fraction [Abramowitz & Stegun 26.5.8],
 * evaluated by the modified Lentz method; y = 1 - x, given apart because it may be tiny.
 */
static double incomplete_beta(double a, double b, double x, double y)
{
	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	if (x > (a + 1) / (a + b + 2)) /* the fraction converges fast on the other side only */
		return 1 - incomplete_beta(b, a, y, x);
	const double tiny = 1e-300;
	/* A number near 1 has lost the digits that its logarithm needs; its complement has them. */
	double log_x = x > 0.5 ? log1p(-y) : log(x), log_y = y > 0.5 ? log1p(-x) : log(y);
	double front = exp(a * log_x + b * log_y - log_beta(a, b)) / a;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double fraction = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change = 1;
		for (int half = 0; half < 2; half++) {
			double term = half ? odd : even;
			d = 1 + term * d;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = 1 + term / c;
			c = fabs(c) < tiny ? tiny : c;
			change = c * d;
			fraction *= change;
		}
		if (fabs(change - 1) < 1e-16)
			break;
	}
	return front * fraction;
}

/* P(T > t) for t >= 0 [Abramowitz & Stegun 26.7.1]. */
static double student_tail(double t, double df)
{
	double square = t * t;
	if (!isfinite(square))
		return 0;
	return incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square)) / 2;
}

double assay_t_quantile(double p, double df)
{
	if (!(p > 0 && p < 1) || !(df > 0))
		return NAN;
	if (p < 0.5)
		return -assay_t_quantile(1 - p, df);
	double tail = 1 - p, lo = 0, hi = 1;
	while (hi < 1e150 && student_tail(hi, df) > tail)
		hi *= 2;
	/* The tail falls monotonically: halve until the ends are neighbours. */
	for (int i = 0; i < 2000; i++) {
		double middle = lo + (hi - lo) / 2;
		if (middle <= lo || middle >= hi)
			break;
		if (student_tail(middle, df) > tail)
			lo = middle;
		else
			hi = middle;
	}
	return lo + (hi - lo) / 2;
}

struct assay_interval assay_welch(const double *a, size_t na, const double *b, size_t nb,
				  double confidence)
{
	struct assay_interval ret = {assay_mean(b, nb) - assay_mean(a, na), -INFINITY, INFINITY};
	if (na < 2 || nb < 2)
		return ret;
	double sa = assay_sd(a, na), sb = assay_sd(b, nb);
	double va = sa * sa / (double)na, vb = sb * sb / (double)nb;
	if (!(va + vb > 0)) {
		ret.lo = ret.hi = ret.estimate;
		return ret;
	}
	/* Satterthwaite's degrees of freedom. */
	double df =
		(va + vb) * (va + vb) / (va * va / (double)(na - 1) + vb * vb / (double)(nb - 1));
	double half = assay_t_quantile(1 - (1 - confidence) / 2, df) * sqrt(va + vb);
	ret.lo = ret.estimate - half;
	ret.hi = ret.estimate + half;
	return ret;
}

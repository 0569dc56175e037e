/* SPDX-License-Identifier: MIT */
/* distribution: series, continued fractions, and halving where an inverse is needed. */
#include "harness/stats/distribution.h"

#include <math.h>
#include <stdbool.h>

double assay_normal_cdf(double z)
{
	return erfc(-z * M_SQRT1_2) / 2;
}

double assay_normal_quantile(double p)
{
	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	if (p > 0.5)
		return -assay_normal_quantile(1 - p);
	double lo = -40, hi = 0; /* P(Z <= -40) is below the smallest double */
	for (;;) {
		double middle = lo + (hi - lo) / 2;
		if (middle <= lo || middle >= hi)
			return middle;
		if (assay_normal_cdf(middle) < p)
			lo = middle;
		else
			hi = middle;
	}
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

/* P(T > t) for t >= 0. */
static double upper_tail(double t, double df)
{
	double square = t * t;
	if (!isfinite(square))
		return 0;
	return incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square)) / 2;
}

double assay_t_tail(double t, double df)
{
	if (isnan(t) || !(df > 0))
		return NAN;
	return t >= 0 ? upper_tail(t, df) : 1 - upper_tail(-t, df);
}

double assay_t_quantile(double p, double df)
{
	if (!(p > 0 && p < 1) || !(df > 0))
		return NAN;
	if (p < 0.5)
		return -assay_t_quantile(1 - p, df);
	double tail = 1 - p, lo = 0, hi = 1;
	while (hi < 1e150 && upper_tail(hi, df) > tail)
		hi *= 2;
	/* The tail falls monotonically: halve until the ends are neighbours. */
	for (int i = 0; i < 2000; i++) {
		double middle = lo + (hi - lo) / 2;
		if (middle <= lo || middle >= hi)
			break;
		if (upper_tail(middle, df) > tail)
			lo = middle;
		else
			hi = middle;
	}
	return lo + (hi - lo) / 2;
}

/* P(Bin(n, p) = k) through the log-gamma function, so that n in the millions stays in range. */
static double binomial_term(double n, double p, double k)
{
	int sign;
	double ways = lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign);
	return exp(ways + k * log(p) + (n - k) * log1p(-p));
}

/* Sums the shorter tail, from its largest term outwards until nothing changes any more. */
double assay_binomial_cdf(size_t n, double p, size_t k)
{
	if (!(p >= 0 && p <= 1))
		return NAN;
	if (k >= n || p == 0)
		return 1;
	if (p == 1)
		return 0;
	double nn = (double)n, odds = p / (1 - p), sum = 0;
	bool below = (double)k <= nn * p;
	double i = below ? (double)k : (double)k + 1;
	double term = binomial_term(nn, p, i);
	while (i >= 0 && i <= nn && term > sum * 1e-17) {
		sum += term;
		term *= below ? i / ((nn - i + 1) * odds) : (nn - i) / (i + 1) * odds;
		i += below ? -1 : 1;
	}
	return below ? sum : 1 - sum;
}

/* SPDX-License-Identifier: MIT */
/* svd: rotate pairs of rows until all are orthogonal; their lengths are the singular values. */
#include "suites/kernels/svd.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum { SWEEPS_MAX = 60 };
#define NEGLIGIBLE 1e-14

static double dot(const double *x, const double *y, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/*
 * Make two rows orthogonal; false when they were, or when the square of one's length is no more than `noise`: what
 * rounding left of a row that depends on others points anywhere, and would be turned for ever.
 */
static bool rotate(double *x, double *y, size_t n, double noise)
{
	double xx = dot(x, x, n), yy = dot(y, y, n), xy = dot(x, y, n);
	if (fabs(xy) <= NEGLIGIBLE * sqrt(xx * yy) || fmin(xx, yy) <= noise)
		return false;
	double zeta = (yy - xx) / (2 * xy);
	double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
	double c = 1 / sqrt(1 + t * t), s = c * t;
	for (size_t i = 0; i < n; i++) {
		double old = x[i];
		x[i] = c * old - s * y[i];
		y[i] = s * old + c * y[i];
	}
	return true;
}

static void sort_descending(double *values, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double value = values[i];
		size_t at = i;
		for (; at && values[at - 1] < value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

unsigned svd_values(double *a, size_t n, double *values)
{
	unsigned sweep = 0;
	double error = (double)n * DBL_EPSILON, noise = error * error * dot(a, a, n * n);
	for (bool rotated = true; rotated && sweep < SWEEPS_MAX; sweep++) {
		rotated = false;
		for (size_t i = 0; i + 1 < n; i++)
			for (size_t j = i + 1; j < n; j++)
				rotated |= rotate(a + i * n, a + j * n, n, noise);
		if (!rotated)
			break;
	}
	for (size_t i = 0; i < n; i++)
		values[i] = sqrt(dot(a + i * n, a + i * n, n));
	sort_descending(values, n);
	return sweep < SWEEPS_MAX ? sweep + 1 : 0;
}

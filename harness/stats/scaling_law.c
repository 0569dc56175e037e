/* SPDX-License-Identifier: MIT */
/* scaling_law: the laws with one parameter, as they were stated: Amdahl's and Gustafson's. */
#include <math.h>
#include <stdbool.h>

#include "harness/stats/scaling_fit.h"

static bool used(const struct assay_scaling_point *point, double max_threads)
{
	return max_threads <= 0 || point->threads <= max_threads;
}

/* Counts the points used, and among them the thread counts above one. */
static enum assay_code check(const struct assay_scaling_point *points, size_t n, double max_threads,
			     const char *law, size_t *ret_used, size_t *ret_parallel,
			     struct assay_err *err)
{
	*ret_used = *ret_parallel = 0;
	for (size_t i = 0; i < n; i++) {
		const struct assay_scaling_point *p = &points[i];
		if (!(p->threads >= 1 && isfinite(p->threads) && p->speedup > 0 &&
		      isfinite(p->speedup)))
			return assay_fail(err, ASSAY_EUSAGE,
					  "scaling fit: point %zu has %g threads and speedup %g", i,
					  p->threads, p->speedup);
		if (!used(p, max_threads))
			continue;
		bool seen = p->threads == 1;
		for (size_t j = 0; j < i && !seen; j++)
			seen = points[j].threads == p->threads;
		*ret_parallel += !seen;
		++*ret_used;
	}
	if (*ret_parallel == 0)
		return assay_fail(err, ASSAY_SKIP,
				  "%s needs a point at more than one thread that is not "
				  "oversubscribed",
				  law);
	return ASSAY_OK;
}

static double amdahl_squares(const struct assay_scaling_point *points, size_t n, double max_threads,
			     double s)
{
	const struct assay_amdahl law = {.serial_fraction = s, .first = 1};
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double value = assay_amdahl_speedup(&law, points[i].threads);
		double error = points[i].speedup - value;
		if (used(&points[i], max_threads))
			sum += value > 0 ? error * error : INFINITY;
	}
	return sum;
}

/* The serial fraction by the equation that is linear in it: a start near the solution. */
static double linear_fraction(const struct assay_scaling_point *points, size_t n,
			      double max_threads)
{
	double xy = 0, xx = 0;
	for (size_t i = 0; i < n; i++) {
		double inverse = 1 / points[i].threads, x = 1 - inverse;
		/* What the division does to the errors is undone by the weight. */
		double weight = pow(points[i].speedup, 4);
		if (!used(&points[i], max_threads))
			continue;
		xy += weight * x * (1 / points[i].speedup - inverse);
		xx += weight * x * x;
	}
	return xy / xx;
}

/* Gauss-Newton with halved steps: ends when no step lowers the sum of squares. */
static double amdahl_fraction(const struct assay_scaling_point *points, size_t n,
			      double max_threads)
{
	double s = linear_fraction(points, n, max_threads);
	double squares = amdahl_squares(points, n, max_threads, s);
	for (int i = 0; i < 200; i++) {
		const struct assay_amdahl law = {.serial_fraction = s, .first = 1};
		double slope = 0, curve = 0;
		for (size_t j = 0; j < n; j++) {
			double value = assay_amdahl_speedup(&law, points[j].threads);
			double gradient = -value * value * (1 - 1 / points[j].threads);
			if (!used(&points[j], max_threads))
				continue;
			slope += gradient * (points[j].speedup - value);
			curve += gradient * gradient;
		}
		double step = slope / curve, next = INFINITY;
		for (int halvings = 0; halvings < 60; halvings++, step /= 2) {
			next = amdahl_squares(points, n, max_threads, s + step);
			if (next < squares)
				break;
		}
		if (!(next < squares))
			break;
		s += step;
		squares = next;
	}
	return s;
}

enum assay_code assay_amdahl_law_fit(const struct assay_scaling_point *points, size_t n,
				     double max_threads, struct assay_amdahl *ret,
				     struct assay_err *err)
{
	size_t count, parallel;
	enum assay_code code =
		check(points, n, max_threads, "Amdahl's law", &count, &parallel, err);
	if (code != ASSAY_OK)
		return code;
	double s = amdahl_fraction(points, n, max_threads);
	*ret = (struct assay_amdahl){
		.serial_fraction = s,
		.first = 1,
		.limit = s > 0 ? 1 / s : INFINITY,
		.rmse = parallel > 1
				? sqrt(amdahl_squares(points, n, max_threads, s) / (double)count)
				: NAN,
	};
	return ASSAY_OK;
}

double assay_gustafson_speedup(const struct assay_gustafson *fit, double threads)
{
	return threads - fit->serial_fraction * (threads - 1);
}

enum assay_code assay_gustafson_fit(const struct assay_scaling_point *points, size_t n,
				    double max_threads, struct assay_gustafson *ret,
				    struct assay_err *err)
{
	size_t count, parallel;
	enum assay_code code =
		check(points, n, max_threads, "Gustafson's law", &count, &parallel, err);
	if (code != ASSAY_OK)
		return code;
	double xy = 0, xx = 0, squares = 0;
	for (size_t i = 0; i < n; i++) {
		double x = points[i].threads - 1;
		if (!used(&points[i], max_threads))
			continue;
		xy += x * (points[i].threads - points[i].speedup);
		xx += x * x;
	}
	struct assay_gustafson fit = {.serial_fraction = xy / xx};
	for (size_t i = 0; i < n; i++) {
		double error = points[i].speedup - assay_gustafson_speedup(&fit, points[i].threads);
		squares += used(&points[i], max_threads) ? error * error : 0;
	}
	fit.rmse = parallel > 1 ? sqrt(squares / (double)count) : NAN;
	*ret = fit;
	return ASSAY_OK;
}

/* SPDX-License-Identifier: MIT */
/* scaling_fit: Amdahl's law in closed form, the universal scalability law by iteration. */
#include "harness/stats/scaling_fit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { USL_PARAMETERS = 3, USL_DISTINCT = 4, MAX_STEPS = 200 };

static bool used(const struct assay_scaling_point *point, double max_threads)
{
	return max_threads <= 0 || point->threads <= max_threads;
}

static enum assay_code check_points(const struct assay_scaling_point *points, size_t n,
				    struct assay_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!(points[i].threads >= 1 && isfinite(points[i].threads) &&
		      points[i].speedup > 0 && isfinite(points[i].speedup)))
			return assay_fail(err, ASSAY_EUSAGE,
					  "scaling fit: point %zu has %g threads and speedup %g", i,
					  points[i].threads, points[i].speedup);
	return ASSAY_OK;
}

/* How many different thread counts there are among the points used. */
static size_t count_distinct(const struct assay_scaling_point *points, size_t n, double max_threads)
{
	size_t distinct = 0;
	for (size_t i = 0; i < n; i++) {
		bool seen = !used(&points[i], max_threads);
		for (size_t j = 0; j < i && !seen; j++)
			seen = points[j].threads == points[i].threads;
		distinct += !seen;
	}
	return distinct;
}

/* Mean speedup at one thread; NaN without such a point. */
static double mean_first(const struct assay_scaling_point *points, size_t n)
{
	double sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (points[i].threads == 1) {
			sum += points[i].speedup;
			count++;
		}
	}
	return count ? sum / (double)count : NAN;
}

double assay_amdahl_speedup(const struct assay_amdahl *fit, double threads)
{
	return fit->first / (fit->serial_fraction + (1 - fit->serial_fraction) / threads);
}

double assay_usl_speedup(const struct assay_usl *fit, double threads)
{
	return fit->first * threads /
	       (1 + fit->contention * (threads - 1) + fit->coherency * threads * (threads - 1));
}

enum assay_code assay_amdahl_fit(const struct assay_scaling_point *points, size_t n,
				 double max_threads, struct assay_amdahl *ret,
				 struct assay_err *err)
{
	enum assay_code code = check_points(points, n, err);
	if (code != ASSAY_OK)
		return code;
	size_t distinct = count_distinct(points, n, max_threads);
	struct assay_amdahl fit = {.first = mean_first(points, n)};
	if (isnan(fit.first))
		return assay_fail(err, ASSAY_SKIP, "Amdahl's law needs a point at one thread");
	if (distinct < 2)
		return assay_fail(err, ASSAY_SKIP,
				  "Amdahl's law needs a point at more than one thread that is not "
				  "oversubscribed");
	double xy = 0, xx = 0, residuals = 0;
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		double inverse = 1 / points[i].threads, x = 1 - inverse;
		if (!used(&points[i], max_threads))
			continue;
		xy += x * (fit.first / points[i].speedup - inverse);
		xx += x * x;
	}
	fit.serial_fraction = xy / xx;
	fit.limit = fit.serial_fraction > 0 ? fit.first / fit.serial_fraction : INFINITY;
	for (size_t i = 0; i < n; i++) {
		if (!used(&points[i], max_threads))
			continue;
		double error = points[i].speedup - assay_amdahl_speedup(&fit, points[i].threads);
		residuals += error * error;
		count++;
	}
	fit.rmse = distinct > 2 ? sqrt(residuals / (double)count) : NAN;
	*ret = fit;
	return ASSAY_OK;
}

/* Solve the symmetric a x = b by elimination with pivoting; false when it is singular. */
static bool solve(double a[USL_PARAMETERS][USL_PARAMETERS], double b[USL_PARAMETERS])
{
	for (int column = 0; column < USL_PARAMETERS; column++) {
		int pivot = column;
		for (int row = column + 1; row < USL_PARAMETERS; row++)
			if (fabs(a[row][column]) > fabs(a[pivot][column]))
				pivot = row;
		if (!(fabs(a[pivot][column]) > 0))
			return false;
		for (int k = 0; k < USL_PARAMETERS; k++) {
			double swap = a[column][k];
			a[column][k] = a[pivot][k];
			a[pivot][k] = swap;
		}
		double swap = b[column];
		b[column] = b[pivot];
		b[pivot] = swap;
		for (int row = column + 1; row < USL_PARAMETERS; row++) {
			double factor = a[row][column] / a[column][column];
			for (int k = column; k < USL_PARAMETERS; k++)
				a[row][k] -= factor * a[column][k];
			b[row] -= factor * b[column];
		}
	}
	for (int row = USL_PARAMETERS - 1; row >= 0; row--) {
		for (int k = row + 1; k < USL_PARAMETERS; k++)
			b[row] -= a[row][k] * b[k];
		b[row] /= a[row][row];
	}
	return true;
}

/* What the iteration works on. */
struct problem {
	const struct assay_scaling_point *points;
	size_t n;
	double max_threads;
};

static double sum_of_squares(const struct problem *p, const struct assay_usl *fit)
{
	double sum = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (!used(&p->points[i], p->max_threads))
			continue;
		double error = p->points[i].speedup - assay_usl_speedup(fit, p->points[i].threads);
		sum += error * error;
	}
	return sum;
}

/*
 * N / speedup = c0 + c1 (N-1) + c2 N (N-1) is linear: a start near the solution. The weights undo
 * what the division does to the errors.
 */
static struct assay_usl linear_start(const struct problem *p)
{
	double a[USL_PARAMETERS][USL_PARAMETERS] = {0}, b[USL_PARAMETERS] = {0};
	for (size_t i = 0; i < p->n; i++) {
		double threads = p->points[i].threads, y = threads / p->points[i].speedup;
		double x[USL_PARAMETERS] = {1, threads - 1, threads * (threads - 1)};
		double weight = threads * threads / (y * y * y * y);
		if (!used(&p->points[i], p->max_threads))
			continue;
		for (int row = 0; row < USL_PARAMETERS; row++) {
			for (int k = 0; k < USL_PARAMETERS; k++)
				a[row][k] += weight * x[row] * x[k];
			b[row] += weight * x[row] * y;
		}
	}
	struct assay_usl start = {.first = 1};
	if (solve(a, b) && b[0] > 0) {
		start.first = 1 / b[0];
		start.contention = fmax(b[1] / b[0], 0);
		start.coherency = fmax(b[2] / b[0], 0);
	}
	return start;
}

/* Normal equations of the step at `fit`: a = J'J, b = J'r. */
static void linearise(const struct problem *p, const struct assay_usl *fit,
		      double a[USL_PARAMETERS][USL_PARAMETERS], double b[USL_PARAMETERS])
{
	memset(a, 0, sizeof(double[USL_PARAMETERS][USL_PARAMETERS]));
	memset(b, 0, sizeof(double[USL_PARAMETERS]));
	for (size_t i = 0; i < p->n; i++) {
		double threads = p->points[i].threads;
		double value = assay_usl_speedup(fit, threads);
		double per_denominator = -value * value / (fit->first * threads);
		double gradient[USL_PARAMETERS] = {value / fit->first,
						   per_denominator * (threads - 1),
						   per_denominator * threads * (threads - 1)};
		if (!used(&p->points[i], p->max_threads))
			continue;
		for (int row = 0; row < USL_PARAMETERS; row++) {
			for (int k = 0; k < USL_PARAMETERS; k++)
				a[row][k] += gradient[row] * gradient[k];
			b[row] += gradient[row] * (p->points[i].speedup - value);
		}
	}
}

/* A coefficient that stands at 0 and is pushed below it stays: its equation becomes step = 0. */
static void hold_at_zero(const struct assay_usl *fit, double a[USL_PARAMETERS][USL_PARAMETERS],
			 double b[USL_PARAMETERS])
{
	const double at[USL_PARAMETERS] = {1, fit->contention, fit->coherency};
	for (int row = 1; row < USL_PARAMETERS; row++) {
		if (at[row] > 0 || b[row] > 0)
			continue;
		for (int k = 0; k < USL_PARAMETERS; k++)
			a[row][k] = a[k][row] = 0;
		a[row][row] = 1;
		b[row] = 0;
	}
}

/* One damped step; false when it does not lower the sum of squares. */
static bool step(const struct problem *p, struct assay_usl *fit, double *squares, double damping)
{
	double a[USL_PARAMETERS][USL_PARAMETERS], b[USL_PARAMETERS];
	linearise(p, fit, a, b);
	hold_at_zero(fit, a, b);
	for (int i = 0; i < USL_PARAMETERS; i++)
		a[i][i] *= 1 + damping;
	if (!solve(a, b))
		return false;
	struct assay_usl next = {.first = fit->first + b[0],
				 .contention = fmax(fit->contention + b[1], 0),
				 .coherency = fmax(fit->coherency + b[2], 0)};
	double next_squares = next.first > 0 ? sum_of_squares(p, &next) : INFINITY;
	if (!(next_squares < *squares))
		return false;
	*fit = next;
	*squares = next_squares;
	return true;
}

static void describe_peak(struct assay_usl *fit)
{
	fit->peak_threads = INFINITY;
	fit->peak_speedup = fit->contention > 0 ? fit->first / fit->contention : INFINITY;
	if (fit->coherency > 0) {
		fit->peak_threads = sqrt(fmax(1 - fit->contention, 0) / fit->coherency);
		fit->peak_threads = fmax(fit->peak_threads, 1);
		fit->peak_speedup = assay_usl_speedup(fit, fit->peak_threads);
	}
}

enum assay_code assay_usl_fit(const struct assay_scaling_point *points, size_t n,
			      double max_threads, struct assay_usl *ret, struct assay_err *err)
{
	enum assay_code code = check_points(points, n, err);
	if (code != ASSAY_OK)
		return code;
	size_t distinct = count_distinct(points, n, max_threads);
	if (distinct < USL_DISTINCT)
		return assay_fail(err, ASSAY_SKIP,
				  "the universal scalability law needs more than three thread "
				  "counts that are not oversubscribed; there are %zu",
				  distinct);
	struct problem problem = {points, n, max_threads};
	struct assay_usl fit = linear_start(&problem);
	double squares = sum_of_squares(&problem, &fit), damping = 1e-3;
	for (int i = 0; i < MAX_STEPS && damping < 1e12; i++)
		damping *= step(&problem, &fit, &squares, damping) ? 0.1 : 10;
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += used(&points[i], max_threads);
	fit.rmse = sqrt(squares / (double)count);
	describe_peak(&fit);
	*ret = fit;
	return ASSAY_OK;
}

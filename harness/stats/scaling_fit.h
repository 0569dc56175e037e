/* SPDX-License-Identifier: MIT */
/* scaling_fit: laws of scaling fitted to speedups. Pure functions over arrays. */
#ifndef ASSAY_STATS_SCALING_FIT_H
#define ASSAY_STATS_SCALING_FIT_H

#include <stddef.h>

#include "harness/base/err.h"

/* One measured point. Several with the same number of threads are fine: each counts. */
struct assay_scaling_point {
	double threads; /* >= 1 */
	double speedup; /* > 0; throughput against one fixed baseline, such as the best serial code */
};

/*
 * Amdahl's law with the parallel code's own start: speedup(N) = first / (s + (1 - s) / N)
 * [Amdahl, AFIPS 1967]. `first`, the speedup at one thread, is the mean of the points there.
 */
struct assay_amdahl {
	double serial_fraction; /* s; below 0 when scaling is superlinear: suspect the baseline */
	double first; /* at most 1 against the best serial code: 1 / first is the overhead */
	double limit; /* speedup with endless threads, first / s; infinite for s <= 0 */
	double rmse;  /* of speedup; NaN with two distinct thread counts: nothing is left over */
};

/*
 * Fit by least squares of first / speedup - 1/N = s (1 - 1/N), which is linear in s; with points at
 * 1 and N threads only it is the Karp-Flatt metric [Karp & Flatt, CACM 1990]. Points with more than
 * `max_threads` threads are oversubscribed and left out (0: no limit). ASSAY_SKIP and why: no
 * point at one thread, or none at more. ASSAY_EUSAGE: a point outside its range.
 */
enum assay_code assay_amdahl_fit(const struct assay_scaling_point *points, size_t n,
				 double max_threads, struct assay_amdahl *ret,
				 struct assay_err *err);
double assay_amdahl_speedup(const struct assay_amdahl *fit, double threads);

/*
 * Amdahl's law as it was stated, speedup(N) = 1 / (s + (1 - s) / N), for speedups against the same code
 * on one thread: `first` is 1 and s is fitted by non-linear least squares on speedup, so that no point at
 * one thread is needed. Otherwise as above; rmse is NaN when a single thread count above one remains.
 */
enum assay_code assay_amdahl_law_fit(const struct assay_scaling_point *points, size_t n,
				     double max_threads, struct assay_amdahl *ret,
				     struct assay_err *err);

/*
 * Gustafson's law, for work that grows with the threads: scaled speedup(N) = N - s (N - 1), where s is the
 * serial part of the time on N threads [Gustafson, CACM 1988].
 */
struct assay_gustafson {
	double serial_fraction; /* s; below 0 when scaling is superlinear, above 1 when it slows down */
	double rmse;            /* of speedup; NaN with one thread count: nothing is left over */
};

/*
 * Fit by least squares, in closed form. ASSAY_SKIP: no point above one thread. ASSAY_EUSAGE: a point
 * outside its range. Points above max_threads are left out, as above.
 */
enum assay_code assay_gustafson_fit(const struct assay_scaling_point *points, size_t n,
				    double max_threads, struct assay_gustafson *ret,
				    struct assay_err *err);
double assay_gustafson_speedup(const struct assay_gustafson *fit, double threads);

/*
 * Universal scalability law: speedup(N) = first N / (1 + contention (N-1) + coherency N (N-1))
 * [Gunther, Guerrilla Capacity Planning, 2007, ch. 4 and 5].
 */
struct assay_usl {
	double first;
	double contention; /* sigma, >= 0 */
	double coherency;  /* kappa, >= 0 */
	double peak_threads; /* where speedup is greatest, sqrt((1 - sigma) / kappa); infinite for 0 */
	double peak_speedup; /* there, or the limit first / sigma; infinite when both are 0 */
	double rmse;         /* of speedup */
};

/*
 * Fit all three by non-linear least squares on speedup (Levenberg-Marquardt from the linearised
 * solution, coefficients kept >= 0). Needs more than three distinct thread counts that are not
 * oversubscribed, else ASSAY_SKIP and why: three parameters go through any three points. ASSAY_EUSAGE:
 * a point outside its range.
 */
enum assay_code assay_usl_fit(const struct assay_scaling_point *points, size_t n,
			      double max_threads, struct assay_usl *ret, struct assay_err *err);
double assay_usl_speedup(const struct assay_usl *fit, double threads);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * scaling_interval: how sure a fitted law is, by bootstrap.
 *
 * The relative residuals of the fit are centred, scaled for the parameters they paid for, and dealt out anew to the
 * fitted values [Davison & Hinkley, Bootstrap Methods, 1997, 6.2 and 7.6]: launches are taken to spread by the
 * same percentage at every thread count. Drawing points within their thread count would not need that, but with a
 * handful of launches at each it covers the truth far too seldom (4 at each: 77 of 100 at 95 %).
 */
#ifndef ASSAY_STATS_SCALING_INTERVAL_H
#define ASSAY_STATS_SCALING_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/stats/scaling_fit.h"

/* The same plan, the same interval, on every machine. */
struct assay_bootstrap_plan {
	uint64_t seed;
	size_t resamples;  /* 2000 or more for an interval [Efron & Tibshirani 1993, 14.3] */
	double confidence; /* in (0, 1) */
};

/*
 * Percentile intervals of the parameters of assay_amdahl_fit(). They need four points that are not
 * oversubscribed, so that residuals are left over: else ASSAY_SKIP and why, as where the fit itself is
 * refused. About resamples times the cost of a fit. ASSAY_EUSAGE: a point outside its range, or a plan that
 * makes no sense; ASSAY_ENOMEM.
 */
struct assay_amdahl_range {
	struct assay_amdahl lo, hi; /* each field on its own; rmse NaN */
};
enum assay_code assay_amdahl_interval(const struct assay_scaling_point *points, size_t n,
				      double max_threads, const struct assay_bootstrap_plan *plan,
				      struct assay_amdahl_range *ret, struct assay_err *err);

/* The same for assay_usl_fit(); needs five points, at four or more thread counts. Peaks may be infinite. */
struct assay_usl_range {
	struct assay_usl lo, hi; /* each field on its own; rmse NaN */
};
enum assay_code assay_usl_interval(const struct assay_scaling_point *points, size_t n,
				   double max_threads, const struct assay_bootstrap_plan *plan,
				   struct assay_usl_range *ret, struct assay_err *err);

/* The same for assay_gustafson_fit(); needs three points. */
struct assay_gustafson_range {
	double lo, hi; /* of the serial fraction */
};
enum assay_code assay_gustafson_interval(const struct assay_scaling_point *points, size_t n,
					 double max_threads,
					 const struct assay_bootstrap_plan *plan,
					 struct assay_gustafson_range *ret, struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* scaling_interval: fit again and again to points drawn anew. */
#include "harness/stats/scaling_interval.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/estimate.h"

enum { MOST_PARAMETERS = 5 };

/* One of the laws: how it is fitted, what it predicts, and the figures whose intervals are wanted. */
struct law {
	const char *name;
	size_t parameters; /* fitted freely */
	size_t figures;    /* <= MOST_PARAMETERS */
	/* Fits points[n], all of which count, and sets figures[]. */
	enum assay_code (*fit)(const struct assay_scaling_point *points, size_t n, double *figures,
			       struct assay_err *err);
	double (*predict)(const double *figures, double threads);
};

static enum assay_code fit_amdahl(const struct assay_scaling_point *points, size_t n,
				  double *figures, struct assay_err *err)
{
	struct assay_amdahl fit;
	enum assay_code code = assay_amdahl_fit(points, n, 0, &fit, err);
	if (code != ASSAY_OK)
		return code;
	figures[0] = fit.serial_fraction;
	figures[1] = fit.first;
	figures[2] = fit.limit;
	return ASSAY_OK;
}

static double predict_amdahl(const double *figures, double threads)
{
	return assay_amdahl_speedup(
		&(struct assay_amdahl){.serial_fraction = figures[0], .first = figures[1]},
		threads);
}

static enum assay_code fit_usl(const struct assay_scaling_point *points, size_t n, double *figures,
			       struct assay_err *err)
{
	struct assay_usl fit;
	enum assay_code code = assay_usl_fit(points, n, 0, &fit, err);
	if (code != ASSAY_OK)
		return code;
	figures[0] = fit.first;
	figures[1] = fit.contention;
	figures[2] = fit.coherency;
	figures[3] = fit.peak_threads;
	figures[4] = fit.peak_speedup;
	return ASSAY_OK;
}

static double predict_usl(const double *figures, double threads)
{
	return assay_usl_speedup(&(struct assay_usl){.first = figures[0],
						     .contention = figures[1],
						     .coherency = figures[2]},
				 threads);
}

static enum assay_code fit_gustafson(const struct assay_scaling_point *points, size_t n,
				     double *figures, struct assay_err *err)
{
	struct assay_gustafson fit;
	enum assay_code code = assay_gustafson_fit(points, n, 0, &fit, err);
	if (code == ASSAY_OK)
		figures[0] = fit.serial_fraction;
	return code;
}

static double predict_gustafson(const double *figures, double threads)
{
	return assay_gustafson_speedup(&(struct assay_gustafson){.serial_fraction = figures[0]},
				       threads);
}

static const struct law amdahl = {"Amdahl's law", 2, 3, fit_amdahl, predict_amdahl};
static const struct law usl = {"the universal scalability law", 3, 5, fit_usl, predict_usl};
static const struct law gustafson = {"Gustafson's law", 1, 1, fit_gustafson, predict_gustafson};

/* Relative residuals that sum to zero and are as wide as the errors they stand for. */
static void find_residuals(const struct law *law, const struct assay_scaling_point *points,
			   size_t n, const double *figures, double *fitted, double *residuals)
{
	double scale = sqrt((double)n / (double)(n - law->parameters));
	for (size_t i = 0; i < n; i++) {
		fitted[i] = law->predict(figures, points[i].threads);
		residuals[i] = points[i].speedup / fitted[i] - 1;
	}
	double mean = assay_mean(residuals, n);
	for (size_t i = 0; i < n; i++)
		residuals[i] = (residuals[i] - mean) * scale;
}

/* Speedups are positive: a residual that would make one negative is drawn again, at most so often. */
static void deal_residuals(struct assay_rng *rng, const struct assay_scaling_point *points,
			   size_t n, const double *fitted, const double *residuals,
			   struct assay_scaling_point *ret)
{
	for (size_t i = 0; i < n; i++) {
		ret[i].threads = points[i].threads;
		ret[i].speedup = 0;
		for (int tries = 0; tries < 100 && !(ret[i].speedup > 0); tries++)
			ret[i].speedup = fitted[i] * (1 + residuals[assay_rng_below(rng, n)]);
		if (!(ret[i].speedup > 0))
			ret[i].speedup = fitted[i];
	}
}

/* Everything one bootstrap works on; all arrays are of n but `replicates`, figures rows of resamples. */
struct work {
	struct assay_scaling_point *points, *drawn;
	double *fitted, *residuals, *replicates;
	size_t n;
};

static enum assay_code replicate(const struct law *law, const struct work *w,
				 const struct assay_bootstrap_plan *plan, struct assay_err *err)
{
	double figures[MOST_PARAMETERS];
	enum assay_code code = law->fit(w->points, w->n, figures, err);
	if (code != ASSAY_OK)
		return code;
	find_residuals(law, w->points, w->n, figures, w->fitted, w->residuals);
	struct assay_rng rng;
	assay_rng_init(&rng, plan->seed);
	for (size_t i = 0; i < plan->resamples && code == ASSAY_OK; i++) {
		deal_residuals(&rng, w->points, w->n, w->fitted, w->residuals, w->drawn);
		code = law->fit(w->drawn, w->n, figures, err);
		for (size_t k = 0; k < law->figures; k++)
			w->replicates[k * plan->resamples + i] = figures[k];
	}
	return code;
}

static enum assay_code check_plan(const struct assay_bootstrap_plan *plan, struct assay_err *err)
{
	if (plan->resamples > 0 && plan->confidence > 0 && plan->confidence < 1)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE, "scaling interval: %zu resamples at confidence %g",
			  plan->resamples, plan->confidence);
}

/* Intervals of law->figures figures to lo[] and hi[]. */
static enum assay_code find_interval(const struct law *law,
				     const struct assay_scaling_point *points, size_t n,
				     double max_threads, const struct assay_bootstrap_plan *plan,
				     double *lo, double *hi, struct assay_err *err)
{
	enum assay_code code = check_plan(plan, err);
	if (code != ASSAY_OK)
		return code;
	size_t rows = plan->resamples * law->figures;
	ASSAY_AUTO_FREE struct assay_scaling_point *copies = malloc((2 * n + 1) * sizeof(*copies));
	ASSAY_AUTO_FREE double *doubles = malloc((2 * n + rows) * sizeof(*doubles));
	if (!copies || !doubles)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu resamples",
				  plan->resamples);
	struct work w = {copies, copies + n, doubles, doubles + n, doubles + 2 * n, 0};
	for (size_t i = 0; i < n; i++)
		if (max_threads <= 0 || points[i].threads <= max_threads)
			copies[w.n++] = points[i];
	size_t least = law->parameters + 2; /* with one residual to spare nothing can be said */
	if (w.n < least)
		return assay_fail(err, ASSAY_SKIP,
				  "an interval for %s needs %zu points that are not "
				  "oversubscribed; there are %zu",
				  law->name, least, w.n);
	code = replicate(law, &w, plan, err);
	double tail = (1 - plan->confidence) / 2;
	for (size_t k = 0; code == ASSAY_OK && k < law->figures; k++) {
		double *row = w.replicates + k * plan->resamples;
		assay_sort(row, plan->resamples);
		lo[k] = assay_quantile(row, plan->resamples, tail);
		hi[k] = assay_quantile(row, plan->resamples, 1 - tail);
	}
	return code;
}

enum assay_code assay_amdahl_interval(const struct assay_scaling_point *points, size_t n,
				      double max_threads, const struct assay_bootstrap_plan *plan,
				      struct assay_amdahl_range *ret, struct assay_err *err)
{
	double lo[MOST_PARAMETERS], hi[MOST_PARAMETERS];
	enum assay_code code = find_interval(&amdahl, points, n, max_threads, plan, lo, hi, err);
	if (code != ASSAY_OK)
		return code;
	ret->lo = (struct assay_amdahl){lo[0], lo[1], lo[2], NAN};
	ret->hi = (struct assay_amdahl){hi[0], hi[1], hi[2], NAN};
	return ASSAY_OK;
}

enum assay_code assay_usl_interval(const struct assay_scaling_point *points, size_t n,
				   double max_threads, const struct assay_bootstrap_plan *plan,
				   struct assay_usl_range *ret, struct assay_err *err)
{
	double lo[MOST_PARAMETERS], hi[MOST_PARAMETERS];
	enum assay_code code = find_interval(&usl, points, n, max_threads, plan, lo, hi, err);
	if (code != ASSAY_OK)
		return code;
	ret->lo = (struct assay_usl){lo[0], lo[1], lo[2], lo[3], lo[4], NAN};
	ret->hi = (struct assay_usl){hi[0], hi[1], hi[2], hi[3], hi[4], NAN};
	return ASSAY_OK;
}

enum assay_code assay_gustafson_interval(const struct assay_scaling_point *points, size_t n,
					 double max_threads,
					 const struct assay_bootstrap_plan *plan,
					 struct assay_gustafson_range *ret, struct assay_err *err)
{
	return find_interval(&gustafson, points, n, max_threads, plan, &ret->lo, &ret->hi, err);
}

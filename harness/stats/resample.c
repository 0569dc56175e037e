/* SPDX-License-Identifier: MIT */
/* resample: draw with replacement, count, correct for bias and skew. */
#include "harness/stats/resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "harness/stats/estimate.h"

static enum assay_code check_plan(const struct assay_bootstrap_plan *plan, struct assay_err *err)
{
	if (plan->resamples == 0)
		return assay_fail(err, ASSAY_EUSAGE, "bootstrap: no resamples asked for");
	if (!(plan->confidence > 0 && plan->confidence < 1))
		return assay_fail(err, ASSAY_EUSAGE,
				  "bootstrap: confidence %g is not between 0 and 1",
				  plan->confidence);
	return ASSAY_OK;
}

/* Spread and percentile interval of the replicates, which are sorted here; false when too few. */
static bool summarise(double *replicates, const struct assay_bootstrap_plan *plan,
		      struct assay_bootstrap *ret)
{
	if (isnan(ret->estimate) || ret->resamples * 2 < plan->resamples)
		return false;
	double tail = (1 - plan->confidence) / 2;
	assay_sort(replicates, ret->resamples);
	ret->standard_error = assay_sd(replicates, ret->resamples);
	ret->lo = ret->percentile_lo = assay_quantile(replicates, ret->resamples, tail);
	ret->hi = ret->percentile_hi = assay_quantile(replicates, ret->resamples, 1 - tail);
	return true;
}

/* How the statistic leans when single values are left out: a of Efron & Tibshirani (14.15). */
static double acceleration(const double *x, size_t n, assay_statistic *statistic, void *context,
			   double *scratch, double *without)
{
	for (size_t i = 0; i < n; i++) {
		memcpy(scratch, x, i * sizeof(*x));
		memcpy(scratch + i, x + i + 1, (n - i - 1) * sizeof(*x));
		without[i] = statistic(scratch, n - 1, context);
	}
	double mean = assay_mean(without, n), squares = 0, cubes = 0;
	for (size_t i = 0; i < n; i++) {
		double d = mean - without[i];
		squares += d * d;
		cubes += d * d * d;
	}
	return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

/* Share of sorted replicates below the estimate, equal ones counting half. */
static double share_below(const struct assay_bootstrap *ret, const double *replicates)
{
	double below = 0;
	for (size_t i = 0; i < ret->resamples && replicates[i] <= ret->estimate; i++)
		below += replicates[i] < ret->estimate ? 1 : 0.5;
	return below / (double)ret->resamples;
}

/* Which percentile BCa takes for the normal quantile z, (14.10). */
static double corrected(double bias, double acceleration, double z)
{
	double shifted = bias + z;
	return assay_normal_cdf(bias + shifted / (1 - acceleration * shifted));
}

static void correct(const double *replicates, double acceleration,
		    const struct assay_bootstrap_plan *plan, struct assay_bootstrap *ret)
{
	double bias = assay_normal_quantile(share_below(ret, replicates));
	double z = assay_normal_quantile((1 - plan->confidence) / 2);
	double from = corrected(bias, acceleration, z), to = corrected(bias, acceleration, -z);
	if (!isfinite(bias) || !(from < to))
		return;
	ret->lo = assay_quantile(replicates, ret->resamples, from);
	ret->hi = assay_quantile(replicates, ret->resamples, to);
}

static double statistic_of(const double *x, size_t n, assay_statistic *statistic, void *context,
			   double *scratch)
{
	memcpy(scratch, x, n * sizeof(*x));
	return statistic(scratch, n, context);
}

enum assay_code assay_bootstrap(const double *x, size_t n, assay_statistic *statistic,
				void *context, const struct assay_bootstrap_plan *plan,
				struct assay_bootstrap *ret, struct assay_err *err)
{
	*ret = (struct assay_bootstrap){NAN, NAN, NAN, NAN, NAN, NAN, 0};
	enum assay_code code = check_plan(plan, err);
	if (code != ASSAY_OK || n == 0)
		return code;
	ASSAY_AUTO_FREE double *memory = malloc((2 * n + plan->resamples) * sizeof(*memory));
	if (!memory)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu resamples",
				  plan->resamples);
	double *drawn = memory, *without = memory + n, *replicates = without + n;
	ret->estimate = statistic_of(x, n, statistic, context, drawn);
	if (n < 2)
		return ASSAY_OK;
	struct assay_rng rng;
	assay_rng_init(&rng, plan->seed);
	for (size_t i = 0; i < plan->resamples; i++) {
		for (size_t j = 0; j < n; j++)
			drawn[j] = x[assay_rng_below(&rng, n)];
		double value = statistic(drawn, n, context);
		if (!isnan(value))
			replicates[ret->resamples++] = value;
	}
	if (summarise(replicates, plan, ret))
		correct(replicates, acceleration(x, n, statistic, context, drawn, without), plan,
			ret);
	return ASSAY_OK;
}

/* One draw of whole groups to drawn[]; how many values it has. */
static size_t draw_groups(struct assay_rng *rng, const double *x, const uint32_t *group_end,
			  size_t groups, double *drawn)
{
	size_t n = 0;
	for (size_t i = 0; i < groups; i++) {
		size_t group = (size_t)assay_rng_below(rng, groups);
		size_t from = group ? group_end[group - 1] : 0, size = group_end[group] - from;
		memcpy(drawn + n, x + from, size * sizeof(*x));
		n += size;
	}
	return n;
}

static size_t largest_group(const uint32_t *group_end, size_t groups)
{
	size_t largest = 0;
	for (size_t i = 0; i < groups; i++) {
		size_t size = group_end[i] - (i ? group_end[i - 1] : 0);
		largest = size > largest ? size : largest;
	}
	return largest;
}

enum assay_code assay_bootstrap_groups(const double *x, const uint32_t *group_end, size_t groups,
				       assay_statistic *statistic, void *context,
				       const struct assay_bootstrap_plan *plan,
				       struct assay_bootstrap *ret, struct assay_err *err)
{
	*ret = (struct assay_bootstrap){NAN, NAN, NAN, NAN, NAN, NAN, 0};
	enum assay_code code = check_plan(plan, err);
	size_t n = groups ? group_end[groups - 1] : 0;
	if (code != ASSAY_OK || n == 0)
		return code;
	size_t most = groups * largest_group(group_end, groups);
	ASSAY_AUTO_FREE double *drawn = malloc(most * sizeof(*drawn));
	ASSAY_AUTO_FREE double *replicates = malloc(plan->resamples * sizeof(*replicates));
	if (!drawn || !replicates)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu resamples",
				  plan->resamples);
	ret->estimate = statistic_of(x, n, statistic, context, drawn);
	if (groups < 2)
		return ASSAY_OK;
	struct assay_rng rng;
	assay_rng_init(&rng, plan->seed);
	for (size_t i = 0; i < plan->resamples; i++) {
		size_t size = draw_groups(&rng, x, group_end, groups, drawn);
		double value = size ? statistic(drawn, size, context) : NAN;
		if (!isnan(value))
			replicates[ret->resamples++] = value;
	}
	summarise(replicates, plan, ret);
	return ASSAY_OK;
}

/* SPDX-License-Identifier: MIT */
/* detect: charts and identifiers, one pass each. */
#include "harness/stats/detect.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/stats/estimate.h"

/* Median and MAD of x[n] without its gaps, scaled to a standard deviation. scratch[2 n]. */
static double centre_of(const double *x, size_t n, double *scratch, double *ret_sd)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(x[i]))
			scratch[kept++] = x[i];
	assay_sort(scratch, kept);
	*ret_sd = ASSAY_MAD_TO_SD * assay_mad(scratch, kept, scratch + n);
	return assay_median(scratch, kept);
}

enum assay_code assay_robust_z(const double *x, size_t n, double *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE double *scratch = malloc((2 * n + 1) * sizeof(*scratch));
	if (!scratch)
		return assay_fail(err, ASSAY_ENOMEM, "no memory to sort %zu values", n);
	double sd, centre = centre_of(x, n, scratch, &sd);
	for (size_t i = 0; i < n; i++) {
		double off = x[i] - centre;
		ret[i] = off == 0 ? 0 : off / sd;
	}
	return ASSAY_OK;
}

enum assay_code assay_hampel(const double *x, size_t n, size_t half_window, double nsigma,
			     uint8_t *ret, size_t *ret_count, struct assay_err *err)
{
	size_t reach = half_window < n ? half_window : n;
	ASSAY_AUTO_FREE double *scratch = malloc((4 * reach + 2) * sizeof(*scratch));
	*ret_count = 0;
	if (!scratch)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a window of %zu values", reach);
	for (size_t i = 0; i < n; i++) {
		size_t from = i > reach ? i - reach : 0;
		size_t to = n - i > reach ? i + reach + 1 : n;
		double sd, centre = centre_of(x + from, to - from, scratch, &sd);
		ret[i] = fabs(x[i] - centre) > nsigma * sd; /* never for a gap */
		*ret_count += ret[i];
	}
	return ASSAY_OK;
}

size_t assay_ewma(const struct assay_ewma *chart, const double *x, size_t n, double *z,
		  double *limit)
{
	double lambda = chart->weight, average = chart->mean, seen = 0;
	size_t alarm = ASSAY_NO_ALARM;
	for (size_t i = 0; i < n; i++) {
		z[i] = limit[i] = NAN;
		if (isnan(x[i]))
			continue;
		/* 1 - (1 - lambda)^2i, with its digits for tiny lambda. */
		double filled = -expm1(2 * ++seen * log1p(-lambda));
		z[i] = average = lambda * x[i] + (1 - lambda) * average;
		limit[i] = chart->width * chart->sd * sqrt(lambda / (2 - lambda) * filled);
		if (alarm == ASSAY_NO_ALARM && fabs(average - chart->mean) > limit[i])
			alarm = i;
	}
	return alarm;
}

static void raise_alarms(struct assay_alarms *alarms, size_t at, bool up, bool down)
{
	if (up && alarms->up == ASSAY_NO_ALARM)
		alarms->up = at;
	if (down && alarms->down == ASSAY_NO_ALARM)
		alarms->down = at;
	alarms->first = alarms->up < alarms->down ? alarms->up : alarms->down;
}

struct assay_alarms assay_cusum(const struct assay_cusum *chart, const double *x, size_t n,
				double *up, double *down)
{
	struct assay_alarms alarms = {ASSAY_NO_ALARM, ASSAY_NO_ALARM, ASSAY_NO_ALARM};
	double above = 0, below = 0;
	for (size_t i = 0; i < n; i++) {
		up[i] = down[i] = NAN;
		if (isnan(x[i]) || !(chart->sd > 0))
			continue;
		double u = (x[i] - chart->mean) / chart->sd;
		up[i] = above = fmax(0, above + u - chart->slack);
		down[i] = below = fmax(0, below - u - chart->slack);
		raise_alarms(&alarms, i, above > chart->threshold, below > chart->threshold);
	}
	return alarms;
}

struct assay_alarms assay_page_hinkley(const double *x, size_t n, double delta, double threshold,
				       double *up, double *down)
{
	struct assay_alarms alarms = {ASSAY_NO_ALARM, ASSAY_NO_ALARM, ASSAY_NO_ALARM};
	double mean = 0, seen = 0, rising = 0, falling = 0;
	double lowest = INFINITY, highest = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		up[i] = down[i] = NAN;
		if (isnan(x[i]))
			continue;
		mean += (x[i] - mean) / ++seen;
		rising += x[i] - mean - delta;
		falling += x[i] - mean + delta;
		lowest = fmin(lowest, rising);
		highest = fmax(highest, falling);
		up[i] = rising - lowest;
		down[i] = highest - falling;
		raise_alarms(&alarms, i, up[i] > threshold, down[i] > threshold);
	}
	return alarms;
}

/* SPDX-License-Identifier: MIT */
/* changepoint: the scan, and the replay of a history. */
#include "harness/stats/changepoint.h"

#include <math.h>
#include <string.h>

#include "harness/stats/estimate.h"
#include "harness/stats/location.h"
#include "harness/stats/ranks.h"
#include "harness/stats/scan_table.h"

/* Variance of the sum of k of the ranks 1..n. */
static double rank_variance(double n, double k)
{
	return k * (n - k) * (n + 1) / 12;
}

struct assay_scan assay_scan(const double *x, size_t n)
{
	struct assay_scan ret = {NAN, 0, 0, 0};
	if (n < ASSAY_SCAN_LEAST || n > ASSAY_SCAN_MOST)
		return ret;
	double ranks[ASSAY_SCAN_MOST], z[ASSAY_SCAN_MOST] = {0}, sum = 0;
	struct assay_ranked sorting[ASSAY_SCAN_MOST];
	assay_mid_ranks(x, n, ranks, sorting);
	ret.statistic = -1;
	for (size_t k = 1; k <= n - ASSAY_SCAN_SEGMENT; k++) {
		sum += ranks[k - 1];
		if (k < ASSAY_SCAN_SEGMENT)
			continue;
		double expected = (double)k * (double)(n + 1) / 2;
		z[k] = fabs(sum - expected) / sqrt(rank_variance((double)n, (double)k));
		if (z[k] > ret.statistic) {
			ret.statistic = z[k];
			ret.at = k;
		}
	}
	ret.from = ret.to = ret.at;
	for (size_t k = ASSAY_SCAN_SEGMENT; k <= n - ASSAY_SCAN_SEGMENT; k++) {
		if (z[k] < 0.9 * ret.statistic)
			continue;
		ret.from = k < ret.from ? k : ret.from;
		ret.to = k > ret.to ? k : ret.to;
	}
	return ret;
}

double assay_scan_critical(size_t n, double level)
{
	if (n < ASSAY_SCAN_LEAST || n > ASSAY_SCAN_MOST)
		return NAN;
	for (size_t i = 0; i < SCAN_LEVELS; i++)
		if (level == scan_levels[i])
			return scan_critical[n - ASSAY_SCAN_LEAST][i];
	return NAN;
}

/* The last points that are there, in order, and where each came from. */
struct window {
	double x[ASSAY_SCAN_MOST];
	size_t index[ASSAY_SCAN_MOST];
	size_t n;
};

static void fill_window(struct window *window, const double *x, size_t n)
{
	size_t first = n;
	window->n = 0;
	while (first > 0 && window->n < ASSAY_SCAN_MOST)
		window->n += isfinite(x[--first]) != 0;
	size_t kept = 0;
	for (size_t i = first; i < n; i++) {
		if (!isfinite(x[i]))
			continue;
		window->x[kept] = x[i];
		window->index[kept++] = i;
	}
}

/* Median absolute deviation from the median of each point's own part. */
static double deviation_within(const struct window *window, size_t at)
{
	double off[ASSAY_SCAN_MOST], scratch[ASSAY_SCAN_MOST];
	size_t from[] = {0, at, window->n};
	for (int part = 0; part < 2; part++) {
		size_t n = from[part + 1] - from[part];
		memcpy(scratch, window->x + from[part], n * sizeof(*scratch));
		assay_sort(scratch, n);
		double centre = assay_median(scratch, n);
		for (size_t i = from[part]; i < from[part + 1]; i++)
			off[i] = fabs(window->x[i] - centre);
	}
	assay_sort(off, window->n);
	return assay_median(off, window->n);
}

enum assay_code assay_find_change(const double *x, size_t n,
				  const struct assay_change_policy *policy, bool *ret_found,
				  struct assay_change *ret, struct assay_err *err)
{
	*ret_found = false;
	if (isnan(assay_scan_critical(ASSAY_SCAN_MOST, policy->level)))
		return assay_fail(err, ASSAY_EUSAGE,
				  "change points: level %g has no table; take 0.05, 0.01 or 0.001",
				  policy->level);
	struct window window;
	fill_window(&window, x, n);
	if (window.n < ASSAY_SCAN_LEAST)
		return ASSAY_OK;
	struct assay_scan scan = assay_scan(window.x, window.n);
	if (!(scan.statistic > assay_scan_critical(window.n, policy->level)))
		return ASSAY_OK;
	struct assay_location shift;
	enum assay_code code = assay_hodges_lehmann_shift(window.x + scan.at, window.n - scan.at,
							  window.x, scan.at, 0.95, &shift, err);
	if (code != ASSAY_OK)
		return code;
	*ret = (struct assay_change){window.index[scan.at],
				     window.index[scan.from],
				     window.index[scan.to],
				     shift.estimate,
				     shift.lo,
				     shift.hi,
				     scan.statistic};
	double noise = policy->least_deviation * deviation_within(&window, scan.at);
	*ret_found = fabs(shift.estimate) > fmax(policy->least_effect, noise);
	return ASSAY_OK;
}

enum assay_code assay_change_points(const double *x, size_t n,
				    const struct assay_change_policy *policy,
				    struct assay_change *ret, size_t max, size_t *ret_n,
				    struct assay_err *err)
{
	size_t start = 0;
	*ret_n = 0;
	for (size_t end = 1; end <= n; end++) {
		struct assay_change change;
		bool found;
		enum assay_code code =
			assay_find_change(x + start, end - start, policy, &found, &change, err);
		if (code != ASSAY_OK)
			return code;
		if (!found)
			continue;
		change.at += start;
		change.from += start;
		change.to += start;
		if (*ret_n < max)
			ret[*ret_n] = change;
		++*ret_n;
		start = change.at;
	}
	return ASSAY_OK;
}

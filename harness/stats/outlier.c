/* SPDX-License-Identifier: MIT */
/* outlier: the modified z-score. */
#include "harness/stats/outlier.h"

#include <math.h>
#include <string.h>

#include "harness/stats/estimate.h"

double assay_outlier_scores(const double *x, size_t n, double least, double *scores,
			    double *scratch)
{
	if (n == 0)
		return least;
	memcpy(scratch, x, n * sizeof(*x));
	assay_sort(scratch, n);
	double median = assay_median(scratch, n);
	double spread = fmax(assay_mad(scratch, n, scratch + n) / 0.6745, least);
	for (size_t i = 0; i < n; i++)
		scores[i] = (x[i] - median) / spread;
	return spread;
}

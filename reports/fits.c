/* SPDX-License-Identifier: MIT */
/* fits: gather the points of each series, fit, say it or say why not. */
#include "reports/fits.h"

#include <math.h>
#include <string.h>

#include "harness/stats/scaling_fit.h"

enum { MAX_POINTS = 256 };

/* The place of "speedup" among the metrics measured beside the primary one, or n_beside. */
static size_t speedup_of(const struct assay_report_bench *bench)
{
	size_t i = 0;
	while (i < bench->n_beside && strcmp(bench->beside[i].name, "speedup") != 0)
		i++;
	return i;
}

/* Do two rows differ in their threads only? Threads are the last axis. */
static bool same_series(const struct assay_report_bench *bench, const struct assay_report_row *a,
			const struct assay_report_row *b)
{
	if (strcmp(a->result->subject, b->result->subject) != 0)
		return false;
	for (size_t i = 0; i + 1 < bench->n_axes; i++)
		if (strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return true;
}

static bool leads(const struct assay_report_bench *bench, size_t r)
{
	for (size_t i = 0; i < r; i++)
		if (same_series(bench, &bench->rows[i], &bench->rows[r]))
			return false;
	return bench->rows[r].ranked;
}

static size_t gather(const struct assay_report_bench *bench, size_t leader, size_t speedup,
		     struct assay_scaling_point *points)
{
	size_t n = 0;
	for (size_t i = leader; i < bench->n_measured && n < MAX_POINTS; i++) {
		const struct assay_report_row *row = &bench->rows[i];
		const struct assay_result *beside = row->beside[speedup];
		if (!same_series(bench, row, &bench->rows[leader]) || !beside ||
		    !(beside->estimate.median > 0))
			continue;
		points[n++] =
			(struct assay_scaling_point){row->result->threads, beside->estimate.median};
	}
	return n;
}

static void say_amdahl(struct assay_str *to, const struct assay_scaling_point *points, size_t n)
{
	struct assay_amdahl fit;
	struct assay_err err = {0};
	if (assay_amdahl_fit(points, n, 0, &fit, &err) != ASSAY_OK)
		assay_str_add(to, "not fitted: %s", err.text);
	else if (isfinite(fit.limit) && fit.limit > 0)
		assay_str_add(to, "Amdahl's law: serial part %.1f %%, speedup at most %.3g",
			      100 * fit.serial_fraction, fit.limit);
	else
		assay_str_add(to, "Amdahl's law: no serial part seen (%.1f %%)",
			      100 * fit.serial_fraction);
}

static void say_usl(struct assay_str *to, const struct assay_scaling_point *points, size_t n)
{
	struct assay_usl fit;
	struct assay_err err = {0};
	if (assay_usl_fit(points, n, 0, &fit, &err) != ASSAY_OK)
		assay_str_add(to, "; not fitted: %s", err.text);
	else
		assay_str_add(to,
			      "; universal scalability law: contention %.2g, coherency %.2g, "
			      "peak at %.0f threads",
			      fit.contention, fit.coherency, fit.peak_threads);
}

void assay_report_fits(struct assay_str *to, const struct assay_report_bench *bench)
{
	size_t speedup = speedup_of(bench);
	if (speedup == bench->n_beside)
		return;
	for (size_t r = 0; r < bench->n_measured; r++) {
		struct assay_scaling_point points[MAX_POINTS];
		if (!leads(bench, r))
			continue;
		size_t n = gather(bench, r, speedup, points);
		assay_str_add(to, "%s", bench->rows[r].result->subject);
		for (size_t i = 0; i + 1 < bench->n_axes; i++)
			if (bench->axes[i].varies)
				assay_str_add(to, " %s %s", bench->axes[i].name,
					      bench->rows[r].values[i]);
		assay_str_add(to, ": ");
		say_amdahl(to, points, n);
		say_usl(to, points, n);
		assay_str_add(to, "\n");
	}
}

/* SPDX-License-Identifier: MIT */
/* figure_lines: a line for each series of cases over an axis, or over a metric that stands for it. */
#include "reports/figure_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/scaling_fit.h"
#include "reports/words.h"

/* `wanted`, a subject's own, or the next that no other line has: there may be more subjects than colours. */
static size_t free_colour(const struct assay_figure *figure, size_t wanted)
{
	bool taken[ASSAY_FIGURE_COLOURS] = {false};
	if (wanted >= ASSAY_FIGURE_COLOURS)
		return wanted;
	for (size_t i = 0; i + 1 < figure->n_series; i++) /* the last is who asks */
		if (figure->series[i].colour < ASSAY_FIGURE_COLOURS)
			taken[figure->series[i].colour] = true;
	for (size_t i = 0; i < ASSAY_FIGURE_COLOURS; i++)
		if (!taken[(wanted + i) % ASSAY_FIGURE_COLOURS])
			return (wanted + i) % ASSAY_FIGURE_COLOURS;
	return wanted;
}

static struct assay_figure_series *
find_series(struct assay_figure_job *job, const struct assay_report_row *row, struct assay_err *err)
{
	struct assay_figure *figure = job->figure;
	struct assay_str label = {0};
	assay_str_add(&label, "%s", row->result->subject);
	assay_figure_describe(&label, job, row, job->x);
	for (size_t i = 0; i < figure->n_series; i++) {
		if (strcmp(assay_str_text(&figure->series[i].label), assay_str_text(&label)) == 0) {
			assay_str_done(&label);
			return &figure->series[i];
		}
	}
	if (figure->n_series == ASSAY_FIGURE_SERIES) {
		figure->left_out++;
		assay_str_done(&label);
		return NULL;
	}
	bool by_subject = label.length == strlen(row->result->subject);
	struct assay_figure_series *series;
	if (assay_figure_add_series(figure, job->bench->n_measured, &series, err) != ASSAY_OK) {
		assay_str_done(&label);
		return NULL;
	}
	series->label = label;
	if (job->bench->has_subjects && by_subject)
		series->colour = free_colour(figure, assay_figure_colour(job, row));
	return series;
}

static int by_x(const void *pa, const void *pb)
{
	const struct assay_figure_point *a = pa, *b = pb;
	return a->x < b->x ? -1 : a->x > b->x;
}

static const char *x_unit(const struct assay_figure_job *job)
{
	for (size_t i = 0; job->rule->over && i < job->bench->n_beside; i++)
		if (strcmp(job->bench->beside[i].name, job->rule->over) == 0)
			return job->bench->beside[i].unit;
	return "";
}

static bool x_fits(const struct assay_figure_job *job, double x)
{
	bool log = job->rule->log_x;
	return assay_figure_fits(log ? x : fabs(x), log);
}

/* Where a row stands on the axis, or on the metric that stands for it. */
static bool x_of(const struct assay_figure_job *job, const struct assay_report_row *row,
		 double *ret)
{
	if (!job->rule->over)
		return assay_report_number(row->values[job->x], ret) && x_fits(job, *ret);
	for (size_t i = 0; i < job->bench->n_beside; i++)
		if (strcmp(job->bench->beside[i].name, job->rule->over) == 0 && row->beside[i])
			*ret = row->beside[i]->estimate.median;
	return x_fits(job, *ret);
}

/* Of a speed-up, the law of scaling that fits it, where it was measured with a core for each thread. */
static enum assay_code add_curve(struct assay_figure_series *series, struct assay_err *err)
{
	struct assay_usl fit;
	size_t n = 0;
	ASSAY_AUTO_FREE struct assay_scaling_point *points = calloc(series->n, sizeof(*points));
	if (!points)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a fitted curve");
	for (size_t i = 0; i < series->n; i++)
		if (!series->points[i].unpinned)
			points[n++] = (struct assay_scaling_point){series->points[i].x,
								   series->points[i].y};
	if (assay_usl_fit(points, n, 0, &fit, NULL) != ASSAY_OK)
		return ASSAY_OK;
	series->curve_from = points[0].threads;
	series->curve_to = points[n - 1].threads;
	double step = (series->curve_to - series->curve_from) / (ASSAY_FIGURE_CURVE - 1);
	series->fitted = true;
	for (size_t i = 0; i < ASSAY_FIGURE_CURVE; i++) {
		double y = assay_usl_speedup(&fit, series->curve_from + (double)i * step);
		series->curve[i] = y;
		series->fitted &= isfinite(y) && y >= 0;
	}
	return ASSAY_OK;
}

static enum assay_code add_points(struct assay_figure_job *job, struct assay_err *err)
{
	for (size_t r = 0; r < job->bench->n_measured; r++) {
		const struct assay_report_row *row = &job->bench->rows[r];
		const struct assay_result *result = assay_figure_pick(job, row);
		double x = NAN;
		if (!assay_figure_selected(job, row) || assay_figure_dwarfs(job, row) ||
		    (job->rule->but && strcmp(row->result->subject, job->rule->but) == 0))
			continue;
		if (!result || !x_of(job, row, &x)) {
			job->figure->left_out += result || assay_figure_lacks(job, row);
			continue;
		}
		struct assay_err own = {0};
		struct assay_figure_series *series = find_series(job, row, &own);
		if (own.code != ASSAY_OK)
			return assay_fail(err, own.code, "%s", own.text);
		if (!series)
			continue;
		struct assay_figure_point *point = &series->points[series->n++];
		point->x = x;
		point->x_text = job->rule->over ? NULL : row->values[job->x];
		point->y = result->estimate.median;
		point->unpinned = (result->flags & ASSAY_RESULT_UNPINNED) != 0;
		assay_figure_bounds(job, &result->estimate, &point->lo, &point->hi);
	}
	for (size_t s = 0; s < job->figure->n_series; s++)
		qsort(job->figure->series[s].points, job->figure->series[s].n,
		      sizeof(struct assay_figure_point), by_x);
	return ASSAY_OK;
}

static void add_marks(const struct assay_figure_job *job)
{
	const struct assay_report_machine *machine = &job->run->machine;
	const struct assay_figure_mark caches[] = {{machine->l1d_bytes, "L1d"},
						   {machine->l2_bytes, "L2"},
						   {machine->llc_bytes, "LLC"}};
	double lo = INFINITY, hi = -INFINITY;
	for (size_t s = 0; s < job->figure->n_series; s++) {
		const struct assay_figure_series *series = &job->figure->series[s];
		lo = fmin(lo, series->points[0].x);
		hi = fmax(hi, series->points[series->n - 1].x);
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(caches); i++)
		if (caches[i].x >= lo && caches[i].x <= hi) /* false for NaN: unknown */
			job->figure->marks[job->figure->n_marks++] = caches[i];
}

/* Where numbers are great, a prefix and the unit stand with each, otherwise with the label. */
static void label_x(struct assay_figure_job *job)
{
	struct assay_figure *figure = job->figure;
	bool great = false;
	for (size_t s = 0; s < figure->n_series; s++)
		great |= figure->series[s].points[figure->series[s].n - 1].x >= 1e4;
	figure->x_round = job->rule->over != NULL;
	figure->x_unit = great ? x_unit(job) : "";
	const char *unit = great ? "" : x_unit(job);
	assay_str_add(&figure->x_label, "%s%s%s",
		      job->rule->over ? job->rule->over : job->bench->axes[job->x].name,
		      *unit ? ", " : "", unit);
}

enum assay_code assay_figure_lines(struct assay_figure_job *job, bool *ret_useful,
				   struct assay_err *err)
{
	job->x = 0;
	while (job->x < job->bench->n_axes &&
	       strcmp(job->bench->axes[job->x].name, job->rule->x) != 0)
		job->x++;
	if (job->x == job->bench->n_axes || !job->bench->axes[job->x].numeric)
		return ASSAY_OK;
	enum assay_code rc = add_points(job, err);
	for (size_t s = 0; rc == ASSAY_OK && s < job->figure->n_series; s++) {
		const struct assay_figure_series *series = &job->figure->series[s];
		*ret_useful |= series->points[series->n - 1].x > series->points[0].x;
		*ret_useful |= job->rule->over && job->figure->n_series > 1;
	}
	if (*ret_useful && job->rule->caches)
		add_marks(job);
	bool curves = *ret_useful && job->rule->ideal && strcmp(job->rule->metric, "speedup") == 0;
	for (size_t s = 0; rc == ASSAY_OK && curves && s < job->figure->n_series; s++)
		rc = add_curve(&job->figure->series[s], err);
	label_x(job);
	return rc;
}

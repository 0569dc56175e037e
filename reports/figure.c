/* SPDX-License-Identifier: MIT */
/* figure: which figure a benchmark gets, and what its rows contribute. */
#include "reports/figure_build.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/words.h"

bool assay_figure_fits(double value, bool log)
{
	return (value > 1e-150 && value < 1e150) || (!log && value == 0);
}

/* What a row has of the figure's metric, or NULL. */
static const struct assay_result *measured(const struct assay_figure_job *job,
					   const struct assay_report_row *row)
{
	const struct assay_result *result = row->result;
	for (size_t i = 0; job->rule->metric && i < job->bench->n_beside; i++)
		if (strcmp(job->bench->beside[i].name, job->rule->metric) == 0)
			result = row->beside[i];
	bool there = result && assay_status_measured(result->status) &&
		     !isnan(result->estimate.median) &&
		     strcmp(result->metric.unit, job->figure->metric.unit) == 0;
	return there ? result : NULL;
}

const struct assay_result *assay_figure_pick(const struct assay_figure_job *job,
					     const struct assay_report_row *row)
{
	const struct assay_result *result = measured(job, row);
	return result && assay_figure_fits(result->estimate.median, job->log) ? result : NULL;
}

bool assay_figure_lacks(const struct assay_figure_job *job, const struct assay_report_row *row)
{
	return measured(job, row) && !assay_figure_pick(job, row);
}

bool assay_figure_selected(const struct assay_figure_job *job, const struct assay_report_row *row)
{
	for (size_t i = 0; i < ASSAY_FIGURE_SELECT; i++)
		if (job->chosen[i] && strcmp(row->values[job->axis[i]], job->chosen[i]) != 0)
			return false;
	return true;
}

static bool held(const struct assay_figure_job *job, size_t axis)
{
	for (size_t i = 0; i < ASSAY_FIGURE_SELECT; i++)
		if (job->chosen[i] && job->axis[i] == axis)
			return true;
	return false;
}

/* The largest measured value of an axis that varies, or the smallest; NULL without any. */
static const char *extreme(const struct assay_figure_job *job, size_t axis, double sign)
{
	const char *best = NULL;
	double most = -INFINITY, number;
	for (size_t r = 0; r < job->bench->n_measured; r++) {
		const char *value = job->bench->rows[r].values[axis];
		if (!assay_figure_pick(job, &job->bench->rows[r]) ||
		    !assay_report_number(value, &number) || sign * number <= most)
			continue;
		best = value;
		most = sign * number;
	}
	return best;
}

static void select_values(struct assay_figure_job *job)
{
	struct assay_str *note = &job->figure->note;
	for (size_t i = 0; i < ASSAY_FIGURE_SELECT && job->rule->select[i]; i++) {
		bool least = job->rule->select[i][0] == '-';
		for (size_t a = 0; a < job->bench->n_axes; a++) {
			const struct assay_report_axis *axis = &job->bench->axes[a];
			if (!axis->varies || !axis->numeric ||
			    strcmp(axis->name, job->rule->select[i] + least) != 0)
				continue;
			job->chosen[i] = extreme(job, a, least ? -1 : 1);
			job->axis[i] = a;
			if (job->chosen[i])
				assay_str_add(note, "%s%s %s", note->length ? ", " : "At ",
					      axis->name, job->chosen[i]);
		}
	}
	if (note->length)
		assay_str_add(note, ". ");
}

void assay_figure_describe(struct assay_str *to, const struct assay_figure_job *job,
			   const struct assay_report_row *row, size_t skip)
{
	const struct assay_report_bench *bench = job->bench;
	const char *separator = to->length ? " · " : "";
	for (size_t a = 0; a < bench->n_axes; a++) {
		if (!bench->axes[a].varies || a == skip || held(job, a))
			continue;
		if (a == bench->n_axes - 1)
			assay_str_add(to, "%s%s %s", separator, row->threads,
				      row->result->threads == 1 ? "thread" : "threads");
		else if (bench->axes[a].numeric || job->rule->kind == ASSAY_FIGURE_LINES)
			assay_str_add(to, "%s%s %s", separator, bench->axes[a].name,
				      row->values[a]);
		else
			assay_str_add(to, "%s%s", separator, row->values[a]);
		separator = " · ";
	}
}

/*
 * Lines and dots: one colour per subject, the same for benchmarks with the same subjects. Bars bear their
 * names, so that colour is free to say which is best.
 */
size_t assay_figure_colour(const struct assay_figure_job *job, const struct assay_report_row *row)
{
	if (job->rule->kind == ASSAY_FIGURE_BARS && row->ranked && job->bench->has_relative)
		return row->best ? 0 : ASSAY_FIGURE_TINT;
	if (!*row->result->subject)
		return 0;
	for (size_t i = 0; i < job->bench->n_subjects; i++)
		if (strcmp(job->bench->subjects[i], row->result->subject) == 0)
			return i % ASSAY_FIGURE_COLOURS;
	return ASSAY_FIGURE_GREY;
}

void assay_figure_bounds(const struct assay_figure_job *job, const struct assay_estimate *e,
			 double *lo, double *hi)
{
	bool sound = e->lo <= e->median && e->hi >= e->median &&
		     assay_figure_fits(e->lo, job->log) && assay_figure_fits(e->hi, job->log);
	*lo = sound ? e->lo : e->median;
	*hi = sound ? e->hi : e->median;
}

bool assay_figure_dwarfs(const struct assay_figure_job *job, const struct assay_report_row *row)
{
	return *row->result->subject && !row->ranked && !job->rule->log_y &&
	       assay_report_higher_is_better(&job->figure->metric);
}

static void extremes(const struct assay_figure *figure, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t r = 0; r < figure->n_rows; r++) {
		if (figure->rows[r].heading)
			continue;
		*lo = fmin(*lo, figure->rows[r].value);
		*hi = fmax(*hi, figure->rows[r].value);
	}
	for (size_t s = 0; s < figure->n_series; s++) {
		for (size_t i = 0; i < figure->series[s].n; i++) {
			*lo = fmin(*lo, figure->series[s].points[i].y);
			*hi = fmax(*hi, figure->series[s].points[i].y);
		}
	}
}

static void use_log_x(struct assay_figure *figure)
{
	figure->log_x = true;
	for (size_t r = 0; r < figure->n_rows; r++)
		if (figure->rows[r].lo <= 0)
			figure->rows[r].lo = figure->rows[r].value;
}

/* An interval far beyond every median would leave no room for them. */
static bool clip(double *hi, double limit)
{
	bool beyond = *hi > limit;
	*hi = beyond ? limit : *hi;
	return beyond;
}

static bool clip_all(struct assay_figure *figure, double highest)
{
	bool log = figure->kind == ASSAY_FIGURE_LINES ? figure->log_y : figure->log_x, any = false;
	double limit = highest * (log ? 8 : 1.5);
	for (size_t r = 0; r < figure->n_rows; r++)
		any |= !figure->rows[r].heading && clip(&figure->rows[r].hi, limit);
	for (size_t s = 0; s < figure->n_series; s++)
		for (size_t i = 0; i < figure->series[s].n; i++)
			any |= clip(&figure->series[s].points[i].hi, limit);
	return any;
}

static bool has_intervals(const struct assay_figure *figure)
{
	for (size_t r = 0; r < figure->n_rows; r++)
		if (figure->rows[r].hi > figure->rows[r].lo)
			return true;
	for (size_t s = 0; s < figure->n_series; s++)
		for (size_t i = 0; i < figure->series[s].n; i++)
			if (figure->series[s].points[i].hi > figure->series[s].points[i].lo)
				return true;
	return false;
}

static void add_words(struct assay_figure *figure)
{
	double lo, hi;
	char lowest[64], highest[64];
	const char *unit = figure->metric.unit;
	extremes(figure, &lo, &hi);
	assay_report_value(lo, unit, lowest, sizeof(lowest));
	assay_report_value(hi, unit, highest, sizeof(highest));
	if (figure->kind == ASSAY_FIGURE_LINES)
		assay_str_add(&figure->summary, "%zu %s over %s", figure->n_series,
			      figure->n_series == 1 ? "line" : "lines",
			      assay_str_text(&figure->x_label));
	else
		assay_str_add(&figure->summary, "%zu rows", figure->n_rows);
	assay_str_add(&figure->summary, ", from %s to %s. The table below has the same figures.",
		      lowest, highest);
	/* Bars start at zero, so that only dots may stand on a logarithmic axis. */
	if (figure->kind == ASSAY_FIGURE_DOTS && lo > 0 && hi / lo > 30)
		use_log_x(figure);
	if (figure->log_x && figure->log_y)
		assay_str_add(&figure->note, "Both axes are logarithmic. ");
	else if (figure->log_x || figure->log_y)
		assay_str_add(&figure->note, "Logarithmic axis. ");
	if (figure->left_out)
		assay_str_add(&figure->note, "%zu more in the table. ", figure->left_out);
	figure->intervals = has_intervals(figure);
	if (hi > 0 && clip_all(figure, hi))
		assay_str_add(&figure->note, "Intervals that reach the edge go on. ");
	for (size_t s = 0, fitted = 0; s < figure->n_series; s++)
		if (figure->series[s].fitted && !fitted++)
			assay_str_add(&figure->note,
				      "Curves are the universal scalability law, fitted. ");
}

static bool has_metric(const struct assay_report_bench *bench, const char *metric,
		       struct assay_metric_info *ret)
{
	*ret = bench->metric;
	if (!metric)
		return true;
	for (size_t i = 0; i < bench->n_beside; i++) {
		if (strcmp(bench->beside[i].name, metric) != 0)
			continue;
		*ret = bench->beside[i];
		return true;
	}
	return strcmp(bench->metric.name, metric) == 0;
}

static enum assay_code build(struct assay_figure_job *job, bool *ret_useful, struct assay_err *err)
{
	struct assay_figure *figure = job->figure;
	*ret_useful = false;
	figure->bench = job->bench;
	figure->kind = job->rule->kind;
	if (job->rule->title)
		assay_copy(figure->title, sizeof(figure->title), job->rule->title);
	figure->log_x = job->rule->log_x;
	figure->log_y = job->rule->log_y;
	figure->ideal = job->rule->ideal;
	job->log = job->rule->log_y;
	if (!has_metric(job->bench, job->rule->metric, &figure->metric))
		return ASSAY_OK;
	if (!job->rule->title) {
		snprintf(figure->title, sizeof(figure->title), "%.80s by %s", figure->metric.name,
			 job->bench->n_subjects > 1 ? "subject" : "case");
		if (figure->title[0] >= 'a' && figure->title[0] <= 'z')
			figure->title[0] = (char)(figure->title[0] - 'a' + 'A');
	}
	select_values(job);
	enum assay_code rc = ASSAY_OK;
	if (job->rule->source == ASSAY_FIGURE_OF_MISSES)
		rc = assay_figure_misses(job, ret_useful, err);
	else if (job->rule->source == ASSAY_FIGURE_OF_ROOFS)
		rc = assay_figure_roofs(job, ret_useful, err);
	else if (job->rule->kind == ASSAY_FIGURE_LINES)
		rc = assay_figure_lines(job, ret_useful, err);
	else
		assay_figure_rows(job, ret_useful);
	if (rc == ASSAY_OK && *ret_useful)
		add_words(figure);
	return rc;
}

enum assay_code assay_figure_new(const struct assay_report_run *run,
				 const struct assay_report_bench *bench, struct assay_figure **ret,
				 struct assay_err *err)
{
	*ret = NULL;
	/* The table of tints says more than hundreds of dots. */
	if (assay_report_is_map(bench) && bench->n_measured > ASSAY_FIGURE_ROWS)
		return ASSAY_OK;
	for (size_t i = 0; i < assay_figure_count_rules(); i++) {
		if (fnmatch(assay_figure_rules[i].suite, bench->suite, 0) != 0 ||
		    fnmatch(assay_figure_rules[i].benchmark, bench->name, 0) != 0)
			continue;
		struct assay_figure_job job = {&assay_figure_rules[i], run, bench,
					       calloc(1, sizeof(*job.figure))};
		bool useful = false;
		if (!job.figure)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a figure");
		enum assay_code rc = build(&job, &useful, err);
		if (rc == ASSAY_OK && useful) {
			*ret = job.figure;
			return ASSAY_OK;
		}
		assay_figure_free(job.figure);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

enum assay_code assay_figure_add_series(struct assay_figure *figure, size_t room,
					struct assay_figure_series **ret, struct assay_err *err)
{
	struct assay_figure_series *series = &figure->series[figure->n_series];
	series->points = calloc(room, sizeof(*series->points));
	if (!series->points)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a figure");
	series->colour = figure->n_series++ % ASSAY_FIGURE_COLOURS;
	*ret = series;
	return ASSAY_OK;
}

void assay_figure_free(struct assay_figure *figure)
{
	if (!figure)
		return;
	for (size_t i = 0; i < figure->n_series; i++) {
		assay_str_done(&figure->series[i].label);
		free(figure->series[i].points);
	}
	for (size_t i = 0; i < figure->n_rows; i++)
		assay_str_done(&figure->rows[i].label);
	assay_str_done(&figure->note);
	assay_str_done(&figure->summary);
	assay_str_done(&figure->x_label);
	free(figure);
}

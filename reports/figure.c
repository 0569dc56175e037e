/* SPDX-License-Identifier: MIT */
/* figure: which figure a benchmark gets, and its data. */
#include "reports/figure.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"
#include "reports/words.h"

enum { SELECT = 3 };

/*
 * One figure: for benchmarks whose names match, when the metric is there and the data suffice. The first
 * rule that gives a figure is taken.
 */
struct rule {
	const char *suite, *benchmark; /* globs */
	const char *metric;            /* NULL: the primary one */
	enum assay_figure_kind kind;
	const char *x; /* LINES: the axis */
	const char
		*over; /* LINES: a metric beside to stand for x; the axis only tells points apart */
	const char *select[SELECT]; /* axes of which only the largest value is shown */
	bool log_x, log_y, caches, ideal;
	const char *title;
};

static const struct rule rules[] = {
	{.suite = "memory",
	 .benchmark = "latency",
	 .kind = ASSAY_FIGURE_LINES,
	 .x = "size",
	 .log_x = true,
	 .log_y = true,
	 .caches = true,
	 .title = "Latency of a dependent load by size of the working set"},
	{.suite = "memory",
	 .benchmark = "bandwidth",
	 .kind = ASSAY_FIGURE_BARS,
	 .select = {"size"},
	 .title = "Memory bandwidth by operation and kernel"},
	{.suite = "memory",
	 .benchmark = "alloc_*",
	 .kind = ASSAY_FIGURE_BARS,
	 .title = "Cost of an allocation and its release by allocator"},
	{.suite = "cache",
	 .benchmark = "get",
	 .kind = ASSAY_FIGURE_LINES,
	 .x = "threads",
	 .select = {"value", "budget", "keys"},
	 .title = "Look-up throughput by number of threads"},
	{.suite = "cache",
	 .benchmark = "get",
	 .kind = ASSAY_FIGURE_BARS,
	 .select = {"value", "budget", "keys"},
	 .title = "Look-up throughput by cache"},
	{.suite = "cache",
	 .benchmark = "miss_ratio",
	 .metric = "miss_ratio",
	 .kind = ASSAY_FIGURE_LINES,
	 .x = "capacity",
	 .log_x = true,
	 .title = "Miss ratio by capacity"},
	{.suite = "cache",
	 .benchmark = "miss_ratio",
	 .metric = "miss_ratio",
	 .kind = ASSAY_FIGURE_BARS,
	 .title = "Miss ratio by eviction policy"},
	{.suite = "concurrency",
	 .benchmark = "spawn",
	 .metric = "task",
	 .kind = ASSAY_FIGURE_BARS,
	 .select = {"tasks"},
	 .title = "Cost of a spawned task by scheduler"},
	{.suite = "concurrency",
	 .benchmark = "spawn",
	 .kind = ASSAY_FIGURE_BARS,
	 .select = {"tasks"},
	 .title = "Cost of a tree of tasks by scheduler"},
	{.suite = "gpu",
	 .benchmark = "triad",
	 .kind = ASSAY_FIGURE_BARS,
	 .title = "Device bandwidth of a triad"},
	{.suite = "scaling",
	 .benchmark = "autoscale_trace",
	 .metric = "unserved",
	 .kind = ASSAY_FIGURE_LINES,
	 .x = "delay",
	 .over = "replica_hours",
	 .title =
		 "Unserved requests against replica hours, by provisioning delay: low and left is better"},
	{.suite = "scaling",
	 .benchmark = "*",
	 .metric = "speedup",
	 .kind = ASSAY_FIGURE_LINES,
	 .x = "threads",
	 .ideal = true,
	 .title = "Speed-up over the best serial code"},
	{.suite = "*", .benchmark = "*", .kind = ASSAY_FIGURE_DOTS, .title = "Every case"},
};

/* What the reduction of one figure carries around. */
struct job {
	const struct rule *rule;
	const struct assay_report_run *run;
	const struct assay_report_bench *bench;
	struct assay_figure *figure;
	size_t x;                   /* LINES: index of the axis */
	const char *chosen[SELECT]; /* value that each selected axis is held at; NULL: not held */
	size_t axis[SELECT];
	bool log; /* values must be positive */
};

/* The result that a row contributes, or NULL when it has none that can be drawn. */
static const struct assay_result *pick(const struct job *job, const struct assay_report_row *row)
{
	const struct assay_result *result = row->result;
	for (size_t i = 0; job->rule->metric && i < job->bench->n_beside; i++)
		if (strcmp(job->bench->beside[i].name, job->rule->metric) == 0)
			result = row->beside[i];
	if (!result || !assay_status_measured(result->status) ||
	    strcmp(result->metric.unit, job->figure->metric.unit) != 0)
		return NULL;
	double median = result->estimate.median;
	bool fit = isfinite(median) && fabs(median) < 1e250 && median >= 0;
	return fit && (!job->log || median > 1e-250) ? result : NULL;
}

static bool selected(const struct job *job, const struct assay_report_row *row)
{
	for (size_t i = 0; i < SELECT; i++)
		if (job->chosen[i] && strcmp(row->values[job->axis[i]], job->chosen[i]) != 0)
			return false;
	return true;
}

static bool held(const struct job *job, size_t axis)
{
	for (size_t i = 0; i < SELECT; i++)
		if (job->chosen[i] && job->axis[i] == axis)
			return true;
	return false;
}

/* The largest measured value of an axis that varies, or NULL. */
static const char *largest(const struct job *job, size_t axis)
{
	const char *best = NULL;
	double best_number = -INFINITY, number;
	for (size_t r = 0; r < job->bench->n_measured; r++) {
		const char *value = job->bench->rows[r].values[axis];
		if (!pick(job, &job->bench->rows[r]) || !assay_report_number(value, &number) ||
		    number <= best_number)
			continue;
		best = value;
		best_number = number;
	}
	return best;
}

static void select_values(struct job *job)
{
	for (size_t i = 0; i < SELECT && job->rule->select[i]; i++) {
		for (size_t a = 0; a < job->bench->n_axes; a++) {
			const struct assay_report_axis *axis = &job->bench->axes[a];
			if (!axis->varies || !axis->numeric ||
			    strcmp(axis->name, job->rule->select[i]) != 0)
				continue;
			job->chosen[i] = largest(job, a);
			job->axis[i] = a;
			if (job->chosen[i])
				assay_str_add(&job->figure->note, "%s%s %s",
					      job->figure->note.length ? ", " : "At ", axis->name,
					      job->chosen[i]);
		}
	}
	if (job->figure->note.length)
		assay_str_add(&job->figure->note, ". ");
}

/* "read · 2 threads": the varying axes of a row but `skip`. In charts words go unnamed. */
static void describe(struct assay_str *to, const struct job *job,
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
static size_t colour(const struct job *job, const struct assay_report_row *row)
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

static void bounds(const struct job *job, const struct assay_estimate *e, double *lo, double *hi)
{
	bool sound = isfinite(e->lo) && isfinite(e->hi) && e->lo <= e->median &&
		     e->hi >= e->median && e->lo >= 0 && e->hi < 1e250 && (!job->log || e->lo > 0);
	*lo = sound ? e->lo : e->median;
	*hi = sound ? e->hi : e->median;
}

/* ---- lines ---- */

static struct assay_figure_series *find_series(struct job *job, const struct assay_report_row *row)
{
	struct assay_figure *figure = job->figure;
	struct assay_str label = {0};
	assay_str_add(&label, "%s", row->result->subject);
	describe(&label, job, row, job->x);
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
	struct assay_figure_series *series = &figure->series[figure->n_series];
	series->label = label;
	series->colour = job->bench->has_subjects && by_subject
				 ? colour(job, row)
				 : figure->n_series % ASSAY_FIGURE_COLOURS;
	series->points = calloc(job->bench->n_measured, sizeof(*series->points));
	figure->n_series++;
	return series;
}

static int by_x(const void *pa, const void *pb)
{
	const struct assay_figure_point *a = pa, *b = pb;
	return a->x < b->x ? -1 : a->x > b->x;
}

/* A rate of the harness alone dwarfs every subject: on a linear axis it would hide them. */
static bool dwarfs(const struct job *job, const struct assay_report_row *row)
{
	return *row->result->subject && !row->ranked && !job->rule->log_y &&
	       assay_report_higher_is_better(&job->figure->metric);
}

/* Where a row stands on the axis, or on the metric that stands for it. */
static bool x_of(const struct job *job, const struct assay_report_row *row, double *ret)
{
	if (!job->rule->over)
		return assay_report_number(row->values[job->x], ret) &&
		       (!job->rule->log_x || *ret > 0);
	for (size_t i = 0; i < job->bench->n_beside; i++)
		if (strcmp(job->bench->beside[i].name, job->rule->over) == 0 && row->beside[i])
			*ret = row->beside[i]->estimate.median;
	return isfinite(*ret) && fabs(*ret) < 1e250;
}

static enum assay_code add_points(struct job *job, struct assay_err *err)
{
	for (size_t r = 0; r < job->bench->n_measured; r++) {
		const struct assay_report_row *row = &job->bench->rows[r];
		const struct assay_result *result = pick(job, row);
		double x = NAN;
		if (!result || !selected(job, row) || dwarfs(job, row) || !x_of(job, row, &x))
			continue;
		struct assay_figure_series *series = find_series(job, row);
		if (!series)
			continue;
		if (!series->points)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a figure");
		struct assay_figure_point *point = &series->points[series->n++];
		point->x = x;
		point->x_text = job->rule->over ? NULL : row->values[job->x];
		snprintf(point->words, sizeof(point->words), "%.3g", x);
		point->y = result->estimate.median;
		bounds(job, &result->estimate, &point->lo, &point->hi);
	}
	for (size_t s = 0; s < job->figure->n_series; s++)
		qsort(job->figure->series[s].points, job->figure->series[s].n,
		      sizeof(struct assay_figure_point), by_x);
	return ASSAY_OK;
}

static void add_marks(const struct job *job)
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

static enum assay_code build_lines(struct job *job, bool *ret_useful, struct assay_err *err)
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
	job->figure->x_label = job->rule->over ? job->rule->over : job->bench->axes[job->x].name;
	return rc;
}

/* ---- rows of bars or dots ---- */

static void add_heading(struct job *job, const struct assay_report_row *row)
{
	struct assay_figure_row *to = &job->figure->rows[job->figure->n_rows++];
	to->heading = true;
	describe(&to->label, job, row, SIZE_MAX);
}

static void add_row(struct job *job, const struct assay_report_row *row, bool headed)
{
	const struct assay_result *result = pick(job, row);
	struct assay_figure_row *to = &job->figure->rows[job->figure->n_rows++];
	assay_str_add(&to->label, "%s", result->subject);
	if (!headed)
		describe(&to->label, job, row, SIZE_MAX);
	to->value = result->estimate.median;
	bounds(job, &result->estimate, &to->lo, &to->hi);
	assay_report_value(to->value, result->metric.unit, to->text, sizeof(to->text));
	to->colour = colour(job, row);
}

static size_t count_group(const struct job *job, size_t from, size_t *ret_to)
{
	size_t drawn = 0, r = from;
	const struct assay_report_row *rows = job->bench->rows;
	for (; r < job->bench->n_measured && rows[r].group == rows[from].group; r++)
		drawn += pick(job, &rows[r]) && selected(job, &rows[r]) && !dwarfs(job, &rows[r]);
	*ret_to = r;
	return drawn;
}

/* Are there groups of several subjects, and several such groups? Then each gets a heading. */
static bool wants_headings(const struct job *job)
{
	size_t groups = 0, most = 0;
	for (size_t from = 0, to; from < job->bench->n_measured; from = to) {
		size_t drawn = count_group(job, from, &to);
		groups += drawn > 0;
		most = drawn > most ? drawn : most;
	}
	return groups > 1 && most > 1;
}

static void build_rows(struct job *job, bool *ret_useful)
{
	struct assay_figure *figure = job->figure;
	bool headed = wants_headings(job);
	for (size_t from = 0, to; from < job->bench->n_measured; from = to) {
		size_t drawn = count_group(job, from, &to);
		if (figure->n_rows + drawn + headed > ASSAY_FIGURE_ROWS) {
			figure->left_out += drawn;
			continue;
		}
		if (drawn && headed)
			add_heading(job, &job->bench->rows[from]);
		for (size_t r = from; r < to; r++) {
			const struct assay_report_row *row = &job->bench->rows[r];
			if (pick(job, row) && selected(job, row) && !dwarfs(job, row))
				add_row(job, row, headed);
		}
	}
	*ret_useful = figure->n_rows > 1u + headed;
}

/* ---- words and choice ---- */

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
			      figure->n_series == 1 ? "line" : "lines", figure->x_label);
	else
		assay_str_add(&figure->summary, "%zu rows", figure->n_rows);
	assay_str_add(&figure->summary, ", from %s to %s. The table below has the same figures.",
		      lowest, highest);
	/* Bars start at zero, so that only dots may stand on a logarithmic axis. */
	if (figure->kind == ASSAY_FIGURE_DOTS && lo > 1e-250 && hi / lo > 30)
		use_log_x(figure);
	if (figure->log_x && figure->log_y)
		assay_str_add(&figure->note, "Both axes are logarithmic. ");
	else if (figure->log_x || figure->log_y)
		assay_str_add(&figure->note, "Logarithmic axis. ");
	if (figure->left_out)
		assay_str_add(&figure->note, "%zu more in the table. ", figure->left_out);
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

static enum assay_code build(struct job *job, bool *ret_useful, struct assay_err *err)
{
	struct assay_figure *figure = job->figure;
	*ret_useful = false;
	figure->bench = job->bench;
	figure->kind = job->rule->kind;
	figure->title = job->rule->title;
	figure->log_x = job->rule->log_x;
	figure->log_y = job->rule->log_y;
	figure->ideal = job->rule->ideal;
	job->log = job->rule->log_y;
	if (!has_metric(job->bench, job->rule->metric, &figure->metric))
		return ASSAY_OK;
	select_values(job);
	enum assay_code rc = ASSAY_OK;
	if (job->rule->kind == ASSAY_FIGURE_LINES)
		rc = build_lines(job, ret_useful, err);
	else
		build_rows(job, ret_useful);
	if (rc == ASSAY_OK && *ret_useful)
		add_words(figure);
	return rc;
}

enum assay_code assay_figure_new(const struct assay_report_run *run,
				 const struct assay_report_bench *bench, struct assay_figure **ret,
				 struct assay_err *err)
{
	*ret = NULL;
	for (size_t i = 0; i < ASSAY_COUNT_OF(rules); i++) {
		if (fnmatch(rules[i].suite, bench->suite, 0) != 0 ||
		    fnmatch(rules[i].benchmark, bench->name, 0) != 0)
			continue;
		struct job job = {&rules[i], run, bench, calloc(1, sizeof(*job.figure))};
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
	free(figure);
}

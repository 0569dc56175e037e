/* SPDX-License-Identifier: MIT */
/* words: figures, statuses and grades as people read them. */
#include "reports/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness/base/parse.h"
#include "harness/engine/anchor.h"
#include "reports/model.h"

const char *assay_report_value(double value, const char *unit, char *text, size_t size)
{
	assay_format_value(value, unit, text, size);
	size_t n = strlen(text);
	if (n > 3 && strcmp(text + n - 3, "/op") == 0)
		text[n - 3] = '\0';
	return text;
}

void assay_report_ratio(struct assay_str *to, double ratio, int places)
{
	bool tiny = ratio > 0 && ratio < 0.0995, huge = ratio >= 1e6;
	assay_str_add(to, tiny || huge ? "%.*g" : "%.*f", huge ? 3 : places, ratio);
}

void assay_report_ratios(struct assay_str *to, double lo, double hi, int places)
{
	assay_str_add(to, "[");
	assay_report_ratio(to, lo, places);
	assay_str_add(to, ", ");
	assay_report_ratio(to, hi, places);
	assay_str_add(to, "]");
}

void assay_report_times(struct assay_str *to, double factor)
{
	assay_report_ratio(to, factor, factor < 9.995 ? 2 : factor < 99.95 ? 1 : 0);
	assay_str_add(to, "×");
}

void assay_report_metric_in_words(struct assay_str *to, const struct assay_metric_info *metric)
{
	size_t n = strlen(metric->unit);
	bool per_op = n > 3 && strcmp(metric->unit + n - 3, "/op") == 0;
	assay_str_add(to, "%s%s, %s is better", metric->name, per_op ? " per operation" : "",
		      assay_report_higher_is_better(metric) ? "higher" : "lower");
}

void assay_report_constants(struct assay_str *to, const struct assay_report_bench *bench)
{
	size_t threads = bench->n_axes - 1, before = to->length;
	for (size_t a = 0; a < threads && bench->n_rows; a++)
		if (!bench->axes[a].varies)
			assay_str_add(to, "%s%s %s", to->length > before ? ", " : "",
				      bench->axes[a].name, bench->rows[0].values[a]);
	if (!bench->axes[threads].varies && bench->n_rows)
		assay_str_add(to, "%s%s %s", to->length > before ? ", " : "",
			      bench->rows[0].threads,
			      bench->rows[0].result->threads == 1 ? "thread" : "threads");
}

void assay_report_counts(struct assay_str *to, const struct assay_report_run *run)
{
	static const enum assay_status order[] = {
		ASSAY_STATUS_OK,      ASSAY_STATUS_UNSTABLE, ASSAY_STATUS_FAILED,
		ASSAY_STATUS_CRASHED, ASSAY_STATUS_TIMEOUT,  ASSAY_STATUS_SKIPPED,
	};
	const char *separator = "";
	for (size_t i = 0; i < ASSAY_COUNT_OF(order); i++) {
		if (!run->by_status[order[i]])
			continue;
		assay_str_add(to, "%s%zu %s", separator, run->by_status[order[i]],
			      assay_status_name(order[i]));
		separator = ", ";
	}
	if (!*separator)
		assay_str_add(to, "no results");
}

const char *assay_report_time(uint64_t wall_ns, char *text, size_t size)
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	struct tm tm;
	text[0] = '\0';
	if (wall_ns && gmtime_r(&seconds, &tm))
		strftime(text, size, "%Y-%m-%d %H:%M UTC", &tm);
	return text;
}

const char *assay_report_noise_meaning(char grade)
{
	switch (grade) {
	case 'A':
		return "quiet: differences as small as the intervals can be trusted";
	case 'B':
		return "nearly quiet: differences of a few per cent can be trusted";
	case 'C':
		return "disturbed: only large differences mean something";
	case 'D':
		return "too noisy for timing: take these figures as orders of magnitude";
	default:
		return "not recorded";
	}
}

void assay_report_run_in_words(struct assay_str *to, const struct assay_report_run *run)
{
	const struct assay_run_info *info = run->info;
	char when[32];
	assay_str_add(to, "run %" PRId64, info->id);
	if (*assay_report_time(info->started_ns, when, sizeof(when)))
		assay_str_add(to, ", %s", when);
	if (info->profile && *info->profile)
		assay_str_add(to, ", profile %s", info->profile);
	if (info->commit && *info->commit)
		assay_str_add(to, ", commit %.10s%s", info->commit,
			      info->dirty ? " with changes" : "");
	if (info->status == ASSAY_RUN_INTERRUPTED)
		assay_str_add(to, ", interrupted");
	if (info->status == ASSAY_RUN_CRASHED)
		assay_str_add(to, ", ended abruptly");
	if (info->status == ASSAY_RUN_RUNNING)
		assay_str_add(to, ", still running");
	if (info->status == ASSAY_RUN_IMPORTED)
		assay_str_add(to, ", imported");
}

static bool varies(const struct assay_report_bench *bench, const char *axis)
{
	for (size_t a = 0; a < bench->n_axes; a++)
		if (strcmp(bench->axes[a].name, axis) == 0)
			return bench->axes[a].varies;
	return false;
}

void assay_report_case(struct assay_str *to, const struct assay_report_bench *bench,
		       const struct assay_result *result)
{
	size_t before = to->length;
	for (size_t i = 0; i < result->n_params; i++)
		if (varies(bench, result->params[i].name))
			assay_str_add(to, "%s%s:%s", to->length > before ? "/" : "",
				      result->params[i].name, result->params[i].value);
	if (*result->subject)
		assay_str_add(to, "%ssubject:%s", to->length > before ? "/" : "", result->subject);
	if (varies(bench, "threads"))
		assay_str_add(to, "%sthreads:%u", to->length > before ? "/" : "", result->threads);
}

void assay_report_cases(struct assay_str *to, const struct assay_report_problem *problem,
			size_t most)
{
	size_t shown = problem->n_cases > most + 1 ? most : problem->n_cases;
	for (size_t i = 0; i < shown; i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
		assay_report_case(&words, problem->bench, problem->cases[i]);
		assay_str_add(to, "%s%s", i && words.length ? ", " : "", assay_str_text(&words));
	}
	if (problem->n_cases > shown)
		assay_str_add(to, " and %zu more", problem->n_cases - shown);
}

void assay_report_reason(struct assay_str *to, const struct assay_report_problem *problem)
{
	assay_str_add(to, "%s%s", *problem->reason ? problem->reason : "no reason recorded",
		      problem->alike ? "; the others alike" : "");
}

static void add_column(struct assay_report_column *columns, size_t *n,
		       enum assay_report_column_kind kind, size_t index, const char *title,
		       bool right)
{
	/* Room for the figures is kept, whatever the number of axes. */
	size_t room = kind == ASSAY_COLUMN_AXIS     ? ASSAY_REPORT_COLUMNS - 12
		      : kind == ASSAY_COLUMN_BESIDE ? ASSAY_REPORT_COLUMNS - 1
						    : ASSAY_REPORT_COLUMNS;
	if (*n < room)
		columns[(*n)++] = (struct assay_report_column){kind, index, title, right};
}

static void remarks(struct assay_str *to, const struct assay_result *result)
{
	static const struct {
		unsigned flag;
		const char *words;
	} flags[] = {
		{ASSAY_RESULT_PREEMPTED_USED, "preempted"},
		{ASSAY_RESULT_DRIFT, "drifting"},
		{ASSAY_RESULT_UNPINNED, "not pinned"},
	};
	size_t before = to->length;
	if (result->status == ASSAY_STATUS_UNSTABLE)
		assay_str_add(to, "unstable");
	for (size_t i = 0; i < ASSAY_COUNT_OF(flags); i++)
		if (result->flags & flags[i].flag)
			assay_str_add(to, "%s%s", to->length > before ? ", " : "", flags[i].words);
}

static bool has_remarks(const struct assay_report_bench *bench)
{
	for (size_t r = 0; r < bench->n_measured; r++)
		if (bench->rows[r].result->flags ||
		    bench->rows[r].result->status == ASSAY_STATUS_UNSTABLE)
			return true;
	return false;
}

/* Is the metric beside number `i` the ratio of the primary one to an anchor? A run has one at most. */
static bool is_its_ratio(const struct assay_report_bench *bench, size_t i)
{
	size_t length;
	const char *id;
	return assay_anchor_metric_parse(bench->beside[i].name, &length, &id) &&
	       strlen(bench->metric.name) == length &&
	       strncmp(bench->beside[i].name, bench->metric.name, length) == 0;
}

size_t assay_report_columns(const struct assay_report_bench *bench,
			    struct assay_report_column columns[ASSAY_REPORT_COLUMNS])
{
	size_t n = 0;
	for (size_t a = 0; a < bench->n_axes; a++)
		if (bench->axes[a].varies)
			add_column(columns, &n, ASSAY_COLUMN_AXIS, a, bench->axes[a].name,
				   bench->axes[a].numeric);
	if (bench->has_subjects)
		add_column(columns, &n, ASSAY_COLUMN_SUBJECT, 0, "subject", false);
	add_column(columns, &n, ASSAY_COLUMN_VALUE, 0, bench->metric.name, true);
	add_column(columns, &n, ASSAY_COLUMN_INTERVAL, 0, "±", true);
	if (bench->has_relative)
		add_column(columns, &n, ASSAY_COLUMN_RELATIVE, 0, "vs best", true);
	add_column(columns, &n, ASSAY_COLUMN_N, 0, "n", true);
	/* First what a narrow page gives up last: the primary metric's ratio to the run's anchor. */
	for (size_t i = 0; i < bench->n_beside; i++)
		if (is_its_ratio(bench, i))
			add_column(columns, &n, ASSAY_COLUMN_BESIDE, i, "vs anchor", true);
	for (size_t i = 0; i < bench->n_beside; i++)
		if (!is_its_ratio(bench, i))
			add_column(columns, &n, ASSAY_COLUMN_BESIDE, i, bench->beside[i].name,
				   true);
	if (has_remarks(bench))
		add_column(columns, &n, ASSAY_COLUMN_REMARKS, 0, "remarks", false);
	return n;
}

static void interval(struct assay_str *to, double half_width)
{
	double percent = half_width * 100;
	if (isnan(percent))
		return;
	if (percent >= 999.5)
		assay_str_add(to, ">999 %%");
	else
		assay_str_add(to, "%.*f %%", percent < 9.95 ? 1 : 0, percent);
}

static void relative(struct assay_str *to, const struct assay_report_row *row)
{
	if (row->best)
		assay_str_add(to, "best");
	else if (row->relative >= 1)
		assay_report_times(to, row->relative);
}

void assay_report_cell(struct assay_str *to, const struct assay_report_bench *bench,
		       const struct assay_report_row *row, const struct assay_report_column *column)
{
	const struct assay_result *result = row->result;
	char text[64];
	switch (column->kind) {
	case ASSAY_COLUMN_AXIS:
		assay_str_add(to, "%s", row->values[column->index]);
		break;
	case ASSAY_COLUMN_SUBJECT:
		assay_str_add(to, "%s", result->subject);
		break;
	case ASSAY_COLUMN_VALUE:
		assay_str_add(to, "%s",
			      assay_report_value(result->estimate.median, result->metric.unit, text,
						 sizeof(text)));
		break;
	case ASSAY_COLUMN_INTERVAL:
		interval(to, row->half_width);
		break;
	case ASSAY_COLUMN_N:
		assay_str_add(to, "%zu", result->estimate.n);
		break;
	case ASSAY_COLUMN_RELATIVE:
		relative(to, row);
		break;
	case ASSAY_COLUMN_BESIDE:
		result = row->beside[column->index];
		if (result)
			assay_str_add(to, "%s",
				      assay_report_value(result->estimate.median,
							 result->metric.unit, text, sizeof(text)));
		break;
	case ASSAY_COLUMN_REMARKS:
		remarks(to, result);
		break;
	}
}

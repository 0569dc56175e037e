/* SPDX-License-Identifier: MIT */
/* figure_curves: lines that are no row of cases: a miss-ratio curve from counters, a roofline from two benchmarks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/figure_build.h"
#include "reports/words.h"

static const char misses_at[] = "misses_at_";

static double counted(const struct assay_result *result, const char *event)
{
	for (size_t i = 0; i < result->n_counters; i++)
		if (strcmp(result->counters[i].event, event) == 0 &&
		    result->counters[i].quality != ASSAY_UNAVAILABLE)
			return result->counters[i].value;
	return NAN;
}

static int by_x(const void *pa, const void *pb)
{
	const struct assay_figure_point *a = pa, *b = pb;
	return a->x < b->x ? -1 : a->x > b->x;
}

static void add_misses(struct assay_figure_series *series, const struct assay_result *result)
{
	double requests = counted(result, "requests");
	for (size_t i = 0; i < result->n_counters; i++) {
		const struct assay_count *count = &result->counters[i];
		uint64_t capacity;
		if (strncmp(count->event, misses_at, strlen(misses_at)) != 0 ||
		    assay_parse_size(count->event + strlen(misses_at), &capacity, NULL) != ASSAY_OK)
			continue;
		double ratio = count->value / requests;
		if (count->quality == ASSAY_UNAVAILABLE || capacity == 0 ||
		    !assay_figure_fits(ratio, false) || ratio > 1)
			continue;
		struct assay_figure_point *point = &series->points[series->n++];
		point->x = (double)capacity;
		point->x_text = count->event + strlen(misses_at);
		point->y = point->lo = point->hi = ratio;
	}
	qsort(series->points, series->n, sizeof(*series->points), by_x);
}

enum assay_code assay_figure_misses(struct assay_figure_job *job, bool *ret_useful,
				    struct assay_err *err)
{
	struct assay_figure *figure = job->figure;
	enum assay_code rc = ASSAY_OK;
	figure->metric = (struct assay_metric_info){"miss_ratio", "ratio", ASSAY_LOWER};
	for (size_t r = 0; rc == ASSAY_OK && r < job->bench->n_measured; r++) {
		const struct assay_report_row *row = &job->bench->rows[r];
		struct assay_figure_series *series;
		if (!(counted(row->result, "requests") > 0))
			continue;
		if (figure->n_series == ASSAY_FIGURE_SERIES) {
			figure->left_out++;
			continue;
		}
		rc = assay_figure_add_series(figure, row->result->n_counters, &series, err);
		if (rc != ASSAY_OK)
			break;
		assay_report_case(&series->label, job->bench, row->result);
		add_misses(series, row->result);
		*ret_useful |= series->n > 1;
		if (series->n == 0) { /* nothing of this case can be drawn */
			assay_str_done(&series->label);
			free(series->points);
			*series = (struct assay_figure_series){0};
			figure->n_series--;
		}
	}
	assay_str_add(&figure->x_label, "capacity, objects");
	return rc;
}

/* ---- roofline ---- */

static const struct assay_report_bench *find_bench(const struct assay_report_run *run,
						   const char *suite, const char *name)
{
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (strcmp(run->suites[s].name, suite) == 0 &&
			    strcmp(run->suites[s].benches[b].name, name) == 0)
				return &run->suites[s].benches[b];
	return NULL;
}

static size_t axis_of(const struct assay_report_bench *bench, const char *name)
{
	size_t a = 0;
	while (a < bench->n_axes && strcmp(bench->axes[a].name, name) != 0)
		a++;
	return a;
}

/* The highest median of measured rows on so many threads (0: any), of one size (NULL: any); or NULL. */
static const struct assay_report_row *highest(const struct assay_report_bench *bench,
					      unsigned threads, const char *size)
{
	size_t axis = axis_of(bench, "size"), op = axis_of(bench, "op");
	const struct assay_report_row *best = NULL;
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_report_row *row = &bench->rows[r];
		if (!row->ranked || !assay_report_comparable(bench, row) ||
		    (threads && row->result->threads != threads) ||
		    (size && (axis == bench->n_axes || strcmp(row->values[axis], size) != 0)) ||
		    (op < bench->n_axes && strcmp(row->values[op], "triad") != 0) ||
		    !assay_figure_fits(row->result->estimate.median, true))
			continue;
		if (!best || row->result->estimate.median > best->result->estimate.median)
			best = row;
	}
	return best;
}

enum { ROOF_POINTS = 32 };

static void add_point(struct assay_figure_series *series, double x, double y)
{
	if (series->n < ROOF_POINTS)
		series->points[series->n++] =
			(struct assay_figure_point){.x = x, .y = y, .lo = y, .hi = y};
}

/* min(peak, bandwidth x) at powers of four up to `last`, and at the ridge between. */
static void add_roof(struct assay_figure_series *series, double peak, double bandwidth, double last)
{
	const double ridge = peak / bandwidth;
	for (double x = 0x1p-6, before = 0; x <= last; before = x, x *= 4) {
		if (ridge > before && ridge < x && before > 0)
			add_point(series, ridge, peak);
		add_point(series, x, fmin(peak, bandwidth * x));
	}
}

/* A power of four beyond every ridge, within reason. */
static double reach(double peak, double least_bandwidth)
{
	double last = 4;
	while (last < 1e6 && last < 2 * peak / least_bandwidth)
		last *= 4;
	return last;
}

enum assay_code assay_figure_roofs(struct assay_figure_job *job, bool *ret_useful,
				   struct assay_err *err)
{
	struct assay_figure *figure = job->figure;
	const struct assay_report_bench *memory = find_bench(job->run, "memory", "bandwidth");
	const struct assay_report_row *peak = highest(job->bench, 0, NULL);
	size_t size = memory ? axis_of(memory, "size") : 0;
	double least = INFINITY, flops;
	char text[64];
	if (!memory || !peak || size == memory->n_axes)
		return ASSAY_OK;
	flops = peak->result->estimate.median;
	for (size_t r = 0; r < memory->n_measured; r++) {
		const struct assay_report_row *row =
			highest(memory, peak->result->threads, memory->rows[r].values[size]);
		least = row ? fmin(least, row->result->estimate.median) : least;
	}
	for (size_t r = 0; r < memory->n_measured && figure->n_series < ASSAY_FIGURE_SERIES; r++) {
		const char *value = memory->rows[r].values[size];
		const struct assay_report_row *row = highest(memory, peak->result->threads, value);
		struct assay_figure_series *series;
		if (row != &memory->rows[r]) /* each size once, at its highest */
			continue;
		enum assay_code rc = assay_figure_add_series(figure, ROOF_POINTS, &series, err);
		if (rc != ASSAY_OK)
			return rc;
		double bandwidth = row->result->estimate.median;
		assay_report_value(bandwidth, row->result->metric.unit, text, sizeof(text));
		assay_str_add(&series->label, "%s of memory: %s", value, text);
		add_roof(series, flops, bandwidth, reach(flops, least));
		*ret_useful = true;
	}
	assay_report_value(flops, figure->metric.unit, text, sizeof(text));
	assay_str_add(&figure->x_label, "flops per byte");
	figure->x_round = true;
	figure->x_unit = "";
	assay_str_add(&figure->note, "%s of %s on %u thread%s, and memory/bandwidth of a triad. ",
		      text, peak->result->subject, peak->result->threads,
		      peak->result->threads == 1 ? "" : "s");
	return ASSAY_OK;
}

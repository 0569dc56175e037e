/* SPDX-License-Identifier: MIT */
/* fleet_view: ratios to the median of the class, series by series, then machine by machine. */
#include "cli/fleet_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/estimate.h"
#include "harness/stats/outlier.h"

/* Differences below these are nobody's fault: machines of one shape are never quite the same. */
static const double least_spread = 0.02, least_level = 0.01;
static const double odd_machine = 0.03, odd_figure = 0.10, figure_score = 5;

/* Room for one class. */
struct work {
	const struct assay_fleet *fleet;
	struct fleet_view *view;
	struct fleet_class *class;
	double *logs;    /* n_series values of each machine, n_logs of them used */
	size_t *n_logs;  /* per machine */
	double *values;  /* of one series */
	double *scores;  /* as many */
	double *scratch; /* twice as many */
	size_t capacity; /* of view->cells */
};

static void work_done(struct work *w)
{
	free(w->logs);
	free(w->n_logs);
	free(w->values);
	free(w->scores);
	free(w->scratch);
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory to compare machines");
}

static enum assay_code work_new(struct work *w, struct assay_err *err)
{
	size_t n = w->class->n, series = w->fleet->n_series + 1;
	w->logs = calloc(n * series, sizeof(double));
	w->n_logs = calloc(n, sizeof(size_t));
	w->values = calloc(n, sizeof(double));
	w->scores = calloc(n, sizeof(double));
	w->scratch = calloc(2 * n, sizeof(double));
	if (!w->logs || !w->n_logs || !w->values || !w->scores || !w->scratch)
		return no_memory(err);
	return ASSAY_OK;
}

static enum assay_code add_cell(struct work *w, const struct assay_fleet_value *value, double ratio,
				double score, struct assay_err *err)
{
	struct fleet_view *view = w->view;
	if (view->n_cells == w->capacity) {
		w->capacity = w->capacity ? 2 * w->capacity : 32;
		struct fleet_cell *more =
			reallocarray(view->cells, w->capacity, sizeof(*view->cells));
		if (!more)
			return no_memory(err);
		view->cells = more;
	}
	view->cells[view->n_cells++] =
		(struct fleet_cell){value->machine, value->series, ratio, score};
	return ASSAY_OK;
}

/* The figures of one series on the machines of the class: values[n], all of one series. */
static enum assay_code look_at_series(struct work *w, const struct assay_fleet_value *values,
				      size_t n, struct assay_err *err)
{
	double sign = w->fleet->series[values[0].series].better == ASSAY_HIGHER ? -1 : 1;
	for (size_t i = 0; i < n; i++) {
		w->values[i] = sign * log(values[i].median);
		w->view->nodes[values[i].machine].n_series++;
	}
	w->class->n_series++;
	if (n < FLEET_ENOUGH)
		return ASSAY_OK;
	double spread = assay_outlier_scores(w->values, n, least_spread, w->scores, w->scratch);
	for (size_t i = 0; i < n; i++) {
		size_t node = values[i].machine - w->class->first;
		double away = w->scores[i] * spread;
		w->logs[node * w->fleet->n_series + w->n_logs[node]++] = away;
		if (fabs(w->scores[i]) < figure_score || fabs(away) < log1p(odd_figure))
			continue;
		enum assay_code code = add_cell(w, &values[i], exp(away), w->scores[i], err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code look_at_figures(struct work *w, struct assay_err *err)
{
	const struct assay_fleet *fleet = w->fleet;
	struct assay_fleet_value *mine = calloc(w->class->n, sizeof(*mine));
	if (!mine)
		return no_memory(err);
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < fleet->n_values && code == ASSAY_OK;) {
		uint32_t series = fleet->values[i].series;
		size_t n = 0;
		for (; i < fleet->n_values && fleet->values[i].series == series; i++) {
			const struct assay_fleet_value *v = &fleet->values[i];
			if (v->machine >= w->class->first &&
			    v->machine < w->class->first + w->class->n && v->median > 0)
				mine[n++] = *v;
		}
		if (n)
			code = look_at_series(w, mine, n, err);
	}
	free(mine);
	return code;
}

/* Each machine by the median of its ratios. */
static void look_at_machines(struct work *w)
{
	size_t known = 0;
	for (size_t i = 0; i < w->class->n; i++) {
		struct fleet_node *node = &w->view->nodes[w->class->first + i];
		double *logs = &w->logs[i * w->fleet->n_series];
		node->ratio = node->score = NAN;
		if (w->n_logs[i] == 0)
			continue;
		assay_sort(logs, w->n_logs[i]);
		w->values[known++] = assay_median(logs, w->n_logs[i]);
	}
	w->class->spread = NAN;
	if (known < FLEET_ENOUGH)
		return;
	double spread = assay_outlier_scores(w->values, known, least_level, w->scores, w->scratch);
	w->class->spread = expm1(spread);
	for (size_t i = 0, at = 0; i < w->class->n; i++) {
		struct fleet_node *node = &w->view->nodes[w->class->first + i];
		if (w->n_logs[i] == 0)
			continue;
		node->ratio = exp(w->values[at]);
		node->score = w->scores[at];
		node->odd = fabs(node->score) > ASSAY_OUTLIER_SCORE &&
			    fabs(w->values[at]) > log1p(odd_machine);
		at++;
	}
}

static enum assay_code look_at_class(struct work *w, struct assay_err *err)
{
	enum assay_code code = work_new(w, err);
	if (code == ASSAY_OK)
		code = look_at_figures(w, err);
	if (code == ASSAY_OK)
		look_at_machines(w);
	work_done(w);
	return code;
}

static int furthest_first(const void *a, const void *b)
{
	double x = fabs(log(((const struct fleet_cell *)a)->ratio));
	double y = fabs(log(((const struct fleet_cell *)b)->ratio));
	return (x < y) - (x > y);
}

void fleet_view_done(struct fleet_view *view)
{
	free(view->nodes);
	free(view->classes);
	free(view->cells);
	*view = (struct fleet_view){0};
}

enum assay_code fleet_view_new(const struct assay_fleet *fleet, struct fleet_view *ret,
			       struct assay_err *err)
{
	const struct assay_fleet_machine *m = fleet->machines;
	*ret = (struct fleet_view){
		.nodes = calloc(fleet->n_machines + 1, sizeof(*ret->nodes)),
		.classes = calloc(fleet->n_machines + 1, sizeof(*ret->classes)),
	};
	enum assay_code code = ret->nodes && ret->classes ? ASSAY_OK : no_memory(err);
	size_t capacity = 0;
	for (size_t i = 0; i < fleet->n_machines && code == ASSAY_OK;) {
		struct fleet_class *class = &ret->classes[ret->n_classes++];
		class->first = i;
		while (i < fleet->n_machines &&
		       memcmp(m[i].fingerprint, m[class->first].fingerprint, 32) == 0)
			i++;
		class->n = i - class->first;
		struct work work = {
			.fleet = fleet, .view = ret, .class = class, .capacity = capacity};
		code = look_at_class(&work, err);
		capacity = work.capacity;
	}
	if (ret->n_cells)
		qsort(ret->cells, ret->n_cells, sizeof(ret->cells[0]), furthest_first);
	if (code != ASSAY_OK)
		fleet_view_done(ret);
	return code;
}

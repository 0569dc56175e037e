/* SPDX-License-Identifier: MIT */
/* history: machine by machine, and what the store knows of what is found. */
#include "harness/gate/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/engine/anchor.h"

#define SCAN_LEVEL 0.001

static const char scan_method[] = "max rank-sum scan";

struct assay_change_policy assay_history_policy(void)
{
	return (struct assay_change_policy){
		.level = SCAN_LEVEL,
		.least_effect = log(1.01),
		.least_deviation = 2,
	};
}

bool assay_history_measured(const struct assay_history_point *point)
{
	return assay_status_measured(point->status) && isfinite(point->median);
}

void assay_shift_list_done(struct assay_shift_list *list)
{
	free(list->shifts);
	*list = (struct assay_shift_list){0};
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory to look for changes in a history");
}

static bool same_machine(const struct assay_history_point *a, const struct assay_history_point *b)
{
	return memcmp(a->fingerprint, b->fingerprint, sizeof(a->fingerprint)) == 0;
}

static enum assay_code add_shift(struct assay_shift_list *list, const struct assay_shift *shift,
				 struct assay_err *err)
{
	void *grown = realloc(list->shifts, (list->n + 1) * sizeof(*list->shifts));
	if (!grown)
		return no_memory(err);
	list->shifts = grown;
	list->shifts[list->n++] = *shift;
	return ASSAY_OK;
}

/* The points of one machine: their values, and which they are. */
struct machine_points {
	double *x;
	size_t *index;
	size_t n;
	struct assay_change *changes;
};

static void machine_points_done(struct machine_points *m)
{
	free(m->x);
	free(m->index);
	free(m->changes);
}

static enum assay_code gather(const struct assay_history *series, size_t first,
			      struct machine_points *m, struct assay_err *err)
{
	m->x = calloc(series->n + 1, sizeof(*m->x));
	m->index = calloc(series->n + 1, sizeof(*m->index));
	m->changes = calloc(series->n / ASSAY_SCAN_SEGMENT + 1, sizeof(*m->changes));
	if (!m->x || !m->index || !m->changes)
		return no_memory(err);
	for (size_t i = first; i < series->n; i++) {
		const struct assay_history_point *p = &series->points[i];
		if (!same_machine(p, &series->points[first]))
			continue;
		m->x[m->n] = assay_history_measured(p) && p->median > 0 ? log(p->median) : NAN;
		m->index[m->n++] = i;
	}
	return ASSAY_OK;
}

static size_t last_value_before(const struct machine_points *m, size_t at)
{
	while (at-- > 0)
		if (isfinite(m->x[at]))
			return m->index[at];
	return m->index[0];
}

/* The changes of the machine of point `first`, all of whose points come at or after it. */
static enum assay_code scan_machine(const struct assay_history *series, size_t first,
				    struct assay_shift_list *list, struct assay_err *err)
{
	struct machine_points m = {0};
	const struct assay_change_policy policy = assay_history_policy();
	size_t n = 0;
	enum assay_code code = gather(series, first, &m, err);
	if (code == ASSAY_OK)
		code = assay_change_points(m.x, m.n, &policy, m.changes,
					   series->n / ASSAY_SCAN_SEGMENT + 1, &n, err);
	for (size_t i = 0; i < n && code == ASSAY_OK; i++) {
		const struct assay_change *c = &m.changes[i];
		const struct assay_shift shift = {
			.at = m.index[c->at],
			.from = m.index[c->from],
			.to = m.index[c->to],
			.before = last_value_before(&m, c->from),
			.ratio = exp(c->effect),
			.lo = exp(c->lo),
			.hi = exp(c->hi),
			.found = true,
			.method = scan_method,
		};
		code = add_shift(list, &shift, err);
	}
	machine_points_done(&m);
	return code;
}

static bool first_of_its_machine(const struct assay_history *series, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_machine(&series->points[i], &series->points[at]))
			return false;
	return true;
}

/* Was the shift at one of the points from `from` to `to` of this machine, and this change point there? */
static bool is_about(const struct assay_history *series, const struct assay_shift *shift,
		     const struct assay_change_point *known)
{
	for (size_t i = shift->from; i <= shift->to; i++)
		if (series->points[i].run == known->run)
			return same_machine(&series->points[i], &series->points[shift->at]);
	return false;
}

static void take_state(struct assay_shift *shift, const struct assay_change_point *known)
{
	/* Of several, one that was settled says more than one that was not. */
	if (shift->change && shift->state != ASSAY_CHANGE_PROPOSED)
		return;
	shift->change = known->id;
	shift->state = known->state;
	shift->method = known->method;
}

static enum assay_code add_known(const struct assay_history *series,
				 const struct assay_change_point *known,
				 struct assay_shift_list *list, struct assay_err *err)
{
	size_t at = 0;
	while (at < series->n && series->points[at].run != known->run)
		at++;
	if (at == series->n)
		return ASSAY_OK; /* before the points we have */
	size_t before = at;
	for (size_t i = 0; i < at; i++)
		if (same_machine(&series->points[i], &series->points[at]) &&
		    assay_history_measured(&series->points[i]))
			before = i;
	const struct assay_shift shift = {
		.at = at,
		.from = at,
		.to = at,
		.before = before,
		.ratio = known->ratio,
		.lo = known->lo,
		.hi = known->hi,
		.change = known->id,
		.state = known->state,
		.method = known->method,
	};
	return add_shift(list, &shift, err);
}

static enum assay_code join_known(const struct assay_history *series,
				  const struct assay_change_list *known,
				  struct assay_shift_list *list, struct assay_err *err)
{
	const size_t n_found = list->n;
	enum assay_code code = ASSAY_OK;
	for (size_t k = 0; code == ASSAY_OK && known && k < known->n; k++) {
		bool met = false;
		for (size_t i = 0; i < n_found; i++) {
			if (!is_about(series, &list->shifts[i], &known->points[k]))
				continue;
			take_state(&list->shifts[i], &known->points[k]);
			met = true;
		}
		if (!met)
			code = add_known(series, &known->points[k], list, err);
	}
	return code;
}

static int by_place(const void *a, const void *b)
{
	const struct assay_shift *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

enum assay_code assay_history_shifts(const struct assay_history *series,
				     const struct assay_change_list *known,
				     struct assay_shift_list *ret, struct assay_err *err)
{
	struct assay_shift_list list = {0};
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < series->n && code == ASSAY_OK; i++)
		if (first_of_its_machine(series, i))
			code = scan_machine(series, i, &list, err);
	if (code == ASSAY_OK)
		code = join_known(series, known, &list, err);
	if (code != ASSAY_OK) {
		assay_shift_list_done(&list);
		return code;
	}
	if (list.n)
		qsort(list.shifts, list.n, sizeof(*list.shifts), by_place);
	*ret = list;
	return ASSAY_OK;
}

enum assay_code assay_history_read_shifts(struct assay_store *store,
					  const struct assay_history *series,
					  struct assay_change_list *ret_known,
					  struct assay_shift_list *ret, struct assay_err *err)
{
	enum assay_code code = assay_store_changes(store, series->id, ret_known, err);
	if (code == ASSAY_OK)
		code = assay_history_shifts(series, ret_known, ret, err);
	if (code != ASSAY_OK)
		assay_change_list_done(ret_known);
	return code;
}

enum assay_code assay_history_propose(struct assay_store *store, const struct assay_history *series,
				      struct assay_shift_list *list, size_t *ret_n,
				      struct assay_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct assay_shift *shift = &list->shifts[i];
		if (shift->change)
			continue;
		const struct assay_change_point change = {
			.series = series->id,
			.run = series->points[shift->at].run,
			.method = shift->method,
			.ratio = shift->ratio,
			.lo = shift->lo,
			.hi = shift->hi,
			.p = SCAN_LEVEL,
		};
		enum assay_code code =
			assay_store_propose_change(store, &change, &shift->change, err);
		if (code != ASSAY_OK)
			return code;
		*ret_n += shift->change != 0;
	}
	return ASSAY_OK;
}

/* The row of the series, or of the one whose ratio to an anchor it is; NULL when there is none. */
static const struct assay_gate_row *row_of(const struct assay_change_point *change,
					   const struct assay_gate_report *report)
{
	const char *id;
	size_t length;
	if (!assay_anchor_metric_parse(change->metric, &length, &id))
		length = strlen(change->metric);
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->rows[i].name, change->name) == 0 &&
		    strlen(report->rows[i].metric) == length &&
		    strncmp(report->rows[i].metric, change->metric, length) == 0)
			return &report->rows[i];
	return NULL;
}

static enum assay_change_state state_by(const struct assay_change_point *change,
					enum assay_decision decision)
{
	bool worse = (change->ratio > 1) == (change->better != ASSAY_HIGHER);
	if (decision == ASSAY_DECISION_REGRESSED || decision == ASSAY_DECISION_IMPROVED)
		return worse == (decision == ASSAY_DECISION_REGRESSED) ? ASSAY_CHANGE_CONFIRMED
								       : ASSAY_CHANGE_DISMISSED;
	return decision == ASSAY_DECISION_OK ? ASSAY_CHANGE_DISMISSED : ASSAY_CHANGE_PROPOSED;
}

enum assay_code assay_history_settle(struct assay_store *store,
				     const struct assay_change_point *change,
				     const struct assay_gate_report *report,
				     enum assay_change_state *ret_state, struct assay_err *err)
{
	char how[160];
	const struct assay_gate_row *row = row_of(change, report);
	if (!row)
		return assay_fail(err, ASSAY_EUSAGE, "the gate did not compare %s of %.150s",
				  change->metric, change->name);
	if (!report->paired || report->hardware)
		return assay_fail(err, ASSAY_EUSAGE,
				  "only a gate of two sides that run in pairs settles a change");
	*ret_state = state_by(change, row->decision);
	if (*ret_state == ASSAY_CHANGE_PROPOSED)
		return ASSAY_OK;
	const struct assay_gate_change measured = assay_gate_row_change(row);
	snprintf(how, sizeof(how), "gate: %s, %.3f [%.3f, %.3f] from %zu pairs",
		 assay_decision_name(row->decision), measured.ratio, measured.lo, measured.hi,
		 row->pairs);
	return assay_store_settle_change(store, change->id, *ret_state, how, err);
}

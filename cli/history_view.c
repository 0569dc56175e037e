/* SPDX-License-Identifier: MIT */
/* history_view: which ratios belong to which series, and what to say of a change. */
#include "cli/history_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/engine/anchor.h"

static void view_done(struct history_view *view)
{
	for (size_t i = 0; i < view->n_bases; i++) {
		assay_change_list_done(&view->bases[i].known);
		assay_shift_list_done(&view->bases[i].shifts);
	}
	free(view->bases);
}

void history_views_done(struct history_views *views)
{
	for (size_t i = 0; i < views->n; i++)
		view_done(&views->views[i]);
	free(views->views);
	*views = (struct history_views){0};
}

/* Is `ratio` that of `measured` to an anchor? Then *ret_id is who. */
static bool is_ratio_of(const struct assay_history *ratio, const struct assay_history *measured,
			const char **ret_id)
{
	size_t length;
	return assay_anchor_metric_parse(ratio->metric, &length, ret_id) &&
	       strlen(measured->metric) == length &&
	       strncmp(measured->metric, ratio->metric, length) == 0 &&
	       strcmp(measured->name, ratio->name) == 0;
}

static bool belongs_to_another(const struct assay_history_list *list, size_t at)
{
	const char *id;
	size_t length;
	if (!assay_anchor_metric_parse(list->series[at].metric, &length, &id))
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (is_ratio_of(&list->series[at], &list->series[i], &id))
			return true;
	return false;
}

static enum assay_code add_basis(struct assay_store *store, struct history_view *view,
				 const struct assay_history *series, const char *anchor,
				 struct assay_err *err)
{
	void *grown = realloc(view->bases, (view->n_bases + 1) * sizeof(*view->bases));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a history");
	view->bases = grown;
	struct history_basis *basis = &view->bases[view->n_bases];
	*basis = (struct history_basis){.series = series, .anchor = anchor};
	enum assay_code code =
		assay_history_read_shifts(store, series, &basis->known, &basis->shifts, err);
	view->n_bases += code == ASSAY_OK;
	return code;
}

static int by_last_value(const void *a, const void *b)
{
	const struct assay_history *x = ((const struct history_basis *)a)->series;
	const struct assay_history *y = ((const struct history_basis *)b)->series;
	uint64_t s = x->n ? x->points[x->n - 1].started_ns : 0;
	uint64_t t = y->n ? y->points[y->n - 1].started_ns : 0;
	return (s > t) - (s < t);
}

/* Series of one case stand together in the list, in the order of names. */
static enum assay_code fill_view(struct assay_store *store, const struct assay_history_list *list,
				 size_t at, struct history_view *view, struct assay_err *err)
{
	const struct assay_history *measured = &list->series[at];
	enum assay_code code = ASSAY_OK;
	const char *id = NULL;
	size_t length, from = at;
	view->measured = measured;
	while (from > 0 && strcmp(list->series[from - 1].name, measured->name) == 0)
		from--;
	for (size_t i = from; i < list->n && code == ASSAY_OK; i++) {
		if (strcmp(list->series[i].name, measured->name) != 0)
			break;
		if (is_ratio_of(&list->series[i], measured, &id))
			code = add_basis(store, view, &list->series[i], id, err);
	}
	if (code == ASSAY_OK && view->n_bases > 1)
		qsort(view->bases, view->n_bases, sizeof(*view->bases), by_last_value);
	if (code == ASSAY_OK && view->n_bases == 0)
		code = add_basis(
			store, view, measured,
			assay_anchor_metric_parse(measured->metric, &length, &id) ? id : NULL, err);
	return code;
}

enum assay_code history_views_make(struct assay_store *store, const struct assay_history_list *list,
				   const char *metric, struct history_views *ret,
				   struct assay_err *err)
{
	struct history_views views = {.views = calloc(list->n + 1, sizeof(*views.views))};
	enum assay_code code =
		views.views ? ASSAY_OK
			    : assay_fail(err, ASSAY_ENOMEM, "no memory for %zu series", list->n);
	for (size_t i = 0; i < list->n && code == ASSAY_OK; i++) {
		if (metric ? strcmp(metric, list->series[i].metric) != 0
			   : belongs_to_another(list, i))
			continue;
		code = fill_view(store, list, i, &views.views[views.n++], err);
	}
	if (code != ASSAY_OK)
		history_views_done(&views);
	*ret = views;
	return code;
}

/* The order of points in every series: a ratio begins when the case does whose it is. */
static int by_time(const void *a, const void *b)
{
	const struct assay_history_point *x = a, *y = b;
	if (x->started_ns != y->started_ns)
		return x->started_ns < y->started_ns ? -1 : 1;
	return (x->run > y->run) - (x->run < y->run);
}

const struct assay_history_point *history_basis_point(const struct history_basis *basis,
						      const struct assay_history_point *point)
{
	const struct assay_history *s = basis->series;
	return s->n ? bsearch(point, s->points, s->n, sizeof(*s->points), by_time) : NULL;
}

static void add_commit(struct assay_str *out, const struct assay_history_point *p)
{
	if (p->commit && *p->commit)
		assay_str_add(out, "%.10s%s", p->commit, p->dirty ? "+" : "");
	else
		assay_str_add(out, "the code of run %" PRId64, p->run);
}

static bool one_commit(const struct assay_history_point *a, const struct assay_history_point *b)
{
	return a->commit && b->commit && *a->commit && strcmp(a->commit, b->commit) == 0 &&
	       !a->dirty && !b->dirty;
}

static void add_where(struct assay_str *out, const struct assay_history *s,
		      const struct assay_shift *shift)
{
	const struct assay_history_point *before = &s->points[shift->before];
	const struct assay_history_point *to = &s->points[shift->to];
	if (one_commit(before, to)) {
		assay_str_add(out, ", within one commit, ");
		add_commit(out, to);
	} else {
		assay_str_add(out, ", after ");
		add_commit(out, before);
		assay_str_add(out, " and not later than ");
		add_commit(out, to);
	}
	assay_str_add(out, ", at run %" PRId64, s->points[shift->at].run);
	if (shift->from != shift->to)
		assay_str_add(out, " (or any from %" PRId64 " to %" PRId64 ")",
			      s->points[shift->from].run, s->points[shift->to].run);
	if (before->profile && to->profile && strcmp(before->profile, to->profile) != 0)
		assay_str_add(
			out,
			", where the profile changes as well, from %s to %s: perhaps it is that",
			before->profile, to->profile);
}

void history_sentence(const struct history_view *view, const struct history_basis *basis,
		      const struct assay_shift *shift, struct assay_str *ret)
{
	const struct assay_history *s = basis->series;
	const struct assay_history_point *before = &s->points[shift->before];
	const struct assay_history_point *to = &s->points[shift->to];
	double percent = 100 * (shift->ratio - 1);
	assay_str_add(ret, "%s %s by %.1f %% [%.1f, %.1f]", view->measured->metric,
		      percent < 0 ? "fell" : "rose", fabs(percent), 100 * (shift->lo - 1),
		      100 * (shift->hi - 1));
	if (basis->anchor)
		assay_str_add(ret, " against the anchor %s", basis->anchor);
	add_where(ret, s, shift);
	if (shift->change && shift->state != ASSAY_CHANGE_PROPOSED) {
		assay_str_add(ret, "; %s (%s).", assay_change_state_name(shift->state),
			      shift->method);
	} else if (one_commit(before, to)) {
		assay_str_add(ret, "; so it was not the code.");
	} else if (shift->change) {
		assay_str_add(ret,
			      "; proposed, until 'assay gate --confirms %" PRId64
			      " --base OLD --cand NEW' with builds of ",
			      shift->change);
		add_commit(ret, before);
		assay_str_add(ret, " and ");
		add_commit(ret, to);
		assay_str_add(ret, " says so too.");
	} else {
		assay_str_add(ret,
			      "; 'assay history --propose' keeps it and says how to confirm it.");
	}
}

/* SPDX-License-Identifier: MIT */
/* history_text: tables of one series run by run, and of many. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/history_view.h"
#include "cli/stored.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

enum { MOST_BARS = 40 };

/*
 * One block a run, oldest first; a blank where nothing was measured. The scale spans at least 5 %, so that
 * noise does not look like mountains.
 */
static void sparkline(const struct assay_history *series, struct assay_str *out)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t from = series->n > MOST_BARS ? series->n - MOST_BARS : 0;
	double lo = INFINITY, hi = -INFINITY;
	for (size_t i = from; i < series->n; i++) {
		if (!assay_history_measured(&series->points[i]))
			continue;
		lo = fmin(lo, series->points[i].median);
		hi = fmax(hi, series->points[i].median);
	}
	double middle = (lo + hi) / 2, span = fmax(hi - lo, 0.05 * fabs(middle));
	for (size_t i = from; i < series->n; i++) {
		if (!assay_history_measured(&series->points[i])) {
			assay_str_add(out, " ");
			continue;
		}
		double height = span > 0 ? 0.5 + (series->points[i].median - middle) / span : 0.5;
		assay_str_add(out, "%s", blocks[(int)fmin(7, fmax(0, height * 8))]);
	}
}

static const char *change_cell(double now, double before, char *text, size_t size)
{
	double percent = 100 * (now / before - 1);
	if (fabs(percent) < 0.05)
		snprintf(text, size, "0.0 %%");
	else if (isfinite(percent))
		snprintf(text, size, "%+.1f %%", percent);
	else
		snprintf(text, size, "-");
	return text;
}

static const char *half_cell(const struct assay_history_point *p, char *text, size_t size)
{
	double half = 100 * assay_plus_minus(p->median, p->lo, p->hi);
	if (isfinite(half))
		snprintf(text, size, "± %.1f %%", half);
	else
		snprintf(text, size, "-");
	return text;
}

/* The last point before `at` that was measured on the same machine, or NULL. */
static const struct assay_history_point *predecessor(const struct assay_history *series, size_t at)
{
	const struct assay_history_point *now = &series->points[at];
	while (at-- > 0)
		if (assay_history_measured(&series->points[at]) &&
		    memcmp(series->points[at].fingerprint, now->fingerprint, 32) == 0)
			return &series->points[at];
	return NULL;
}

/* A run of the view: the value as measured, and where it is in the basis that has it. */
struct row {
	const struct assay_history_point *point;
	const struct history_basis *basis; /* NULL: no ratio in this run */
	size_t at;                         /* in basis->series */
};

static struct row find_row(const struct history_view *view, const struct assay_history_point *point)
{
	struct row row = {.point = point};
	for (size_t b = view->n_bases; b-- > 0 && !row.basis;) {
		const struct assay_history_point *there =
			history_basis_point(&view->bases[b], point);
		if (!there)
			continue;
		row.basis = &view->bases[b];
		row.at = (size_t)(there - view->bases[b].series->points);
	}
	return row;
}

/* The columns; those in the middle only where there is an anchor, the last of them where there are several. */
struct cells {
	char run[24], when[24], commit[12], machine[9], value[40], half[24];
	char ratio[40], ratio_half[24], anchor[24];
	char change[24], profile[64];
};

static void fill_cells(struct cells *c, const struct history_view *view, const struct row *row)
{
	const struct assay_history_point *p = row->point;
	*c = (struct cells){.commit = "-",
			    .value = "-",
			    .half = "-",
			    .ratio = "-",
			    .ratio_half = "-",
			    .anchor = "-",
			    .change = "-",
			    .profile = "-"};
	snprintf(c->run, sizeof(c->run), "%" PRId64, p->run);
	assay_time_text(p->started_ns, c->when);
	c->when[10] = ' '; /* to the minute, as runs are described elsewhere */
	c->when[16] = '\0';
	if (p->commit)
		snprintf(c->commit, sizeof(c->commit), "%.10s%s", p->commit, p->dirty ? "+" : "");
	if (p->profile)
		assay_copy(c->profile, sizeof(c->profile), p->profile);
	for (int i = 0; i < 4; i++)
		snprintf(c->machine + 2 * i, 3, "%02x", p->fingerprint[i]);
	if (assay_history_measured(p)) {
		assay_format_value(p->median, view->measured->unit, c->value, sizeof(c->value));
		half_cell(p, c->half, sizeof(c->half));
	}
	if (!row->basis)
		return;
	const struct assay_history *s = row->basis->series;
	const struct assay_history_point *followed = &s->points[row->at];
	const struct assay_history_point *before = predecessor(s, row->at);
	if (row->basis->anchor && assay_history_measured(followed)) {
		assay_format_value(followed->median, s->unit, c->ratio, sizeof(c->ratio));
		half_cell(followed, c->ratio_half, sizeof(c->ratio_half));
		assay_copy(c->anchor, sizeof(c->anchor), row->basis->anchor);
	}
	if (assay_history_measured(followed) && before)
		change_cell(followed->median, before->median, c->change, sizeof(c->change));
}

static void print_row(struct cli_table *table, const struct history_view *view,
		      const struct row *row, bool mixed)
{
	struct cells c;
	fill_cells(&c, view, row);
	const char *cells[12] = {c.run, c.when, c.commit, c.machine, c.value, c.half};
	size_t n = 6;
	if (view->bases[0].anchor && view->bases[0].series != view->measured) {
		cells[n++] = c.ratio;
		cells[n++] = c.ratio_half;
		if (view->n_bases > 1)
			cells[n++] = c.anchor;
	}
	cells[n++] = c.change;
	if (mixed)
		cells[n++] = c.profile;
	cells[n++] = assay_status_name(row->point->status);
	cli_table_row(table, cells);
}

/* A line above the first run after a change. */
static void print_changes_at(struct cli_table *table, const struct row *row)
{
	for (size_t i = 0; row->basis && i < row->basis->shifts.n; i++) {
		const struct assay_shift *shift = &row->basis->shifts.shifts[i];
		char text[160];
		if (shift->at != row->at)
			continue;
		snprintf(text, sizeof(text), "-- from here %+.1f %% [%.1f, %.1f], %s",
			 100 * (shift->ratio - 1), 100 * (shift->lo - 1), 100 * (shift->hi - 1),
			 assay_change_state_name(shift->state));
		cli_table_line(table, text);
	}
}

static struct cli_table *new_table(const struct history_view *view, bool mixed)
{
	const char *columns[12] = {">run",     "started UTC", "commit",
				   "?machine", ">median",     "?>95 %"};
	size_t n = 6;
	if (view->bases[0].anchor && view->bases[0].series != view->measured) {
		columns[n++] = ">vs anchor";
		columns[n++] = "?>95 %";
		if (view->n_bases > 1)
			columns[n++] = "?anchor";
	}
	columns[n++] = ">change";
	if (mixed)
		columns[n++] = "profile";
	columns[n++] = "status";
	return cli_table_new(columns, n);
}

/* Were the runs from `first` on measured with more than one profile? */
static bool mixes_profiles(const struct assay_history *s, size_t first)
{
	for (size_t i = first; i + 1 < s->n; i++) {
		const char *a = s->points[i].profile, *b = s->points[i + 1].profile;
		if (a && b && strcmp(a, b) != 0)
			return true;
	}
	return false;
}

static void print_head(const struct history_view *view, bool mixed)
{
	const struct assay_history *s = view->measured;
	const struct history_basis *newest = &view->bases[view->n_bases - 1];
	ASSAY_AUTO(assay_str_done) struct assay_str bars = {0}, line = {0};
	sparkline(newest->series, &bars);
	cli_print_line(s->name, stdout);
	assay_str_add(&line, "%s in %s, %s is better   %s", s->metric,
		      *s->unit ? s->unit : "counts", s->better == ASSAY_HIGHER ? "higher" : "lower",
		      assay_str_text(&bars));
	cli_print_line(assay_str_text(&line), stdout);
	ASSAY_AUTO(assay_str_done) struct assay_str followed = {0};
	if (newest->anchor)
		assay_str_add(
			&followed,
			"followed as the ratio to the anchor %s of the same run, in which the "
			"machine cancels",
			newest->anchor);
	else
		assay_str_add(&followed,
			      "followed as measured: a machine that became slower looks like a "
			      "change; 'assay run --anchor' takes it out");
	cli_fill(stdout, 0, 0, assay_str_text(&followed));
	if (mixed)
		cli_fill(
			stdout, 0, 0,
			"measured with different profiles: a step from one to another may be that of the "
			"effort, not of the code");
	putchar('\n');
}

static void print_sentence(const struct history_view *view, const struct history_basis *basis,
			   const struct assay_shift *shift)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	history_sentence(view, basis, shift, &text);
	cli_print_line(assay_str_text(&text), stdout);
}

/* A sentence for each change at a run that is shown; the others are counted. */
static void print_sentences(const struct history_view *view, size_t first)
{
	const struct assay_history *s = view->measured;
	size_t shown = 0, earlier = 0;
	putchar('\n');
	for (size_t b = 0; b < view->n_bases; b++) {
		const struct history_basis *basis = &view->bases[b];
		for (size_t i = 0; i < basis->shifts.n; i++) {
			const struct assay_shift *shift = &basis->shifts.shifts[i];
			bool before = basis->series->points[shift->at].started_ns <
				      s->points[first].started_ns;
			earlier += before;
			shown += !before;
			if (!before)
				print_sentence(view, basis, shift);
		}
	}
	char more[64] = "";
	if (earlier)
		snprintf(more, sizeof(more), "; %zu before them, see --limit", earlier);
	if (!shown && s->n - first == 1)
		printf("One run shows no change of level%s.\n", more);
	else if (!shown)
		printf("No change of level is seen in these %zu runs%s.\n", s->n - first, more);
}

void history_print_one(const struct history_view *view, size_t limit)
{
	const struct assay_history *s = view->measured;
	size_t first = limit && s->n > limit ? s->n - limit : 0;
	bool mixed = mixes_profiles(s, first);
	print_head(view, mixed);
	struct cli_table *table = new_table(view, mixed);
	for (size_t i = first; i < s->n; i++) {
		struct row row = find_row(view, &s->points[i]);
		print_changes_at(table, &row);
		print_row(table, view, &row, mixed);
	}
	cli_table_print(table, stdout);
	if (s->n)
		print_sentences(view, first);
}

static void count_changes(const struct history_view *view, char *text, size_t size)
{
	size_t by_state[3] = {0}, n = 0;
	for (size_t b = 0; b < view->n_bases; b++)
		for (size_t i = 0; i < view->bases[b].shifts.n; i++)
			by_state[view->bases[b].shifts.shifts[i].state]++;
	size_t open = by_state[ASSAY_CHANGE_PROPOSED], sure = by_state[ASSAY_CHANGE_CONFIRMED];
	text[0] = '\0';
	if (open)
		n += (size_t)snprintf(text, size, "%zu proposed", open);
	if (sure)
		snprintf(text + n, size - n, "%s%zu confirmed", n ? ", " : "", sure);
}

void history_print_all(const struct history_views *views)
{
	const char *const columns[] = {"/series", "metric", ">runs",  ">last",
				       ">change", "trend",  "changes"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < views->n; i++) {
		const struct history_view *view = &views->views[i];
		const struct assay_history *s = view->measured;
		const struct assay_history *followed = view->bases[view->n_bases - 1].series;
		ASSAY_AUTO(assay_str_done) struct assay_str bars = {0};
		char runs[24], value[40] = "-", change[24] = "-", changes[64];
		snprintf(runs, sizeof(runs), "%zu", s->n);
		size_t last = s->n, at = followed->n;
		while (last > 0 && !assay_history_measured(&s->points[last - 1]))
			last--;
		if (last)
			assay_format_value(s->points[last - 1].median, s->unit, value,
					   sizeof(value));
		while (at > 0 && !assay_history_measured(&followed->points[at - 1]))
			at--;
		const struct assay_history_point *before =
			at ? predecessor(followed, at - 1) : NULL;
		if (before)
			change_cell(followed->points[at - 1].median, before->median, change,
				    sizeof(change));
		count_changes(view, changes, sizeof(changes));
		sparkline(followed, &bars);
		const char *cells[] = {
			s->name, s->metric, runs, value, change, assay_str_text(&bars), changes};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

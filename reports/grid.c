/* SPDX-License-Identifier: MIT */
/* grid: what a comparison says, cell by cell. */
#include "reports/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/words.h"

static const char *letter_of(size_t run, char text[24])
{
	if (run < 26)
		snprintf(text, 24, "%c", (char)('A' + run));
	else
		snprintf(text, 24, "%zu", run + 1);
	return text;
}

/* ---- the table itself ---- */

/* A new grid, where it is until the next one is added; NULL when out of memory. */
static struct assay_grid *add_grid(struct assay_grids *grids, size_t columns, size_t left)
{
	struct assay_grid *all = realloc(grids->all, (grids->n + 1) * sizeof(*all));
	if (!all) {
		grids->failed = true;
		return NULL;
	}
	grids->all = all;
	all[grids->n] = (struct assay_grid){.columns = columns, .left = left};
	return &all[grids->n++];
}

/* A new row of empty cells; NULL when out of memory. */
static struct assay_str *add_row(struct assay_grids *grids, struct assay_grid *grid)
{
	size_t used = grid->rows * grid->columns;
	/* Room doubles at powers of two. */
	if ((grid->rows & (grid->rows - 1)) == 0) {
		size_t rows = grid->rows ? 2 * grid->rows : 1;
		struct assay_str *cells =
			realloc(grid->cells, rows * grid->columns * sizeof(*cells));
		if (!cells) {
			grids->failed = true;
			return NULL;
		}
		grid->cells = cells;
	}
	struct assay_str *row = grid->cells + used;
	memset(row, 0, grid->columns * sizeof(*row));
	grid->rows++;
	return row;
}

/* A head: `first`, then the letters of the runs. */
static void add_letters(struct assay_grids *grids, struct assay_grid *grid, const char *first,
			size_t reference)
{
	struct assay_str *head = add_row(grids, grid);
	char letter[24];
	if (!head)
		return;
	assay_str_add(&head[0], "%s", first);
	for (size_t r = 0; r + 1 < grid->columns; r++)
		assay_str_add(&head[r + 1], "%s%s", letter_of(r, letter),
			      r == reference ? ", reference" : "");
}

void assay_grids_done(struct assay_grids *grids)
{
	for (size_t g = 0; g < grids->n; g++) {
		struct assay_grid *grid = &grids->all[g];
		for (size_t i = 0; i < grid->rows * grid->columns; i++)
			assay_str_done(&grid->cells[i]);
		free(grid->cells);
		assay_str_done(&grid->title);
		assay_str_done(&grid->note);
	}
	free(grids->all);
	*grids = (struct assay_grids){0};
}

/* ---- the runs and what is around them ---- */

static void add_runs(struct assay_grids *grids, const struct assay_report_model *model)
{
	static const char *const heads[] = {"run", "machine", "what", "noise", "cases"};
	struct assay_grid *grid = add_grid(grids, ASSAY_COUNT_OF(heads), ASSAY_COUNT_OF(heads));
	struct assay_str *row = grid ? add_row(grids, grid) : NULL;
	char letter[24];
	if (!row)
		return;
	assay_str_add(&grid->title, "The runs");
	for (size_t c = 0; c < ASSAY_COUNT_OF(heads); c++)
		assay_str_add(&row[c], "%s", heads[c]);
	for (size_t r = 0; r < model->n_runs; r++) {
		const struct assay_report_run *run = &model->runs[r];
		const char *name = run->info->machine_name;
		row = add_row(grids, grid);
		if (!row)
			return;
		assay_str_add(&row[0], "%s", letter_of(r, letter));
		assay_str_add(&row[1], "%s", name && *name ? name : run->machine.title);
		assay_report_run_in_words(&row[2], run);
		if (r == model->comparison->reference)
			assay_str_add(&row[2], " (the reference)");
		assay_str_add(&row[3], "%c", run->info->noise ? run->info->noise : '?');
		assay_report_counts(&row[4], run);
	}
}

static void add_differences(struct assay_grids *grids, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	struct assay_grid *grid = add_grid(grids, model->n_runs + 1, model->n_runs + 1);
	if (!grid)
		return;
	assay_str_add(&grid->title, "What differs around them");
	if (!c->n_differences)
		assay_str_add(&grid->note, "Nothing of what identifies an environment.");
	add_letters(grids, grid, "fact", SIZE_MAX);
	for (size_t i = 0; i < c->n_differences; i++) {
		struct assay_str *row = add_row(grids, grid);
		if (!row)
			return;
		assay_str_add(&row[0], "%s", c->differences[i].key);
		for (size_t r = 0; r < model->n_runs; r++) {
			const struct assay_report_fact *fact = c->differences[i].facts[r];
			assay_str_add(&row[r + 1], "%s",
				      !fact         ? "not recorded"
				      : fact->value ? fact->value
						    : fact->unavailable);
		}
	}
}

/* ---- runs of one machine ---- */

static void value(struct assay_str *to, const struct assay_result *r)
{
	char text[64];
	assay_str_add(to, "%s",
		      assay_report_value(r->estimate.median, r->metric.unit, text, sizeof(text)));
}

static void name(struct assay_str *to, const struct assay_result *r)
{
	assay_str_add(to, "%s", r->name);
	if (!r->primary)
		assay_str_add(to, " (%s)", r->metric.name);
}

static void add_pair(struct assay_grids *grids, struct assay_grid *grid,
		     const struct assay_pairs *pairs, const struct assay_pair *pair)
{
	const struct assay_comparison *c = &pair->comparison;
	struct assay_str *row = add_row(grids, grid);
	if (!row)
		return;
	assay_str_add(&row[0], "%s %s", c->verdict == ASSAY_SLOWER ? "▲" : "▼",
		      assay_pair_word(pairs, pair));
	name(&row[1], pair->a);
	value(&row[2], pair->a);
	value(&row[3], pair->b);
	assay_report_ratio(&row[4], c->ratio, 3);
	assay_report_ratios(&row[5], c->lo, c->hi, 3);
}

/* Series that one of the two lacks. */
static void add_lone(struct assay_grids *grids, struct assay_grid *grid,
		     const struct assay_pair *list, size_t n, bool lost, const char *letter)
{
	for (size_t i = 0; i < n; i++) {
		const struct assay_result *there = lost ? list[i].a : list[i].b;
		const struct assay_result *other = lost ? list[i].b : list[i].a;
		struct assay_str *row = add_row(grids, grid);
		if (!row)
			return;
		assay_str_add(&row[0], lost ? "⊘ missing in %s" : "+ new in %s", letter);
		name(&row[1], there);
		value(&row[lost ? 2 : 3], there);
		if (other)
			assay_str_add(&row[lost ? 3 : 2], "%s", assay_status_name(other->status));
	}
}

static void add_changes(struct assay_grids *grids, const struct assay_report_model *model,
			size_t run)
{
	const struct assay_pairs *p = &model->comparison->pairs[run];
	struct assay_grid *grid = add_grid(grids, 6, 2);
	struct assay_str *head = grid ? add_row(grids, grid) : NULL;
	size_t counts[4] = {0};
	char base[24], letter[24];
	if (!head)
		return;
	letter_of(model->comparison->reference, base);
	letter_of(run, letter);
	for (size_t i = 0; i < p->n_compared; i++)
		counts[p->compared[i].comparison.verdict] += p->compared[i].a->primary;
	assay_str_add(&grid->title,
		      "What changed from %s to %s: %zu slower, %zu faster, %zu same, "
		      "%zu unsure",
		      base, letter, counts[ASSAY_SLOWER], counts[ASSAY_FASTER], counts[ASSAY_SAME],
		      counts[ASSAY_UNSURE]);
	assay_str_add(&grid->note,
		      "Intervals at %.3g %%, over launches; up to %.3g %% does not count. Only the "
		      "gate calls a regression.",
		      100 * p->confidence, 100 * p->margin);
	assay_str_add(&head[0], "verdict");
	assay_str_add(&head[1], "case");
	assay_str_add(&head[2], "%s", base);
	assay_str_add(&head[3], "%s", letter);
	assay_str_add(&head[4], "%s/%s", letter, base);
	assay_str_add(&head[5], "interval");
	static const enum assay_verdict order[] = {ASSAY_SLOWER, ASSAY_FASTER};
	for (size_t v = 0; v < ASSAY_COUNT_OF(order); v++)
		for (size_t i = 0; i < p->n_compared; i++)
			if (p->compared[i].comparison.verdict == order[v])
				add_pair(grids, grid, p, &p->compared[i]);
	add_lone(grids, grid, p->lost, p->n_lost, true, letter);
	add_lone(grids, grid, p->found, p->n_found, false, letter);
}

/* ---- several machines ---- */

static void mean(struct assay_str *to, const struct assay_report_mean *m, bool reference)
{
	if (m->n == 0) {
		assay_str_add(to, "⊘ nothing in common");
		return;
	}
	assay_report_times(to, m->gain);
	if (!reference && !isnan(m->spread))
		assay_str_add(to, " ×/÷ %.2f", m->spread);
	assay_str_add(to, ", %zu case%s", m->n, m->n == 1 ? "" : "s");
	if (m->missing)
		assay_str_add(to, ", ⊘ %zu missing", m->missing);
}

/* The mean for what a machine costs, where that is known of it and of the reference. */
static void add_costs(struct assay_grids *grids, struct assay_grid *grid,
		      const struct assay_report_model *model,
		      const struct assay_report_across *suite, bool price)
{
	const struct assay_report_run *base = &model->runs[model->comparison->reference];
	double reference = price ? base->price : base->power;
	size_t known = 0;
	for (size_t r = 0; r < model->n_runs; r++)
		known += isfinite(suite->means[r].gain * reference /
				  (price ? model->runs[r].price : model->runs[r].power));
	struct assay_str *row = known > 1 ? add_row(grids, grid) : NULL;
	if (!row)
		return;
	assay_str_add(&row[0], "%s for the %s", suite->suite, price ? "price" : "power");
	for (size_t r = 0; r < model->n_runs; r++) {
		double own = price ? model->runs[r].price : model->runs[r].power;
		double gain = suite->means[r].gain * reference / own;
		if (isfinite(gain))
			assay_report_times(&row[r + 1], gain);
		else
			assay_str_add(&row[r + 1], "–");
	}
}

static void add_means(struct assay_grids *grids, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	struct assay_grid *grid = add_grid(grids, model->n_runs + 1, 1);
	if (!grid)
		return;
	assay_str_add(&grid->title, "Suite by suite");
	assay_str_add(&grid->note,
		      "How many times as good as the reference: above 1 is better. "
		      "Geometric means with their geometric standard deviation.");
	add_letters(grids, grid, "suite", c->reference);
	for (size_t s = 0; s < c->n_suites; s++) {
		struct assay_str *row = add_row(grids, grid);
		if (!row)
			return;
		assay_str_add(&row[0], "%s", c->suites[s].suite);
		for (size_t r = 0; r < model->n_runs; r++)
			mean(&row[r + 1], &c->suites[s].means[r], r == c->reference);
		add_costs(grids, grid, model, &c->suites[s], true);
		add_costs(grids, grid, model, &c->suites[s], false);
	}
}

static void gain_cell(struct assay_str *to, const struct assay_report_cell *cell, bool reference)
{
	const struct assay_result *r = cell->result;
	if (!r || !assay_status_measured(r->status)) {
		assay_str_add(to, "⊘ %s", r ? assay_status_name(r->status) : "not run");
		return;
	}
	if (isfinite(cell->gain) && !reference) {
		assay_report_times(to, cell->gain);
		assay_str_add(to, " ");
	}
	value(to, r);
	if (r->status == ASSAY_STATUS_UNSTABLE)
		assay_str_add(to, " unstable");
}

static void add_lines(struct assay_grids *grids, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	struct assay_grid *grid = add_grid(grids, model->n_runs + 1, 1);
	if (!grid)
		return;
	assay_str_add(&grid->title, "Case by case");
	assay_str_add(&grid->note, "Machines differ: nothing here is a regression.");
	add_letters(grids, grid, "case", c->reference);
	for (size_t s = 0; s < c->n_suites; s++) {
		for (size_t i = 0; i < c->suites[s].n_lines; i++) {
			const struct assay_report_line *line = &c->suites[s].lines[i];
			struct assay_str *row = add_row(grids, grid);
			if (!row)
				return;
			assay_str_add(&row[0], "%s", line->first->name);
			for (size_t r = 0; r < model->n_runs; r++)
				gain_cell(&row[r + 1], &line->cells[r], r == c->reference);
		}
	}
}

static void find_failures(struct assay_grids *grids)
{
	for (size_t g = 0; g < grids->n; g++) {
		grids->failed |= grids->all[g].title.failed || grids->all[g].note.failed;
		for (size_t i = 0; i < grids->all[g].rows * grids->all[g].columns; i++)
			grids->failed |= grids->all[g].cells[i].failed;
	}
}

void assay_grids_of(const struct assay_report_model *model, struct assay_grids *ret)
{
	const struct assay_report_comparison *c = model->comparison;
	*ret = (struct assay_grids){0};
	add_runs(ret, model);
	add_differences(ret, model);
	if (c->hardware) {
		add_means(ret, model);
		add_lines(ret, model);
	}
	for (size_t r = 0; !c->hardware && r < model->n_runs; r++)
		if (r != c->reference)
			add_changes(ret, model, r);
	find_failures(ret);
}

void assay_grids_of_claims(const struct assay_report_run *run, struct assay_grids *ret)
{
	static const char *const heads[] = {"claim", "verdict", "claimed", "measured"};
	size_t elsewhere = 0;
	*ret = (struct assay_grids){0};
	struct assay_grid *grid = run->n_claims ? add_grid(ret, ASSAY_COUNT_OF(heads), 2) : NULL;
	struct assay_str *row = grid ? add_row(ret, grid) : NULL;
	if (!row)
		return;
	assay_str_add(&grid->title, "Claims beside measurements");
	for (size_t c = 0; c < ASSAY_COUNT_OF(heads); c++)
		assay_str_add(&row[c], "%s", heads[c]);
	for (size_t i = 0; i < run->n_claims; i++) {
		const struct assay_report_claim *claim = &run->claims[i];
		elsewhere += claim->elsewhere;
		row = claim->elsewhere ? NULL : add_row(ret, grid);
		if (!row)
			continue;
		assay_str_add(&row[0], "%s", claim->name);
		assay_str_add(&row[1], "%s", claim->verdict);
		assay_str_add(&row[2], "%s", claim->asked);
		assay_str_add(&row[3], "%s", claim->measured);
	}
	if (elsewhere)
		assay_str_add(&grid->note, "%zu that this run did not measure", elsewhere);
	find_failures(ret);
}

/* SPDX-License-Identifier: MIT */
/* html_machines: machines as columns, gains against a reference. No overall score: suites weigh nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"
#include "reports/words.h"

enum { NAME_LIMIT = 160, VALUE_LIMIT = 300, FOLD_LINES = 40 };

/* "A, example": columns are known by their letter; the name says which. */
static void heads(struct assay_str *to, const struct assay_report_model *model)
{
	char letter[8];
	for (size_t r = 0; r < model->n_runs; r++) {
		const struct assay_report_run *run = &model->runs[r];
		assay_str_add(to, "<th scope=\"col\" class=\"r\">%s<span class=\"why\">",
			      assay_html_letter(r, letter));
		assay_escape_html(to,
				  run->info->machine_name && *run->info->machine_name
					  ? run->info->machine_name
					  : run->machine.title,
				  40);
		assay_str_add(to, "</span></th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody>\n");
}

/* ---- the machines themselves ---- */

static const char *fact(const struct assay_report_run *run, const char *key)
{
	for (size_t i = 0; i < run->machine.n_facts; i++)
		if (strcmp(run->machine.facts[i].key, key) == 0)
			return run->machine.facts[i].value;
	return NULL;
}

static void fact_row(struct assay_str *to, const struct assay_report_model *model, const char *key)
{
	assay_str_add(to, "<tr><th scope=\"row\">%s</th>", key);
	for (size_t r = 0; r < model->n_runs; r++) {
		const char *value = fact(&model->runs[r], key);
		assay_str_add(to, "<td class=\"wide r\">");
		assay_escape_html(to, value ? value : "not recorded", VALUE_LIMIT);
		assay_str_add(to, "</td>");
	}
	assay_str_add(to, "</tr>\n");
}

/* A row of what the reader gave; nothing when nobody gave it. */
static void given_row(struct assay_str *to, const struct assay_report_model *model, const char *key,
		      bool price)
{
	bool given = false;
	for (size_t r = 0; r < model->n_runs; r++)
		given |= !isnan(price ? model->runs[r].price : model->runs[r].power);
	if (!given)
		return;
	assay_str_add(to, "<tr><th scope=\"row\">%s</th>", key);
	for (size_t r = 0; r < model->n_runs; r++) {
		double value = price ? model->runs[r].price : model->runs[r].power;
		if (isnan(value))
			assay_str_add(to, "<td class=\"r soft\">not given</td>");
		else
			assay_str_add(to, "<td class=\"r\">%.6g%s</td>", value, price ? "" : " W");
	}
	assay_str_add(to, "</tr>\n");
}

static void machine_table(struct assay_str *to, const struct assay_report_model *model)
{
	static const char *const keys[] = {"Processor", "Shape", "Caches", "Memory", "Core clock"};
	assay_str_add(to, "<section class=\"plain\">\n<h2>The machines</h2>\n");
	assay_html_open_table(to, "The machines");
	assay_str_add(to, "<thead><tr><td></td>");
	heads(to, model);
	for (size_t k = 0; k < ASSAY_COUNT_OF(keys); k++)
		fact_row(to, model, keys[k]);
	assay_str_add(to, "<tr><th scope=\"row\">Noise</th>");
	for (size_t r = 0; r < model->n_runs; r++) {
		char grade = model->runs[r].info->noise;
		assay_str_add(to, "<td class=\"wide r\">");
		if (grade >= 'A' && grade <= 'D')
			assay_str_add(to, "<span class=\"noise %c\">%c</span>", grade, grade);
		assay_str_add(to, "%s</td>", assay_report_noise_meaning(grade));
	}
	assay_str_add(to, "</tr>\n");
	given_row(to, model, "Price", true);
	given_row(to, model, "Power", false);
	assay_html_close_table(to);
	assay_str_add(to, "</section>\n");
}

/* ---- suites ---- */

static void mean_cell(struct assay_str *to, const struct assay_report_mean *mean, bool reference)
{
	if (mean->n == 0) {
		assay_str_add(to, "<td class=\"r soft\" data-v=\"0\">⊘ nothing in common</td>");
		return;
	}
	assay_str_add(to, "<td class=\"r wide\" data-v=\"%.6g\"><b>", mean->gain);
	assay_report_times(to, mean->gain);
	assay_str_add(to, "</b><span class=\"why\">");
	if (reference) {
		assay_str_add(to, "reference, %zu cases", mean->n);
	} else {
		if (!isnan(mean->spread))
			assay_str_add(to, "×/÷ %.2f, ", mean->spread);
		assay_report_times(to, mean->lo);
		assay_str_add(to, " to ");
		assay_report_times(to, mean->hi);
		assay_str_add(to, ", %zu case%s", mean->n, mean->n == 1 ? "" : "s");
		if (mean->missing)
			assay_str_add(to, ", ⊘ %zu missing", mean->missing);
	}
	assay_str_add(to, "</span></td>");
}

/* The mean for what the machine costs, against the same of the reference. */
static void cost_cell(struct assay_str *to, const struct assay_report_mean *mean, double own,
		      double reference)
{
	double gain = mean->gain * reference / own;
	if (!isfinite(gain)) {
		assay_str_add(to, "<td class=\"r soft\">–</td>");
		return;
	}
	assay_str_add(to, "<td class=\"r\">");
	assay_report_times(to, gain);
	assay_str_add(to, "</td>");
}

static void cost_row(struct assay_str *to, const struct assay_report_model *model,
		     const struct assay_report_across *suite, bool price)
{
	const struct assay_report_run *base = &model->runs[model->comparison->reference];
	double reference = price ? base->price : base->power;
	bool known = false;
	for (size_t r = 0; r < model->n_runs; r++)
		known |= r != model->comparison->reference &&
			 isfinite(suite->means[r].gain *
				  (price ? model->runs[r].price : model->runs[r].power));
	if (isnan(reference) || !known)
		return;
	assay_str_add(to, "<tr><th scope=\"row\" class=\"soft\">");
	assay_escape_html(to, suite->suite, NAME_LIMIT);
	assay_str_add(to, " for the %s</th>", price ? "price" : "power");
	for (size_t r = 0; r < model->n_runs; r++)
		cost_cell(to, &suite->means[r], price ? model->runs[r].price : model->runs[r].power,
			  reference);
	assay_str_add(to, "</tr>\n");
}

static void suite_table(struct assay_str *to, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	char letter[8];
	assay_str_add(to,
		      "<section class=\"plain\">\n<h2>Suite by suite</h2>\n<p class=\"lead\">How "
		      "many times as good as on %s: above 1 is better, whatever the unit. The "
		      "geometric mean over the cases measured on both, its geometric standard "
		      "deviation, and the least and the greatest; what only the harness costs and "
		      "limits are left out. There is no score over suites: what they weigh depends "
		      "on what the machine is for.</p>\n",
		      assay_html_letter(c->reference, letter));
	assay_html_open_table(to, "Geometric mean of each suite");
	assay_str_add(to, "<thead><tr><th scope=\"col\">suite</th>");
	heads(to, model);
	for (size_t s = 0; s < c->n_suites; s++) {
		assay_str_add(to, "<tr><th scope=\"row\">");
		assay_escape_html(to, c->suites[s].suite, NAME_LIMIT);
		assay_str_add(to, "</th>");
		for (size_t r = 0; r < model->n_runs; r++)
			mean_cell(to, &c->suites[s].means[r], r == c->reference);
		assay_str_add(to, "</tr>\n");
		cost_row(to, model, &c->suites[s], true);
		cost_row(to, model, &c->suites[s], false);
	}
	assay_html_close_table(to);
	assay_str_add(to, "</section>\n");
}

/* ---- cases ---- */

/* Steps of a diverging scale; the figure says it, too. */
static const char *heat(double gain)
{
	double size = gain < 1 ? 1 / gain : gain;
	if (!isfinite(size) || size < 1.05)
		return "";
	if (gain > 1)
		return size < 1.25 ? " up1" : size < 2 ? " up2" : " up3";
	return size < 1.25 ? " down1" : size < 2 ? " down2" : " down3";
}

/* "[1.21, 1.40]" in the sense of the gain, at 99 %. */
static void interval(struct assay_str *to, const struct assay_report_cell *cell)
{
	const struct assay_comparison *c = &cell->pair->comparison;
	bool higher = cell->gain == c->ratio; /* else the gain is its inverse */
	double lo = higher ? c->lo : 1 / c->hi, hi = higher ? c->hi : 1 / c->lo;
	if (!isfinite(lo) || !isfinite(hi))
		return;
	assay_str_add(to, "<span class=\"soft\">");
	assay_report_ratios(to, lo, hi, 2);
	assay_str_add(to, "</span>");
}

static void gain_cell(struct assay_str *to, const struct assay_report_cell *cell, bool reference)
{
	const struct assay_result *r = cell->result;
	char text[64];
	if (!r || !assay_status_measured(r->status)) {
		assay_str_add(to, "<td class=\"r soft\"");
		if (r && *r->reason) {
			assay_str_add(to, " title=\"");
			assay_escape_html(to, r->reason, VALUE_LIMIT);
			assay_str_add(to, "\"");
		}
		assay_str_add(to, ">⊘ %s</td>", r ? assay_status_name(r->status) : "not run");
		return;
	}
	assay_report_value(r->estimate.median, r->metric.unit, text, sizeof(text));
	bool known = isfinite(cell->gain) && !reference;
	assay_str_add(to, "<td class=\"r%s\"", known ? heat(cell->gain) : "");
	assay_html_sort_key(to, reference ? r->estimate.median : known ? cell->gain : NAN);
	assay_str_add(to, ">");
	if (known) {
		assay_str_add(to, "<b>");
		assay_report_times(to, cell->gain);
		assay_str_add(to, "</b> ");
		interval(to, cell);
	}
	assay_str_add(to, "<span class=\"%s\">", known ? "why" : "soft");
	assay_escape_html(to, text, 0);
	assay_str_add(to, "%s</span></td>", r->status == ASSAY_STATUS_UNSTABLE ? " unstable" : "");
}

static size_t cells_of(const struct assay_report_line *line, size_t n)
{
	size_t measured = 0;
	for (size_t r = 0; r < n; r++)
		measured += line->cells[r].result &&
			    assay_status_measured(line->cells[r].result->status);
	return measured;
}

static void line_row(struct assay_str *to, const struct assay_report_line *line, size_t n,
		     size_t reference, size_t measured)
{
	const char *slash = strchr(line->first->name, '/');
	assay_str_add(to, "<tr%s data-s=\"%s\"><th scope=\"row\" class=\"case\">",
		      line->counts ? "" : " class=\"floor\"",
		      measured == n ? "on all machines" : "missing somewhere");
	assay_html_name(to, slash ? slash + 1 : line->first->name, NAME_LIMIT);
	assay_str_add(to, "</th>");
	for (size_t r = 0; r < n; r++)
		gain_cell(to, &line->cells[r], r == reference);
	assay_str_add(to, "</tr>\n");
}

static void lines(struct assay_str *to, const struct assay_report_model *model,
		  const struct assay_report_across *suite)
{
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	size_t nowhere = 0;
	bool fold = suite->n_lines > FOLD_LINES;
	assay_str_add(to, "<div class=\"changes\">\n<h3>");
	assay_escape_html(to, suite->suite, NAME_LIMIT);
	assay_str_add(to, "</h3>\n");
	if (fold)
		assay_str_add(to, "<details><summary>All %zu cases</summary>\n", suite->n_lines);
	assay_str_add(&label, "Cases of %s on each machine", suite->suite);
	assay_html_open_table(to, assay_str_text(&label));
	assay_str_add(to, "<thead><tr><th scope=\"col\">case</th>");
	heads(to, model);
	for (size_t i = 0; i < suite->n_lines; i++) {
		size_t measured = cells_of(&suite->lines[i], model->n_runs);
		nowhere += measured == 0;
		if (measured)
			line_row(to, &suite->lines[i], model->n_runs, model->comparison->reference,
				 measured);
	}
	assay_html_close_table(to);
	if (fold)
		assay_str_add(to, "</details>\n");
	if (nowhere)
		assay_str_add(to,
			      "<p class=\"note\">%zu case%s measured on none of them: not "
			      "listed.</p>\n",
			      nowhere, nowhere == 1 ? "" : "s");
	assay_str_add(to, "</div>\n");
}

void assay_html_machines(struct assay_str *to, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	machine_table(to, model);
	suite_table(to, model);
	assay_str_add(
		to,
		"<section class=\"plain\">\n<h2>Case by case</h2>\n<p class=\"lead\">How "
		"many times as good as the reference, with its 99 %% interval, and the median. Machines "
		"differ: nothing here is a regression.</p>\n");
	for (size_t s = 0; s < c->n_suites; s++)
		lines(to, model, &c->suites[s]);
	assay_str_add(to, "</section>\n");
}

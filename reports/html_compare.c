/* SPDX-License-Identifier: MIT */
/* html_compare: several runs on one page: who they are, in what they were measured, what changed. */
#include <stdio.h>

#include "reports/escape.h"
#include "reports/html.h"
#include "reports/words.h"

enum { NAME_LIMIT = 160, VALUE_LIMIT = 300 };

const char *assay_html_letter(size_t run, char text[8])
{
	if (run < 26)
		snprintf(text, 8, "%c", (char)('A' + run));
	else
		snprintf(text, 8, "R%zu", (run + 1) % 100000);
	return text;
}

static void letter_heads(struct assay_str *to, size_t n)
{
	char letter[8];
	for (size_t r = 0; r < n; r++)
		assay_str_add(to, "<th scope=\"col\">%s</th>", assay_html_letter(r, letter));
	assay_str_add(to, "</tr></thead>\n<tbody>\n");
}

/* ---- the runs ---- */

static void run_row(struct assay_str *to, const struct assay_report_model *model, size_t r)
{
	const struct assay_report_run *run = &model->runs[r];
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str counts = {0};
	char letter[8];
	assay_report_run_in_words(&words, run);
	assay_report_counts(&counts, run);
	assay_str_add(to, "<tr><th scope=\"row\">%s</th><td>", assay_html_letter(r, letter));
	assay_escape_html(to,
			  run->info->machine_name && *run->info->machine_name
				  ? run->info->machine_name
				  : run->machine.title,
			  NAME_LIMIT);
	assay_str_add(to, "</td><td class=\"wide\">");
	assay_escape_html(to, assay_str_text(&words), VALUE_LIMIT);
	for (size_t i = 0; i < run->info->n_tags; i++) {
		assay_str_add(to, ", ");
		assay_escape_html(to, run->info->tags[i].key, NAME_LIMIT);
		assay_str_add(to, "=");
		assay_escape_html(to, run->info->tags[i].value, NAME_LIMIT);
	}
	if (r == model->comparison->reference)
		assay_str_add(to, " (the reference)");
	char grade = run->info->noise;
	assay_str_add(to, "</td><td>");
	if (grade >= 'A' && grade <= 'D')
		assay_str_add(to, "<span class=\"noise %c\">%c</span>", grade, grade);
	else
		assay_str_add(to, "?");
	assay_str_add(to, "</td><td class=\"wide\">%s</td></tr>\n", assay_str_text(&counts));
}

static void runs(struct assay_str *to, const struct assay_report_model *model)
{
	assay_str_add(to, "<section class=\"plain\">\n<h2>The runs</h2>\n");
	assay_html_open_table(to, "The runs of this page");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">run</th><th scope=\"col\">machine</th>"
		      "<th scope=\"col\">what</th><th scope=\"col\">noise</th>"
		      "<th scope=\"col\">cases</th></tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < model->n_runs; r++)
		run_row(to, model, r);
	assay_html_close_table(to);
	assay_str_add(to, "</section>\n");
}

/* ---- the environments ---- */

static void difference_row(struct assay_str *to, const struct assay_report_difference *d, size_t n)
{
	assay_str_add(to, "<tr><th scope=\"row\">");
	assay_escape_html(to, d->key, NAME_LIMIT);
	assay_str_add(to, "</th>");
	for (size_t r = 0; r < n; r++) {
		const struct assay_report_fact *fact = d->facts[r];
		assay_str_add(to, fact && fact->value ? "<td class=\"wide\">"
						      : "<td class=\"wide soft\">");
		assay_escape_html(to,
				  !fact         ? "not recorded"
				  : fact->value ? fact->value
						: fact->unavailable,
				  VALUE_LIMIT);
		assay_str_add(to, "</td>");
	}
	assay_str_add(to, "</tr>\n");
}

static void environments(struct assay_str *to, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	assay_str_add(to, "<section class=\"plain\">\n<h2>What differs around them</h2>\n");
	if (c->n_differences == 0) {
		assay_str_add(to,
			      "<p class=\"lead\">Nothing of what identifies an environment: "
			      "the same kernel, settings and build.</p>\n</section>\n");
		return;
	}
	assay_str_add(to,
		      "<p class=\"lead\">%zu fact%s of the environment %s: what is different below "
		      "may come from %s.</p>\n",
		      c->n_differences, c->n_differences == 1 ? "" : "s",
		      c->n_differences == 1 ? "differs" : "differ",
		      c->n_differences == 1 ? "it" : "them");
	bool fold = c->n_differences > 12;
	if (fold)
		assay_str_add(to, "<details><summary>All %zu</summary>\n", c->n_differences);
	assay_html_open_table(to, "Facts in which the environments differ");
	assay_str_add(to, "<thead><tr><th scope=\"col\">fact</th>");
	letter_heads(to, model->n_runs);
	for (size_t i = 0; i < c->n_differences; i++)
		difference_row(to, &c->differences[i], model->n_runs);
	assay_html_close_table(to);
	assay_str_add(to, "%s</section>\n", fold ? "</details>\n" : "");
}

void assay_html_comparison(struct assay_str *to, const struct assay_report_model *model)
{
	const struct assay_report_comparison *c = model->comparison;
	runs(to, model);
	environments(to, model);
	if (c->hardware) {
		assay_html_machines(to, model);
		return;
	}
	for (size_t r = 0; r < model->n_runs; r++)
		if (r != c->reference)
			assay_html_changes(to, model, r);
}

/* SPDX-License-Identifier: MIT */
/* html_claims: what others published, or what a budget asks, beside what this run measured. */
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"

enum { TEXT_LIMIT = 300 };

static const char *mark(const char *verdict)
{
	static const struct {
		const char *verdict, *mark;
	} marks[] = {
		{"reproduced", "✓"}, {"exceeded", "✓"}, {"met", "✓"},
		{"refuted", "✗"},    {"missed", "✗"},   {"failed", "✗"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(marks); i++)
		if (strcmp(marks[i].verdict, verdict) == 0)
			return marks[i].mark;
	return "–";
}

static void claim_row(struct assay_str *to, const struct assay_report_claim *claim)
{
	assay_str_add(to, "<tr data-s=\"");
	assay_escape_html(to, claim->verdict, TEXT_LIMIT);
	assay_str_add(to, "\"><th scope=\"row\">");
	assay_escape_html(to, claim->name, TEXT_LIMIT);
	assay_str_add(to, "</th><td class=\"wide\">");
	assay_escape_html(to, claim->text, TEXT_LIMIT);
	if (*claim->source) {
		assay_str_add(to, "<span class=\"why\">");
		assay_escape_html(to, claim->source, TEXT_LIMIT);
		assay_str_add(to, "</span>");
	}
	assay_str_add(to, "</td><td class=\"r\">");
	assay_escape_html(to, claim->asked, TEXT_LIMIT);
	assay_str_add(to, "</td><td class=\"r\">");
	assay_escape_html(to, claim->measured, TEXT_LIMIT);
	assay_str_add(to, "</td><td class=\"wide\">%s ", mark(claim->verdict));
	assay_escape_html(to, claim->verdict, TEXT_LIMIT);
	if (*claim->reason) {
		assay_str_add(to, "<span class=\"why\">");
		assay_escape_html(to, claim->reason, TEXT_LIMIT);
		assay_str_add(to, "</span>");
	}
	assay_str_add(to, "</td></tr>\n");
}

static void claim_table(struct assay_str *to, const struct assay_report_run *run, bool elsewhere,
			const char *label)
{
	assay_html_open_table(to, label);
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">claim</th><th scope=\"col\">what</th>"
		      "<th scope=\"col\" class=\"r\">claimed</th><th scope=\"col\" "
		      "class=\"r\">measured</th><th scope=\"col\">verdict</th></tr></thead>\n"
		      "<tbody>\n");
	for (size_t i = 0; i < run->n_claims; i++)
		if (run->claims[i].elsewhere == elsewhere)
			claim_row(to, &run->claims[i]);
	assay_html_close_table(to);
}

void assay_html_claims(struct assay_str *to, const struct assay_report_run *run, int level)
{
	size_t elsewhere = 0;
	if (!run->n_claims)
		return;
	for (size_t i = 0; i < run->n_claims; i++)
		elsewhere += run->claims[i].elsewhere;
	assay_str_add(
		to,
		"<section class=\"plain\">\n<h%d>Claims beside measurements</h%d>\n<p "
		"class=\"lead\">A claim is reproduced or refuted when the whole 95 %% interval "
		"says so, and exceeded when it lies a tenth beyond.</p>\n",
		level, level);
	if (elsewhere < run->n_claims)
		claim_table(to, run, false, "Claims beside measurements");
	if (elsewhere) {
		assay_str_add(to, "<details><summary>%zu that this run did not measure</summary>\n",
			      elsewhere);
		claim_table(to, run, true, "Claims that this run did not measure");
		assay_str_add(to, "</details>\n");
	}
	assay_str_add(to, "</section>\n");
}

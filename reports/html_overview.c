/* SPDX-License-Identifier: MIT */
/* html_overview: a run in one row per benchmark, and what it could not measure, with reasons. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/words.h"

enum { NAME_LIMIT = 120, REASON_LIMIT = 600 };

static int by_name(const void *pa, const void *pb)
{
	return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* The subject that is best most often; NULL: none, or out of memory. */
static const char *winner(const struct assay_report_bench *bench, size_t *ret_wins,
			  size_t *ret_groups)
{
	ASSAY_AUTO_FREE const char **bests = calloc(bench->n_measured + 1, sizeof(const char *));
	const char *best = NULL;
	size_t n = 0;
	for (size_t r = 0; bests && r < bench->n_measured; r++)
		if (bench->rows[r].best)
			bests[n++] = bench->rows[r].result->subject;
	if (n)
		qsort(bests, n, sizeof(const char *), by_name);
	*ret_wins = 0;
	*ret_groups = n;
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && strcmp(bests[to], bests[from]) == 0;)
			to++;
		if (to - from > *ret_wins) {
			*ret_wins = to - from;
			best = bests[from];
		}
	}
	return best;
}

static void overview_range(struct assay_str *to, const struct assay_report_bench *bench)
{
	double lo = INFINITY, hi = -INFINITY;
	char text[64];
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_report_row *row = &bench->rows[r];
		double median = row->result->estimate.median;
		if ((*row->result->subject && !row->ranked) || !isfinite(median) ||
		    strcmp(row->result->metric.unit, bench->metric.unit) != 0)
			continue;
		lo = fmin(lo, median);
		hi = fmax(hi, median);
	}
	if (lo > hi) {
		assay_str_add(to, "<td class=\"r\">–</td><td class=\"r\">–</td>");
		return;
	}
	for (int i = 0; i < 2; i++) {
		assay_str_add(to, "<td class=\"r\"");
		assay_html_sort_key(to, i ? hi : lo);
		assay_str_add(to, ">");
		assay_format_value(i ? hi : lo, bench->metric.unit, text, sizeof(text));
		assay_escape_html(to, text, 0);
		assay_str_add(to, "</td>");
	}
}

static void overview_row(struct assay_str *to, size_t number,
			 const struct assay_report_bench *bench)
{
	size_t wins, groups;
	const char *best = winner(bench, &wins, &groups);
	assay_str_add(to, "<tr><th scope=\"row\" class=\"name\"><a ");
	assay_html_anchor(to, "href", number, bench);
	assay_str_add(to, ">");
	assay_escape_html(to, bench->suite, NAME_LIMIT);
	assay_str_add(to, "/");
	assay_escape_html(to, bench->name, NAME_LIMIT);
	assay_str_add(to, "</a></th>");
	assay_str_add(to, "<td>");
	if (best) {
		assay_escape_html(to, best, NAME_LIMIT);
		if (groups > 1)
			assay_str_add(to, ", in %zu of %zu", wins, groups);
	} else {
		assay_str_add(to, "–");
	}
	assay_str_add(to, "</td>");
	overview_range(to, bench);
	assay_str_add(to, "<td class=\"r\">%zu</td></tr>\n", bench->n_measured);
}

void assay_html_overview(struct assay_str *to, const struct assay_report_run *run, size_t number)
{
	assay_html_open_table(to, "Overview of the benchmarks");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">benchmark</th>"
		      "<th scope=\"col\">best subject</th>"
		      "<th scope=\"col\" class=\"r\">lowest</th>"
		      "<th scope=\"col\" class=\"r\">highest</th>"
		      "<th scope=\"col\" class=\"r\">cases</th></tr></thead>\n<tbody>\n");
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (run->suites[s].benches[b].n_measured)
				overview_row(to, number, &run->suites[s].benches[b]);
	assay_html_close_table(to);
}

/* ---- reasons ---- */

static void problem(struct assay_str *to, const struct assay_report_problem *p)
{
	ASSAY_AUTO(assay_str_done) struct assay_str names = {0};
	const char *status = assay_status_name(p->status);
	ASSAY_AUTO(assay_str_done) struct assay_str reason = {0};
	assay_report_cases(&names, p, 4);
	assay_report_reason(&reason, p);
	assay_str_add(to, "<tr data-s=\"%s\"><td class=\"status %s\">%s</td><th scope=\"row\">",
		      status, status, status);
	assay_escape_html(to, p->bench->name, NAME_LIMIT);
	assay_str_add(to, "</th><td class=\"r\">%zu</td><td class=\"wide\">", p->n_cases);
	assay_escape_html(to, assay_str_text(&reason), REASON_LIMIT);
	assay_str_add(to, "<span class=\"why\">");
	assay_escape_html(to, assay_str_text(&names), 3 * NAME_LIMIT);
	assay_str_add(to, "</span></td></tr>\n");
}

void assay_html_problems(struct assay_str *to, const struct assay_report_suite *suite)
{
	size_t cases_left = 0, grave = 0;
	for (size_t i = 0; i < suite->n_problems; i++) {
		cases_left += suite->problems[i].n_cases;
		grave += suite->problems[i].status != ASSAY_STATUS_SKIPPED;
	}
	if (!cases_left)
		return;
	assay_str_add(to, "<details class=\"problems\"%s><summary>%zu %s, and why</summary>\n",
		      grave || suite->n_problems == 1 ? " open=\"open\"" : "", cases_left,
		      grave             ? cases_left == 1 ? "case unstable or failed"
							  : "cases unstable, failed or skipped"
		      : cases_left == 1 ? "case skipped"
					: "cases skipped");
	assay_html_open_table(to, "Cases that failed, are unstable or were skipped");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">status</th><th scope=\"col\">benchmark</th>"
		      "<th scope=\"col\" class=\"r\">cases</th><th scope=\"col\">reason</th>"
		      "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < suite->n_problems; i++)
		problem(to, &suite->problems[i]);
	assay_html_close_table(to);
	assay_str_add(to, "</details>\n");
}

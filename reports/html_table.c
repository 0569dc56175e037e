/* SPDX-License-Identifier: MIT */
/* html_table: the tables of the page: cases, counters, overview, reasons. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/words.h"

enum { NAME_LIMIT = 120, REASON_LIMIT = 600, FOLD_ROWS = 24 };

void assay_html_anchor(struct assay_str *to, const char *attribute, size_t run,
		       const struct assay_report_bench *bench)
{
	assay_str_add(to, "%s=\"%sr%zu-", attribute, strcmp(attribute, "href") == 0 ? "#" : "",
		      run + 1);
	assay_escape_id(to, bench->suite);
	assay_str_add(to, ".");
	assay_escape_id(to, bench->name);
	assay_str_add(to, "\"");
}

/* Opens the frame that lets a wide table scroll by itself, by keyboard as well. */
static void open_table(struct assay_str *to, const char *label)
{
	assay_str_add(to, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	assay_escape_html(to, label, NAME_LIMIT);
	assay_str_add(to, "\">\n<table>\n<caption>");
	assay_escape_html(to, label, NAME_LIMIT);
	assay_str_add(to, "</caption>\n");
}

static void close_table(struct assay_str *to)
{
	assay_str_add(to, "</tbody>\n</table>\n</div>\n");
}

/* The column that names a row: the last one before the figures. */
static size_t naming_column(const struct assay_report_column *columns, size_t n)
{
	size_t naming = n;
	for (size_t c = 0; c < n; c++)
		if (columns[c].kind == ASSAY_COLUMN_AXIS || columns[c].kind == ASSAY_COLUMN_SUBJECT)
			naming = c;
	return naming;
}

static const char *cell_class(const struct assay_report_bench *bench, size_t r,
			      const struct assay_report_column *column)
{
	const struct assay_report_row *row = &bench->rows[r];
	switch (column->kind) {
	case ASSAY_COLUMN_VALUE:
		return " value";
	case ASSAY_COLUMN_INTERVAL:
	case ASSAY_COLUMN_N:
		return " soft";
	case ASSAY_COLUMN_RELATIVE:
		return row->best ? " best" : "";
	case ASSAY_COLUMN_REMARKS:
		return " remarks";
	case ASSAY_COLUMN_AXIS:
		return r > 0 && row[-1].group == row->group ? " again" : "";
	default:
		return "";
	}
}

static void interval_title(struct assay_str *to, const struct assay_report_row *row)
{
	const struct assay_estimate *e = &row->result->estimate;
	char lo[64], hi[64];
	if (isnan(row->half_width))
		return;
	assay_report_value(e->lo, row->result->metric.unit, lo, sizeof(lo));
	assay_report_value(e->hi, row->result->metric.unit, hi, sizeof(hi));
	assay_str_add(to, " title=\"");
	assay_escape_html(to, lo, 0);
	assay_str_add(to, " to ");
	assay_escape_html(to, hi, 0);
	assay_str_add(to, "\"");
}

static void cell(struct assay_str *to, const struct assay_report_bench *bench, size_t r,
		 const struct assay_report_column *column, bool naming)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	const char *kind = cell_class(bench, r, column);
	assay_report_cell(&text, bench, &bench->rows[r], column);
	assay_str_add(to, naming ? "<th scope=\"row\"" : "<td");
	if (column->right || *kind || naming)
		assay_str_add(to, " class=\"%s%s%s\"", naming ? "name" : "",
			      column->right ? " r" : "", naming ? "" : kind);
	if (column->kind == ASSAY_COLUMN_INTERVAL)
		interval_title(to, &bench->rows[r]);
	assay_str_add(to, ">");
	assay_escape_html(to, assay_str_text(&text), NAME_LIMIT);
	assay_str_add(to, naming ? "</th>" : "</td>");
}

static void cases(struct assay_str *to, const struct assay_report_bench *bench)
{
	struct assay_report_column columns[ASSAY_REPORT_COLUMNS];
	size_t n = assay_report_columns(bench, columns), naming = naming_column(columns, n);
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	assay_str_add(&label, "Cases of %s/%s", bench->suite, bench->name);
	open_table(to, assay_str_text(&label));
	assay_str_add(to,
		      "<caption>Median of n samples, ± half the width of its 95 %% "
		      "interval</caption>\n<thead><tr>");
	for (size_t c = 0; c < n; c++) {
		assay_str_add(to, "<th scope=\"col\"%s>", columns[c].right ? " class=\"r\"" : "");
		assay_escape_html(to, columns[c].title, NAME_LIMIT);
		assay_str_add(to, "</th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_report_row *row = &bench->rows[r];
		bool fresh = r > 0 && row[-1].group != row->group && bench->has_relative;
		bool floor = *row->result->subject && !row->ranked;
		assay_str_add(to, "<tr%s>",
			      fresh   ? " class=\"group\""
			      : floor ? " class=\"floor\""
				      : "");
		for (size_t c = 0; c < n; c++)
			cell(to, bench, r, &columns[c], c == naming);
		assay_str_add(to, "</tr>\n");
	}
	close_table(to);
}

/* ---- counters ---- */

static const struct assay_count *counter(const struct assay_result *result, const char *event)
{
	for (size_t i = 0; i < result->n_counters; i++)
		if (strcmp(result->counters[i].event, event) == 0)
			return &result->counters[i];
	return NULL;
}

enum { EVENTS = 16 };

static bool counted_somewhere(const struct assay_report_bench *bench, const char *event)
{
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_count *count = counter(bench->rows[r].result, event);
		if (count && count->quality != ASSAY_UNAVAILABLE)
			return true;
	}
	return false;
}

/* Distinct events that some case has a number for, or that none has, in order of appearance. */
static size_t find_events(const struct assay_report_bench *bench, bool counted,
			  const struct assay_count *events[EVENTS])
{
	size_t n = 0;
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_result *result = bench->rows[r].result;
		for (size_t i = 0; i < result->n_counters && n < EVENTS; i++) {
			const char *event = result->counters[i].event;
			size_t at = 0;
			while (at < n && strcmp(events[at]->event, event) != 0)
				at++;
			if (at == n && counted_somewhere(bench, event) == counted)
				events[n++] = &result->counters[i];
		}
	}
	return n;
}

static void counter_cell(struct assay_str *to, const struct assay_count *count)
{
	char text[64];
	if (!count || count->quality == ASSAY_UNAVAILABLE || !isfinite(count->value)) {
		assay_str_add(to, "<td class=\"r\">–</td>");
		return;
	}
	assay_str_add(to, "<td class=\"r\" title=\"");
	assay_escape_html(to, count->source, NAME_LIMIT);
	assay_str_add(to, ", %s\">", assay_quality_name(count->quality));
	if (*count->unit)
		assay_format_value(count->value, count->unit, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.4g", count->value);
	assay_escape_html(to, text, 0);
	assay_str_add(to, "%s</td>", count->quality == ASSAY_SCALED ? " (scaled)" : "");
}

static void counter_row(struct assay_str *to, const struct assay_report_bench *bench,
			const struct assay_result *result, const struct assay_count **events,
			size_t n)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_report_case(&words, bench, result);
	assay_str_add(to, "<tr><th scope=\"row\" class=\"name\">");
	assay_escape_html(to, words.length ? words.text : result->name, NAME_LIMIT);
	assay_str_add(to, "</th>");
	for (size_t i = 0; i < n; i++)
		counter_cell(to, counter(result, events[i]->event));
	assay_str_add(to, "</tr>\n");
}

/* Events that no case has a number for, those with the same reason together. */
static void missing_counters(struct assay_str *to, const struct assay_report_bench *bench)
{
	const struct assay_count *missing[EVENTS];
	size_t n = find_events(bench, false, missing), shown = 0;
	for (size_t i = 0; i < n; i++) {
		bool again = false;
		for (size_t k = 0; k < i; k++)
			again |= strcmp(missing[k]->reason, missing[i]->reason) == 0;
		if (again)
			continue;
		assay_str_add(to, shown++ ? "; " : "<p class=\"note\">Not counted: ");
		assay_escape_html(to, missing[i]->event, NAME_LIMIT);
		for (size_t k = i + 1; k < n; k++) {
			if (strcmp(missing[k]->reason, missing[i]->reason) != 0)
				continue;
			assay_str_add(to, ", ");
			assay_escape_html(to, missing[k]->event, NAME_LIMIT);
		}
		assay_str_add(to, " (");
		assay_escape_html(to, *missing[i]->reason ? missing[i]->reason : "no reason given",
				  REASON_LIMIT);
		assay_str_add(to, ")");
	}
	if (shown)
		assay_str_add(to, ".</p>\n");
}

static void counters(struct assay_str *to, const struct assay_report_bench *bench)
{
	const struct assay_count *events[EVENTS], *missing[EVENTS];
	size_t n = find_events(bench, true, events);
	if (n == 0 && find_events(bench, false, missing) == 0)
		return;
	assay_str_add(to, "<details><summary>Counters per operation</summary>\n");
	if (n > 0) {
		open_table(to, "Counters per operation");
		assay_str_add(to,
			      "<caption>From a separate pass, which is not timed</caption>\n"
			      "<thead><tr><th scope=\"col\">case</th>");
		for (size_t i = 0; i < n; i++) {
			assay_str_add(to, "<th scope=\"col\" class=\"r\">");
			assay_escape_html(to, events[i]->event, NAME_LIMIT);
			assay_str_add(to, "</th>");
		}
		assay_str_add(to, "</tr></thead>\n<tbody>\n");
		for (size_t r = 0; r < bench->n_measured; r++)
			if (bench->rows[r].result->n_counters)
				counter_row(to, bench, bench->rows[r].result, events, n);
		close_table(to);
	}
	missing_counters(to, bench);
	assay_str_add(to, "</details>\n");
}

void assay_html_table(struct assay_str *to, const struct assay_report_bench *bench, bool fold)
{
	fold &= bench->n_measured > FOLD_ROWS;
	if (fold)
		assay_str_add(to, "<details><summary>All %zu cases</summary>\n", bench->n_measured);
	cases(to, bench);
	if (fold)
		assay_str_add(to, "</details>\n");
	counters(to, bench);
}

/* ---- overview ---- */

/* The subject that is best most often. */
static const char *winner(const struct assay_report_bench *bench, size_t *ret_wins,
			  size_t *ret_groups)
{
	const char *best = NULL;
	*ret_wins = *ret_groups = 0;
	for (size_t r = 0; r < bench->n_measured; r++) {
		size_t wins = 0;
		if (!bench->rows[r].best)
			continue;
		++*ret_groups;
		for (size_t i = 0; i < bench->n_measured; i++)
			wins += bench->rows[i].best && strcmp(bench->rows[i].result->subject,
							      bench->rows[r].result->subject) == 0;
		if (wins > *ret_wins) {
			*ret_wins = wins;
			best = bench->rows[r].result->subject;
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
		assay_str_add(to, "<td class=\"r\">");
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
			assay_str_add(to, " (%zu of %zu)", wins, groups);
	} else {
		assay_str_add(to, "–");
	}
	assay_str_add(to, "</td>");
	overview_range(to, bench);
	assay_str_add(to, "<td class=\"r\">%zu</td></tr>\n", bench->n_measured);
}

void assay_html_overview(struct assay_str *to, const struct assay_report_run *run, size_t number)
{
	open_table(to, "Overview of the benchmarks");
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
	close_table(to);
}

/* ---- reasons ---- */

static void problem(struct assay_str *to, const struct assay_report_problem *p)
{
	ASSAY_AUTO(assay_str_done) struct assay_str names = {0};
	const char *status = assay_status_name(p->status);
	ASSAY_AUTO(assay_str_done) struct assay_str reason = {0};
	assay_report_cases(&names, p, 4);
	assay_report_reason(&reason, p);
	assay_str_add(to, "<tr><td class=\"status %s\">%s</td><th scope=\"row\">", status, status);
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
	open_table(to, "Cases that failed, are unstable or were skipped");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">status</th><th scope=\"col\">benchmark</th>"
		      "<th scope=\"col\" class=\"r\">cases</th><th scope=\"col\">reason</th>"
		      "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < suite->n_problems; i++)
		problem(to, &suite->problems[i]);
	close_table(to);
	assay_str_add(to, "</details>\n");
}

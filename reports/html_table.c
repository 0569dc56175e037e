/* SPDX-License-Identifier: MIT */
/* html_table: the tables of one benchmark: cases and counters. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/model.h"
#include "reports/words.h"

/* A name that is longer may break over lines. */
enum { NAME_LIMIT = 120, LONG_NAME = 40, REASON_LIMIT = 600, FOLD_ROWS = 24 };

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

void assay_html_sort_key(struct assay_str *to, double value)
{
	if (isfinite(value))
		assay_str_add(to, " data-v=\"%.6g\"", value);
	else
		assay_str_add(to, " data-v=\"\"");
}

void assay_html_name(struct assay_str *to, const char *name, size_t limit)
{
	ASSAY_AUTO(assay_str_done) struct assay_str cut = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_escape_middle(&cut, name, limit);
	assay_escape_html(&text, assay_str_text(&cut), 0);
	for (const char *at = assay_str_text(&text); *at;) {
		size_t n = strcspn(at, "/");
		assay_str_put(to, at, n + (at[n] == '/'));
		if (at[n] == '/')
			assay_str_add(to, "<wbr/>");
		at += n + (at[n] == '/');
	}
	to->failed |= text.failed || cut.failed;
}

static void open_table(struct assay_str *to, const char *label, const char *more,
		       const char *attributes)
{
	assay_str_add(to, "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"");
	assay_escape_html(to, label, NAME_LIMIT);
	assay_str_add(to, "\">\n<table%s>\n<caption>", attributes);
	assay_escape_html(to, label, NAME_LIMIT);
	assay_str_add(to, "%s</caption>\n", more);
}

void assay_html_open_table(struct assay_str *to, const char *label)
{
	open_table(to, label, "", "");
}

void assay_html_close_table(struct assay_str *to)
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

/* In a table of cases: muted, bold, green, at the left; nothing for an ordinary figure. A page has thousands. */
static const char *cell_class(const struct assay_report_bench *bench, size_t r,
			      const struct assay_report_column *column)
{
	const struct assay_report_row *row = &bench->rows[r];
	bool again = r > 0 && row[-1].group == row->group;
	switch (column->kind) {
	case ASSAY_COLUMN_VALUE:
		return "v";
	case ASSAY_COLUMN_INTERVAL:
	case ASSAY_COLUMN_N:
		return "s";
	case ASSAY_COLUMN_RELATIVE:
		return row->best ? "b" : "";
	case ASSAY_COLUMN_REMARKS:
		return "l w";
	case ASSAY_COLUMN_AXIS:
		return column->right ? again ? "a" : "" : again ? "l a" : "l";
	default:
		return column->right ? "" : "l";
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

/* What a column sorts by where its text does not begin with it: "1.2 us" is 1200. */
static void sort_key(struct assay_str *to, const struct assay_report_row *row,
		     const struct assay_report_column *column, const char *text)
{
	double value = NAN;
	if (column->kind == ASSAY_COLUMN_VALUE)
		value = row->result->estimate.median;
	else if (column->kind == ASSAY_COLUMN_RELATIVE)
		value = row->best ? 1 : row->relative;
	else if (column->kind == ASSAY_COLUMN_BESIDE && row->beside[column->index])
		value = row->beside[column->index]->estimate.median;
	else if (column->kind == ASSAY_COLUMN_AXIS &&
		 !assay_report_number(row->values[column->index], &value))
		return;
	char *end;
	double seen = strtod(text, &end);
	if (isfinite(value) && (end == text || fabs(seen - value) > 0.01 * fabs(value)))
		assay_str_add(to, " data-v=\"%.4g\"", value);
}

/* Whole where it is not absurdly long, and then with its end. */
static void put_name(struct assay_str *to, const char *name)
{
	ASSAY_AUTO(assay_str_done) struct assay_str cut = {0};
	assay_escape_middle(&cut, name, NAME_LIMIT);
	assay_escape_html(to, assay_str_text(&cut), 0);
	to->failed |= cut.failed;
}

static void cell(struct assay_str *to, const struct assay_report_bench *bench, size_t r,
		 const struct assay_report_column *column, bool naming)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	const char *kind = cell_class(bench, r, column);
	assay_report_cell(&text, bench, &bench->rows[r], column);
	assay_str_add(to, naming ? "<th scope=\"row\"" : "<td");
	if (naming && assay_characters(assay_str_text(&text)) > LONG_NAME)
		assay_str_add(to, " class=\"case\"");
	else if (naming && column->right)
		assay_str_add(to, " class=\"r\"");
	else if (!naming && *kind)
		assay_str_add(to, " class=\"%s\"", kind);
	if (column->kind == ASSAY_COLUMN_INTERVAL)
		interval_title(to, &bench->rows[r]);
	sort_key(to, &bench->rows[r], column, assay_str_text(&text));
	assay_str_add(to, ">");
	put_name(to, assay_str_text(&text));
	assay_str_add(to, naming ? "</th>" : "</td>");
}

static void case_row(struct assay_str *to, const struct assay_report_bench *bench, size_t r,
		     const struct assay_report_column *columns, size_t n)
{
	const struct assay_report_row *row = &bench->rows[r];
	size_t naming = naming_column(columns, n);
	bool fresh = r > 0 && row[-1].group != row->group && bench->has_relative;
	bool floor = *row->result->subject && !row->ranked;
	assay_str_add(to, "<tr%s data-s=\"%s\">",
		      fresh   ? " class=\"group\""
		      : floor ? " class=\"floor\""
			      : "",
		      assay_status_name(row->result->status));
	for (size_t c = 0; c < n; c++)
		cell(to, bench, r, &columns[c], c == naming);
	assay_str_add(to, "</tr>\n");
}

/* Is row `r` one of `most`: with few to show, the best of each group, evenly over the groups? */
static bool is_shown(const struct assay_report_bench *bench, size_t r, size_t most)
{
	size_t groups = bench->n_measured ? bench->rows[bench->n_measured - 1].group + 1 : 0;
	if (bench->n_measured <= most)
		return true;
	size_t step = (groups + most - 1) / most;
	bool first = r == 0 || bench->rows[r - 1].group != bench->rows[r].group;
	return first && bench->rows[r].group % step == 0;
}

static void cases(struct assay_str *to, const struct assay_report_bench *bench, size_t most)
{
	struct assay_report_column columns[ASSAY_REPORT_COLUMNS];
	size_t n = assay_report_columns(bench, columns), shown = 0;
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	assay_str_add(&label, "Cases of %s/%s", bench->suite, bench->name);
	open_table(to, assay_str_text(&label),
		   ": median of n samples, ± the larger side of its 95 % interval",
		   " class=\"cases\"");
	assay_str_add(to, "<thead><tr>");
	for (size_t c = 0; c < n; c++) {
		assay_str_add(to, "<th scope=\"col\"%s>", columns[c].right ? " class=\"r\"" : "");
		assay_escape_html(to, columns[c].title, NAME_LIMIT);
		assay_str_add(to, "</th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < bench->n_measured; r++) {
		if (!is_shown(bench, r, most))
			continue;
		case_row(to, bench, r, columns, n);
		shown++;
	}
	assay_html_close_table(to);
	if (shown < bench->n_measured)
		assay_str_add(
			to,
			"<p class=\"note\">%zu of %zu cases, the best of each: the page holds "
			"the data of all.</p>\n",
			shown, bench->n_measured);
}

/* ---- counters ---- */

static const struct assay_count *counter(const struct assay_result *result, const char *event)
{
	for (size_t i = 0; i < result->n_counters; i++)
		if (strcmp(result->counters[i].event, event) == 0)
			return &result->counters[i];
	return NULL;
}

/* The first number that some case has of an event, else why none has; and the first remark on one. */
struct event {
	const struct assay_count *count;
	const char *remark; /* NULL: none */
};

/* Distinct ones in order of appearance. */
struct events {
	struct event *all;
	size_t n, counted; /* of the n so many have a number */
};

static bool is_counted(const struct assay_count *count)
{
	return count->quality != ASSAY_UNAVAILABLE;
}

static const char *remark_on(const struct assay_count *count)
{
	if (is_counted(count) && *count->reason)
		return count->reason;
	return strcmp(count->source, ASSAY_SOURCE_STATED) == 0
		       ? "as the benchmark states it, not per operation"
		       : NULL;
}

/* The entry of an event, which may be new; NULL when out of memory. */
static struct event *entry(struct events *events, const struct assay_count *count)
{
	for (size_t i = 0; i < events->n; i++)
		if (strcmp(events->all[i].count->event, count->event) == 0)
			return &events->all[i];
	struct event *all = realloc(events->all, (events->n + 1) * sizeof(*all));
	if (!all)
		return NULL;
	events->all = all;
	all[events->n] = (struct event){.count = count};
	return &all[events->n++];
}

/* False when out of memory. */
static bool add_event(struct events *events, const struct assay_count *count)
{
	struct event *event = entry(events, count);
	if (!event)
		return false;
	if (!is_counted(event->count))
		event->count = count;
	if (!event->remark)
		event->remark = remark_on(count);
	return true;
}

static bool find_events(const struct assay_report_bench *bench, struct events *events)
{
	for (size_t r = 0; r < bench->n_measured; r++) {
		const struct assay_result *result = bench->rows[r].result;
		for (size_t i = 0; i < result->n_counters; i++)
			if (!add_event(events, &result->counters[i]))
				return false;
	}
	for (size_t i = 0; i < events->n; i++)
		events->counted += is_counted(events->all[i].count);
	return true;
}

static void counted_by(struct assay_str *to, const struct assay_count *count)
{
	assay_str_add(to, " title=\"");
	assay_escape_html(to, count->source, NAME_LIMIT);
	assay_str_add(to, ", %s\"", assay_quality_name(count->quality));
}

/* Who counted stands with the column's head, and again where it is another. */
static void counter_cell(struct assay_str *to, const struct assay_count *count,
			 const struct assay_count *head)
{
	char text[64];
	if (!count || count->quality == ASSAY_UNAVAILABLE || !isfinite(count->value)) {
		assay_str_add(to, "<td>–</td>");
		return;
	}
	assay_str_add(to, "<td");
	if (*count->unit)
		assay_html_sort_key(to, count->value);
	if (strcmp(count->source, head->source) != 0 || count->quality != head->quality)
		counted_by(to, count);
	assay_str_add(to, ">");
	if (*count->unit)
		assay_format_value(count->value, count->unit, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.4g", count->value);
	assay_escape_html(to, text, 0);
	assay_str_add(to, "%s</td>", count->quality == ASSAY_SCALED ? " (scaled)" : "");
}

static void counter_row(struct assay_str *to, const struct assay_report_bench *bench,
			const struct assay_result *result, const struct events *events)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_report_case(&words, bench, result);
	const char *name = words.length ? words.text : result->name;
	assay_str_add(to, "<tr><th scope=\"row\"%s>",
		      assay_characters(name) > LONG_NAME ? " class=\"case\"" : "");
	put_name(to, name);
	assay_str_add(to, "</th>");
	for (size_t i = 0; i < events->n; i++)
		if (is_counted(events->all[i].count))
			counter_cell(to, counter(result, events->all[i].count->event),
				     events->all[i].count);
	assay_str_add(to, "</tr>\n");
}

/* What there is to say of an event, or NULL. */
typedef const char *says(const struct event *event);

static const char *why_missing(const struct event *event)
{
	if (is_counted(event->count))
		return NULL;
	return *event->count->reason ? event->count->reason : "no reason given";
}

static const char *remark(const struct event *event)
{
	return is_counted(event->count) ? event->remark : NULL;
}

static bool said_before(const struct events *events, size_t i, says *say)
{
	for (size_t k = 0; k < i; k++) {
		const char *other = say(&events->all[k]);
		if (other && strcmp(other, say(&events->all[i])) == 0)
			return true;
	}
	return false;
}

/* "Not counted: cycles, instructions (no unit for it); ...": events of which the same is said together. */
static void notes(struct assay_str *to, const struct events *events, const char *opening, says *say)
{
	size_t shown = 0;
	for (size_t i = 0; i < events->n; i++) {
		const char *words = say(&events->all[i]);
		if (!words || said_before(events, i, say))
			continue;
		assay_str_add(to, "%s%s", shown ? "; " : "<p class=\"note\">",
			      shown ? "" : opening);
		shown++;
		const char *separator = "";
		for (size_t k = i; k < events->n; k++) {
			const char *other = say(&events->all[k]);
			if (!other || strcmp(other, words) != 0)
				continue;
			assay_str_add(to, "%s", separator);
			assay_escape_html(to, events->all[k].count->event, NAME_LIMIT);
			separator = ", ";
		}
		assay_str_add(to, " (");
		assay_escape_html(to, words, REASON_LIMIT);
		assay_str_add(to, ")");
	}
	if (shown)
		assay_str_add(to, ".</p>\n");
}

static void counter_table(struct assay_str *to, const struct assay_report_bench *bench,
			  const struct events *events, size_t most)
{
	open_table(to, "Counters per operation", ", from a separate pass, which is not timed",
		   " class=\"cases\"");
	assay_str_add(to, "<thead><tr><th scope=\"col\">case</th>");
	for (size_t i = 0; i < events->n; i++) {
		const struct assay_count *count = events->all[i].count;
		if (!is_counted(count))
			continue;
		assay_str_add(to, "<th scope=\"col\" class=\"r\"");
		counted_by(to, count);
		assay_str_add(to, ">");
		assay_escape_html(to, count->event, NAME_LIMIT);
		assay_str_add(to, "</th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < bench->n_measured; r++)
		if (bench->rows[r].result->n_counters && is_shown(bench, r, most))
			counter_row(to, bench, bench->rows[r].result, events);
	assay_html_close_table(to);
}

static void counters(struct assay_str *to, const struct assay_report_bench *bench, size_t most)
{
	struct events events = {0};
	to->failed |= !find_events(bench, &events);
	if (events.n) {
		assay_str_add(to, "<details><summary>Counters per operation</summary>\n");
		if (events.counted)
			counter_table(to, bench, &events, most);
		notes(to, &events, "Of the counts: ", remark);
		notes(to, &events, "Not counted: ", why_missing);
		assay_str_add(to, "</details>\n");
	}
	free(events.all);
}

void assay_html_table(struct assay_str *to, const struct assay_report_bench *bench, bool fold,
		      size_t most)
{
	fold &= bench->n_measured > FOLD_ROWS && most > FOLD_ROWS;
	if (fold)
		assay_str_add(to, "<details><summary>All %zu cases</summary>\n", bench->n_measured);
	cases(to, bench, most);
	if (fold)
		assay_str_add(to, "</details>\n");
	counters(to, bench, most);
}

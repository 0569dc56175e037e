/* SPDX-License-Identifier: MIT */
/*
 * html_matrix: a benchmark from each place to each other, such as from CPU to CPU, as a table of tinted cells: a table
 * stays sharp at any size, and is read out. One for each subject.
 */
#include <math.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"
#include "reports/model.h"
#include "reports/words.h"

enum { NAME_LIMIT = 60, MOST_PLACES = 64, TINTS = 5 };

/* The cells of one subject. */
struct matrix {
	const struct assay_report_bench *bench;
	size_t from, to; /* the axes */
	const char *subject;
	const char *places[MOST_PLACES]; /* values of both axes, in the order of the rows */
	size_t n;
	double lo, hi;
};

static size_t axis_of(const struct assay_report_bench *bench, const char *name)
{
	size_t a = 0;
	while (strcmp(bench->axes[a].name, name) != 0)
		a++;
	return a;
}

static bool add_place(struct matrix *m, const char *value)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->places[i], value) == 0)
			return true;
	if (m->n == MOST_PLACES)
		return false;
	m->places[m->n++] = value;
	return true;
}

static bool belongs(const struct matrix *m, const struct assay_report_row *row)
{
	double median = row->result->estimate.median;
	return strcmp(row->result->subject, m->subject) == 0 && isfinite(median) && median > 0;
}

/* The places and the extremes of one subject; false when there are too few places, or too many to show. */
static bool fill(struct matrix *m)
{
	size_t cells = 0;
	m->n = 0;
	m->lo = INFINITY;
	m->hi = -INFINITY;
	for (size_t r = 0; r < m->bench->n_measured; r++) {
		const struct assay_report_row *row = &m->bench->rows[r];
		if (!belongs(m, row))
			continue;
		if (!add_place(m, row->values[m->from]) || !add_place(m, row->values[m->to]))
			return false;
		m->lo = fmin(m->lo, row->result->estimate.median);
		m->hi = fmax(m->hi, row->result->estimate.median);
		cells++;
	}
	return m->n > 2 && cells > 2;
}

static const struct assay_result *at(const struct matrix *m, const char *from, const char *to)
{
	for (size_t r = 0; r < m->bench->n_measured; r++) {
		const struct assay_report_row *row = &m->bench->rows[r];
		if (belongs(m, row) && strcmp(row->values[m->from], from) == 0 &&
		    strcmp(row->values[m->to], to) == 0)
			return row->result;
	}
	return NULL;
}

/* 1 to TINTS on a logarithmic scale. */
static int tint(const struct matrix *m, double value)
{
	if (m->hi <= m->lo)
		return 1;
	return 1 + (int)fmin(log(value / m->lo) / log(m->hi / m->lo) * TINTS, TINTS - 1);
}

static void write_cell(struct assay_str *to, const struct matrix *m, const char *from,
		       const char *there)
{
	const struct assay_result *result = at(m, from, there);
	char text[64];
	if (!result) {
		assay_str_add(to, "<td></td>");
		return;
	}
	double median = result->estimate.median;
	assay_str_add(to, "<td class=\"r tint%d\"", tint(m, median));
	assay_html_sort_key(to, median);
	assay_str_add(to, ">");
	assay_escape_html(to, assay_report_value(median, result->metric.unit, text, sizeof(text)),
			  0);
	assay_str_add(to, "</td>");
}

static void write_matrix(struct assay_str *to, const struct matrix *m)
{
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	assay_str_add(&label, "%s/%s%s%s from each to each", m->bench->suite, m->bench->name,
		      *m->subject ? ", " : "", m->subject);
	assay_html_open_table(to, assay_str_text(&label));
	assay_str_add(to, "<thead><tr><th scope=\"col\">from, to</th>");
	for (size_t i = 0; i < m->n; i++) {
		assay_str_add(to, "<th scope=\"col\" class=\"r\">");
		assay_escape_html(to, m->places[i], NAME_LIMIT);
		assay_str_add(to, "</th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody class=\"matrix\">\n");
	for (size_t i = 0; i < m->n; i++) {
		assay_str_add(to, "<tr><th scope=\"row\">");
		assay_escape_html(to, m->places[i], NAME_LIMIT);
		assay_str_add(to, "</th>");
		for (size_t k = 0; k < m->n; k++)
			write_cell(to, m, m->places[i], m->places[k]);
		assay_str_add(to, "</tr>\n");
	}
	assay_html_close_table(to);
}

bool assay_html_matrix(struct assay_str *to, const struct assay_report_bench *bench)
{
	size_t drawn = 0;
	if (!assay_report_is_map(bench))
		return false;
	struct matrix m = {
		.bench = bench, .from = axis_of(bench, "from"), .to = axis_of(bench, "to")};
	for (size_t s = 0; s < bench->n_subjects || (s == 0 && !bench->has_subjects); s++) {
		m.subject = bench->has_subjects ? bench->subjects[s] : "";
		if (!fill(&m))
			continue;
		assay_str_add(to, "<details%s><summary>From each to each%s",
			      drawn++ ? "" : " open=\"open\"", *m.subject ? ": " : "");
		assay_escape_html(to, m.subject, NAME_LIMIT);
		assay_str_add(to, "</summary>\n");
		write_matrix(to, &m);
		assay_str_add(to, "</details>\n");
	}
	return drawn > 0;
}

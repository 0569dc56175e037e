/* SPDX-License-Identifier: MIT */
/*
 * html_subjects: benchmarks of a suite that compare the same subjects, as one table: how far from the best each subject
 * is in each of them, and which cells are missing.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/html.h"
#include "reports/model.h"
#include "reports/words.h"

enum { NAME_LIMIT = 60, MOST_SUBJECTS = 40, MOST_BENCHES = 64, LEAST_SUBJECTS = 3 };

/* How far a subject is from the best of its cases. */
struct cell {
	double ratio; /* geometric mean over the cases, 1 and more; NaN: none was measured */
	size_t cases, of;
	enum assay_status status; /* of one that was not */
	bool there;               /* the benchmark has this subject */
};

struct family {
	const struct assay_report_bench *benches[MOST_BENCHES];
	size_t n;
	const char *subjects[MOST_SUBJECTS]; /* nearest to the best first */
	double mean[MOST_SUBJECTS];
	size_t n_subjects;
};

/* Subjects that both compare; their lists are sorted. */
static size_t in_common(const struct assay_report_bench *a, const struct assay_report_bench *b)
{
	size_t n = 0;
	for (size_t i = 0, k = 0; i < a->n_subjects && k < b->n_subjects;) {
		int order = strcmp(a->subjects[i], b->subjects[k]);
		n += order == 0;
		i += order <= 0;
		k += order >= 0;
	}
	return n;
}

static bool comparable(const struct assay_report_bench *bench)
{
	return bench->has_relative && bench->n_subjects <= MOST_SUBJECTS;
}

/* Half of the shorter list, and two at least. */
static bool alike(const struct assay_report_bench *a, const struct assay_report_bench *b)
{
	size_t least = a->n_subjects < b->n_subjects ? a->n_subjects : b->n_subjects;
	size_t common = in_common(a, b);
	return common >= 2 && 2 * common >= least;
}

static struct cell cell_of(const struct assay_report_bench *bench, const char *subject)
{
	struct cell cell = {.ratio = NAN};
	double sum = 0;
	for (size_t r = 0; r < bench->n_rows; r++) {
		const struct assay_report_row *row = &bench->rows[r];
		if (!row->ranked || strcmp(row->result->subject, subject) != 0)
			continue;
		cell.there = true;
		cell.of++;
		if (r < bench->n_measured && row->relative >= 1 && isfinite(row->relative)) {
			sum += log(row->relative);
			cell.cases++;
		} else {
			cell.status = row->result->status;
		}
	}
	if (cell.cases)
		cell.ratio = exp(sum / (double)cell.cases);
	return cell;
}

static bool add_subject(struct family *f, const char *subject)
{
	for (size_t i = 0; i < f->n_subjects; i++)
		if (strcmp(f->subjects[i], subject) == 0)
			return true;
	if (f->n_subjects == MOST_SUBJECTS)
		return false;
	f->subjects[f->n_subjects++] = subject;
	return true;
}

static void rank(struct family *f)
{
	for (size_t s = 0; s < f->n_subjects; s++) {
		double sum = 0, n = 0;
		for (size_t b = 0; b < f->n; b++) {
			struct cell cell = cell_of(f->benches[b], f->subjects[s]);
			if (isnan(cell.ratio))
				continue;
			sum += log(cell.ratio);
			n++;
		}
		f->mean[s] = n > 0 ? sum / n : INFINITY;
	}
	for (size_t s = 1; s < f->n_subjects; s++) {
		const char *subject = f->subjects[s];
		double mean = f->mean[s];
		size_t at = s;
		for (; at > 0 && f->mean[at - 1] > mean; at--) {
			f->subjects[at] = f->subjects[at - 1];
			f->mean[at] = f->mean[at - 1];
		}
		f->subjects[at] = subject;
		f->mean[at] = mean;
	}
}

/* The benchmarks from `from` on that are like it, as far as they are in no family yet. */
static void gather(struct family *f, const struct assay_report_suite *suite, size_t from,
		   bool taken[MOST_BENCHES])
{
	*f = (struct family){0};
	for (size_t b = from; b < suite->n_benches && b < MOST_BENCHES; b++) {
		const struct assay_report_bench *bench = &suite->benches[b];
		if (taken[b] || !comparable(bench) || !alike(&suite->benches[from], bench))
			continue;
		taken[b] = true;
		f->benches[f->n++] = bench;
		for (size_t s = 0; s < bench->n_subjects; s++)
			add_subject(f, bench->subjects[s]);
	}
	rank(f);
}

/* Five steps, further from the best is stronger. */
static int tint(double ratio)
{
	static const double steps[] = {1.1, 1.5, 3, 10};
	int at = 0;
	while (at < (int)ASSAY_COUNT_OF(steps) && ratio >= steps[at])
		at++;
	return at + 1;
}

static void write_cell(struct assay_str *to, const struct cell *cell)
{
	if (!cell->there) {
		assay_str_add(to, "<td class=\"r soft\">–</td>");
		return;
	}
	if (isnan(cell->ratio)) {
		assay_str_add(to, "<td class=\"r soft\">⊘ %s</td>",
			      cell->status == ASSAY_STATUS_OK ? "alone"
							      : assay_status_name(cell->status));
		return;
	}
	assay_str_add(to, "<td class=\"r tint%d\" data-v=\"%.4g\">", tint(cell->ratio),
		      cell->ratio);
	if (cell->ratio < 1.0005)
		assay_str_add(to, "best");
	else
		assay_report_times(to, cell->ratio);
	if (cell->cases < cell->of)
		assay_str_add(to, " <span class=\"soft\">⊘ %zu</span>", cell->of - cell->cases);
	assay_str_add(to, "</td>");
}

static void write_family(struct assay_str *to, const struct family *f, const char *suite)
{
	ASSAY_AUTO(assay_str_done) struct assay_str label = {0};
	assay_str_add(&label, "Subjects of %s by benchmark: how far each is from the best", suite);
	assay_html_open_table(to, assay_str_text(&label));
	assay_str_add(to, "<thead><tr><th scope=\"col\">subject</th>");
	for (size_t b = 0; b < f->n; b++) {
		assay_str_add(to, "<th scope=\"col\" class=\"r\">");
		assay_escape_html(to, f->benches[b]->name, NAME_LIMIT);
		assay_str_add(to, "</th>");
	}
	assay_str_add(to, "</tr></thead>\n<tbody class=\"matrix\">\n");
	for (size_t s = 0; s < f->n_subjects; s++) {
		assay_str_add(to, "<tr><th scope=\"row\">");
		assay_escape_html(to, f->subjects[s], NAME_LIMIT);
		assay_str_add(to, "</th>");
		for (size_t b = 0; b < f->n; b++) {
			struct cell cell = cell_of(f->benches[b], f->subjects[s]);
			write_cell(to, &cell);
		}
		assay_str_add(to, "</tr>\n");
	}
	assay_html_close_table(to);
}

void assay_html_subjects(struct assay_str *to, const struct assay_report_suite *suite)
{
	bool taken[MOST_BENCHES] = {false};
	struct family family;
	size_t written = 0;
	for (size_t b = 0; b < suite->n_benches && b < MOST_BENCHES; b++) {
		if (taken[b] || !comparable(&suite->benches[b]))
			continue;
		gather(&family, suite, b, taken);
		if (family.n < 2 || family.n_subjects < LEAST_SUBJECTS)
			continue;
		if (written++ == 0)
			assay_str_add(to,
				      "<p class=\"lead\"><em>vs best</em> of every subject: the "
				      "geometric mean over the cases of a benchmark.</p>\n");
		write_family(to, &family, suite->name);
	}
	if (written)
		assay_str_add(to,
			      "<p class=\"note\">The nearest to the best stand first. ⊘ was not "
			      "measured, or nothing was that it could be compared with; – is not "
			      "part of the benchmark.</p>\n");
}

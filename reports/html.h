/* SPDX-License-Identifier: MIT */
/* html: what the files that write the page share. */
#ifndef ASSAY_REPORTS_HTML_H
#define ASSAY_REPORTS_HTML_H

#include "harness/base/str.h"
#include "reports/gnuplot.h"
#include "reports/report.h"

extern const char assay_html_style[];

/* The figures of a page, drawn together. */
struct assay_html_figure {
	const struct assay_report_bench *bench;
	struct assay_figure *figure;
	struct assay_str svg[ASSAY_WIDTHS]; /* gnuplot's documents; empty: not drawn */
};
struct assay_html_figures {
	struct assay_html_figure *all;
	size_t n, drawn;
	char missing[400]; /* why some are not drawn */
};

/* Choose and draw. Not being able to draw is no failure: `missing` says why. */
enum assay_code assay_html_figures_new(const struct assay_report_model *model, const char *gnuplot,
				       struct assay_html_figures *ret, struct assay_err *err);
void assay_html_figures_done(struct assay_html_figures *figures);

/* The figure of a benchmark with its legend and notes; nothing when it has none. */
enum assay_code assay_html_figure(struct assay_str *to, const struct assay_html_figures *figures,
				  const struct assay_report_bench *bench, bool *ret_drawn,
				  struct assay_err *err);

/* What a cell sorts by: its text has another unit in each row, or is no figure (NaN: behind all figures). */
void assay_html_sort_key(struct assay_str *to, double value);

/* The name of a case, which may break after each of its parts. */
void assay_html_name(struct assay_str *to, const char *name, size_t limit);

/* A table in a frame that scrolls by itself, by keyboard as well; open until after its <tbody>'s rows. */
void assay_html_open_table(struct assay_str *to, const char *label);
void assay_html_close_table(struct assay_str *to);

/*
 * The table of a benchmark's measured cases, and the counters per operation below it. `most`: rows at most, the best
 * of each group before others.
 */
void assay_html_table(struct assay_str *to, const struct assay_report_bench *bench, bool fold,
		      size_t most);
/*
 * Distribution, order and history of cases of a benchmark, folded: those in doubt first, at most `most`. Returns how
 * many; nothing is written when no case has samples.
 */
size_t assay_html_samples(struct assay_str *to, const struct assay_report_run *run,
			  const struct assay_report_bench *bench, size_t most);
/* Benchmarks of a suite with the same subjects, in one table; nothing when there are no such. */
void assay_html_subjects(struct assay_str *to, const struct assay_report_suite *suite);
/* The cases of a benchmark with axes `from` and `to` as matrices; false, and nothing, for any other. */
bool assay_html_matrix(struct assay_str *to, const struct assay_report_bench *bench);

/*
 * Timelines of devices: of cases of a benchmark, or, with NULL, of what no benchmark of the run has a section for. What is
 * damaged is said. ASSAY_ENOMEM.
 */
enum assay_code assay_html_devices(struct assay_str *to, const struct assay_report_run *run,
				   const struct assay_report_bench *bench, struct assay_err *err);

/* ---- several runs ---- */

/* "A", "B", ...: what a run is called in its columns. Returns text. */
const char *assay_html_letter(size_t run, char text[8]);
/* Which runs there are, their machines, the environments' difference, and what the figures say. */
void assay_html_comparison(struct assay_str *to, const struct assay_report_model *model);
/* Of runs on one machine: what changed against the reference. */
void assay_html_changes(struct assay_str *to, const struct assay_report_model *model, size_t run);
/* Of several machines: columns of gains, suite by suite. */
void assay_html_machines(struct assay_str *to, const struct assay_report_model *model);

/* ---- parts ---- */

/* Claims and budgets beside what was measured; nothing when there are none. */
void assay_html_claims(struct assay_str *to, const struct assay_report_run *run, int level);
/* What to try, how it was measured, and on what. */
void assay_html_advice(struct assay_str *to, const struct assay_report_run *run, int level);
void assay_html_method(struct assay_str *to, const struct assay_report_run *run, int level);

/*
 * The page's one script: sorting, filtering. Without it everything is shown. It goes in one script element, and
 * assay_html_script_policy() appends the source expression that allows it and no other.
 */
extern const char assay_html_script[];
void assay_html_script_policy(struct assay_str *to);
/* Benchmarks in one row each, linked to their sections. */
void assay_html_overview(struct assay_str *to, const struct assay_report_run *run, size_t number);
/* Failed, unstable and skipped cases of a suite with their reasons. */
void assay_html_problems(struct assay_str *to, const struct assay_report_suite *suite);
/*
 * Append the data behind the page, page_data.h: a line for each run, then one for each of its results; without
 * samples when there are more than `max_samples` (0: any number), with short ones when `rounded`. ASSAY_ENOMEM.
 */
enum assay_code assay_report_data(struct assay_str *to, const struct assay_report_model *model,
				  size_t max_samples, bool rounded, struct assay_err *err);
/* id="..." of a benchmark's section, or href="#..." to it. */
void assay_html_anchor(struct assay_str *to, const char *attribute, size_t run,
		       const struct assay_report_bench *bench);

#endif

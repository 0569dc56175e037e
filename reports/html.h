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

/* What the figures share; before the first of them. */
void assay_html_markers(struct assay_str *to, const struct assay_html_figures *figures);
/* The figure of a benchmark with its legend and notes; nothing when it has none. */
enum assay_code assay_html_figure(struct assay_str *to, const struct assay_html_figures *figures,
				  const struct assay_report_bench *bench, bool *ret_drawn,
				  struct assay_err *err);

/* The table of a benchmark's measured cases, and the counters per operation below it. */
void assay_html_table(struct assay_str *to, const struct assay_report_bench *bench, bool fold);
/* Benchmarks in one row each, linked to their sections. */
void assay_html_overview(struct assay_str *to, const struct assay_report_run *run, size_t number);
/* Failed, unstable and skipped cases of a suite with their reasons. */
void assay_html_problems(struct assay_str *to, const struct assay_report_suite *suite);
/* id="..." of a benchmark's section, or href="#..." to it. */
void assay_html_anchor(struct assay_str *to, const char *attribute, size_t run,
		       const struct assay_report_bench *bench);

#endif

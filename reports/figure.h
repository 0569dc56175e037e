/* SPDX-License-Identifier: MIT */
/*
 * figure: what one figure shows, reduced to plain numbers. Everything in it is finite, and positive
 * where an axis is logarithmic: whatever draws it needs to check nothing.
 */
#ifndef ASSAY_REPORTS_FIGURE_H
#define ASSAY_REPORTS_FIGURE_H

#include "harness/base/str.h"
#include "reports/report.h"

enum assay_figure_kind {
	ASSAY_FIGURE_LINES, /* y over a numeric axis, one line per series */
	ASSAY_FIGURE_BARS,  /* one horizontal bar per row, from zero */
	ASSAY_FIGURE_DOTS,  /* one dot per row */
};

enum {
	ASSAY_FIGURE_COLOURS = 8, /* --s1 to --s8 of the page */
	ASSAY_FIGURE_MARKERS = 6,
	ASSAY_FIGURE_SERIES = 8,
	ASSAY_FIGURE_ROWS = 44,
	ASSAY_FIGURE_MARKS = 3,
	ASSAY_FIGURE_CURVE = 24,                  /* points of a fitted curve */
	ASSAY_FIGURE_GREY = ASSAY_FIGURE_COLOURS, /* --floor: the harness' own cost, and limits */
	ASSAY_FIGURE_TINT,                        /* --tint: bars that are not the best */
};

struct assay_figure_point {
	double x, y, lo, hi;
	const char *x_text; /* the axis' value as written; borrowed; NULL: x is no axis */
	bool unpinned;      /* no core for each thread: not fitted */
};

struct assay_figure_series {
	struct assay_str label; /* from outside */
	size_t colour;
	struct assay_figure_point *points; /* by x */
	size_t n;
	bool fitted; /* a curve, evenly from the first x that was fitted to the last */
	double curve_from, curve_to, curve[ASSAY_FIGURE_CURVE];
};

/* A line of a chart of bars or dots. */
struct assay_figure_row {
	struct assay_str label; /* from outside */
	bool heading;           /* of the rows below it: has no value */
	double value, lo, hi;
	char text[32]; /* the value in words */
	size_t colour;
};

struct assay_figure_mark {
	double x;
	const char *label;
};

struct assay_figure {
	enum assay_figure_kind kind;
	const struct assay_report_bench *bench;
	struct assay_metric_info metric;
	char title[112];
	struct assay_str note;    /* what was selected, what was left out */
	struct assay_str summary; /* for those who cannot see it */
	struct assay_str x_label; /* LINES: the axis, from outside */
	bool x_round;             /* LINES: ticks at round numbers, not at the points */
	const char *x_unit;       /* that they bear; "": none; borrowed */
	bool log_x, log_y;
	bool intervals; /* some are drawn */
	bool ideal;     /* LINES: draw y = x */
	struct assay_figure_series series[ASSAY_FIGURE_SERIES];
	size_t n_series;
	struct assay_figure_row rows[ASSAY_FIGURE_ROWS];
	size_t n_rows;
	struct assay_figure_mark marks[ASSAY_FIGURE_MARKS];
	size_t n_marks;
	size_t left_out; /* cases or series for which there was no room */
};

/*
 * The standard figure of a benchmark, by a table of suite, benchmark and axes; a plot of dots for what
 * the table does not know. *ret is NULL where a figure would say no more than the table.
 */
enum assay_code assay_figure_new(const struct assay_report_run *run,
				 const struct assay_report_bench *bench, struct assay_figure **ret,
				 struct assay_err *err);
void assay_figure_free(struct assay_figure *figure);

#endif

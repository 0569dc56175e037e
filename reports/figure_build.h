/* SPDX-License-Identifier: MIT */
/* figure_build: what the files that reduce a benchmark to a figure share. */
#ifndef ASSAY_REPORTS_FIGURE_BUILD_H
#define ASSAY_REPORTS_FIGURE_BUILD_H

#include "reports/figure.h"
#include "reports/model.h"

enum { ASSAY_FIGURE_SELECT = 3 };

enum assay_figure_source {
	ASSAY_FIGURE_OF_CASES,  /* a point or row per case */
	ASSAY_FIGURE_OF_MISSES, /* a line per case, from its counters misses_at_N and requests */
	ASSAY_FIGURE_OF_ROOFS,  /* what arithmetic and memory of the run allow, by intensity */
};

/*
 * One figure: for benchmarks whose names match, when the metric is there and the data suffice. The first
 * rule that gives a figure is taken.
 */
struct assay_figure_rule {
	const char *suite, *benchmark; /* globs */
	const char *metric;            /* NULL: the primary one */
	enum assay_figure_kind kind;
	enum assay_figure_source source;
	const char *x; /* LINES: the axis */
	/* LINES: a metric beside to stand for x; the axis only tells points apart. */
	const char *over;
	/* Axes of which only the largest value is shown; "-axis": the smallest. */
	const char *select[ASSAY_FIGURE_SELECT];
	const char *but; /* LINES: a subject that is left out */
	bool log_x, log_y, caches, ideal;
	const char *title; /* NULL: "time by subject" and the like */
};

extern const struct assay_figure_rule assay_figure_rules[];
size_t assay_figure_count_rules(void);

/* What the reduction of one figure carries around. */
struct assay_figure_job {
	const struct assay_figure_rule *rule;
	const struct assay_report_run *run;
	const struct assay_report_bench *bench;
	struct assay_figure *figure;
	size_t x;                                /* LINES: index of the axis */
	const char *chosen[ASSAY_FIGURE_SELECT]; /* what each is held at; NULL: not held */
	size_t axis[ASSAY_FIGURE_SELECT];
	bool log; /* values must be positive */
};

/*
 * Can a value stand on an axis, a logarithmic one where `log`? Neither negative nor beyond 1e150, nor nearer to
 * zero than 1e-150 unless it is zero: ratios and steps of what can are finite, and steps are not zero.
 */
bool assay_figure_fits(double value, bool log);
/* The result that a row contributes, or NULL when it has none that can be drawn. */
const struct assay_result *assay_figure_pick(const struct assay_figure_job *job,
					     const struct assay_report_row *row);
/* Has a row a number that cannot be drawn: zero on a logarithmic axis, less than zero? */
bool assay_figure_lacks(const struct assay_figure_job *job, const struct assay_report_row *row);
/* Is a row at the values that the figure holds? */
bool assay_figure_selected(const struct assay_figure_job *job, const struct assay_report_row *row);
/* A rate of the harness alone dwarfs every subject: on a linear axis it would hide them. */
bool assay_figure_dwarfs(const struct assay_figure_job *job, const struct assay_report_row *row);
/* "read · 2 threads": the varying axes of a row but `skip`. In charts words go unnamed. */
void assay_figure_describe(struct assay_str *to, const struct assay_figure_job *job,
			   const struct assay_report_row *row, size_t skip);
size_t assay_figure_colour(const struct assay_figure_job *job, const struct assay_report_row *row);
/* The interval of an estimate, or its median where the interval cannot be drawn. */
void assay_figure_bounds(const struct assay_figure_job *job, const struct assay_estimate *e,
			 double *lo, double *hi);
/* A new series with room for so many points. */
enum assay_code assay_figure_add_series(struct assay_figure *figure, size_t room,
					struct assay_figure_series **ret, struct assay_err *err);

/* Fill the figure; *ret_useful: it says something. */
enum assay_code assay_figure_lines(struct assay_figure_job *job, bool *ret_useful,
				   struct assay_err *err);
enum assay_code assay_figure_misses(struct assay_figure_job *job, bool *ret_useful,
				    struct assay_err *err);
enum assay_code assay_figure_roofs(struct assay_figure_job *job, bool *ret_useful,
				   struct assay_err *err);
void assay_figure_rows(struct assay_figure_job *job, bool *ret_useful);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * report: finished runs as pages for people. One model, reduced once from the stored results; one
 * file per format over it.
 */
#ifndef ASSAY_REPORTS_REPORT_H
#define ASSAY_REPORTS_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/base/err.h"
#include "harness/gate/pairs.h"
#include "harness/result.h"
#include "harness/store/store.h"
#include "harness/store/verdict.h"

/* One thing that a run's figures say about some of its cases, and what to try. Texts are borrowed. */
struct assay_report_advice {
	const char *rule;       /* "page_fault_bound" */
	const char *text;       /* what it is */
	const char *confidence; /* "hint", "likely", "strong" */
	bool machine;           /* about where it was measured, not about the code */
	const char *example;    /* the case it is surest of ... */
	size_t n_cases;         /* ... of so many */
	const char *because;    /* the example's figures */
	const char *next;       /* what to try */
};

/* How one series went over the runs of its store, and where the store knows of a change of level. Borrowed. */
struct assay_report_history {
	const struct assay_history *series;
	const struct assay_change_list *changes;
};

/* A published claim, or a budget, beside what the run measured. Texts are borrowed, "" when there is none. */
struct assay_report_claim {
	const char *name, *source, *text;
	const char *asked;    /* "<= 12.00 ns" */
	const char *measured; /* with its interval */
	const char *verdict; /* "reproduced", "exceeded", "refuted", "not measurable", "met", ... */
	const char *reason;
	bool elsewhere; /* this run did not measure it */
};

/* One run to report. Borrowed: must outlive the model. */
struct assay_report_input {
	const struct assay_run_info *run;
	const struct assay_result *results;
	size_t n_results;
	const struct assay_report_advice *advice; /* may be NULL */
	size_t n_advice;
	const struct assay_report_history *history; /* may be NULL */
	size_t n_history;
	const struct assay_report_claim *claims; /* may be NULL */
	size_t n_claims;
	const struct assay_stored_verdict *verdicts; /* of gates on this run; may be NULL */
	size_t n_verdicts;
	const struct assay_attachment *traces; /* of devices, ASSAY_GPU_TRACE_KIND; may be NULL */
	size_t n_traces;
	/* One line on what a benchmark is, or NULL when nobody here knows it; may be NULL itself. Kept as it is. */
	const char *(*brief)(const void *context, const char *suite, const char *name);
	const void *brief_context;
	double price; /* of the machine, in whatever currency all of them have; 0: not given */
	double power; /* it draws, in watts; 0: not given */
};

/* One case of a benchmark: the result of its primary metric and what belongs to it. */
struct assay_report_row {
	const struct assay_result *result;
	const char **values; /* text of each axis of the benchmark, "" when absent */
	const struct assay_result *
		*beside; /* other metrics, as in bench->beside; NULL when missing */
	const char *threads;
	size_t group;      /* rows that differ only in their subject share it */
	double half_width; /* of the interval, as a share of the median; NaN: no interval */
	double relative;   /* >= 1: how far from the best subject of the group; NaN: not ranked */
	bool ranked;       /* neither the harness' own cost nor a limit */
	bool best;         /* of two or more ranked subjects */
};

struct assay_report_axis {
	const char *name; /* the number of threads is the last axis, "threads" */
	bool varies;      /* else rows[0].values says it for all */
	bool numeric;     /* every value is a number or a size */
};

struct assay_report_bench {
	const char *suite, *name;
	const char *brief;               /* what it is, lower case; NULL: not known */
	struct assay_metric_info metric; /* the primary one */
	struct assay_report_axis *axes;
	size_t n_axes;
	struct assay_metric_info *beside; /* metrics measured with the primary one */
	size_t n_beside;
	struct assay_report_row
		*rows; /* by axis values, best subject first; unmeasured cases last */
	size_t n_rows;
	size_t n_measured;
	const char *
		*subjects; /* the ranked ones, sorted, measured or not: the place is the colour */
	size_t n_subjects;
	bool has_subjects;
	bool has_relative; /* some group has two or more ranked subjects */
};

/* Cases of one benchmark that are not plainly ok, for the same reason but for figures in it. */
struct assay_report_problem {
	const struct assay_report_bench *bench;
	enum assay_status status;
	const char *reason; /* of the first case */
	bool alike;         /* those of the others differ, but in figures only */
	const struct assay_result **cases;
	size_t n_cases;
};

struct assay_report_suite {
	const char *name;
	struct assay_report_bench *benches;
	size_t n_benches;
	struct assay_report_problem *problems; /* failures, unstable ones, skips */
	size_t n_problems;
};

/* A line of the machine card or of the environment: a value, or why there is none. */
struct assay_report_fact {
	const char *key;
	const char *value;       /* NULL when unavailable */
	const char *unavailable; /* why */
};

struct assay_report_machine {
	const char *title;               /* CPU model, else the machine's name */
	struct assay_report_fact *facts; /* shape and measured clock, in words */
	size_t n_facts;
	const char *noise_reason; /* the reading behind the grade; "" when not recorded */
	double l1d_bytes, l2_bytes, llc_bytes; /* NaN unknown */
};

enum { ASSAY_REPORT_STATUSES = ASSAY_STATUS_UNSTABLE + 1 };

struct assay_report_run {
	const struct assay_run_info *info;
	const struct assay_result *results; /* as given: every metric of every case */
	size_t n_results;
	size_t n_cases;
	size_t by_status[ASSAY_REPORT_STATUSES]; /* cases */
	struct assay_report_machine machine;
	struct assay_report_fact *environment;
	size_t n_environment;
	const char *command;               /* one shell line that measures the same again */
	const char *clocks, *drivers;      /* the distinct ones, joined by ", " */
	size_t launches_min, launches_max; /* per measured case; 0 when unknown */
	struct assay_report_suite *suites; /* memory, cache, concurrency, gpu, scaling, others */
	size_t n_suites;
	const struct assay_report_advice *advice; /* as given, like what follows */
	size_t n_advice;
	const struct assay_report_history *history;
	size_t n_history;
	const struct assay_report_claim *claims;
	size_t n_claims;
	const struct assay_stored_verdict *verdicts; /* those against the reference count */
	size_t n_verdicts;
	const struct assay_attachment *traces;
	size_t n_traces;
	double price, power; /* NaN: not given */
};

/* One series in one of several runs. */
struct assay_report_cell {
	const struct assay_result *result; /* NULL: this run does not have it */
	const struct assay_pair *pair;     /* with the reference as A; NULL: not measured in both */
	double gain; /* how many times as good as in the reference; NaN unknown */
};

/* The primary metric of one case over the runs. */
struct assay_report_line {
	const struct assay_result *first; /* of the first run that has it */
	struct assay_report_cell *cells;  /* one per run */
	bool counts; /* in the mean: neither the harness' own cost nor a limit */
};

/* Geometric mean of the gains of a suite in one run, over the lines that count. */
struct assay_report_mean {
	double gain, lo, hi; /* the mean, the least and the greatest; NaN when there is none */
	double spread;       /* geometric standard deviation, at least 1; NaN below two */
	size_t n, missing; /* lines in it; lines of the reference that this run has no figure of */
};

struct assay_report_across {
	const char *suite;
	struct assay_report_line *lines;
	size_t n_lines;
	struct assay_report_mean *means; /* one per run */
};

/* A fact of the environment in which the runs differ. */
struct assay_report_difference {
	const char *key;
	const struct assay_report_fact **facts; /* one per run; NULL: not recorded */
};

/* Every run against the reference. */
struct assay_report_comparison {
	size_t reference;          /* index of the run */
	bool hardware;             /* not all of one machine: nothing is a regression */
	struct assay_pairs *pairs; /* one per run, that of the reference empty */
	struct assay_report_across *suites;
	size_t n_suites;
	struct assay_report_difference *differences; /* in what identifies an environment */
	size_t n_differences;
};

struct assay_report_model {
	struct assay_report_run *runs; /* in the order given */
	size_t n_runs;
	struct assay_report_comparison *comparison; /* with the first run; NULL when there is one */
	void *memory;
};

/*
 * Reduce the results of n runs. Everything in *ret is valid until assay_report_model_free() and as
 * long as the inputs. Any content is accepted: no results, only failures, NaN, hostile names.
 */
enum assay_code assay_report_model_new(const struct assay_report_input *inputs, size_t n,
				       struct assay_report_model **ret, struct assay_err *err);
void assay_report_model_free(struct assay_report_model *model);

struct assay_report_options {
	bool color; /* text: ANSI colour */
	/* text: columns of the terminal; 0: it is none, lines have 80 columns and names stay whole */
	unsigned width;
	bool brief;          /* text: leave out machine and method */
	const char *gnuplot; /* html: program for the figures; NULL: `gnuplot` from PATH */
	size_t max_bytes;    /* markdown: cut the tables there, 0: 60000 */
	size_t max_samples;  /* html: embed the samples up to so many; 0: while the page is light */
};

/* Tables for a terminal. `options` may be NULL in all of these. ASSAY_EIO when writing fails. */
enum assay_code assay_report_text(const struct assay_report_model *model, FILE *out,
				  const struct assay_report_options *options,
				  struct assay_err *err);
/*
 * One self-contained page: no network, one script that its policy allows by hash, well-formed XML as
 * well as HTML. Of several runs: their comparison, and each by itself, folded.
 */
enum assay_code assay_report_html(const struct assay_report_model *model, FILE *out,
				  const struct assay_report_options *options,
				  struct assay_err *err);
/* Markdown as GitHub and GitLab render it, for pull requests. */
enum assay_code assay_report_markdown(const struct assay_report_model *model, FILE *out,
				      const struct assay_report_options *options,
				      struct assay_err *err);
/*
 * JUnit XML: what was measured passes, also when unstable; a wrong answer is a failure, a crash or timeout an
 * error. A run without results is an error, not a file that passes.
 */
enum assay_code assay_report_junit(const struct assay_report_model *model, FILE *out,
				   const struct assay_report_options *options,
				   struct assay_err *err);
/*
 * Everything the store had, as one document: schema "assay/1", `runs` with their `results`. At most
 * `max_samples` samples (0: no limit), else none, and the document says so. New reference, NULL
 * when out of memory.
 */
json_t *assay_report_json(const struct assay_report_model *model, size_t max_samples);
/* The samples of all its runs together. */
size_t assay_report_samples(const struct assay_report_model *model);

#endif

/* SPDX-License-Identifier: MIT */
/* words: what a figure of the model is called, the same in every format. Plain text, not escaped. */
#ifndef ASSAY_REPORTS_WORDS_H
#define ASSAY_REPORTS_WORDS_H

#include "harness/base/str.h"
#include "reports/report.h"

/* "12.34 ns": the unit without "/op", which the table's heading says once. Returns text. */
const char *assay_report_value(double value, const char *unit, char *text, size_t size);
/* "1.300": a ratio with so many decimals, or as many digits of one below a tenth, which would be all zeros. */
void assay_report_ratio(struct assay_str *to, double ratio, int places);
/* "[1.210, 1.400]" */
void assay_report_ratios(struct assay_str *to, double lo, double hi, int places);
/* "1.30×", "12.4×", "130×" */
void assay_report_times(struct assay_str *to, double factor);
/* "time per operation, lower is better" */
void assay_report_metric_in_words(struct assay_str *to, const struct assay_metric_info *metric);
/* "chain random, 1 thread": the axes that do not vary; nothing when all do. */
void assay_report_constants(struct assay_str *to, const struct assay_report_bench *bench);
/* "48 ok, 12 skipped, 1 failed" */
void assay_report_counts(struct assay_str *to, const struct assay_report_run *run);
/* "2026-03-01 14:05 UTC"; "" for 0. Returns text (size 32 is enough). */
const char *assay_report_time(uint64_t wall_ns, char *text, size_t size);
/* What a noise grade means for the reader. */
const char *assay_report_noise_meaning(char grade);
/* "run 12, 2026-03-01 14:05 UTC, profile quick, commit 1234567 with changes" */
void assay_report_run_in_words(struct assay_str *to, const struct assay_report_run *run);
/* "size:4Ki/subject:pool": what tells a case from the others of its benchmark, "" when nothing. */
void assay_report_case(struct assay_str *to, const struct assay_report_bench *bench,
		       const struct assay_result *result);
/* "size:4Ki/subject:pool, ...": what tells the cases of a problem apart, about `most` of them. */
void assay_report_cases(struct assay_str *to, const struct assay_report_problem *problem,
			size_t most);
/* Why, and whether that is the first case's reason only. */
void assay_report_reason(struct assay_str *to, const struct assay_report_problem *problem);

enum assay_report_column_kind {
	ASSAY_COLUMN_AXIS,
	ASSAY_COLUMN_SUBJECT,
	ASSAY_COLUMN_VALUE,
	ASSAY_COLUMN_INTERVAL,
	ASSAY_COLUMN_N,
	ASSAY_COLUMN_RELATIVE,
	ASSAY_COLUMN_BESIDE,
	ASSAY_COLUMN_REMARKS,
};

/* One column of the table of a benchmark. */
struct assay_report_column {
	enum assay_report_column_kind kind;
	size_t index;      /* of the axis or of the metric beside */
	const char *title; /* of an axis or metric: its name, from outside */
	bool right;        /* numbers: aligned right */
};

enum { ASSAY_REPORT_COLUMNS = 64 };

/* The columns that say something: varying axes, subject if any, ... Returns how many. */
size_t assay_report_columns(const struct assay_report_bench *bench,
			    struct assay_report_column columns[ASSAY_REPORT_COLUMNS]);
/* The text of one cell; "" where there is nothing to say. */
void assay_report_cell(struct assay_str *to, const struct assay_report_bench *bench,
		       const struct assay_report_row *row,
		       const struct assay_report_column *column);

#endif

/* SPDX-License-Identifier: MIT */
/* model: what the files that reduce runs to the report model share. */
#ifndef ASSAY_REPORTS_MODEL_H
#define ASSAY_REPORTS_MODEL_H

#include "reports/report.h"

/* Zeroed memory that lives as long as the model; NULL when there is none. */
void *assay_report_grab(struct assay_report_model *model, size_t size);
/* Formatted text that lives as long as the model; NULL when out of memory. */
const char *assay_report_printf(struct assay_report_model *model, const char *fmt, ...)
	ASSAY_PRINTF(2, 3);

/* Machine card, environment facts and command line of run->info. */
enum assay_code assay_report_read_facts(struct assay_report_model *model,
					struct assay_report_run *run, struct assay_err *err);

/* One suite out of results sorted by benchmark, case, primary metric first. */
enum assay_code assay_report_reduce_suite(struct assay_report_model *model,
					  struct assay_report_suite *suite,
					  const struct assay_result **results, size_t n,
					  struct assay_err *err);

/* All runs against the first. What it allocates beside the model's memory assay_report_compare_done() frees. */
enum assay_code assay_report_compare(struct assay_report_model *model, struct assay_err *err);
void assay_report_compare_done(struct assay_report_model *model);

/* Does a result stand for a subject under test: not the harness' own cost, not a limit? */
bool assay_report_ranked(const struct assay_result *result);
/* Order of suites: the product's own first, then by name. */
int assay_report_suite_order(const char *a, const char *b);
/* The value of an axis as a number: "4Ki" is 4096. False when it is a word. */
bool assay_report_number(const char *text, double *ret);
/* Is more of this metric better? */
bool assay_report_higher_is_better(const struct assay_metric_info *metric);
/* From each place to each other: do its axes "from" and "to" vary, and no other? */
bool assay_report_is_map(const struct assay_report_bench *bench);
/* Does the row carry a finite number in the unit of its benchmark? */
bool assay_report_comparable(const struct assay_report_bench *bench,
			     const struct assay_report_row *row);

#endif

/* SPDX-License-Identifier: MIT */
/* grid: a comparison as tables of words, for formats that have nothing else: Markdown and text. */
#ifndef ASSAY_REPORTS_GRID_H
#define ASSAY_REPORTS_GRID_H

#include "harness/base/str.h"
#include "reports/report.h"

/* Plain text, not escaped. The first row is the head; a grid of the head alone has only its note to say. */
struct assay_grid {
	struct assay_str title, note;
	struct assay_str *cells; /* rows of `columns` */
	size_t columns, rows;
	size_t left; /* columns from the first that are words; the others are figures */
};

struct assay_grids {
	struct assay_grid *all; /* n: of many runs there are many */
	size_t n;
	bool failed; /* out of memory */
};

/*
 * The runs of a model with a comparison, what differs around them, and what changed: of one machine the cases that did,
 * with the number of those that did not; of several the means of suites and every case, with what is missing. Check
 * `failed`. assay_grids_done() in any case.
 */
void assay_grids_of(const struct assay_report_model *model, struct assay_grids *ret);
/* Claims that a run measured beside what it measured; no grid where it has none. The same as to `failed` and the end. */
void assay_grids_of_claims(const struct assay_report_run *run, struct assay_grids *ret);
void assay_grids_done(struct assay_grids *grids);

#endif

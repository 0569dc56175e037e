/* SPDX-License-Identifier: MIT */
/* gate_fixture: gates' reports made by hand, and what their writers say. */
#ifndef ASSAY_TESTS_REPORTS_GATE_FIXTURE_H
#define ASSAY_TESTS_REPORTS_GATE_FIXTURE_H

#include "reports/gate.h"

/* Every decision there is, both directions, everything a row may carry, and hostile names. */
void gate_fixture(struct assay_gate_report *report);
/* Nothing but `n` rows of one decision. */
void gate_fixture_rows(struct assay_gate_report *report, enum assay_decision decision, size_t n);

typedef enum assay_code gate_writer(const struct assay_gate_report *report, FILE *out,
				    const struct assay_gate_options *options,
				    struct assay_err *err);
/* What a writer says, to free(). */
char *gate_written(gate_writer *write, const struct assay_gate_report *report,
		   const struct assay_gate_options *options);

#endif

/* SPDX-License-Identifier: MIT */
/* report_material: the stored runs that a report is about, with all that belongs to them. */
#ifndef ASSAY_CLI_REPORT_MATERIAL_H
#define ASSAY_CLI_REPORT_MATERIAL_H

#include "cli/advice.h"
#include "cli/cli.h"
#include "cli/gate_budget_show.h"
#include "cli/stored.h"
#include "harness/store/verdict.h"
#include "reports/report.h"

/* The past of one run's series. */
struct report_past {
	struct assay_history_list series;
	struct assay_change_list *known;      /* one per series */
	struct assay_report_history *history; /* n of them: the primary metrics with a past */
	size_t n;
};

/* The claims as one run's figures judge them. */
struct report_claims {
	struct assay_bound_outcome *outcomes;
	struct assay_report_claim *claims;
	char (*texts)[2][120]; /* asked and measured, of each */
};

/* One run of the report. */
struct report_run {
	struct assay_result_list results;
	struct advice_summary advice;
	struct report_past past;
	struct report_claims claims;
	struct assay_verdict_list verdicts; /* of gates; empty across files */
	struct assay_attachment_list traces;
};

/* What to take of the store. */
struct report_request {
	const char *pattern; /* NULL: all cases */
	bool one_each;       /* the newest run of each reference, not all of them */
	bool past;           /* histories too */
};

/* Zero-initialise. */
struct report_material {
	struct stored *stores; /* one per reference */
	size_t n_stores;
	struct budget_list budgets; /* of the claims; read before the runs */
	struct report_run *
		*runs; /* in the order of the references, of one reference oldest first */
	struct assay_report_input *inputs;
	size_t n;
};
void report_material_done(struct report_material *m);

/* Load what references[n] name. ASSAY_EUSAGE when they name nothing, or no case matches. */
enum assay_code report_material_load(struct cli *cli, struct report_material *m,
				     const char *const *references, size_t n,
				     const struct report_request *request, struct assay_err *err);
/*
 * Set what --price or --power gives, as NAME=NUMBER, for all runs on the machine of that name. ASSAY_EUSAGE for
 * another form, a number that is not above 0, or a machine that is not in the report.
 */
enum assay_code report_material_cost(struct report_material *m, const char *option,
				     const char *text, struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* verdict: names, memory and the answer of a gate's report. */
#include "harness/gate/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const decision_names[ASSAY_DECISIONS] = {
	[ASSAY_DECISION_OK] = "OK",
	[ASSAY_DECISION_REGRESSED] = "REGRESSED",
	[ASSAY_DECISION_IMPROVED] = "IMPROVED",
	[ASSAY_DECISION_INCONCLUSIVE] = "INCONCLUSIVE",
	[ASSAY_DECISION_MISSING] = "MISSING",
	[ASSAY_DECISION_NEW] = "NEW",
	[ASSAY_DECISION_FAILED] = "FAILED",
	[ASSAY_DECISION_SKIPPED] = "SKIPPED",
};

const char *assay_decision_name(enum assay_decision decision)
{
	return decision_names[decision];
}

int assay_decision_parse(const char *name)
{
	for (int i = 0; i < ASSAY_DECISIONS; i++)
		if (strcmp(name, decision_names[i]) == 0)
			return i;
	return -1;
}

struct assay_gate_change assay_gate_row_change(const struct assay_gate_row *row)
{
	const struct assay_gate_estimate *e = &row->estimate;
	if (row->better == ASSAY_HIGHER)
		return (struct assay_gate_change){1 / e->ratio, 1 / e->hi, 1 / e->lo};
	return (struct assay_gate_change){e->ratio, e->lo, e->hi};
}

static void side_done(struct assay_gate_side_info *side)
{
	free(side->label);
	free(side->kind);
	free(side->commit);
	free(side->machine);
}

static void row_done(struct assay_gate_row *row)
{
	free(row->name);
	free(row->suite);
	free(row->benchmark);
	free(row->metric);
	free(row->unit);
	free(row->reason);
	free(row->acceptance.author);
	free(row->acceptance.note);
	free(row->location);
}

void assay_gate_report_done(struct assay_gate_report *report)
{
	side_done(&report->base);
	side_done(&report->cand);
	for (size_t i = 0; i < report->n; i++)
		row_done(&report->rows[i]);
	for (size_t i = 0; i < report->n_remarks; i++)
		free(report->remarks[i]);
	free(report->rows);
	free(report->remarks);
	*report = (struct assay_gate_report){0};
}

struct assay_gate_row *assay_gate_report_add(struct assay_gate_report *report)
{
	struct assay_gate_row *grown =
		realloc(report->rows, (report->n + 1) * sizeof(*report->rows));
	if (!grown)
		return NULL;
	report->rows = grown;
	struct assay_gate_row *row = &grown[report->n++];
	*row = (struct assay_gate_row){
		.base = NAN,
		.cand = NAN,
		.estimate = {NAN, NAN, NAN, 0, NAN, 0},
		.p = NAN,
		.adjusted_p = NAN,
		.preempted_share = NAN,
		.steal_share = NAN,
		.placement_share = NAN,
		.placement_sd = NAN,
	};
	return row;
}

enum assay_code assay_gate_report_remark(struct assay_gate_report *report, struct assay_err *err,
					 const char *fmt, ...)
{
	char **grown = realloc(report->remarks, (report->n_remarks + 1) * sizeof(*report->remarks));
	if (grown)
		report->remarks = grown;
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int length = vasprintf(&text, fmt, args);
	va_end(args);
	if (!grown || length < 0) {
		if (length >= 0)
			free(text);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a remark");
	}
	report->remarks[report->n_remarks++] = text;
	return ASSAY_OK;
}

size_t assay_gate_report_count(const struct assay_gate_report *report, enum assay_decision decision)
{
	size_t n = 0;
	for (size_t i = 0; i < report->n; i++)
		n += report->rows[i].decision == decision;
	return n;
}

/* A wrong answer is one thing; a crash or a timeout says that nothing was measured. */
static size_t wrong(const struct assay_gate_report *report)
{
	size_t n = 0;
	for (size_t i = 0; i < report->n; i++)
		n += report->rows[i].decision == ASSAY_DECISION_FAILED &&
		     report->rows[i].status == ASSAY_STATUS_FAILED;
	return n;
}

enum assay_gate_answer assay_gate_report_answer(const struct assay_gate_report *report)
{
	size_t compared = assay_gate_report_count(report, ASSAY_DECISION_OK) +
			  assay_gate_report_count(report, ASSAY_DECISION_REGRESSED) +
			  assay_gate_report_count(report, ASSAY_DECISION_IMPROVED) +
			  assay_gate_report_count(report, ASSAY_DECISION_INCONCLUSIVE);
	if (assay_gate_report_count(report, ASSAY_DECISION_REGRESSED))
		return ASSAY_GATE_RED;
	if (wrong(report))
		return ASSAY_GATE_WRONG;
	if (!compared || assay_gate_report_count(report, ASSAY_DECISION_MISSING) ||
	    assay_gate_report_count(report, ASSAY_DECISION_FAILED))
		return ASSAY_GATE_LOST;
	if (assay_gate_report_count(report, ASSAY_DECISION_INCONCLUSIVE))
		return ASSAY_GATE_UNDECIDED;
	return ASSAY_GATE_GREEN;
}

const char *assay_gate_answer_name(enum assay_gate_answer answer)
{
	static const char *const names[] = {
		[ASSAY_GATE_RED] = "REGRESSION",     [ASSAY_GATE_WRONG] = "FAILED",
		[ASSAY_GATE_LOST] = "COVERAGE LOST", [ASSAY_GATE_UNDECIDED] = "CANNOT DECIDE",
		[ASSAY_GATE_GREEN] = "PASS",
	};
	return names[answer];
}

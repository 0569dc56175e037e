/* SPDX-License-Identifier: MIT */
/* gate_counts: from the counts of one case to a row of its own, so that times and counts never mix. */
#include "cli/gate_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/gate/counts.h"
#include "harness/gate/judge.h"

static enum assay_decision decision_of(enum assay_counts_decision decision)
{
	switch (decision) {
	case ASSAY_COUNTS_REGRESSED:
		return ASSAY_DECISION_REGRESSED;
	case ASSAY_COUNTS_IMPROVED:
		return ASSAY_DECISION_IMPROVED;
	case ASSAY_COUNTS_SAME:
	case ASSAY_COUNTS_CHANGED:
		return ASSAY_DECISION_OK;
	case ASSAY_COUNTS_FAILED:
		return ASSAY_DECISION_FAILED;
	default:
		return ASSAY_DECISION_SKIPPED;
	}
}

/* The event that the decision is about: of those that decided so, the one that changed most. */
static const struct assay_counts_row *deciding(const struct assay_counts_case *counts)
{
	const struct assay_counts_row *best = NULL;
	for (size_t i = 0; i < counts->n; i++) {
		const struct assay_counts_row *row = &counts->rows[i];
		if (!row->gated || row->decision != counts->decision)
			continue;
		if (!best || fabs(row->change) > fabs(best->change))
			best = row;
	}
	return best ? best : counts->n ? &counts->rows[0] : NULL;
}

/* All that is gated, in one clause. */
static void say_all(const struct assay_counts_case *counts, struct assay_str *to)
{
	for (size_t i = 0; i < counts->n; i++) {
		const struct assay_counts_row *row = &counts->rows[i];
		if (row->gated && row->change != 0)
			assay_str_add(to, "%s%s %+.2f %%", to->length ? ", " : "",
				      assay_replay_event_name(row->event), 100 * row->change);
	}
	if (!to->length)
		assay_str_add(to, "every count is the same");
}

/* The row's numbers are exact: the interval has no width. */
static void fill_numbers(const struct assay_counts_row *from, struct assay_gate_row *row)
{
	row->base = from->base;
	row->cand = from->cand;
	row->estimate.ratio = row->estimate.lo = row->estimate.hi = 1 + from->change;
	row->estimate.n = row->pairs = 2;
}

static enum assay_code name_row(struct assay_gate_report *report, size_t names, const char *metric,
				struct assay_gate_row **ret, struct assay_err *err)
{
	struct assay_gate_row *row = assay_gate_report_add(report);
	const struct assay_gate_row *times = &report->rows[names];
	if (!row)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	row->name = strdup(times->name);
	row->suite = strdup(times->suite);
	row->benchmark = strdup(times->benchmark);
	row->location = strdup(times->location);
	row->metric = strdup(metric);
	row->unit = strdup("");
	row->better = ASSAY_LOWER;
	*ret = row;
	if (!row->name || !row->suite || !row->benchmark || !row->location || !row->metric ||
	    !row->unit)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	return ASSAY_OK;
}

static enum assay_code add_row(struct gate *gate, const struct assay_counts_case *counts,
			       size_t names, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str all = {0};
	const struct assay_counts_row *first = deciding(counts);
	const char *metric =
		assay_replay_event_name(first ? first->event : ASSAY_REPLAY_INSTRUCTIONS);
	struct assay_gate_row *row = NULL;
	enum assay_code rc = name_row(&gate->report, names, metric, &row, err);
	if (rc != ASSAY_OK)
		return rc;
	row->decision = decision_of(counts->decision);
	row->status = counts->status;
	row->m0 = 0;
	row->m1 = gate->counts_limit;
	bool compared =
		row->decision != ASSAY_DECISION_FAILED && row->decision != ASSAY_DECISION_SKIPPED;
	if (compared && first)
		fill_numbers(first, row);
	if (compared)
		say_all(counts, &all);
	return assay_gate_row_reason(row, err, "%s",
				     compared ? assay_str_text(&all) : counts->reason);
}

enum assay_code gate_counts_add(struct gate *gate, const struct assay_gate_launcher *launcher,
				size_t item, size_t names, struct assay_err *err)
{
	struct assay_gate_replay_of base, cand;
	struct assay_counts_case counts = {.decision = ASSAY_COUNTS_SKIPPED};
	struct assay_err why = {0};
	enum assay_code rc =
		assay_gate_launcher_replay(launcher, item, ASSAY_GATE_BASE, &base, &why);
	if (rc == ASSAY_OK)
		rc = assay_gate_launcher_replay(launcher, item, ASSAY_GATE_CAND, &cand, &why);
	if (rc == ASSAY_SKIP) {
		assay_copy(counts.reason, sizeof(counts.reason), why.text);
		return add_row(gate, &counts, names, err);
	}
	if (rc != ASSAY_OK)
		return assay_fail(err, rc, "%s", why.text);
	rc = assay_counts_compare(&base.replay, &cand.replay, gate->counts_limit, &counts, err);
	return rc == ASSAY_OK ? add_row(gate, &counts, names, err) : rc;
}

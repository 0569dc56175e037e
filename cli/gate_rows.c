/* SPDX-License-Identifier: MIT */
/* gate_rows: what rows, runs and series of a gate are called, wherever the numbers come from. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gate.h"
#include "cli/run_record.h"
#include "harness/base/str.h"
#include "harness/gate/judge.h"

enum assay_code gate_begin_run(struct gate *gate, enum assay_gate_which side, struct assay_err *err)
{
	const struct assay_tag tags[] = {{"gate", side == ASSAY_GATE_BASE ? "base" : "cand"}};
	ASSAY_AUTO_FREE char *plan = run_request_json(&gate->request);
	if (!plan)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the run's record");
	const struct run_record record = {
		.cli = gate->cli,
		.topology = gate->topology,
		.noise = &gate->noise,
		.environment = &gate->environment,
		.seed = gate->request.seed,
		.profile = "gate",
		.plan = plan,
		.tags = tags,
		.n_tags = ASSAY_COUNT_OF(tags),
		.revision = &gate->sides[side].revision,
	};
	return run_record_begin(&record, gate->store, &gate->runs[side], err);
}

struct key_of_metric {
	const char *metric;
	uint8_t *ret;
};

static enum assay_code take_key(void *context, const struct assay_result *result,
				struct assay_err *err)
{
	struct key_of_metric *wanted = context;
	struct assay_result one = *result;
	if (wanted->metric) /* another one: its unit is not known before it is measured */
		one.metric.name = wanted->metric;
	return assay_series_key(&one, wanted->ret, err);
}

enum assay_code gate_series_key(const struct assay_planned *planned, const char *metric,
				uint8_t ret[32], struct assay_err *err)
{
	const struct assay_collect nothing = {0};
	struct key_of_metric wanted = {metric, ret};
	return assay_collect_results(&nothing, planned, '?', take_key, &wanted, err);
}

/* Where the benchmark stands: the plug-in or program, or its file in this project's tree. */
static void locate(const struct gate_side *side, const struct assay_case *c, struct assay_str *ret)
{
	const struct assay_gate_side *live = &side->live;
	if (side->is_stored || live->kind == ASSAY_SIDE_COMMAND)
		return;
	if (live->kind == ASSAY_SIDE_BUILD)
		assay_str_add(ret, "suites/%s/%s.c", c->bench->suite, c->bench->name);
	else
		assay_str_add(ret, "%s", live->variants[0].file);
}

enum assay_code gate_row_names(struct assay_gate_row *row, const struct assay_planned *planned,
			       const struct gate_side *side, struct assay_err *err)
{
	const struct assay_case *c = &planned->c;
	const struct assay_metric_info metric =
		assay_primary_metric(c->bench->bench, c->subject ? c->subject->subject : NULL);
	ASSAY_AUTO(assay_str_done) struct assay_str location = {0};
	locate(side, c, &location);
	row->name = strdup(c->name);
	row->suite = strdup(c->bench->suite);
	row->benchmark = strdup(c->bench->name);
	row->location = strdup(assay_str_text(&location));
	row->metric = strdup(metric.name);
	row->unit = strdup(metric.unit);
	row->better = metric.better;
	if (!row->name || !row->suite || !row->benchmark || !row->location || !row->metric ||
	    !row->unit)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	return gate_series_key(planned, NULL, row->series_key, err);
}

enum assay_code gate_add_unmeasured(struct gate *gate, enum assay_gate_which side,
				    const struct assay_planned *planned,
				    enum assay_decision decision, const char *reason,
				    struct assay_err *err)
{
	struct assay_gate_row *row = assay_gate_report_add(&gate->report);
	if (!row)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	row->decision = decision;
	row->status = ASSAY_STATUS_SKIPPED;
	enum assay_code rc = gate_row_names(row, planned, &gate->sides[side], err);
	return rc == ASSAY_OK ? assay_gate_row_reason(row, err, "%s", reason) : rc;
}

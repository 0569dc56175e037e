/* SPDX-License-Identifier: MIT */
/* gate_confirm: --confirms: what a gate of both sides makes of a change that a history proposes. */
#include <stdlib.h>

#include "cli/gate.h"
#include "harness/base/parse.h"
#include "harness/gate/history.h"

enum assay_code gate_confirm_read(struct gate *gate, struct assay_err *err)
{
	const char *text = cli_value(gate->args, "confirms");
	struct assay_store *store;
	uint64_t id;
	if (!text)
		return ASSAY_OK;
	enum assay_code rc = assay_parse_u64(text, 1, INT64_MAX, &id, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "--confirms wants the number of a change");
	rc = assay_store_open(gate->cli->db, ASSAY_STORE_READ, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_change(store, (int64_t)id, &gate->change, err);
	assay_store_close(store);
	return rc;
}

enum assay_code gate_confirm(struct gate *gate, struct assay_err *err)
{
	enum assay_change_state state;
	if (!gate->change.n || gate->report.interrupted)
		return ASSAY_OK;
	const struct assay_change_point *change = &gate->change.points[0];
	enum assay_code rc = assay_history_settle(gate->store, change, &gate->report, &state, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "--confirms");
	if (state == ASSAY_CHANGE_PROPOSED)
		return assay_gate_report_remark(
			&gate->report, err, "change %lld is still a proposal: this gate cannot say",
			(long long)change->id);
	return assay_gate_report_remark(&gate->report, err, "change %lld is %s",
					(long long)change->id, assay_change_state_name(state));
}

/* SPDX-License-Identifier: MIT */
/* gate: what the parts of the verb share: what was asked for, the two sides, the report. */
#ifndef ASSAY_CLI_GATE_H
#define ASSAY_CLI_GATE_H

#include <signal.h>

#include "cli/cli.h"
#include "cli/gate_policy.h"
#include "cli/revision.h"
#include "cli/run_request.h"
#include "cli/stored.h"
#include "harness/engine/measure.h"
#include "harness/engine/sandbox.h"
#include "harness/gate/acceptance.h"
#include "harness/gate/session.h"
#include "harness/gate/side.h"
#include "harness/gate/verdict.h"
#include "harness/machine/environment.h"
#include "harness/machine/noise.h"
#include "harness/machine/topology.h"

/* What one side turned out to be. */
struct gate_side {
	const char *text; /* as given; NULL: a command after "--" */
	bool is_stored;
	struct stored stored; /* is_stored: an open store, and the runs meant */
	const struct assay_run_info *run;
	struct assay_gate_side live;
	struct revision revision; /* of a live side */
};

struct gate {
	struct cli *cli;
	const struct cli_args *args;
	struct run_request request; /* patterns, subjects, axes, CPUs, seed */
	struct gate_policy policy;
	struct assay_effort effort; /* per launch */
	uint64_t timeout_ns, budget_ns;
	bool counts;         /* replay as well */
	double counts_limit; /* ratio minus one that makes a regression of counts */
	struct assay_topology *topology;
	uint8_t fingerprint[32]; /* of this machine */
	struct assay_noise noise;
	struct assay_environment environment;
	char *sandbox; /* path of bubblewrap, NULL: none */
	char sandbox_version[ASSAY_SANDBOX_VERSION_BYTES];
	struct gate_side sides[2]; /* by enum assay_gate_which */
	struct assay_store *store;
	int64_t runs[2]; /* in the store, once begun; 0: none */
	struct assay_gate_acceptances acceptances;
	struct assay_change_list change; /* the one of --confirms; n = 0: none */
	struct assay_gate_report report;
	const volatile sig_atomic_t *interrupted;
};

extern const struct cli_verb cli_verb_gate;

/* Do the options of a gate make sense, whatever its sides turn out to be? ASSAY_EUSAGE. */
enum assay_code gate_options_check(struct cli *cli, const struct cli_args *args,
				   struct assay_err *err);

/* Is --kind a word that we know? ASSAY_EUSAGE. */
enum assay_code gate_kind_check(const struct cli_args *args, struct assay_err *err);
/* Find out what --base and --cand, or the commands, are. ASSAY_EUSAGE when one is nothing we know. */
enum assay_code gate_sides_read(struct gate *gate, struct assay_err *err);
/* This very build as the candidate, for the cases of the request. */
enum assay_code gate_side_self(struct gate *gate, struct assay_err *err);
void gate_side_done(struct gate_side *side);

/* Both sides can be launched: pairs. Fills the report and stores what was measured. */
enum assay_code gate_live(struct gate *gate, struct assay_err *err);

/* Read the change that --confirms names. Without patterns its case is what is gated. */
enum assay_code gate_confirm_read(struct gate *gate, struct assay_err *err);
/* Settle that change by the report, and remark it there. ASSAY_EUSAGE when its case is not in it. */
enum assay_code gate_confirm(struct gate *gate, struct assay_err *err);

/* At least one side is a stored run: no pairs. Likewise. */
enum assay_code gate_stored(struct gate *gate, struct assay_err *err);

/* Begin a run in the store for one side; gate->runs says which. */
enum assay_code gate_begin_run(struct gate *gate, enum assay_gate_which side,
			       struct assay_err *err);

/* The key of a planned case's series in `metric` (NULL: its primary one). */
enum assay_code gate_series_key(const struct assay_planned *planned, const char *metric,
				uint8_t ret[32], struct assay_err *err);

/* Texts of a row that come from its case; location from where its suite is. ASSAY_ENOMEM. */
enum assay_code gate_row_names(struct assay_gate_row *row, const struct assay_planned *planned,
			       const struct gate_side *side, struct assay_err *err);

/* A row that was not measured: MISSING, NEW or SKIPPED. */
enum assay_code gate_add_unmeasured(struct gate *gate, enum assay_gate_which side,
				    const struct assay_planned *planned,
				    enum assay_decision decision, const char *reason,
				    struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* gate_live: two sides that can be launched: match their cases, take the pairs, store both sides. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/gate.h"
#include "cli/gate_counts.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/collect.h"
#include "harness/gate/judge.h"
#include "harness/gate/launcher.h"
#include "harness/store/verdict.h"

struct live {
	struct gate *gate;
	struct assay_gate_match *matches;
	struct assay_gate_trial *trials;
	size_t n;
	size_t first_row; /* of the matched cases in the report */
	struct assay_gate_launcher *launcher;
	struct assay_gate_tally tally;
	bool line_open;   /* a redrawn line stands on the terminal */
	uint64_t said_ns; /* when a plain line was last written, or the beginning */
};

static const struct assay_plan *plan_of(const struct gate *gate, enum assay_gate_which side)
{
	return assay_gate_side_plan(&gate->sides[side].live);
}

/* ---- matching ---- */

/* The place in `plan` of the case called `name`, or plan->n. */
static size_t find_case(const struct assay_plan *plan, const char *name)
{
	size_t i = 0;
	while (i < plan->n && strcmp(plan->cases[i].c.name, name) != 0)
		i++;
	return i;
}

/* Commands have names of their own on each side; their cases correspond by place. */
static size_t partner(const struct gate *gate, const struct assay_plan *other, size_t i,
		      const char *name)
{
	if (gate->sides[0].live.kind == ASSAY_SIDE_COMMAND)
		return i < other->n ? i : other->n;
	return find_case(other, name);
}

/* A case of the base: matched, or a row that says why not. */
static enum assay_code match_one(struct live *live, size_t i, struct assay_err *err)
{
	struct gate *gate = live->gate;
	const struct assay_plan *base = plan_of(gate, ASSAY_GATE_BASE),
				*cand = plan_of(gate, ASSAY_GATE_CAND);
	const struct assay_planned *a = &base->cases[i];
	size_t k = partner(gate, cand, i, a->c.name);
	if (k == cand->n)
		return gate_add_unmeasured(gate, ASSAY_GATE_BASE, a, ASSAY_DECISION_MISSING,
					   "the candidate does not have it", err);
	const struct assay_planned *b = &cand->cases[k];
	if (a->skip)
		return gate_add_unmeasured(gate, ASSAY_GATE_BASE, a, ASSAY_DECISION_SKIPPED,
					   a->skip, err);
	if (b->skip)
		return gate_add_unmeasured(gate, ASSAY_GATE_BASE, a, ASSAY_DECISION_MISSING,
					   b->skip, err);
	live->matches[live->n++] = (struct assay_gate_match){{i, k}};
	return ASSAY_OK;
}

static enum assay_code match(struct live *live, struct assay_err *err)
{
	struct gate *gate = live->gate;
	const struct assay_plan *base = plan_of(gate, ASSAY_GATE_BASE),
				*cand = plan_of(gate, ASSAY_GATE_CAND);
	if (!base->n && !cand->n)
		return assay_fail(err, ASSAY_EUSAGE,
				  gate->request.n_patterns
					  ? "neither side has a benchmark that matches '%s'"
					  : "neither side has any benchmark%s",
				  gate->request.n_patterns ? gate->request.patterns[0] : "");
	live->matches = calloc(base->n + 1, sizeof(*live->matches));
	live->trials = calloc(base->n + 1, sizeof(*live->trials));
	if (!live->matches || !live->trials)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a gate");
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < base->n; i++) {
		gate_policy_for(&gate->policy, base->cases[i].c.name);
		rc = match_one(live, i, err);
	}
	for (size_t i = 0; rc == ASSAY_OK && i < cand->n; i++) {
		const struct assay_planned *b = &cand->cases[i];
		gate_policy_for(&gate->policy, b->c.name);
		if (partner(gate, base, i, b->c.name) == base->n)
			rc = gate_add_unmeasured(gate, ASSAY_GATE_CAND, b, ASSAY_DECISION_NEW,
						 b->skip ? b->skip : "the base does not have it",
						 err);
	}
	/* with patterns a rule may be about what was not asked for */
	if (rc == ASSAY_OK && !gate->request.n_patterns && !gate->request.n_subjects)
		rc = gate_policy_check_used(&gate->policy, err);
	return rc;
}

/* A row for each matched case, with the margins and what was accepted of it. */
static enum assay_code begin_rows(struct live *live, struct assay_err *err)
{
	struct gate *gate = live->gate;
	enum assay_code rc = ASSAY_OK;
	live->first_row = gate->report.n;
	for (size_t i = 0; rc == ASSAY_OK && i < live->n; i++) {
		size_t k = live->matches[i].index[ASSAY_GATE_CAND];
		const struct assay_planned *planned = &plan_of(gate, ASSAY_GATE_CAND)->cases[k];
		struct assay_gate_row *row = assay_gate_report_add(&gate->report);
		if (!row)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
		rc = gate_row_names(row, planned, &gate->sides[ASSAY_GATE_CAND], err);
		if (rc == ASSAY_OK)
			rc = assay_gate_acceptances_apply(&gate->acceptances, row, err);
		live->trials[i].policy = gate_policy_for(&gate->policy, planned->c.name);
		if (row->acceptance.present)
			live->trials[i].policy.accepted = row->acceptance.limit_ratio - 1;
	}
	return rc;
}

/* ---- progress ---- */

static void clear_line(struct live *live)
{
	if (live->line_open)
		fputs("\r\033[K", stderr);
	live->line_open = false;
}

static void on_progress(void *context, size_t item, size_t pairs_done, size_t open)
{
	struct live *live = context;
	const struct cli *cli = live->gate->cli;
	const char *name = live->gate->report.rows[live->first_row + item].name;
	if (cli->quiet)
		return;
	if (!cli->tty_err) {
		uint64_t now_ns = assay_now_ns();
		if (now_ns - live->said_ns >= CLI_HEARTBEAT_NS) {
			live->said_ns = now_ns;
			cli_note(cli, "%zu pairs so far, %zu of %zu undecided, now %s", pairs_done,
				 open, live->n, name);
		}
		return;
	}
	struct winsize size;
	int width =
		ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40 ? size.ws_col : 80;
	char line[160];
	snprintf(line, sizeof(line), "%zu pairs, %zu of %zu undecided, now %s", pairs_done, open,
		 live->n, name);
	fprintf(stderr, "\r\033[K%.*s", width - 1, line);
	live->line_open = true;
}

/* ---- storing ---- */

struct adding {
	struct gate *gate;
	enum assay_gate_which side;
};

static enum assay_code add_result(void *context, const struct assay_result *result,
				  struct assay_err *err)
{
	const struct adding *adding = context;
	return assay_store_add_result(adding->gate->store, adding->gate->runs[adding->side], result,
				      err);
}

/* A side that ended before its first launch, by its oracle for example: how, and why. Of one that did not, nothing is known. */
static enum assay_code store_end(const struct live *live, size_t i, struct adding *adding,
				 struct assay_err *err)
{
	const struct assay_gate_trial *trial = &live->trials[i];
	struct assay_collect ended = {.status = trial->status};
	if (trial->status == ASSAY_STATUS_OK || trial->failed_side != adding->side)
		return ASSAY_OK;
	assay_copy(ended.reason, sizeof(ended.reason), trial->reason);
	size_t k = live->matches[i].index[adding->side];
	return assay_collect_results(&ended, &plan_of(live->gate, adding->side)->cases[k],
				     live->gate->noise.grade, add_result, adding, err);
}

static enum assay_code store_results(struct live *live, struct assay_err *err)
{
	struct gate *gate = live->gate;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < live->n; i++) {
		for (int side = 0; rc == ASSAY_OK && side < 2; side++) {
			struct adding adding = {gate, (enum assay_gate_which)side};
			rc = assay_gate_launcher_launched(live->launcher, i, adding.side)
				     ? assay_gate_launcher_results(live->launcher, i, adding.side,
								   gate->noise.grade, add_result,
								   &adding, err)
				     : store_end(live, i, &adding, err);
		}
	}
	return rc;
}

static char *policy_json(const struct assay_gate_policy *policy)
{
	json_t *looks = json_array();
	for (size_t i = 0; i < policy->looks; i++)
		json_array_append_new(looks, json_integer((json_int_t)policy->look_pairs[i]));
	json_t *json =
		json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:o}", "ignore", policy->m0, "catch",
			  policy->m1, "accepted", policy->accepted, "alpha", policy->alpha,
			  "screen_level", policy->screen_level, "ok_level", policy->ok_level,
			  "screen_pairs", (int)policy->screen_pairs, "looks", looks);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	return text;
}

/* A series by name, outliving the result it was taken from; other texts are the launcher's. */
struct named {
	struct assay_result series;
	struct assay_param params[ASSAY_CASE_MAX_AXES];
};

/* Any result will do: those of one case differ in their metric alone. */
static enum assay_code take_name(void *context, const struct assay_result *result,
				 struct assay_err *err)
{
	struct named *named = context;
	(void)err;
	named->series = *result;
	memcpy(named->params, result->params, result->n_params * sizeof(*result->params));
	named->series.params = named->params;
	return ASSAY_OK;
}

static enum assay_code name_verdict(struct live *live, size_t i, struct named *named,
				    struct assay_stored_verdict *ret, struct assay_err *err)
{
	const struct assay_gate_row *row = &live->gate->report.rows[live->first_row + i];
	*ret = (struct assay_stored_verdict){
		.series = &named->series,
		.decision = assay_decision_name(row->decision),
		.reason = row->reason,
		.method = "paired",
		.policy = policy_json(&live->trials[i].policy),
		.n = row->pairs,
		.ratio = row->estimate.ratio,
		.lo = row->estimate.lo,
		.hi = row->estimate.hi,
		.p = row->p,
	};
	if (!ret->policy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a verdict");
	enum assay_code rc = assay_gate_launcher_results(live->launcher, i, ASSAY_GATE_CAND, '?',
							 take_name, named, err);
	/* the row's own: a candidate that failed may not have reported it */
	named->series.metric = (struct assay_metric_info){row->metric, row->unit, row->better};
	return rc;
}

static enum assay_code store_verdicts(struct live *live, struct assay_err *err)
{
	struct gate *gate = live->gate;
	struct named *names = calloc(live->n, sizeof(*names));
	struct assay_stored_verdict *verdicts = calloc(live->n, sizeof(*verdicts));
	enum assay_code rc = names && verdicts
				     ? ASSAY_OK
				     : assay_fail(err, ASSAY_ENOMEM, "out of memory for verdicts");
	for (size_t i = 0; rc == ASSAY_OK && i < live->n; i++)
		rc = name_verdict(live, i, &names[i], &verdicts[i], err);
	if (rc == ASSAY_OK)
		rc = assay_store_add_verdicts(gate->store, gate->runs[ASSAY_GATE_CAND],
					      gate->runs[ASSAY_GATE_BASE], verdicts, live->n, err);
	for (size_t i = 0; verdicts && i < live->n; i++)
		free((void *)(uintptr_t)verdicts[i].policy);
	free(verdicts);
	free(names);
	return rc;
}

/* ---- the gate ---- */

/* Counts take a while and need no quiet: they come when the times are taken. */
static enum assay_code count_all(struct live *live, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; live->gate->counts && rc == ASSAY_OK && i < live->n; i++)
		if (live->trials[i].status == ASSAY_STATUS_OK)
			rc = gate_counts_add(live->gate, live->launcher, i, live->first_row + i,
					     err);
	if (rc != ASSAY_EINTR)
		return rc;
	live->gate->report.interrupted = true; /* the times stand */
	return ASSAY_OK;
}

static enum assay_code replace(char **text, const char *with, struct assay_err *err)
{
	char *copy = strdup(with);
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	free(*text);
	*text = copy;
	return ASSAY_OK;
}

static enum assay_code judge_all(struct live *live, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < live->n; i++) {
		struct assay_gate_row *row = &live->gate->report.rows[live->first_row + i];
		const struct assay_metric_info metric =
			assay_gate_launcher_metric(live->launcher, i);
		rc = assay_gate_judge(&live->trials[i], live->tally.survivors, row, err);
		if (rc == ASSAY_OK)
			rc = replace(&row->metric, metric.name, err);
		if (rc == ASSAY_OK)
			rc = replace(&row->unit, metric.unit, err);
		row->better = metric.better;
		row->elapsed_ns = assay_gate_launcher_elapsed_ns(live->launcher, i);
	}
	return rc;
}

static enum assay_code remark(struct live *live, struct assay_err *err)
{
	struct assay_gate_report *report = &live->gate->report;
	size_t lost = 0;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; i < live->n; i++)
		lost += live->trials[i].lost;
	report->launches = live->tally.launches;
	report->out_of_time = live->tally.out_of_time;
	report->interrupted = live->tally.interrupted;
	if (live->tally.suspended)
		rc = assay_gate_report_remark(
			report, err, "The machine slept during %zu launches; they do not count",
			live->tally.suspended);
	if (rc == ASSAY_OK && lost)
		rc = assay_gate_report_remark(report, err,
					      "Lost and repeated: %zu pairs of launches", lost);
	return rc;
}

static enum assay_code finish_runs(struct gate *gate, enum assay_code so_far, struct assay_err *err)
{
	bool complete = so_far == ASSAY_OK && !gate->report.interrupted;
	enum assay_run_status status = complete ? ASSAY_RUN_COMPLETE : ASSAY_RUN_INTERRUPTED;
	struct assay_err second = {0};
	for (int side = 0; side < 2; side++) {
		if (!gate->runs[side])
			continue;
		enum assay_code rc =
			assay_store_finish_run(gate->store, gate->runs[side], status, &second);
		if (so_far == ASSAY_OK && rc != ASSAY_OK)
			so_far = assay_fail(err, rc, "%s", second.text);
	}
	return so_far;
}

/* From here on processes are started, and both sides are runs in the store. */
static enum assay_code measure(struct live *live, struct assay_err *err)
{
	struct gate *gate = live->gate;
	const struct assay_gate_side *const sides[] = {&gate->sides[0].live, &gate->sides[1].live};
	const struct assay_gate_launcher_options launching = {
		.program = gate->cli->program,
		.sandbox = gate->sandbox,
		.metric = cli_value(gate->args, "metric"),
		.effort = gate->effort,
		.timeout_ns = gate->timeout_ns,
		.memory_bytes =
			(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 4 * 3,
		.seed = gate->request.seed,
		.interrupted = gate->interrupted,
		.progress = on_progress,
		.context = live,
	};
	const struct assay_gate_session_options options = {
		.policy = gate->policy.policy,
		.seed = gate->request.seed,
		.budget_ns = gate->budget_ns,
		.interrupted = gate->interrupted,
	};
	enum assay_code rc = assay_gate_launcher_new(sides, live->matches, live->n, &launching,
						     &live->launcher, err);
	for (int side = 0; rc == ASSAY_OK && side < 2; side++)
		rc = gate_begin_run(gate, (enum assay_gate_which)side, err);
	if (rc != ASSAY_OK)
		return rc;
	const struct assay_gate_source source = assay_gate_launcher_source(live->launcher);
	rc = assay_gate_session(&source, &options, live->trials, live->n, &live->tally, err);
	clear_line(live);
	if (rc == ASSAY_OK)
		rc = judge_all(live, err);
	if (rc == ASSAY_OK)
		rc = remark(live, err);
	if (rc == ASSAY_OK)
		rc = store_results(live, err);
	if (rc == ASSAY_OK)
		rc = store_verdicts(live, err);
	if (rc == ASSAY_OK && !live->gate->report.interrupted)
		rc = count_all(live, err);
	return finish_runs(gate, rc, err);
}

enum assay_code gate_live(struct gate *gate, struct assay_err *err)
{
	struct live live = {.gate = gate, .said_ns = assay_now_ns()};
	enum assay_code rc = match(&live, err);
	if (rc == ASSAY_OK)
		rc = begin_rows(&live, err);
	gate->report.paired = true;
	if (rc == ASSAY_OK && live.n)
		rc = measure(&live, err);
	assay_gate_launcher_free(live.launcher);
	assay_gate_trials_done(live.trials, live.n);
	free(live.trials);
	free(live.matches);
	return rc;
}

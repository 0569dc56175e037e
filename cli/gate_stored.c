/* SPDX-License-Identifier: MIT */
/* gate_stored: a stored run on one side or both; a side that is not stored is measured first. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gate.h"
#include "cli/pairs.h"
#include "cli/run.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"
#include "harness/gate/judge.h"
#include "harness/gate/unpaired.h"
#include "harness/stats/compare.h"
#include "harness/store/verdict.h"

/* Launches of the side that is measured now: more than a stored run has, and cheap. */
#define LAUNCHES "--launches=10"

struct against {
	struct gate *gate;
	struct stored_pairs both;
};

/* ---- measuring the other side ---- */

static bool wanted(const struct gate *gate, const struct assay_result *r)
{
	const struct run_request *q = &gate->request;
	bool named = q->n_patterns == 0, taken = q->n_subjects == 0;
	for (size_t i = 0; i < q->n_patterns && !named; i++)
		named = assay_pattern_matches(q->patterns[i], r->name);
	for (size_t i = 0; i < q->n_subjects && !taken; i++)
		taken = strcmp(q->subjects[i], r->subject) == 0;
	return named && taken;
}

/* What says how much of a benchmark is measured says nothing here: the stored run has the cases that it has. */
static void warn_of_unused(const struct gate *gate)
{
	static const char *const unused[] = {"param", "set", "profile", "max-time"};
	static const char *const measuring[] = {"samples", "time", "timeout", "cpus", "seed"};
	bool measured = !gate->sides[0].is_stored || !gate->sides[1].is_stored;
	for (size_t i = 0; i < ASSAY_COUNT_OF(unused); i++)
		if (cli_value(gate->args, unused[i]))
			cli_warn(gate->cli,
				 "--%s has no effect: against a stored run the cases are its own; "
				 "a PATTERN and -s choose among them",
				 unused[i]);
	for (size_t i = 0; !measured && i < ASSAY_COUNT_OF(measuring); i++)
		if (cli_value(gate->args, measuring[i]))
			cli_warn(gate->cli,
				 "--%s has no effect: nothing is measured between two stored runs",
				 measuring[i]);
}

/* Said before minutes are spent on what cannot be decided then. */
static void warn_of_few_launches(const struct gate *gate, const struct gate_side *stored)
{
	json_t *plan = stored->run->plan ? json_loads(stored->run->plan, 0, NULL) : NULL;
	json_int_t launches = json_integer_value(json_object_get(plan, "launches"));
	if (launches > 0 && launches < ASSAY_COMPARE_LAUNCHES)
		cli_warn(
			gate->cli,
			"'%.100s' has %d launch%s of each case, and a verdict needs %d: measure it "
			"again with 'assay run -p ci'",
			stored->text, (int)launches, launches == 1 ? "" : "es",
			ASSAY_COMPARE_LAUNCHES);
	json_decref(plan);
}

/* The cases of the stored run that this build can measure too, as words of a run. */
static enum assay_code words_of_cases(const struct gate *gate, const struct gate_side *stored,
				      const struct assay_registry *registry, struct assay_argv *ret,
				      struct assay_err *err)
{
	struct assay_result_list results = {0};
	enum assay_code rc = assay_store_results(stored->stored.store, stored->run->id, NULL,
						 ASSAY_LOAD_SUMMARY, &results, err);
	for (size_t i = 0; rc == ASSAY_OK && i < results.n; i++) {
		const struct assay_result *r = &results.results[i];
		struct assay_case c;
		struct assay_err ignored = {0};
		if (!r->primary || !wanted(gate, r) ||
		    assay_case_parse(registry, r->name, &c, &ignored) != ASSAY_OK)
			continue;
		assay_case_done(&c);
		rc = assay_argv_add(ret, r->name, err);
	}
	assay_result_list_done(&results);
	return rc;
}

static enum assay_code option_words(const struct gate *gate, const struct gate_side *live,
				    struct assay_argv *ret, struct assay_err *err)
{
	static const char *const same[] = {"samples", "time", "timeout"};
	ASSAY_AUTO(assay_str_done) struct assay_str word = {0};
	enum assay_code rc = assay_argv_add(ret, LAUNCHES, err);
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(same); i++) {
		const char *value = cli_value(gate->args, same[i]);
		assay_str_clear(&word);
		assay_str_add(&word, "--%s=%s", same[i], value ? value : "");
		if (value)
			rc = assay_argv_add(ret, assay_str_text(&word), err);
	}
	assay_str_clear(&word);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, "--counters=none", err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, "--profile=ci", err);
	if (rc == ASSAY_OK && gate->sandbox)
		rc = assay_argv_add(ret, "--sandbox", err);
	assay_str_add(&word, "--seed=%" PRIu64, gate->request.seed);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	assay_str_clear(&word);
	assay_str_add(&word, "--cpus=%s", gate->request.cpus);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	assay_str_clear(&word);
	assay_str_add(&word, "--load=%s", live->text);
	if (rc == ASSAY_OK && live->live.kind == ASSAY_SIDE_PLUGIN)
		rc = assay_argv_add(ret, assay_str_text(&word), err);
	return rc;
}

/* Measure this side as a run of its own, and let it be the stored run that it is then. */
static enum assay_code measure_side(struct gate *gate, struct gate_side *side,
				    const struct gate_side *other, struct assay_err *err)
{
	bool ours = side->text == gate->cli->program;
	if (!ours && side->live.kind != ASSAY_SIDE_PLUGIN)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%.200s' is not this build: measure it first (%s run), then "
				  "compare two stored runs",
				  side->text, side->text);
	warn_of_few_launches(gate, other);
	struct assay_argv words = {0};
	int64_t run = 0;
	int run_exit = CLI_OK;
	enum assay_code rc = option_words(gate, side, &words, err);
	size_t n_options = words.n;
	if (rc == ASSAY_OK)
		rc = words_of_cases(gate, other,
				    ours ? gate->cli->registry : side->live.variants[0].registry,
				    &words, err);
	if (rc == ASSAY_OK && words.n > n_options)
		rc = run_measure(gate->cli, (int)words.n, words.words, &run, &run_exit, err);
	assay_argv_done(&words);
	if (rc != ASSAY_OK)
		return rc;
	if (run_exit == CLI_INTERRUPTED || run_exit == CLI_TERMINATED)
		return assay_fail(err, ASSAY_EINTR, "interrupted; what was finished is stored");
	char reference[32];
	snprintf(reference, sizeof(reference), "%" PRId64, run);
	if (!run)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"'%.100s' holds no case that is chosen and that this build can measure",
			other->text);
	rc = stored_open(gate->cli, reference, &side->stored, err);
	if (rc == ASSAY_OK)
		side->run = &side->stored.runs.runs[0];
	return rc;
}

/* ---- rows ---- */

static enum assay_code name_row(struct assay_gate_row *row, const struct assay_result *r,
				struct assay_err *err)
{
	row->name = strdup(r->name);
	row->suite = strdup(r->suite);
	row->benchmark = strdup(r->benchmark);
	row->metric = strdup(r->metric.name);
	row->unit = strdup(r->metric.unit);
	row->location = strdup("");
	row->better = r->metric.better;
	if (!row->name || !row->suite || !row->benchmark || !row->metric || !row->unit ||
	    !row->location)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
	return assay_series_key(r, row->series_key, err);
}

/* What was not measured is judged by its primary metric: it has no other. */
static bool judged(const struct gate *gate, const struct assay_result *r)
{
	const char *metric = cli_value(gate->args, "metric");
	bool named = metric && strcmp(metric, r->metric.name) == 0;
	return wanted(gate, r) &&
	       (named || (r->primary && (!metric || !assay_status_measured(r->status))));
}

static enum assay_code add_row(struct gate *gate, const struct assay_result *r,
			       struct assay_gate_row **ret, struct assay_err *err)
{
	*ret = assay_gate_report_add(&gate->report);
	return *ret ? name_row(*ret, r, err)
		    : assay_fail(err, ASSAY_ENOMEM, "out of memory for a row");
}

/* Measured, but only the summary is left: dropped by gc, or taken away. What decides is in the samples. */
static bool without_samples(const struct assay_result *r)
{
	return r->samples.n == 0;
}

/* Not a word about the code: nothing was compared, so that this must not pass. */
static enum assay_code cannot_compare(const struct assay_pair *pair, struct assay_gate_row *row,
				      struct assay_err *err)
{
	bool base = without_samples(pair->a);
	row->decision = ASSAY_DECISION_MISSING;
	row->status = ASSAY_STATUS_SKIPPED;
	row->base = pair->a->estimate.median;
	row->cand = pair->b->estimate.median;
	return assay_gate_row_reason(row, err,
				     "the store has no samples of the %s, only their summary",
				     !base                      ? "candidate"
				     : without_samples(pair->b) ? "base and the candidate"
								: "base");
}

static enum assay_code add_compared(struct against *x, const struct assay_pair *pair, size_t family,
				    struct assay_err *err)
{
	struct gate *gate = x->gate;
	struct assay_gate_row *row;
	enum assay_code rc = add_row(gate, pair->b, &row, err);
	if (rc == ASSAY_OK)
		rc = assay_gate_acceptances_apply(&gate->acceptances, row, err);
	if (rc != ASSAY_OK)
		return rc;
	if (without_samples(pair->a) || without_samples(pair->b))
		return cannot_compare(pair, row, err);
	struct assay_gate_unpaired in = {
		.base = {&pair->a->samples, &pair->a->estimate},
		.cand = {&pair->b->samples, &pair->b->estimate},
		.better = pair->b->metric.better,
		.policy = gate_policy_for(&gate->policy, pair->b->name),
		.allowance = pair->allowance,
		.family = family,
		.hardware = x->both.pairs.hardware,
	};
	if (row->acceptance.present)
		in.policy.accepted = row->acceptance.limit_ratio - 1;
	return assay_gate_judge_unpaired(&in, row, err);
}

static bool broke(const struct assay_result *r)
{
	return r && !assay_status_measured(r->status) && r->status != ASSAY_STATUS_SKIPPED;
}

/* What a series is that at least one of the runs has no measurement of: as for sides that are launched. */
static enum assay_decision lone_decision(const struct assay_pair *pair)
{
	if (broke(pair->a) || broke(pair->b))
		return ASSAY_DECISION_FAILED;
	if (pair->a && assay_status_measured(pair->a->status))
		return ASSAY_DECISION_MISSING;
	return pair->a ? ASSAY_DECISION_SKIPPED : ASSAY_DECISION_NEW;
}

static enum assay_code add_lone(struct gate *gate, const struct assay_pair *pair,
				struct assay_err *err)
{
	const struct assay_result *a = pair->a, *b = pair->b;
	const struct assay_result *failed = broke(b) ? b : broke(a) ? a : NULL;
	struct assay_gate_row *row;
	enum assay_code rc = add_row(gate, b ? b : a, &row, err);
	if (rc != ASSAY_OK)
		return rc;
	row->decision = lone_decision(pair);
	row->status = failed ? failed->status : ASSAY_STATUS_SKIPPED;
	if (failed)
		return assay_gate_row_reason(
			row, err, "the %s: %s", failed == b ? "candidate" : "base",
			*failed->reason ? failed->reason : assay_status_name(failed->status));
	const struct assay_result *skipped = row->decision == ASSAY_DECISION_SKIPPED ? a : b;
	if (skipped && !assay_status_measured(skipped->status))
		return assay_gate_row_reason(row, err, "%s", skipped->reason);
	return assay_gate_row_reason(row, err, "the %s does not have it",
				     row->decision == ASSAY_DECISION_MISSING ? "candidate"
									     : "base");
}

/* Of pairs that are not compared, those that are judged. */
static enum assay_code add_lones(struct gate *gate, const struct assay_pair *pairs, size_t n,
				 struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		if (judged(gate, pairs[i].a ? pairs[i].a : pairs[i].b))
			rc = add_lone(gate, &pairs[i], err);
	return rc;
}

static enum assay_code add_rows(struct against *x, struct assay_err *err)
{
	const struct assay_pairs *p = &x->both.pairs;
	size_t family = 0;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; i < p->n_compared; i++)
		family += judged(x->gate, p->compared[i].b);
	for (size_t i = 0; rc == ASSAY_OK && i < p->n_compared; i++)
		if (judged(x->gate, p->compared[i].b))
			rc = add_compared(x, &p->compared[i], family, err);
	if (rc == ASSAY_OK)
		rc = add_lones(x->gate, p->lost, p->n_lost, err);
	if (rc == ASSAY_OK)
		rc = add_lones(x->gate, p->found, p->n_found, err);
	return rc == ASSAY_OK ? add_lones(x->gate, p->neither, p->n_neither, err) : rc;
}

/* ---- the gate ---- */

static enum assay_code check_machines(struct gate *gate, struct assay_err *err)
{
	const struct assay_run_info *a = gate->sides[0].run, *b = gate->sides[1].run;
	if (memcmp(a->fingerprint, b->fingerprint, 32) == 0)
		return ASSAY_OK;
	gate->report.hardware = true;
	if (!cli_flag(gate->args, "cross-machine"))
		return assay_fail(
			err, ASSAY_EENV,
			"the base was measured on '%.60s' and the candidate on '%.60s', "
			"which are different machines; take a base of the same machine, or "
			"hold the machines against each other with --cross-machine",
			a->machine_name, b->machine_name);
	return assay_gate_report_remark(&gate->report, err,
					"The runs are from different machines: differences are "
					"not called regressions");
}

/* A first run is its own baseline: that it is no worse than itself says nothing. */
static enum assay_code check_apart(const struct gate *gate, struct assay_err *err)
{
	const struct gate_side *a = &gate->sides[0], *b = &gate->sides[1];
	if (memcmp(a->run->uuid, b->run->uuid, 16) != 0)
		return ASSAY_OK;
	return assay_fail(
		err, ASSAY_EUSAGE,
		"'%.80s' and '%.80s' are the same run, which is no worse than itself: measure "
		"another with 'assay run', or name another base",
		a->text, b->text);
}

/* Binding alone makes some figures several times better or worse. */
static enum assay_code check_bindings(const struct assay_pairs *pairs, struct assay_err *err)
{
	char base[16], cand[16];
	if (assay_pairs_bound_apart(pairs, base, cand) == 0)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EENV,
			  "the base's ranks were bound '%s' and the candidate's '%s', which alone "
			  "changes figures; measure both with the same --bind",
			  base, cand);
}

/* So does a sandbox. */
static enum assay_code check_sandboxes(const struct gate *gate, struct assay_err *err)
{
	const struct assay_run_info *a = gate->sides[0].run, *b = gate->sides[1].run;
	if (!stored_sandboxed_apart(a, b))
		return ASSAY_OK;
	return assay_fail(
		err, ASSAY_EENV,
		"the %s was measured in a sandbox and the %s was not, which alone changes "
		"figures; measure both with --sandbox, or both without",
		stored_sandboxed(a) ? "base" : "candidate",
		stored_sandboxed(a) ? "candidate" : "base");
}

/* Runs of different profiles differ in axis values and effort: said, never passed over. */
static enum assay_code remark_profiles(struct gate *gate, struct assay_err *err)
{
	const char *a = gate->sides[0].run->profile, *b = gate->sides[1].run->profile;
	if (strcmp(a, b) == 0)
		return ASSAY_OK;
	return assay_gate_report_remark(
		&gate->report, err,
		"The profiles differ: the base was measured with %.60s, the "
		"candidate with %.60s",
		a, b);
}

static enum assay_code remark(struct against *x, struct assay_err *err)
{
	return assay_gate_report_remark(
		&x->gate->report, err,
		"A stored run cannot be paired: up to %.0f %% is allowed for what changed on the "
		"machine between the runs, and a change smaller than that and the upper margin "
		"together can hide; two builds or plug-ins side by side decide more",
		100 * x->both.pairs.allowance);
}

static enum assay_code store_verdicts(struct gate *gate, struct assay_pairs *pairs,
				      struct assay_err *err)
{
	const struct assay_gate_report *report = &gate->report;
	struct assay_stored_verdict *verdicts = calloc(report->n + 1, sizeof(*verdicts));
	size_t n = 0;
	if (!verdicts)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for verdicts");
	for (size_t i = 0; i < pairs->n_compared; i++) {
		if (!judged(gate, pairs->compared[i].b))
			continue;
		const struct assay_gate_row *row = &report->rows[n];
		verdicts[n++] = (struct assay_stored_verdict){
			.series = pairs->compared[i].b,
			.decision = assay_decision_name(row->decision),
			.reason = row->reason,
			.method = "stored",
			.policy = "{}",
			.n = row->pairs,
			.ratio = row->estimate.ratio,
			.lo = row->estimate.lo,
			.hi = row->estimate.hi,
			.p = NAN,
		};
	}
	/* only where the candidate's run is in the store in use */
	bool here = !gate->sides[1].is_stored || !stored_names_file(gate->sides[1].text);
	bool base_here = !gate->sides[0].is_stored || !stored_names_file(gate->sides[0].text);
	enum assay_code rc = ASSAY_OK;
	if (here && n)
		rc = assay_store_add_verdicts(gate->store, gate->sides[1].run->id,
					      base_here ? gate->sides[0].run->id : 0, verdicts, n,
					      err);
	free(verdicts);
	return rc;
}

enum assay_code gate_stored(struct gate *gate, struct assay_err *err)
{
	struct against x = {.gate = gate};
	enum assay_code rc = ASSAY_OK;
	if (gate->sandbox && gate->sides[0].is_stored && gate->sides[1].is_stored)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--sandbox is for what is measured; both sides are stored runs");
	warn_of_unused(gate);
	for (int i = 0; rc == ASSAY_OK && i < 2; i++)
		if (!gate->sides[i].is_stored)
			rc = measure_side(gate, &gate->sides[i], &gate->sides[1 - i], err);
	if (rc == ASSAY_OK)
		rc = check_apart(gate, err);
	if (rc == ASSAY_OK)
		rc = check_machines(gate, err);
	if (rc == ASSAY_OK)
		rc = check_sandboxes(gate, err);
	if (rc == ASSAY_OK)
		rc = remark_profiles(gate, err);
	if (rc == ASSAY_OK)
		rc = stored_pairs_load(&gate->sides[0].stored, gate->sides[0].run,
				       &gate->sides[1].stored, gate->sides[1].run, NULL,
				       cli_value(gate->args, "metric"), gate->policy.policy.m0,
				       &x.both, err);
	if (rc == ASSAY_OK)
		rc = check_bindings(&x.both.pairs, err);
	if (rc == ASSAY_OK)
		rc = remark(&x, err);
	if (rc == ASSAY_OK)
		rc = add_rows(&x, err);
	if (rc == ASSAY_OK)
		rc = store_verdicts(gate, &x.both.pairs, err);
	for (int i = 0; i < 2; i++)
		if (gate->sides[i].run)
			(i ? &gate->report.cand : &gate->report.base)->run = gate->sides[i].run->id;
	stored_pairs_done(&x.both);
	return rc;
}

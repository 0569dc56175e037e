/* SPDX-License-Identifier: MIT */
/* engine: oracles first, then launches in seeded order, a result as soon as its case is complete. */
#include "harness/engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "harness/engine/program.h"
#include "harness/engine/replay.h"

/* What the oracle said of one subject; asked once per run, before its first case. */
struct verdict {
	bool asked;
	enum assay_status status;
	char reason[512];
};

enum { OURS, ANCHORS, SIDES };

struct progress_of_case {
	struct assay_collect sides[SIDES];
	unsigned launches_left;
	bool closed; /* results handed out */
};

struct execution {
	const struct assay_registry *registry;
	const struct assay_plan *plan;
	const struct assay_engine_options *options;
	const struct assay_engine_sink *sink;
	struct verdict *verdicts[SIDES]; /* one per subject of the registry */
	struct progress_of_case *cases;
	uint64_t began_ns;
};

static struct assay_launch launch_of(const struct execution *x, int side,
				     const struct assay_job *job,
				     const struct assay_subject_entry *subject, unsigned threads)
{
	const struct assay_anchor *anchor = x->options->anchor;
	return (struct assay_launch){
		.program = side == OURS ? x->options->program : anchor->program,
		.sandbox = x->options->sandbox,
		.plugins = side == OURS ? assay_registry_plugins(x->registry) : anchor->plugins,
		.job = job,
		.environment = subject ? subject->subject->environment : NULL,
		.n_threads = threads,
		.timeout_ns = x->options->timeout_ns,
		.interrupted = x->options->interrupted,
	};
}

static enum assay_code ignore_record(void *context, enum assay_frame_type type, const void *payload,
				     size_t length, struct assay_err *err)
{
	(void)context;
	(void)type;
	(void)payload;
	(void)length;
	(void)err;
	return ASSAY_OK;
}

static enum assay_code ask_oracle(struct execution *x, int side,
				  const struct assay_subject_entry *subject,
				  struct verdict *verdict, struct assay_err *err)
{
	const struct assay_job job = {
		.check_suite = subject->suite,
		.check_subject = subject->name,
		.seed = x->options->seed,
		.memory_bytes = x->options->memory_bytes,
	};
	struct assay_launch launch = launch_of(x, side, &job, subject, 1);
	struct assay_outcome outcome;
	enum assay_code rc = assay_launch_run(&launch, ignore_record, NULL, &outcome, err);
	if (rc != ASSAY_OK)
		return rc;
	verdict->asked = true;
	verdict->status = outcome.status;
	if (outcome.status == ASSAY_STATUS_OK || outcome.status == ASSAY_STATUS_SKIPPED)
		assay_copy(verdict->reason, sizeof(verdict->reason), outcome.reason);
	else
		snprintf(verdict->reason, sizeof(verdict->reason), "its oracle (seed %llu): %.440s",
			 (unsigned long long)x->options->seed, outcome.reason);
	return ASSAY_OK;
}

static enum assay_code verdict_on(struct execution *x, int side, const struct assay_case *c,
				  const struct verdict **ret, struct assay_err *err)
{
	const struct assay_subject_entry *all;
	assay_registry_subjects(x->registry, &all);
	*ret = NULL;
	if (!c->subject)
		return ASSAY_OK;
	struct verdict *verdict = &x->verdicts[side][c->subject - all];
	*ret = verdict;
	return verdict->asked ? ASSAY_OK : ask_oracle(x, side, c->subject, verdict, err);
}

static void add_param(struct assay_case *c, const char *name, const char *text)
{
	c->params[c->n_params].name = name;
	assay_copy(c->params[c->n_params].text, sizeof(c->params[0].text), text);
	c->params[c->n_params++].value = -1;
}

enum assay_code assay_ranks_case(const struct assay_ranks *ranks, const struct assay_case *c,
				 struct assay_case *ret, struct assay_err *err)
{
	char number[16];
	*ret = *c;
	ret->name = NULL;
	if (c->n_params + 2 > ASSAY_CASE_MAX_AXES)
		return assay_fail(err, ASSAY_EBUG, "%s has too many axes for ranks", c->name);
	snprintf(number, sizeof(number), "%u", ranks->n);
	add_param(ret, "ranks", number);
	add_param(ret, "binding", ranks->world.binding);
	return assay_case_compose(ret, err);
}

/* The results of a case that ranks measured, under the name that says so. */
static enum assay_code ranks_results(const struct execution *x, size_t i, struct assay_err *err)
{
	struct assay_planned planned = x->plan->cases[i];
	enum assay_code rc =
		assay_ranks_case(x->options->ranks, &x->plan->cases[i].c, &planned.c, err);
	if (rc == ASSAY_OK)
		rc = assay_collect_results(&x->cases[i].sides[OURS], &planned, x->options->noise,
					   x->sink->result, x->sink->context, err);
	assay_case_done(&planned.c);
	return rc;
}

/* Hand out what is known of a case and forget its samples. */
static enum assay_code close_case(struct execution *x, size_t i, struct assay_err *err)
{
	struct progress_of_case *p = &x->cases[i];
	p->closed = true;
	p->launches_left = 0;
	const struct assay_anchor *anchor = x->options->anchor;
	enum assay_code rc = ASSAY_OK;
	/* The primary metric comes last: whoever finds it stored knows that all of the case is. */
	if (anchor)
		rc = assay_anchor_results(anchor, &p->sides[OURS], &p->sides[ANCHORS],
					  &x->plan->cases[i], x->options->noise, x->sink->result,
					  x->sink->context, err);
	if (rc == ASSAY_OK)
		rc = x->options->ranks ? ranks_results(x, i, err)
				       : assay_collect_results(&p->sides[OURS], &x->plan->cases[i],
							       x->options->noise, x->sink->result,
							       x->sink->context, err);
	for (int side = 0; side < SIDES; side++)
		assay_collect_done(&p->sides[side]);
	return rc;
}

static void give_up(struct assay_collect *collect, enum assay_status status, const char *reason)
{
	assay_collect_begin(collect);
	collect->status = status;
	assay_copy(collect->reason, sizeof(collect->reason), reason);
}

static enum assay_code close_without(struct execution *x, size_t i, enum assay_status status,
				     const char *reason, struct assay_err *err)
{
	give_up(&x->cases[i].sides[OURS], status, reason);
	return close_case(x, i, err);
}

/* A seed of its own for each launch of each case, the same again for the same run seed. */
static uint64_t launch_seed(uint64_t seed, const char *name, unsigned launch)
{
	uint64_t state = seed + launch;
	for (const char *c = name; *c; c++) {
		state ^= (unsigned char)*c;
		assay_splitmix(&state);
	}
	return assay_splitmix(&state);
}

/* The counts of a replay go among the counters; they say nothing about the case's times or status. */
static enum assay_code replay(struct execution *x, size_t i, struct assay_err *err)
{
	const struct assay_case *c = &x->plan->cases[i].c;
	struct assay_collect *collect = &x->cases[i].sides[OURS];
	const struct assay_replay request = {
		.program = x->options->program,
		.plugins = assay_registry_plugins(x->registry),
		.case_name = c->name,
		.environment = c->subject ? c->subject->subject->environment : NULL,
		.timeout_ns = x->options->timeout_ns,
		.memory_bytes = x->options->memory_bytes,
		.interrupted = x->options->interrupted,
	};
	struct assay_replayed replayed = {.status = ASSAY_STATUS_SKIPPED};
	struct assay_err why = {0};
	enum assay_code rc = ASSAY_OK;
	if (assay_replay_probe_case(c, &why) == ASSAY_OK)
		rc = assay_replay_case(&request, &replayed, err);
	else
		assay_copy(replayed.reason, sizeof(replayed.reason), why.text);
	if (rc == ASSAY_OK)
		assay_replay_add(&replayed, collect->counters, COLLECT_MAX_COUNTERS,
				 &collect->n_counters);
	return rc;
}

static enum assay_code launch_ranks(struct execution *x, size_t i,
				    const struct assay_launch *launch, struct assay_outcome *ret,
				    struct assay_err *err)
{
	char remark[256];
	enum assay_code rc = assay_ranks_run(x->options->ranks, launch, &x->cases[i].sides[OURS],
					     ret, remark, err);
	if (rc == ASSAY_OK && *remark && x->sink->remark)
		x->sink->remark(x->sink->context, x->plan->cases[i].c.name, remark);
	return rc;
}

static enum assay_code measure_side(struct execution *x, int side, size_t i, uint64_t seed,
				    struct assay_err *err)
{
	const struct assay_planned *planned = &x->plan->cases[i];
	const struct assay_program *program = planned->c.bench->program;
	struct assay_collect *collect = &x->cases[i].sides[side];
	bool counted = side == OURS && collect->launches_done == 0;
	ASSAY_AUTO_FREE char *theirs = NULL;
	if (side == ANCHORS && program) {
		enum assay_code rc =
			assay_anchor_describe(x->options->anchor, planned->c.bench, &theirs, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	const struct assay_job job = {
		.case_name = planned->c.name,
		.program = theirs    ? theirs
			   : program ? program->description
				     : NULL,
		.timeout_ns = program ? x->options->timeout_ns : 0,
		.cpus = planned->cpus,
		.n_cpus = planned->cpus ? planned->c.threads : 0,
		.seed = seed,
		.effort = x->options->effort,
		.driver = x->options->driver,
		.events = counted ? x->options->events : NULL,
		.memory_bytes = x->options->memory_bytes,
	};
	struct assay_launch launch =
		launch_of(x, side, &job, planned->c.subject, planned->c.threads);
	if (program)
		assay_program_launch(program, &launch);
	uint64_t began = assay_now_ns();
	assay_collect_begin(collect);
	struct assay_outcome outcome;
	enum assay_code rc = x->options->ranks ? launch_ranks(x, i, &launch, &outcome, err)
					       : assay_launch_run(&launch, assay_collect_record,
								  collect, &outcome, err);
	if (rc != ASSAY_OK)
		return rc;
	collect->elapsed_ns += assay_now_ns() - began;
	return assay_collect_end(collect, outcome.status, outcome.reason, err);
}

/* Is the anchor to be measured beside case i? Once it could not be, it is left alone. */
static enum assay_code anchor_wanted(struct execution *x, size_t i, bool *ret,
				     struct assay_err *err)
{
	const struct assay_case *c = &x->plan->cases[i].c;
	struct assay_collect *collect = &x->cases[i].sides[ANCHORS];
	const struct verdict *verdict = NULL;
	const struct assay_anchor *anchor = x->options->anchor;
	*ret = anchor && assay_anchor_may_have(anchor, c->bench) &&
	       collect->status == ASSAY_STATUS_OK;
	if (!*ret)
		return ASSAY_OK;
	enum assay_code rc = verdict_on(x, ANCHORS, c, &verdict, err);
	if (rc != ASSAY_OK || !verdict || verdict->status == ASSAY_STATUS_OK)
		return rc;
	give_up(collect, verdict->status, verdict->reason);
	*ret = false;
	return ASSAY_OK;
}

static enum assay_code measure_launch(struct execution *x, size_t i, unsigned launch_number,
				      struct assay_err *err)
{
	struct progress_of_case *p = &x->cases[i];
	uint64_t seed = launch_seed(x->options->seed, x->plan->cases[i].c.name, launch_number);
	bool anchored;
	enum assay_code rc = anchor_wanted(x, i, &anchored, err);
	int first = anchored && seed >> 63 ? ANCHORS : OURS; /* the coin */
	if (rc == ASSAY_OK)
		rc = measure_side(x, first, i, seed, err);
	if (rc == ASSAY_OK && anchored && p->sides[OURS].status == ASSAY_STATUS_OK)
		rc = measure_side(x, first == OURS ? ANCHORS : OURS, i, seed, err);
	if (rc != ASSAY_OK)
		return rc;
	p->launches_left--;
	/* a case that failed once is not measured further; what it has is kept */
	bool over = p->launches_left == 0 || p->sides[OURS].status != ASSAY_STATUS_OK;
	if (over && x->options->counts && p->sides[OURS].status == ASSAY_STATUS_OK)
		rc = replay(x, i, err);
	return over && rc == ASSAY_OK ? close_case(x, i, err) : rc;
}

static enum assay_code step(struct execution *x, size_t i, unsigned launch_number,
			    struct assay_err *err)
{
	const struct verdict *verdict;
	if (x->cases[i].closed)
		return ASSAY_OK;
	if (x->options->budget_ns && assay_now_ns() - x->began_ns > x->options->budget_ns)
		return close_without(x, i, ASSAY_STATUS_SKIPPED,
				     "the time budget was used up before its turn", err);
	enum assay_code rc = verdict_on(x, OURS, &x->plan->cases[i].c, &verdict, err);
	if (rc != ASSAY_OK)
		return rc;
	if (verdict && verdict->status != ASSAY_STATUS_OK)
		return close_without(x, i, verdict->status, verdict->reason, err);
	return measure_launch(x, i, launch_number, err);
}

static void report_progress(const struct execution *x, size_t done, size_t total, const char *name)
{
	const struct assay_progress progress = {
		.launches_done = done,
		.launches_total = total,
		.name = name,
		.elapsed_ns = assay_now_ns() - x->began_ns,
	};
	if (x->sink->progress)
		x->sink->progress(x->sink->context, &progress);
}

static enum assay_code run_schedule(struct execution *x, const uint32_t *order, size_t n,
				    struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t k = 0; rc == ASSAY_OK && k < n; k++) {
		size_t i = order[k] / x->options->launches;
		report_progress(x, k, n, x->plan->cases[i].c.name);
		if (x->options->interrupted && *x->options->interrupted)
			return assay_fail(err, ASSAY_EINTR, "interrupted");
		rc = step(x, i, order[k] % x->options->launches, err);
	}
	if (rc == ASSAY_OK)
		report_progress(x, n, n, NULL);
	return rc;
}

/* Is there a result of case i already, under the name it is to have? */
static enum assay_code ask_whether_known(struct execution *x, size_t i, bool *ret,
					 struct assay_err *err)
{
	const struct assay_case *c = &x->plan->cases[i].c;
	struct assay_case named = {0};
	enum assay_code rc = ASSAY_OK;
	if (!x->sink->known)
		return ASSAY_OK;
	if (x->options->ranks)
		rc = assay_ranks_case(x->options->ranks, c, &named, err);
	if (rc == ASSAY_OK)
		*ret = x->sink->known(x->sink->context, named.name ? named.name : c->name);
	assay_case_done(&named);
	return rc;
}

/* Before anything runs: what is known already, and what cannot run here. */
static enum assay_code settle(struct execution *x, struct assay_err *err)
{
	for (size_t i = 0; i < x->plan->n; i++) {
		const struct assay_planned *planned = &x->plan->cases[i];
		x->cases[i].launches_left = x->options->launches;
		enum assay_code known = ask_whether_known(x, i, &x->cases[i].closed, err);
		if (known != ASSAY_OK)
			return known;
		if (x->cases[i].closed)
			continue;
		if (!planned->skip)
			continue;
		enum assay_code rc = close_without(x, i, ASSAY_STATUS_SKIPPED, planned->skip, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

enum assay_code assay_engine_run(const struct assay_registry *registry,
				 const struct assay_plan *plan,
				 const struct assay_engine_options *options,
				 const struct assay_engine_sink *sink, struct assay_err *err)
{
	const struct assay_subject_entry *subjects;
	size_t n_subjects = assay_registry_subjects(registry, &subjects);
	struct execution x = {
		.registry = registry,
		.plan = plan,
		.options = options,
		.sink = sink,
		.verdicts = {calloc(n_subjects + 1, sizeof(struct verdict)),
			     calloc(n_subjects + 1, sizeof(struct verdict))},
		.cases = calloc(plan->n + 1, sizeof(struct progress_of_case)),
		.began_ns = assay_now_ns(),
	};
	uint32_t *order = NULL;
	size_t n = 0;
	enum assay_code rc = ASSAY_OK;
	if (!x.verdicts[OURS] || !x.verdicts[ANCHORS] || !x.cases)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	if (rc == ASSAY_OK)
		rc = assay_guard_start(err);
	if (rc == ASSAY_OK)
		rc = settle(&x, err);
	if (rc == ASSAY_OK)
		rc = assay_plan_schedule(plan, options->launches, options->seed, &order, &n, err);
	if (rc == ASSAY_OK)
		rc = run_schedule(&x, order, n, err);
	for (size_t i = 0; x.cases && i < plan->n; i++)
		for (int side = 0; side < SIDES; side++)
			assay_collect_done(&x.cases[i].sides[side]);
	free(order);
	free(x.cases);
	for (int side = 0; side < SIDES; side++)
		free(x.verdicts[side]);
	return rc;
}

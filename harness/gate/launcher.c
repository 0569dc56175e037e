/* SPDX-License-Identifier: MIT */
/* launcher: oracle, calibration, then one worker per launch and its samples in one number. */
#include "harness/gate/launcher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "harness/engine/program.h"
#include "harness/machine/proc.h"

/* A difference between the clock that counts suspension and the one that does not. */
#define SUSPENDED_NS 1000000

struct item {
	struct assay_collect collect[2];
	bool checked[2];
	uint64_t batch;
};

struct assay_gate_launcher {
	const struct assay_gate_side *sides[2];
	const struct assay_gate_match *matches;
	size_t n;
	struct assay_gate_launcher_options options;
	struct item *items;
	struct assay_rng rng;
};

static const struct assay_planned *planned_of(const struct assay_gate_launcher *l, size_t item,
					      enum assay_gate_which side)
{
	return &assay_gate_side_plan(l->sides[side])->cases[l->matches[item].index[side]];
}

/* ---- one worker ---- */

static const struct assay_program *program_of(const struct assay_gate_launcher *l, size_t item,
					      enum assay_gate_which side, unsigned variant)
{
	const struct assay_gate_side *s = l->sides[side];
	if (s->kind == ASSAY_SIDE_BUILD || s->kind == ASSAY_SIDE_PLUGIN)
		return NULL;
	size_t index = l->matches[item].index[side];
	return s->variants[variant].plan.cases[index].c.bench->program;
}

/* Run one job on one side. */
static enum assay_code run_worker(const struct assay_gate_launcher *l, size_t item,
				  enum assay_gate_which side, unsigned variant,
				  struct assay_job *job, assay_record_fn on_record, void *context,
				  struct assay_outcome *ret, struct assay_err *err)
{
	const struct assay_gate_side *s = l->sides[side];
	const struct assay_planned *planned = planned_of(l, item, side);
	const struct assay_program *program = program_of(l, item, side, variant);
	const char *file = s->variants[variant].file;
	const char *const plugins[] = {file, NULL}, *const none[] = {NULL};
	struct assay_launch launch = {
		.program = s->kind == ASSAY_SIDE_BUILD ? file : l->options.program,
		.sandbox = l->options.sandbox,
		.plugins = s->kind == ASSAY_SIDE_PLUGIN ? plugins : none,
		.job = job,
		.environment = planned->c.subject ? planned->c.subject->subject->environment : NULL,
		.n_threads = planned->c.threads,
		.timeout_ns = l->options.timeout_ns,
		.interrupted = l->options.interrupted,
	};
	if (program && job->case_name) {
		job->program = program->description;
		job->timeout_ns = l->options.timeout_ns;
		assay_program_launch(program, &launch);
	}
	return assay_launch_run(&launch, on_record, context, ret, err);
}

static enum assay_code measure(struct assay_gate_launcher *l, size_t item,
			       enum assay_gate_which side, unsigned variant, uint64_t seed,
			       struct assay_collect *collect, struct assay_outcome *ret,
			       struct assay_err *err)
{
	const struct assay_planned *base = planned_of(l, item, ASSAY_GATE_BASE);
	struct assay_job job = {
		.case_name = planned_of(l, item, side)->c.name,
		.cpus = base->cpus,
		.n_cpus = base->cpus ? base->c.threads : 0,
		.seed = seed,
		.effort = l->options.effort,
		.memory_bytes = l->options.memory_bytes,
	};
	job.effort.batch = l->items[item].batch;
	assay_collect_begin(collect);
	uint64_t began = assay_now_ns();
	enum assay_code rc =
		run_worker(l, item, side, variant, &job, assay_collect_record, collect, ret, err);
	collect->elapsed_ns += assay_now_ns() - began;
	return rc == ASSAY_OK ? assay_collect_end(collect, ret->status, ret->reason, err) : rc;
}

/* ---- before the first launch of a case ---- */

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

static bool same_subject(const struct assay_subject_entry *a, const struct assay_subject_entry *b)
{
	return strcmp(a->suite, b->suite) == 0 && strcmp(a->name, b->name) == 0;
}

/* Ask each subject's oracle once per side; an answer holds for all cases of the subject. */
static enum assay_code check(struct assay_gate_launcher *l, size_t item, enum assay_gate_which side,
			     struct assay_gate_launch *ret, struct assay_err *err)
{
	const struct assay_subject_entry *subject = planned_of(l, item, side)->c.subject;
	if (!subject || l->items[item].checked[side])
		return ASSAY_OK;
	struct assay_job job = {
		.check_suite = subject->suite,
		.check_subject = subject->name,
		.seed = l->options.seed,
		.memory_bytes = l->options.memory_bytes,
	};
	struct assay_outcome outcome;
	enum assay_code rc = run_worker(l, item, side, 0, &job, ignore_record, NULL, &outcome, err);
	if (rc != ASSAY_OK)
		return rc;
	ret->status = outcome.status;
	snprintf(ret->reason, sizeof(ret->reason), "%s%.480s",
		 outcome.status == ASSAY_STATUS_FAILED ? "its answers are wrong: " : "",
		 outcome.reason);
	if (outcome.status != ASSAY_STATUS_OK)
		return ASSAY_OK;
	for (size_t i = 0; i < l->n; i++) {
		const struct assay_subject_entry *other = planned_of(l, i, side)->c.subject;
		if (other && same_subject(subject, other))
			l->items[i].checked[side] = true;
	}
	return ASSAY_OK;
}

/* How many operations fill a sample, by a launch of the base that is not kept. */
static enum assay_code calibrate(struct assay_gate_launcher *l, size_t item,
				 struct assay_gate_launch *ret, struct assay_err *err)
{
	struct assay_collect collect = {0};
	struct assay_outcome outcome;
	enum assay_code rc =
		measure(l, item, ASSAY_GATE_BASE, 0, l->options.seed, &collect, &outcome, err);
	l->items[item].batch = collect.batch;
	assay_collect_done(&collect);
	if (rc != ASSAY_OK)
		return rc;
	ret->status = outcome.status;
	assay_copy(ret->reason, sizeof(ret->reason), outcome.reason);
	return ASSAY_OK;
}

/* ---- one launch ---- */

/* Time the machine has slept since it was started; 0 where that cannot be known. */
static int64_t slept_ns(void)
{
	struct timespec boot, run;
	if (clock_gettime(CLOCK_BOOTTIME, &boot) != 0 || clock_gettime(CLOCK_MONOTONIC, &run) != 0)
		return 0;
	return (int64_t)(boot.tv_sec - run.tv_sec) * 1000000000 + (boot.tv_nsec - run.tv_nsec);
}

static struct proc_ticks ticks_now(void)
{
	struct proc_why why;
	struct proc_ticks ticks = {0};
	ASSAY_AUTO_FREE char *text = proc_read("", "/proc/stat", &why);
	if (!text || !proc_stat_ticks(text, &ticks))
		return (struct proc_ticks){0};
	return ticks;
}

static const struct collect_metric *metric_of(const struct assay_gate_launcher *l,
					      const struct assay_collect *collect)
{
	if (!l->options.metric)
		return collect->n_metrics ? &collect->metrics[0] : NULL;
	for (size_t i = 0; i < collect->n_metrics; i++)
		if (strcmp(collect->metrics[i].name, l->options.metric) == 0)
			return &collect->metrics[i];
	return NULL;
}

/* Whether the launch that just ended reported the metric; one that it did not keeps the samples of launches before. */
static bool reported(const struct assay_collect *collect, const struct collect_metric *m)
{
	for (size_t i = 0; i < collect->n_index; i++)
		if (&collect->metrics[collect->index[i]] == m)
			return true;
	return false;
}

/* The samples of the launch that just ended, in one number. */
static enum assay_code summarise(const struct assay_gate_launcher *l,
				 const struct assay_collect *collect, struct assay_gate_launch *ret,
				 struct assay_err *err)
{
	const struct collect_metric *m = metric_of(l, collect);
	if (!m || !m->launches || !reported(collect, m)) {
		ret->status = ASSAY_STATUS_FAILED;
		snprintf(ret->reason, sizeof(ret->reason), "it reports no metric '%.60s'",
			 l->options.metric ? l->options.metric : "");
		return ASSAY_OK;
	}
	size_t from = m->launches > 1 ? m->launch_end[m->launches - 2] : 0, n = m->n - from;
	ASSAY_AUTO_FREE double *scratch = calloc(n + 1, sizeof(*scratch));
	bool preempted_used;
	if (!scratch)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a launch");
	ret->summary = assay_gate_launch(m->values + from, m->flags + from, n, m->better, scratch,
					 &preempted_used);
	ret->better = m->better;
	ret->samples = n;
	ret->values = m->values + from;
	for (size_t i = from; i < m->n; i++)
		ret->preempted += (m->flags[i] & ASSAY_SAMPLE_PREEMPTED) != 0;
	return ASSAY_OK;
}

/* What a side needs before it can be launched for the first time; ret->status says how it went. */
static enum assay_code prepare(void *context, size_t item, enum assay_gate_which side,
			       struct assay_gate_launch *ret, struct assay_err *err)
{
	struct assay_gate_launcher *l = context;
	enum assay_code rc = check(l, item, side, ret, err);
	if (rc != ASSAY_OK || ret->status != ASSAY_STATUS_OK || side != ASSAY_GATE_BASE)
		return rc;
	return calibrate(l, item, ret, err);
}

static enum assay_code launch(void *context, size_t item, enum assay_gate_which side, uint64_t seed,
			      struct assay_gate_launch *ret, struct assay_err *err)
{
	struct assay_gate_launcher *l = context;
	struct assay_collect *collect = &l->items[item].collect[side];
	struct assay_outcome outcome;
	ret->variant = (unsigned)assay_rng_below(&l->rng, l->sides[side]->n_variants);
	int64_t slept = slept_ns();
	struct proc_ticks before = ticks_now();
	enum assay_code rc = measure(l, item, side, ret->variant, seed, collect, &outcome, err);
	if (rc != ASSAY_OK)
		return rc;
	struct proc_ticks after = ticks_now();
	ret->ticks = after.total - before.total;
	ret->steal_ticks = after.steal - before.steal;
	ret->suspended = slept_ns() - slept > SUSPENDED_NS;
	ret->status = outcome.status;
	assay_copy(ret->reason, sizeof(ret->reason), outcome.reason);
	return outcome.status == ASSAY_STATUS_OK ? summarise(l, collect, ret, err) : ASSAY_OK;
}

/* ---- the launcher ---- */

enum assay_code assay_gate_launcher_new(const struct assay_gate_side *const sides[2],
					const struct assay_gate_match *matches, size_t n,
					const struct assay_gate_launcher_options *options,
					struct assay_gate_launcher **ret, struct assay_err *err)
{
	struct assay_gate_launcher *l = calloc(1, sizeof(*l));
	struct item *items = calloc(n + 1, sizeof(*items));
	if (!l || !items) {
		free(l);
		free(items);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a gate");
	}
	*l = (struct assay_gate_launcher){
		.sides = {sides[0], sides[1]},
		.matches = matches,
		.n = n,
		.options = *options,
		.items = items,
	};
	assay_rng_init(&l->rng, options->seed);
	enum assay_code rc = assay_guard_start(err);
	if (rc == ASSAY_OK)
		*ret = l;
	else
		assay_gate_launcher_free(l);
	return rc;
}

void assay_gate_launcher_free(struct assay_gate_launcher *launcher)
{
	if (!launcher)
		return;
	for (size_t i = 0; i < launcher->n; i++)
		for (int side = 0; side < 2; side++)
			assay_collect_done(&launcher->items[i].collect[side]);
	free(launcher->items);
	free(launcher);
}

static void progress(void *context, size_t item, size_t pairs_done, size_t open)
{
	const struct assay_gate_launcher *l = context;
	if (l->options.progress)
		l->options.progress(l->options.context, item, pairs_done, open);
}

struct assay_gate_source assay_gate_launcher_source(struct assay_gate_launcher *launcher)
{
	return (struct assay_gate_source){prepare, launch, progress, launcher};
}

struct assay_metric_info assay_gate_launcher_metric(const struct assay_gate_launcher *launcher,
						    size_t item)
{
	for (int side = 0; side < 2; side++) {
		const struct collect_metric *m =
			metric_of(launcher, &launcher->items[item].collect[side]);
		if (m)
			return (struct assay_metric_info){m->name, m->unit, m->better};
	}
	const struct assay_case *c = &planned_of(launcher, item, ASSAY_GATE_BASE)->c;
	return assay_primary_metric(c->bench->bench, c->subject ? c->subject->subject : NULL);
}

uint64_t assay_gate_launcher_elapsed_ns(const struct assay_gate_launcher *launcher, size_t item)
{
	const struct item *of = &launcher->items[item];
	return of->collect[ASSAY_GATE_BASE].elapsed_ns + of->collect[ASSAY_GATE_CAND].elapsed_ns;
}

enum assay_code assay_gate_launcher_replay(const struct assay_gate_launcher *l, size_t item,
					   enum assay_gate_which side,
					   struct assay_gate_replay_of *ret, struct assay_err *err)
{
	const struct assay_gate_side *s = l->sides[side];
	const struct assay_case *c = &planned_of(l, item, side)->c;
	if (s->kind == ASSAY_SIDE_GBENCH || s->kind == ASSAY_SIDE_COMMAND)
		return assay_fail(err, ASSAY_SKIP, "programs are not replayed");
	if (c->threads > 1)
		return assay_fail(err, ASSAY_SKIP, "several threads do not repeat exactly");
	/* another build says of its own cases what they are; this one can only tell of its own */
	enum assay_code rc =
		s->kind == ASSAY_SIDE_PLUGIN ? assay_replay_probe_case(c, err) : ASSAY_OK;
	const char *file = s->variants[0].file;
	*ret = (struct assay_gate_replay_of){
		.replay = {.program = s->kind == ASSAY_SIDE_BUILD ? file : l->options.program,
			   .case_name = c->name,
			   .environment = c->subject ? c->subject->subject->environment : NULL,
			   .timeout_ns = l->options.timeout_ns,
			   .memory_bytes = l->options.memory_bytes,
			   .interrupted = l->options.interrupted},
		.plugins = {s->kind == ASSAY_SIDE_PLUGIN ? file : NULL, NULL},
	};
	ret->replay.plugins = ret->plugins;
	return rc;
}

bool assay_gate_launcher_launched(const struct assay_gate_launcher *launcher, size_t item,
				  enum assay_gate_which side)
{
	return launcher->items[item].collect[side].launches_done > 0;
}

enum assay_code assay_gate_launcher_results(const struct assay_gate_launcher *launcher, size_t item,
					    enum assay_gate_which side, char noise,
					    assay_result_fn on_result, void *context,
					    struct assay_err *err)
{
	return assay_collect_results(&launcher->items[item].collect[side],
				     planned_of(launcher, item, side), noise, on_result, context,
				     err);
}

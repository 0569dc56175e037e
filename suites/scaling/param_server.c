/* SPDX-License-Identifier: MIT */
/*
 * param_server: one operation is one worker's round: a gradient pushed and the parameters pulled. Workers are pinned
 * processes that do the same number of rounds at the same time; the time is that of the slowest.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/scaling/params.h"
#include "suites/scaling/scaling.h"

extern const struct assay_subject assay_subject_scaling_processes;

enum { WORKERS_MOST = 64 };

/* In memory that the workers see. */
struct shared {
	const struct params_ops *ops;
	struct params *params;
	size_t count;
	uint64_t n;                  /* rounds of this batch */
	_Atomic uint64_t all_rounds; /* of everybody, ever */
	_Atomic uint32_t waiting;    /* workers that are not ready */
	struct worker {
		_Alignas(ASSAY_CACHE_LINE) struct params_link
			*link; /* means something in its process only */
		float *gradient, *pulled;
		uint64_t ns;
		enum assay_code code;
		struct assay_err err;
	} workers[WORKERS_MOST];
};

struct state {
	const struct team_ops *team_ops;
	struct team *team;
	struct shared *shared;
	unsigned workers;
};

static void connect_part(void *context, unsigned part, unsigned parts)
{
	struct shared *s = context;
	struct worker *w = &s->workers[part];
	(void)parts;
	w->code = s->ops->connect(s->params, &w->link, &w->err);
	w->gradient = aligned_alloc(64, (s->count * sizeof(float) + 63) / 64 * 64);
	w->pulled = aligned_alloc(64, (s->count * sizeof(float) + 63) / 64 * 64);
	if (w->code == ASSAY_OK && (!w->gradient || !w->pulled))
		w->code = assay_fail(&w->err, ASSAY_ENOMEM, "no memory for a worker's parameters");
	for (size_t i = 0; w->code == ASSAY_OK && i < s->count; i++) {
		w->gradient[i] = 1;
		w->pulled[i] = -1;
	}
}

/* After it the worker can read parameters that have its gradient in them. */
static enum assay_code round_of(const struct params_ops *ops, struct worker *w)
{
	if (ops->view)
		return ops->push(w->link, w->gradient, &w->err);
	return params_exchange(ops, w->link, w->gradient, w->pulled, &w->err);
}

static void rounds_part(void *context, unsigned part, unsigned parts)
{
	struct shared *s = context;
	struct worker *w = &s->workers[part];
	(void)parts;
	s->waiting--;
	while (atomic_load_explicit(&s->waiting, memory_order_acquire))
		assay_cpu_relax();
	uint64_t begin = assay_now_ns();
	for (uint64_t i = 0; i < s->n && w->code == ASSAY_OK; i++)
		w->code = round_of(s->ops, w);
	w->ns = assay_now_ns() - begin;
	s->all_rounds += s->n;
}

/* When everybody is done, everything pushed is in what is pulled. */
static void verify_part(void *context, unsigned part, unsigned parts)
{
	struct shared *s = context;
	struct worker *w = &s->workers[part];
	(void)parts;
	if (w->code != ASSAY_OK || !s->ops->computes)
		return;
	/* Beyond 2^24 a float no longer counts by one. */
	uint64_t due = s->ops->sums ? s->all_rounds : 1;
	const float *seen = s->ops->view ? s->ops->view(w->link) : w->pulled;
	if (!s->ops->view)
		w->code = s->ops->pull(w->link, w->pulled, &w->err);
	for (size_t i = 0; w->code == ASSAY_OK && due < 1u << 24 && i < s->count; i++)
		if (seen[i] != (float)due)
			w->code = assay_fail(&w->err, ASSAY_ECHECK,
					     "parameter %zu is %g after %llu rounds, not %llu", i,
					     (double)seen[i], (unsigned long long)s->all_rounds,
					     (unsigned long long)due);
}

static enum assay_code do_part(struct state *s, team_part part, struct assay_err *err)
{
	enum assay_code code = s->team_ops->run(s->team, part, s->shared, err);
	for (unsigned i = 0; i < s->workers && code == ASSAY_OK; i++)
		if (s->shared->workers[i].code != ASSAY_OK)
			code = assay_fail(err, s->shared->workers[i].code, "worker %u: %s", i,
					  s->shared->workers[i].err.text);
	return code;
}

static enum assay_code begin(struct assay_run *run, struct state *s, struct assay_err *err)
{
	int cpus[WORKERS_MOST];
	for (unsigned i = 0; i < s->workers; i++)
		cpus[i] = assay_cpu(run, i);
	enum assay_code code = s->shared->ops->start(s->shared->count, &s->shared->params, err);
	if (code == ASSAY_OK)
		code = s->team_ops->start(s->workers, cpus, &s->team, err);
	return code == ASSAY_OK ? do_part(s, connect_part, err) : code;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	s->shared = team_alloc(sizeof(*s->shared));
	s->team_ops = assay_subject_scaling_processes.ops;
	s->workers = assay_threads(run);
	size_t bytes = (size_t)assay_axis(run, "size");
	if (s->workers > WORKERS_MOST) {
		assay_skip(run, "%u workers are more than %d", s->workers, WORKERS_MOST);
		return;
	}
	if (!assay_check(run, s->shared != NULL, "out of memory") ||
	    !assay_check(run, bytes >= sizeof(float), "size is 4 bytes or more"))
		return;
	s->shared->ops = assay_subject(run);
	s->shared->count = bytes / sizeof(float);
	enum assay_code code = begin(run, s, &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		assay_set_bytes_per_op(run, 2.0 * (double)bytes);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	if (s->shared &&
	    s->shared->workers[0].link) /* those of the others end with their processes */
		s->shared->ops->disconnect(s->shared->workers[0].link);
	if (s->shared) {
		free(s->shared->workers[0].gradient);
		free(s->shared->workers[0].pulled);
	}
	if (s->team)
		s->team_ops->stop(s->team);
	if (s->shared && s->shared->ops)
		s->shared->ops->stop(s->shared->params);
	team_free(s->shared, sizeof(*s->shared));
	free(s);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct state *s = assay_state(run);
	s->shared->n = n;
	s->shared->waiting = s->workers;
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t slowest = 0;
	bool done = false;
	ASSAY_LOOP (run) {
		if (!done)
			code = do_part(s, rounds_part, &err);
		done = true;
	}
	if (code == ASSAY_OK)
		code = do_part(s, verify_part, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return;
	for (unsigned i = 0; i < s->workers; i++)
		if (s->shared->workers[i].ns > slowest)
			slowest = s->shared->workers[i].ns;
	assay_set_elapsed_ns(run, (double)slowest);
}

const struct assay_bench assay_bench_scaling_param_server = {
	.brief = "a worker's gradient pushed and the parameters pulled",
	.source =
		"Li et al., Scaling Distributed Machine Learning with the Parameter Server, OSDI 2014",
	.claim = "S0.paramserver",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "64Ki,4Mi"}),
	.subjects = SCALING_PARAMS,
	.threads = "ncores",
	.own_threads = true,
	.thorough = true,
	.version = 2,
};

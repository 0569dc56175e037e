/* SPDX-License-Identifier: MIT */
/* strong: one operation is one k-means step over all points, shared out over the team. */
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/scaling/kmeans.h"
#include "suites/scaling/scaling.h"

enum { MOST_TURNS = 2 };

struct strong {
	const struct team_ops *ops;
	struct team *team;
	struct kmeans *km;
	uint64_t batch;
	double serial_ns; /* the serial code, run just before the batch */
};

static enum assay_code start_team(struct assay_run *run, struct strong *s, struct assay_err *err)
{
	unsigned threads = assay_threads(run);
	int cpus[KMEANS_MAX_PARTS];
	enum assay_code code = kmeans_new((size_t)assay_axis(run, "points"), threads,
					  assay_seed(run), &s->km, err);
	if (code != ASSAY_OK)
		return code;
	for (unsigned i = 0; i < threads; i++)
		cpus[i] = assay_cpu(run, i);
	code = s->ops->start(threads, cpus, &s->team, err);
	if (code == ASSAY_OK)
		code = s->ops->run(s->team, kmeans_fill_part, s->km, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct strong *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	struct assay_err err = {0};
	enum assay_code code = start_team(run, s, &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		assay_set_flops_per_op(run, kmeans_flops(s->km));
}

static void teardown(struct assay_run *run)
{
	struct strong *s = assay_state(run);
	if (!s)
		return;
	s->ops->stop(s->team);
	kmeans_free(s->km);
	free(s);
}

/*
 * The baseline belongs to the moment: it is measured right before every batch, on the same CPU while
 * the team sleeps, so that a change of clock or of neighbours touches both sides of the ratio.
 */
static void prepare(struct assay_run *run, uint64_t n)
{
	struct strong *s = assay_state(run);
	s->batch = n;
	kmeans_poison(s->km);
	/* As warm as the team will be but for its first step: the others' shares were in their caches. */
	kmeans_step_serial(s->km);
	uint64_t turns = n < MOST_TURNS ? n : MOST_TURNS, begin = assay_now_ns();
	for (uint64_t i = 0; i < turns; i++)
		kmeans_step_serial(s->km);
	s->serial_ns = (double)(assay_now_ns() - begin) / (double)turns;
}

static void report(struct assay_run *run, const struct strong *s, double team_ns)
{
	double speedup = s->serial_ns / team_ns;
	assay_metric(run, "serial", "ns", ASSAY_LOWER, s->serial_ns);
	assay_metric(run, "speedup", "ratio", ASSAY_HIGHER, speedup);
	/* Of all threads' time. Above 1 the baseline is suspicious, see docs/suites/scaling.md. */
	assay_metric(run, "efficiency", "ratio", ASSAY_HIGHER, speedup / assay_threads(run));
}

static void body(struct assay_run *run)
{
	struct strong *s = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t team_ns = 0;
	ASSAY_LOOP (run) {
		uint64_t begin = assay_now_ns();
		enum assay_code one = s->ops->run(s->team, kmeans_step_part, s->km, &err);
		kmeans_merge(s->km);
		team_ns += assay_now_ns() - begin;
		if (one != ASSAY_OK)
			code = one;
	}
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) || !s->ops->computes)
		return;
	code = kmeans_compare(s->km, &err);
	if (assay_check(run, code == ASSAY_OK, "%s", err.text))
		report(run, s, (double)team_ns / (double)s->batch);
}

const struct assay_bench assay_bench_scaling_strong = {
	.brief = "one k-means step of fixed size over 1 to all cores, against the best serial code",
	.source = "Lloyd, Least squares quantization in PCM, 1982; Amdahl, AFIPS 1967",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"points", "points", "16Ki,128Ki", "32Ki"}),
	.threads = "1..ncores",
	.own_threads = true,
	.version = 2,
};

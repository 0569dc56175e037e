/* SPDX-License-Identifier: MIT */
/*
 * drift: one value seen by a detector of concept drift. How often it is right is in the metrics, which depend on
 * the seed and not on the machine: a detector that sees everything is fast, and one that cries at everything too.
 */
#include "suites/scaling/drift.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"

enum { VALUES = 1 << 14, PHASE = 1 << 10, STREAMS = 200 };

struct state {
	struct detector *detector;
	struct drift_score score;
	uint32_t next;
	uint8_t values[VALUES]; /* a phase as it was, a phase worse, and so on */
};

static void fill(struct state *s, double shift, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	for (int i = 0; i < VALUES; i++)
		s->values[i] = assay_rng_unit(&rng) < 0.2 + (i / PHASE % 2 ? shift : 0);
}

static void setup(struct assay_run *run)
{
	const struct detector_ops *ops = assay_subject(run);
	struct state *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	double shift = assay_axis(run, "shift");
	if (!assay_check(run, s != NULL, "out of memory"))
		return;
	assay_set_state(run, s);
	if (!(shift > 0 && shift <= 0.8)) {
		assay_skip(run,
			   "shift must be above 0 and at most 0.8: one value in five is an "
			   "error before it");
		return;
	}
	fill(s, shift, assay_seed(run));
	s->detector = ops->start(shift);
	enum assay_code code = drift_score(ops, shift, STREAMS, assay_seed(run), &s->score, &err);
	assay_check(run, s->detector && code == ASSAY_OK, "out of memory %s", err.text);
}

static void teardown(struct assay_run *run)
{
	const struct detector_ops *ops = assay_subject(run);
	struct state *s = assay_state(run);
	if (s)
		ops->stop(s->detector);
	free(s);
}

static void body(struct assay_run *run)
{
	const struct detector_ops *ops = assay_subject(run);
	struct state *s = assay_state(run);
	struct detector *detector = s->detector;
	const uint8_t *values = s->values;
	uint32_t i = s->next;

	ASSAY_LOOP (run)
		assay_keep(ops->see(detector, values[i++ % VALUES]));
	s->next = i % VALUES;
	if (ops->is_null)
		return;
	assay_metric(run, "found", "ratio", ASSAY_HIGHER, s->score.found);
	assay_metric(run, "false_alarms", "ratio", ASSAY_LOWER, s->score.false_alarms);
	if (isfinite(s->score.delay))
		assay_metric(run, "delay", "count", ASSAY_LOWER, s->score.delay);
}

const struct assay_bench assay_bench_scaling_drift = {
	.brief = "one value of a stream of errors seen by a detector of change",
	.source = "Page, Biometrika 41, 1954; Gama et al., SBIA 2004",
	.claim = "S3.stream",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = SCALING_DETECTOR,
	.axes = ASSAY_AXES({"shift", "share", "0.1,0.3,0.5", "0.3"}),
	.thorough = true,
};

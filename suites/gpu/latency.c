/* SPDX-License-Identifier: MIT */
/*
 * latency: one work item goes from line to line of the device's memory, each load waiting for the one before. Lines
 * are in random order, so that nothing is fetched ahead; one operation is one load.
 */
#include <stdlib.h>

#include "suites/gpu/walk.h"

enum { STEPS = 1 << 16 };

struct latency {
	struct gpu_walk walk;
	uint64_t batch;
};

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct latency *t = calloc(1, sizeof(*t));
	double ns;
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->walk.session.ops = assay_subject(run);
	size_t lines = (size_t)assay_axis(run, "size") / GPU_LINE_BYTES;
	if (lines < 2 || lines > UINT32_MAX / GPU_LINE_WORDS) {
		assay_skip(run, "size must be 256 bytes to 16 GiB");
		return;
	}
	assay_set_ops_per_iteration(run, STEPS);
	enum assay_code code = gpu_walk_open(&t->walk, lines, &err);
	if (code == ASSAY_OK)
		code = gpu_walk_lay(&t->walk, lines, assay_seed(run), &err);
	gpu_walk_set_steps(&t->walk, STEPS);
	if (code == ASSAY_OK)
		code = gpu_walk_run(&t->walk, &ns, &err);
	gpu_passed(run, &t->walk.session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct latency *t = assay_state(run);
	if (t)
		gpu_walk_close(&t->walk);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	((struct latency *)assay_state(run))->batch = n;
}

static void body(struct assay_run *run)
{
	struct latency *t = assay_state(run);
	struct gpu_session *s = &t->walk.session;
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, s, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = s->ops->launch(s->stream, &t->walk.launch, &err);
	}
	if (gpu_end(run, s, code, &err))
		gpu_passed(run, s, gpu_walk_check(&t->walk, t->batch, &err), &err);
}

const struct assay_bench assay_bench_gpu_latency = {
	.brief = "one load that waits for the one before, in device memory",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"size", "bytes", "16Ki,256Ki,4Mi,64Mi,256Mi", "16Ki,4Mi"}),
	.max_ops = 8,
	.version = 2,
	.thorough = true,
};

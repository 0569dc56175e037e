/* SPDX-License-Identifier: MIT */
/*
 * latency: one work item goes from line to line of the device's memory, each load waiting for the one before. Lines
 * are in random order, so that nothing is fetched ahead; one operation is one load.
 */
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/gpu/kernels.h"

enum { LINE_BYTES = 128, LINE_WORDS = LINE_BYTES / sizeof(uint32_t), MAX_STEPS = 1 << 16 };

struct walk {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2]; /* next and out */
	struct gpu_arg args[3];
	struct gpu_launch launch;
	uint32_t steps, end;
};

/* One cycle through all lines [Sattolo, Information Processing Letters 22(6), 1986]. */
static uint32_t *make_cycle(size_t lines, uint64_t seed)
{
	struct assay_rng rng;
	uint32_t *next = calloc(lines, LINE_BYTES);
	if (!next)
		return NULL;
	assay_rng_init(&rng, seed);
	for (size_t i = 0; i < lines; i++)
		next[i * LINE_WORDS] = (uint32_t)(i * LINE_WORDS);
	for (size_t i = lines - 1; i > 0; i--) {
		size_t other = (size_t)assay_rng_below(&rng, i);
		uint32_t kept = next[i * LINE_WORDS];
		next[i * LINE_WORDS] = next[other * LINE_WORDS];
		next[other * LINE_WORDS] = kept;
	}
	return next;
}

static enum assay_code check_end(struct walk *t, struct assay_err *err)
{
	uint32_t got = 0;
	enum assay_code code = gpu_download(&t->session, &got, t->buffers[1], sizeof(got), err);
	if (code == ASSAY_OK && t->session.ops->computes && got != t->end)
		return assay_fail(err, ASSAY_ECHECK, "%u steps end at word %u, not at %u", t->steps,
				  got, t->end);
	return code;
}

static enum assay_code open_all(struct walk *t, const uint32_t *next, size_t bytes,
				struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	const uint32_t poison = UINT32_MAX;
	double ns;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_chase, &t->kernel, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, bytes, &t->buffers[0], err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, sizeof(poison), &t->buffers[1],
				  err);
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->buffers[0], next, bytes, err);
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->buffers[1], &poison, sizeof(poison), err);
	t->args[0] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[0]}};
	t->args[1] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[1]}};
	t->args[2] = (struct gpu_arg){GPU_UINT, {.u = t->steps}};
	t->launch = (struct gpu_launch){t->kernel, t->args, 3, {1, 1}, {1, 1}};
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &t->launch, &ns, err);
	return code == ASSAY_OK ? check_end(t, err) : code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct walk *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	size_t lines = (size_t)assay_axis(run, "size") / LINE_BYTES;
	if (lines < 2 || lines > UINT32_MAX / LINE_WORDS) {
		assay_skip(run, "size must be 256 bytes to 16 GiB");
		return;
	}
	uint32_t *next = make_cycle(lines, assay_seed(run));
	if (!assay_check(run, next != NULL, "out of memory"))
		return;
	/* Each line of a small chain many times, as many as fit of a large one. */
	t->steps = MAX_STEPS;
	for (uint32_t i = 0; i < t->steps; i++)
		t->end = next[t->end];
	assay_set_ops_per_iteration(run, t->steps);
	gpu_passed(run, &t->session, open_all(t, next, lines * LINE_BYTES, &err), &err);
	free(next);
}

static void teardown(struct assay_run *run)
{
	struct walk *t = assay_state(run);
	if (t)
		gpu_close_with(&t->session, t->kernel, t->buffers, 2);
	free(t);
}

static void body(struct assay_run *run)
{
	struct walk *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(&t->session, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = t->session.ops->launch(t->session.stream, &t->launch, &err);
	}
	if (gpu_end(run, &t->session, code, &err))
		gpu_passed(run, &t->session, check_end(t, &err), &err);
}

const struct assay_bench assay_bench_gpu_latency = {
	.brief = "one load that waits for the one before, in device memory",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"size", "bytes", "16Ki,256Ki,4Mi,64Mi,256Mi", "16Ki,4Mi"}),
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

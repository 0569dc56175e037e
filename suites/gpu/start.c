/* SPDX-License-Identifier: MIT */
/*
 * start: from an open device to its first result: a kernel's text becomes code, which comes from a file where it was
 * compiled before; memory is taken, data go in, the kernel runs, the result comes out, and all is given back. By the host's
 * clock: it is what a run waits for before it can measure.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5
#define SCALE  3.0f

enum { ITEMS = 4096, BYTES = ITEMS * sizeof(float) };

struct starting {
	struct gpu_session session;
	float host[3][ITEMS];
};

/* All of it once. */
static enum assay_code start(struct starting *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_device *device = t->session.device;
	struct gpu_kernel *kernel = NULL;
	struct gpu_buffer *buffers[3] = {NULL};
	struct gpu_arg args[5] = {[3] = {GPU_FLOAT, {.f = SCALE}}, [4] = {GPU_UINT, {.u = ITEMS}}};
	enum assay_code code = ops->build(device, &gpu_kernel_triad, &kernel, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		code = ops->alloc(device, GPU_PLAIN, BYTES, &buffers[i], err);
		if (code == ASSAY_OK)
			code = ops->write(t->session.stream, buffers[i], t->host[i], BYTES, err);
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	}
	const struct gpu_launch launch = gpu_over(kernel, args, 5, ITEMS);
	if (code == ASSAY_OK)
		code = ops->launch(t->session.stream, &launch, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->host[0], buffers[0], BYTES, err);
	for (int i = 0; i < 3; i++)
		ops->release(device, buffers[i]);
	ops->unbuild(device, kernel);
	return code;
}

static enum assay_code check(const struct starting *t, struct assay_err *err)
{
	if (!t->session.ops->computes)
		return ASSAY_OK;
	return gpu_stream_check(&gpu_kernel_triad, t->host[0], t->host[1], t->host[2], SCALE, ITEMS,
				0, err);
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct starting *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	gpu_fill(t->host[1], ITEMS, assay_seed(run));
	gpu_fill(t->host[2], ITEMS, assay_seed(run) + 1);
	enum assay_code code = gpu_open(&t->session, &err);
	/* The first time puts the code into its file. */
	if (code == ASSAY_OK)
		code = start(t, &err);
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct starting *t = assay_state(run);
	if (t)
		gpu_close(&t->session);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct starting *t = assay_state(run);
	(void)n;
	memset(t->host[0], POISON, BYTES);
}

static void body(struct assay_run *run)
{
	struct starting *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = start(t, &err);
	}
	if (code == ASSAY_OK)
		code = check(t, &err);
	gpu_passed(run, &t->session, code, &err);
}

const struct assay_bench assay_bench_gpu_start = {
	.brief = "from an open device to the first result of a kernel that was compiled before",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

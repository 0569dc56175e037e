/* SPDX-License-Identifier: MIT */
/* rows: workloads that suites share, on a device, a work item a row; one operation is one row. */
#include <stdlib.h>

#include "suites/gpu/kernels.h"
#include "suites/kernels/kernel.h"

#define POISON 0xa5

enum { SHARED, IN, OUT, BUFFERS, MAX_ROWS = 1 << 24 };

struct work {
	struct gpu_session session;
	const struct gpu_row_kernel *row;
	const struct kernel *kind;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[BUFFERS];
	float *host[BUFFERS], *want;
	struct gpu_arg args[4];
	struct gpu_launch launch;
	size_t rows, bytes[BUFFERS];
	bool transfers;
};

static enum assay_code once(struct work *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	if (t->transfers)
		code = ops->write(t->session.stream, t->buffers[IN], t->host[IN], t->bytes[IN],
				  err);
	if (code == ASSAY_OK)
		code = ops->launch(t->session.stream, &t->launch, err);
	if (t->transfers && code == ASSAY_OK)
		code = ops->read(t->session.stream, t->host[OUT], t->buffers[OUT], t->bytes[OUT],
				 err);
	return code;
}

static enum assay_code verify(struct work *t, uint64_t seed, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	memset(t->host[SHARED], 0, t->bytes[SHARED]);
	if (t->kind->fill_shared)
		t->kind->fill_shared(t->host[SHARED]);
	for (size_t r = 0; r < t->rows; r++)
		t->kind->fill(t->host[IN] + r * t->kind->in, seed, r);
	memset(t->host[OUT], POISON, t->bytes[OUT]);
	for (int i = 0; i < BUFFERS && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, t->buffers[i], t->host[i], t->bytes[i], err);
	if (code == ASSAY_OK)
		code = once(t, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->host[OUT], t->buffers[OUT], t->bytes[OUT], err);
	if (code != ASSAY_OK || !t->session.ops->computes)
		return code;
	kernel_scalar.rows[t->row->number](t->host[SHARED], t->host[IN], t->want, t->rows);
	return gpu_rows_check(t->row, t->host[SHARED], t->host[IN], t->host[OUT], t->want, t->rows,
			      err);
}

static enum assay_code open_all(struct work *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, t->row->source, &t->kernel, err);
	for (int i = 0; i < BUFFERS && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes[i], &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
		t->host[i] = malloc(t->bytes[i]);
		if (code == ASSAY_OK && !t->host[i])
			code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	t->want = malloc(t->bytes[OUT]);
	if (code == ASSAY_OK && !t->want)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	t->args[3] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->rows}};
	t->launch = gpu_over(t->kernel, t->args, 4, t->rows);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct work *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->row = &gpu_row_kernels[(size_t)assay_axis(run, "kernel")];
	t->kind = &kernels[t->row->number];
	t->transfers = assay_axis(run, "transfers") != 0;
	double rows = assay_axis(run, "rows");
	if (!(rows >= 1 && rows <= MAX_ROWS)) {
		assay_skip(run, "rows must be 1 to %d", MAX_ROWS);
		return;
	}
	t->rows = (size_t)rows;
	/* A buffer of nothing is none. */
	t->bytes[SHARED] = (t->kind->shared ? t->kind->shared : 1) * sizeof(float);
	t->bytes[IN] = t->rows * t->kind->in * sizeof(float);
	t->bytes[OUT] = t->rows * t->kind->out * sizeof(float);
	assay_set_flops_per_op(run, t->kind->flops);
	assay_set_ops_per_iteration(run, t->rows);
	enum assay_code code = open_all(t, &err);
	if (code == ASSAY_OK)
		code = verify(t, assay_seed(run), &err);
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct work *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		for (int i = 0; i < BUFFERS; i++)
			t->session.ops->release(t->session.device, t->buffers[i]);
		t->session.ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	for (int i = 0; i < BUFFERS; i++)
		free(t->host[i]);
	free(t->want);
	free(t);
}

static void body(struct assay_run *run)
{
	struct work *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, !t->transfers, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = once(t, &err);
	}
	gpu_end(run, &t->session, code, &err);
}

const struct assay_bench assay_bench_gpu_rows = {
	.brief = "k-means, distances, a reservoir and spiking neurons on a device, one row",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"kernel", "name", GPU_ROW_WORDS, NULL},
			   {"transfers", "name", "no,yes", NULL},
			   {"rows", "count", "1Ki,64Ki", "16Ki"}),
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

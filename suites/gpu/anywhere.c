/* SPDX-License-Identifier: MIT */
/* anywhere: the device first, then the CPU. */
#include "suites/gpu/anywhere.h"

#include "suites/kernels/kernel.h"

enum { SHARED, IN, OUT, MORE, BUFFERS };

/* After this the device will not answer again; short of memory it may be a moment later. */
static void note(struct gpu_anywhere *a, enum assay_code code)
{
	if (code != ASSAY_OK && code != ASSAY_ENOMEM && code != ASSAY_SKIP)
		a->lost = true;
}

void gpu_anywhere_open(struct gpu_anywhere *a, const struct gpu_ops *ops,
		       const struct gpu_row_kernel *row)
{
	*a = (struct gpu_anywhere){.session = {.ops = ops}, .row = row};
	enum assay_code code = gpu_open(&a->session, &a->why);
	if (code == ASSAY_OK)
		code = ops->build(a->session.device, row->source, &a->kernel, &a->why);
	a->lost = code != ASSAY_OK;
}

void gpu_anywhere_close(struct gpu_anywhere *a)
{
	if (a->session.device)
		a->session.ops->unbuild(a->session.device, a->kernel);
	gpu_close(&a->session);
	a->kernel = NULL;
}

static enum assay_code compute(struct gpu_anywhere *a, struct gpu_buffer *const *buffers,
			       const float *shared, const float *in, float *out, size_t rows)
{
	const struct gpu_ops *ops = a->session.ops;
	const struct kernel *kind = &kernels[a->row->number];
	struct gpu_stream *stream = a->session.stream;
	struct gpu_arg args[4] = {[3] = {GPU_UINT, {.u = (uint32_t)rows}}};
	for (int i = 0; i < MORE; i++)
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	struct gpu_launch launch = gpu_over(a->kernel, args, 4, rows);
	enum assay_code code = ASSAY_OK;
	if (kind->shared)
		code = ops->write(stream, buffers[SHARED], shared, kind->shared * sizeof(float),
				  &a->why);
	if (code == ASSAY_OK)
		code = ops->write(stream, buffers[IN], in, rows * kind->in * sizeof(float),
				  &a->why);
	if (code == ASSAY_OK)
		code = ops->launch(stream, &launch, &a->why);
	if (code == ASSAY_OK)
		code = ops->read(stream, out, buffers[OUT], rows * kind->out * sizeof(float),
				 &a->why);
	return code == ASSAY_OK ? ops->wait(stream, &a->why) : code;
}

static enum assay_code on_device(struct gpu_anywhere *a, const float *shared, const float *in,
				 float *out, size_t rows, size_t more_bytes)
{
	const struct gpu_ops *ops = a->session.ops;
	const struct kernel *kind = &kernels[a->row->number];
	struct gpu_buffer *buffers[BUFFERS] = {NULL};
	const size_t bytes[BUFFERS] = {[SHARED] = (kind->shared ? kind->shared : 1) * sizeof(float),
				       [IN] = rows * kind->in * sizeof(float),
				       [OUT] = rows * kind->out * sizeof(float),
				       [MORE] = more_bytes};
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < BUFFERS && code == ASSAY_OK; i++)
		if (bytes[i])
			code = ops->alloc(a->session.device, GPU_PLAIN, bytes[i], &buffers[i],
					  &a->why);
	if (code == ASSAY_OK)
		code = compute(a, buffers, shared, in, out, rows);
	for (int i = 0; i < BUFFERS; i++)
		ops->release(a->session.device, buffers[i]);
	return code;
}

bool gpu_anywhere_rows(struct gpu_anywhere *a, const float *shared, const float *in, float *out,
		       size_t rows, size_t more_bytes)
{
	if (!a->lost) {
		enum assay_code code = on_device(a, shared, in, out, rows, more_bytes);
		if (code == ASSAY_OK)
			return true;
		note(a, code);
	}
	kernel_vector()->rows[a->row->number](shared, in, out, rows);
	return false;
}

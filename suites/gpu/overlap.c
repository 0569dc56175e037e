/* SPDX-License-Identifier: MIT */
/*
 * overlap: one array through the device in parts: copied in, scaled, copied out, each part in the next of so many
 * streams. With one stream nothing overlaps; what more streams gain is what the device does side by side.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define SCALE  3.0f
#define POISON 0xa5

enum { MAX_STREAMS = 32, PARTS = 32 };

struct part {
	struct gpu_buffer *in, *out;
	struct gpu_arg args[5];
	struct gpu_launch launch;
};

struct overlap {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_stream *streams[MAX_STREAMS];
	struct part parts[PARTS];
	float *in, *out; /* the host's, pinned where the device has that */
	bool pinned;
	size_t n_streams, n, bytes; /* the last two of a part */
};

static enum assay_code open_parts(struct overlap *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < PARTS && code == ASSAY_OK; i++) {
		struct part *p = &t->parts[i];
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &p->in, err);
		if (code == ASSAY_OK)
			code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &p->out, err);
		p->args[0] = (struct gpu_arg){GPU_BUFFER, {.buffer = p->out}};
		p->args[1] = p->args[2] = (struct gpu_arg){GPU_BUFFER, {.buffer = p->in}};
		p->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = SCALE}};
		p->args[4] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
		p->launch = gpu_over(t->kernel, p->args, 5, t->n);
	}
	return code;
}

static enum assay_code open_all(struct overlap *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK && t->n_streams > 1)
		code = gpu_needs(&t->session, GPU_HAS_STREAMS, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_scale, &t->kernel, err);
	if (code != ASSAY_OK)
		return code;
	t->pinned = gpu_needs(&t->session, GPU_HAS_PINNED, NULL) == ASSAY_OK;
	for (size_t i = 0; i < t->n_streams && code == ASSAY_OK; i++)
		code = ops->stream_new(t->session.device, &t->streams[i], err);
	if (code == ASSAY_OK)
		code = gpu_host_take(&t->session, t->pinned, PARTS * t->bytes, &t->in, err);
	if (code == ASSAY_OK)
		code = gpu_host_take(&t->session, t->pinned, PARTS * t->bytes, &t->out, err);
	return code == ASSAY_OK ? open_parts(t, err) : code;
}

/* All of it in, through and out. */
static enum assay_code pass(struct overlap *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < PARTS && code == ASSAY_OK; i++) {
		struct gpu_stream *stream = t->streams[i % t->n_streams];
		code = ops->write(stream, t->parts[i].in, t->in + i * t->n, t->bytes, err);
		if (code == ASSAY_OK)
			code = ops->launch(stream, &t->parts[i].launch, err);
		if (code == ASSAY_OK)
			code = ops->read(stream, t->out + i * t->n, t->parts[i].out, t->bytes, err);
	}
	for (size_t i = 0; i < t->n_streams && code == ASSAY_OK; i++)
		code = ops->wait(t->streams[i], err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct overlap *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	double streams = assay_axis(run, "streams");
	t->n = (size_t)assay_axis(run, "size") / PARTS / sizeof(float);
	t->bytes = t->n * sizeof(float);
	if (!(streams >= 1 && streams <= MAX_STREAMS) || t->n < 1) {
		assay_skip(run, "streams must be 1 to %d, and size at least %zu bytes", MAX_STREAMS,
			   PARTS * sizeof(float));
		return;
	}
	t->n_streams = (size_t)streams;
	assay_set_bytes_per_op(run, 2.0 * PARTS * (double)t->bytes);
	enum assay_code code = open_all(t, &err);
	if (code == ASSAY_OK) {
		gpu_fill(t->in, PARTS * t->n, assay_seed(run));
		memset(t->out, POISON, PARTS * t->bytes);
		code = pass(t, &err);
	}
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_stream_check(&gpu_kernel_scale, t->out, t->in, t->in, SCALE,
					PARTS * t->n, 0, &err);
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct overlap *t = assay_state(run);
	if (!t)
		return;
	const struct gpu_ops *ops = t->session.ops;
	gpu_host_give(&t->session, t->pinned, t->in);
	gpu_host_give(&t->session, t->pinned, t->out);
	if (t->session.device) {
		for (size_t i = 0; i < PARTS; i++) {
			ops->release(t->session.device, t->parts[i].in);
			ops->release(t->session.device, t->parts[i].out);
		}
		for (size_t i = 0; i < t->n_streams; i++)
			ops->stream_free(t->streams[i]);
		ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	free(t);
}

static void body(struct assay_run *run)
{
	struct overlap *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = pass(t, &err);
	}
	gpu_passed(run, &t->session, code, &err);
}

const struct assay_bench assay_bench_gpu_overlap = {
	.brief = "an array copied in, scaled and copied out in 32 parts over so many streams",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"streams", "count", "1,2,4,8,32", "1,4"},
			   {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 256,
	.version = 1,
	.thorough = true,
};

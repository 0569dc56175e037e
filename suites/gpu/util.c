/* SPDX-License-Identifier: MIT */
/*
 * util: which part of its time a device computes, while an array goes through it in parts: in, so many rounds of
 * arithmetic, out. The intervals of all kernels, by the device's clock, are joined where they overlap, and divided by
 * what the whole took the caller.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { PARTS = 16, MAX_STREAMS = 8, MAX_ROUNDS = 1 << 16 };

struct part {
	struct gpu_buffer *in, *out;
	struct gpu_span *span; /* of its kernel */
	struct gpu_arg args[6];
	struct gpu_launch launch;
};

struct busy {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_stream *streams[MAX_STREAMS];
	struct part parts[PARTS];
	float *in, *out; /* the host's, pinned where the device has that */
	bool pinned;
	size_t n_streams, n, bytes; /* the last two of a part */
	uint32_t rounds;
};

static enum assay_code open_parts(struct busy *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < PARTS && code == ASSAY_OK; i++) {
		struct part *p = &t->parts[i];
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &p->in, err);
		if (code == ASSAY_OK)
			code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &p->out, err);
		if (code == ASSAY_OK)
			code = ops->span_new(t->session.device, &p->span, err);
		p->args[0] = (struct gpu_arg){GPU_BUFFER, {.buffer = p->out}};
		p->args[1] = (struct gpu_arg){GPU_BUFFER, {.buffer = p->in}};
		p->args[2] = (struct gpu_arg){GPU_UINT, {.u = t->rounds}};
		p->args[3] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
		p->args[4] = p->args[5] = (struct gpu_arg){GPU_UINT, {.u = 0}};
		p->launch = gpu_over(t->kernel, p->args, 6, t->n);
	}
	return code;
}

static enum assay_code put_part(struct busy *t, size_t i, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	struct gpu_stream *stream = t->streams[i % t->n_streams];
	struct part *p = &t->parts[i];
	enum assay_code code = ops->write(stream, p->in, t->in + i * t->n, t->bytes, err);
	if (code == ASSAY_OK)
		code = ops->span_begin(stream, p->span, err);
	if (code == ASSAY_OK)
		code = ops->launch(stream, &p->launch, err);
	if (code == ASSAY_OK)
		code = ops->span_end(stream, p->span, err);
	return code == ASSAY_OK ? ops->read(stream, t->out + i * t->n, p->out, t->bytes, err)
				: code;
}

/* All of it in, through and out; *ret_ns how long that took the caller. */
static enum assay_code pass(struct busy *t, double *ret_ns, struct assay_err *err)
{
	const uint64_t begin_ns = assay_now_ns();
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < PARTS && code == ASSAY_OK; i++)
		code = put_part(t, i, err);
	for (size_t i = 0; i < t->n_streams && code == ASSAY_OK; i++)
		code = t->session.ops->wait(t->streams[i], err);
	*ret_ns = (double)(assay_now_ns() - begin_ns);
	return code;
}

/* Time in which at least one kernel ran, in the last pass. */
static enum assay_code busy_ns(struct busy *t, double *ret_ns, struct assay_err *err)
{
	double begin[PARTS], end[PARTS], until = -INFINITY;
	*ret_ns = 0;
	for (size_t i = 0; i < PARTS; i++) {
		double b, e;
		enum assay_code code =
			t->session.ops->span_times(t->parts[0].span, t->parts[i].span, &b, &e, err);
		if (code != ASSAY_OK)
			return code;
		/* Sorted as they come: parts of other streams may begin earlier. */
		size_t k = i;
		for (; k > 0 && begin[k - 1] > b; k--) {
			begin[k] = begin[k - 1];
			end[k] = end[k - 1];
		}
		begin[k] = b;
		end[k] = e;
	}
	for (size_t i = 0; i < PARTS; i++) {
		*ret_ns += fmax(0, end[i] - fmax(begin[i], until));
		until = fmax(until, end[i]);
	}
	return ASSAY_OK;
}

static enum assay_code open_all(struct busy *t, uint64_t seed, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	double ns;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK && t->n_streams > 1)
		code = gpu_needs(&t->session, GPU_HAS_STREAMS, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_arithmetic, &t->kernel, err);
	if (code != ASSAY_OK)
		return code;
	t->pinned = gpu_needs(&t->session, GPU_HAS_PINNED, NULL) == ASSAY_OK;
	for (size_t i = 0; i < t->n_streams && code == ASSAY_OK; i++)
		code = ops->stream_new(t->session.device, &t->streams[i], err);
	if (code == ASSAY_OK)
		code = gpu_host_take(&t->session, t->pinned, PARTS * t->bytes, &t->in, err);
	if (code == ASSAY_OK)
		code = gpu_host_take(&t->session, t->pinned, PARTS * t->bytes, &t->out, err);
	if (code == ASSAY_OK)
		code = open_parts(t, err);
	if (code != ASSAY_OK)
		return code;
	gpu_fill(t->in, PARTS * t->n, seed);
	memset(t->out, POISON, PARTS * t->bytes);
	code = pass(t, &ns, err);
	if (code == ASSAY_OK && ops->computes)
		code = gpu_roof_check(GPU_ROOF_FP32, t->out, t->in, t->rounds, PARTS * t->n, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct busy *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	double streams = assay_axis(run, "streams"), rounds = assay_axis(run, "rounds");
	t->n = (size_t)assay_axis(run, "size") / PARTS / sizeof(float);
	t->bytes = t->n * sizeof(float);
	if (!(streams >= 1 && streams <= MAX_STREAMS) || t->n < 1 || t->n > UINT32_MAX ||
	    !(rounds >= 1 && rounds <= MAX_ROUNDS)) {
		assay_skip(run, "streams must be 1 to %d, size at least %zu bytes, rounds 1 to %d",
			   MAX_STREAMS, PARTS * sizeof(float), MAX_ROUNDS);
		return;
	}
	t->n_streams = (size_t)streams;
	t->rounds = (uint32_t)rounds;
	assay_set_bytes_per_op(run, 2.0 * PARTS * (double)t->bytes);
	gpu_passed(run, &t->session, open_all(t, assay_seed(run), &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct busy *t = assay_state(run);
	if (!t)
		return;
	const struct gpu_ops *ops = t->session.ops;
	gpu_host_give(&t->session, t->pinned, t->in);
	gpu_host_give(&t->session, t->pinned, t->out);
	if (t->session.device) {
		for (size_t i = 0; i < PARTS; i++) {
			ops->release(t->session.device, t->parts[i].in);
			ops->release(t->session.device, t->parts[i].out);
			ops->span_free(t->parts[i].span);
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
	struct busy *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	double all_ns = 0, kernels_ns = 0;
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = pass(t, &all_ns, &err);
	}
	if (code == ASSAY_OK && t->session.ops->computes)
		code = busy_ns(t, &kernels_ns, &err);
	if (gpu_passed(run, &t->session, code, &err) && t->session.ops->computes && all_ns > 0)
		assay_metric(run, "busy", "ratio", ASSAY_HIGHER, kernels_ns / all_ns);
}

const struct assay_bench assay_bench_gpu_util = {
	.brief = "which part of its time a device computes, with data in and out",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"streams", "count", "1,2,4", "1,4"},
			   {"rounds", "count", "16,256,4096", "256"},
			   {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 256,
	.version = 1,
	.thorough = true,
};

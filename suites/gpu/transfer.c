/* SPDX-License-Identifier: MIT */
/*
 * transfer: copies between host and device, one after the other, from plain and from pinned memory, and a kernel's
 * own copy of memory that is mapped; one way, or both at once in two streams. By the device's clock, with what the caller
 * was held up for beside it.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { TO_DEVICE, FROM_DEVICE, BOTH };
enum { PAGEABLE, PINNED, MAPPED };

struct transfer {
	struct gpu_session session;
	struct gpu_buffer *device, *mapped; /* the second for MAPPED */
	struct gpu_kernel *kernel;          /* that copies, for MAPPED */
	struct gpu_arg args[5];
	struct gpu_launch launch;
	float *host; /* what is copied from or to */
	/* For BOTH: the other way, in its own stream, between memory of its own. */
	struct gpu_stream *back_stream;
	struct gpu_buffer *back_device;
	float *back_host;
	bool from_device, pinned;
	size_t n, bytes;
	uint64_t batch;
};

static enum assay_code one(struct transfer *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	if (t->kernel)
		return ops->launch(t->session.stream, &t->launch, err);
	if (t->from_device)
		return ops->read(t->session.stream, t->host, t->device, t->bytes, err);
	if (t->back_stream) {
		enum assay_code code =
			ops->read(t->back_stream, t->back_host, t->back_device, t->bytes, err);
		if (code != ASSAY_OK)
			return code;
	}
	return ops->write(t->session.stream, t->device, t->host, t->bytes, err);
}

static enum assay_code open_mapped(struct transfer *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_needs(&t->session, GPU_HAS_MAPPED, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_MAPPED, t->bytes, &t->mapped, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_copy, &t->kernel, err);
	if (code != ASSAY_OK)
		return code;
	t->host = ops->mapped(t->mapped);
	struct gpu_buffer *to = t->from_device ? t->mapped : t->device;
	struct gpu_buffer *from = t->from_device ? t->device : t->mapped;
	t->args[0] = (struct gpu_arg){GPU_BUFFER, {.buffer = to}};
	t->args[1] = t->args[2] = (struct gpu_arg){GPU_BUFFER, {.buffer = from}};
	t->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = 1}};
	t->args[4] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	t->launch = gpu_over(t->kernel, t->args, 5, t->n);
	return ASSAY_OK;
}

static enum assay_code open_host(struct transfer *t, int memory, struct assay_err *err)
{
	if (memory == MAPPED)
		return open_mapped(t, err);
	enum assay_code code = ASSAY_OK;
	if (memory == PINNED)
		code = gpu_needs(&t->session, GPU_HAS_PINNED, err);
	t->pinned = memory == PINNED && code == ASSAY_OK;
	return code == ASSAY_OK ? gpu_host_take(&t->session, t->pinned, t->bytes, &t->host, err)
				: code;
}

/* What comes back while the other goes there: the same data each time, checked once. */
static enum assay_code open_back(struct transfer *t, const float *data, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_needs(&t->session, GPU_HAS_STREAMS, err);
	if (code == ASSAY_OK && t->mapped)
		code = assay_fail(err, ASSAY_SKIP, "a kernel's own copy goes one way at a time");
	if (code == ASSAY_OK)
		code = gpu_host_take(&t->session, t->pinned, t->bytes, &t->back_host, err);
	if (code == ASSAY_OK)
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->back_device, err);
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->back_device, data, t->bytes, err);
	if (code == ASSAY_OK)
		code = ops->stream_new(t->session.device, &t->back_stream, err);
	if (code != ASSAY_OK)
		return code;
	memset(t->back_host, POISON, t->bytes);
	code = one(t, err);
	if (code == ASSAY_OK)
		code = ops->wait(t->session.stream, err);
	if (code == ASSAY_OK)
		code = ops->wait(t->back_stream, err);
	if (code == ASSAY_OK && ops->computes && memcmp(t->back_host, data, t->bytes) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes came back changed", t->bytes);
	return code;
}

/* There and back by the way that is measured one way, and by the plain one the other. */
static enum assay_code verify(struct transfer *t, float *data, uint64_t seed, struct assay_err *err)
{
	gpu_fill(data, t->n, seed);
	memset(t->host, POISON, t->bytes);
	enum assay_code code = gpu_upload(&t->session, t->device, t->host, t->bytes, err);
	if (t->from_device && code == ASSAY_OK)
		code = gpu_upload(&t->session, t->device, data, t->bytes, err);
	else
		memcpy(t->host, data, t->bytes);
	if (code == ASSAY_OK)
		code = one(t, err);
	if (code == ASSAY_OK)
		code = t->session.ops->wait(t->session.stream, err);
	if (code != ASSAY_OK || !t->session.ops->computes)
		return code;
	if (t->from_device)
		return memcmp(t->host, data, t->bytes) == 0
			       ? ASSAY_OK
			       : assay_fail(err, ASSAY_ECHECK, "%zu bytes came back changed",
					    t->bytes);
	memset(t->host, POISON, t->bytes);
	code = gpu_download(&t->session, t->host, t->device, t->bytes, err);
	if (code == ASSAY_OK && memcmp(t->host, data, t->bytes) != 0)
		return assay_fail(err, ASSAY_ECHECK, "%zu bytes arrived changed", t->bytes);
	return code;
}

static enum assay_code open_all(struct transfer *t, int memory, bool both, uint64_t seed,
				struct assay_err *err)
{
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = t->session.ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->device,
					     err);
	if (code == ASSAY_OK)
		code = open_host(t, memory, err);
	if (code != ASSAY_OK)
		return code;
	float *data = malloc(t->bytes);
	code = data ? verify(t, data, seed, err) : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (code == ASSAY_OK && both)
		code = open_back(t, data, err);
	free(data);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct transfer *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	const int way = (int)assay_axis(run, "way");
	t->from_device = way == FROM_DEVICE;
	t->n = (size_t)assay_axis(run, "size") / sizeof(float);
	t->bytes = t->n * sizeof(float);
	if (t->n < 1 || t->n > UINT32_MAX) {
		assay_skip(run, "size must be 4 bytes to 16 GiB");
		return;
	}
	assay_set_bytes_per_op(run, (way == BOTH ? 2 : 1) * (double)t->bytes);
	gpu_passed(run, &t->session,
		   open_all(t, (int)assay_axis(run, "memory"), way == BOTH, assay_seed(run), &err),
		   &err);
}

static void teardown(struct assay_run *run)
{
	struct transfer *t = assay_state(run);
	if (!t)
		return;
	const struct gpu_ops *ops = t->session.ops;
	if (!t->mapped)
		gpu_host_give(&t->session, t->pinned, t->host);
	gpu_host_give(&t->session, t->pinned, t->back_host);
	if (t->session.device) {
		ops->stream_free(t->back_stream);
		ops->release(t->session.device, t->back_device);
		ops->release(t->session.device, t->device);
		ops->release(t->session.device, t->mapped);
		ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct transfer *t = assay_state(run);
	t->batch = n;
}

/* The batch ends when both ways have: by one more command, which waits for the other stream. */
static enum assay_code join_back(struct transfer *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ops->after(t->session.stream, t->back_stream, err);
	return code == ASSAY_OK ? ops->fill(t->session.stream, t->device, POISON, 4, err) : code;
}

static void body(struct assay_run *run)
{
	struct transfer *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, false, &err);
	if (t->back_stream && code == ASSAY_OK)
		code = t->session.ops->after(t->back_stream, t->session.stream, &err);
	uint64_t begin_ns = assay_now_ns();
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = one(t, &err);
	}
	uint64_t held_ns = assay_now_ns() - begin_ns;
	if (t->back_stream && code == ASSAY_OK)
		code = join_back(t, &err);
	if (!gpu_end(run, &t->session, code, &err))
		return;
	assay_metric(run, "held", "ns", ASSAY_LOWER, (double)held_ns / (double)t->batch);
	if (t->session.batch_ns > 0)
		assay_metric(run, "async", "ratio", ASSAY_HIGHER,
			     fmax(0, 1 - (double)held_ns / t->session.batch_ns));
	/* Both ways at once each have their own. */
	gpu_of_limit(run, &t->session, GPU_LIMIT_LINK, (double)t->bytes * (double)t->batch);
}

const struct assay_bench assay_bench_gpu_transfer = {
	.brief = "bytes between host and device; `held` is what a copy's call takes of the caller",
	.source = "NVIDIA nvbandwidth, 2023",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"way", "name", "to,from,both", NULL},
			   {"memory", "name", "pageable,pinned,mapped", NULL},
			   {"size", "bytes", "64Ki,16Mi", NULL}),
	.unit = "B/s",
	.max_ops = 64,
	.version = 2,
	.thorough = true,
};

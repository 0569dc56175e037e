/* SPDX-License-Identifier: MIT */
/*
 * occupancy: bandwidth of a copy by so many work items: each goes on to another element as often as it takes, so that the same
 * bytes move whoever moves them. A device that has few of them under way waits for its memory [Little, Operations
 * Research 9(3), 1961]: bytes in flight are bandwidth times latency, and the knee is where more items add nothing.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { MAX_GROUPS = 1 << 16 };

struct occupying {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2];
	struct gpu_arg args[3];
	struct gpu_launch launch;
	size_t n, bytes;
	uint64_t batch;
};

static enum assay_code verify(struct occupying *t, uint64_t seed, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	float *in = malloc(t->bytes), *out = malloc(t->bytes);
	if (!in || !out)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (code == ASSAY_OK) {
		gpu_fill(in, t->n, seed);
		memset(out, POISON, t->bytes);
		code = gpu_upload(&t->session, t->buffers[0], out, t->bytes, err);
	}
	if (code == ASSAY_OK)
		code = gpu_upload(&t->session, t->buffers[1], in, t->bytes, err);
	if (code == ASSAY_OK)
		code = t->session.ops->launch(t->session.stream, &t->launch, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, out, t->buffers[0], t->bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes && memcmp(in, out, t->bytes) != 0)
		code = assay_fail(err, ASSAY_ECHECK, "%zu bytes arrived changed", t->bytes);
	free(in);
	free(out);
	return code;
}

static enum assay_code open_all(struct occupying *t, uint32_t groups, uint64_t seed,
				struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_strided, &t->kernel, err);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
	}
	t->args[2] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	t->launch = (struct gpu_launch){t->kernel, t->args, 3, {groups, 1}, {GPU_GROUP_ITEMS, 1}};
	return code == ASSAY_OK ? verify(t, seed, err) : code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct occupying *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	double groups = assay_axis(run, "groups");
	t->n = (size_t)assay_axis(run, "size") / sizeof(float);
	t->bytes = t->n * sizeof(float);
	if (t->n < 1 || t->n > UINT32_MAX || !(groups >= 1 && groups <= MAX_GROUPS)) {
		assay_skip(run, "size must be 4 bytes to 16 GiB, groups 1 to %d", MAX_GROUPS);
		return;
	}
	assay_set_bytes_per_op(run, 2.0 * (double)t->bytes);
	gpu_passed(run, &t->session, open_all(t, (uint32_t)groups, assay_seed(run), &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct occupying *t = assay_state(run);
	if (t)
		gpu_close_with(&t->session, t->kernel, t->buffers, 2);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	((struct occupying *)assay_state(run))->batch = n;
}

static void body(struct assay_run *run)
{
	struct occupying *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = t->session.ops->launch(t->session.stream, &t->launch, &err);
	}
	if (!gpu_end(run, &t->session, code, &err) || !(t->session.batch_ns > 0))
		return;
	/* Bytes a nanosecond of one item: where it falls, more items do not help. */
	double items = (double)t->launch.groups[0] * GPU_GROUP_ITEMS;
	double bytes = 2.0 * (double)t->bytes * (double)t->batch;
	assay_metric(run, "each", "B/s", ASSAY_HIGHER, bytes / t->session.batch_ns * 1e9 / items);
	gpu_of_limit(run, &t->session, GPU_LIMIT_MEMORY, bytes);
}

const struct assay_bench assay_bench_gpu_occupancy = {
	.brief = "a copy in device memory by so many groups of 256 work items",
	.source = "Little, Operations Research 9(3), 1961; Volkov, GTC 2010",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"groups", "count", "1,4,16,64,256,1024,4096", "1,16,256"},
			   {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "B/s",
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

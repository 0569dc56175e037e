/* SPDX-License-Identifier: MIT */
/*
 * gemm: products of square matrices. Without transfers the matrices are on the device before and after; with them
 * each product starts and ends in the host's memory, which is what a single product is worth to a caller.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { MAX_ROWS = 16384, SAMPLES = 512 };

static const struct gpu_kernel_source *const ways[] = {&gpu_kernel_gemm_naive,
						       &gpu_kernel_gemm_tiled};

struct product {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[4];
	struct gpu_launch launch;
	float *host[3];
	size_t n, bytes;
	bool transfers;
	double error;
};

static enum assay_code multiply(struct product *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 2 && t->transfers && code == ASSAY_OK; i++)
		code = ops->write(t->session.stream, t->buffers[i], t->host[i], t->bytes, err);
	if (code == ASSAY_OK)
		code = ops->launch(t->session.stream, &t->launch, err);
	if (t->transfers && code == ASSAY_OK)
		code = ops->read(t->session.stream, t->host[2], t->buffers[2], t->bytes, err);
	return code;
}

/* Random data in, poison where the answer goes, one product, the answer out and compared. */
static enum assay_code verify(struct product *t, uint64_t seed, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 2; i++)
		gpu_fill(t->host[i], t->n * t->n, seed + (uint64_t)i);
	memset(t->host[2], POISON, t->bytes);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, t->buffers[i], t->host[i], t->bytes, err);
	if (code == ASSAY_OK)
		code = multiply(t, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, t->host[2], t->buffers[2], t->bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_gemm_check(t->host[0], t->host[1], t->host[2], t->n, SAMPLES, seed,
				      &t->error, err);
	return code;
}

static enum assay_code open_all(struct product *t, const struct gpu_kernel_source *source,
				struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	const uint32_t groups = (uint32_t)(t->n / GPU_TILE);
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, source, &t->kernel, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
		t->host[i] = malloc(t->bytes);
		if (code == ASSAY_OK && !t->host[i])
			code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	t->args[3] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	t->launch =
		(struct gpu_launch){t->kernel, t->args, 4, {groups, groups}, {GPU_TILE, GPU_TILE}};
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct product *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->transfers = assay_axis(run, "transfers") != 0;
	double n = assay_axis(run, "n");
	if (!(n >= GPU_TILE && n <= MAX_ROWS) || (size_t)n % GPU_TILE != 0) {
		assay_skip(run, "n must be a multiple of %d, at most %d", GPU_TILE, MAX_ROWS);
		return;
	}
	t->n = (size_t)n;
	t->bytes = t->n * t->n * sizeof(float);
	assay_set_flops_per_op(run, 2 * n * n * n);
	enum assay_code code = open_all(t, ways[(size_t)assay_axis(run, "way")], &err);
	if (code == ASSAY_OK)
		code = verify(t, assay_seed(run), &err);
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct product *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		for (int i = 0; i < 3; i++)
			t->session.ops->release(t->session.device, t->buffers[i]);
		t->session.ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	for (int i = 0; i < 3; i++)
		free(t->host[i]);
	free(t);
}

static void body(struct assay_run *run)
{
	struct product *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(&t->session, !t->transfers, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = multiply(t, &err);
	}
	if (gpu_end(run, &t->session, code, &err) && t->session.ops->computes)
		assay_metric(run, "error", "ratio", ASSAY_LOWER, t->error);
}

const struct assay_bench assay_bench_gpu_gemm = {
	.brief = "products of square matrices of floats, straight from memory and by tiles",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", "naive,tiled", NULL},
			   {"transfers", "name", "no,yes", NULL},
			   {"n", "rows", "128,512,2048", "128,512"}),
	.unit = "flop/s",
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

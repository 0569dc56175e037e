/* SPDX-License-Identifier: MIT */
/*
 * roofline: floats read, so many multiplications and additions on each, and written. Few of them measure the memory,
 * many the arithmetic; between lies the ridge of the roofline [Williams et al., CACM 52(4), 2009].
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { MAX_ROUNDS = 1 << 16 };

struct roof {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2];
	struct gpu_arg args[4];
	struct gpu_launch launch;
	size_t n, bytes;
	uint32_t rounds;
};

static enum assay_code open_all(struct roof *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, &gpu_kernel_arithmetic, &t->kernel, err);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
	}
	t->args[2] = (struct gpu_arg){GPU_UINT, {.u = t->rounds}};
	t->args[3] = (struct gpu_arg){GPU_UINT, {.u = (uint32_t)t->n}};
	t->launch = gpu_over(t->kernel, t->args, 4, t->n);
	return code;
}

/* Random data in, poison where the answer goes, one run, the answer out and compared. */
static enum assay_code verify(struct roof *t, float *const host[2], uint64_t seed,
			      struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	double ns;
	memset(host[0], POISON, t->bytes);
	gpu_fill(host[1], t->n, seed);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, t->buffers[i], host[i], t->bytes, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &t->launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, host[0], t->buffers[0], t->bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_arithmetic_check(host[0], host[1], t->rounds, t->n, err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct roof *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->n = (size_t)assay_axis(run, "size") / sizeof(float);
	t->bytes = t->n * sizeof(float);
	double rounds = assay_axis(run, "rounds");
	if (t->n < 1 || t->n > UINT32_MAX || !(rounds >= 1 && rounds <= MAX_ROUNDS)) {
		assay_skip(run, "size must be 4 bytes to 16 GiB, rounds 1 to %d", MAX_ROUNDS);
		return;
	}
	t->rounds = (uint32_t)rounds;
	assay_set_flops_per_op(run, 2 * rounds * (double)t->n);
	float *host[2] = {malloc(t->bytes), malloc(t->bytes)};
	enum assay_code code = open_all(t, &err);
	if (code == ASSAY_OK && (!host[0] || !host[1]))
		code = assay_fail(&err, ASSAY_ENOMEM, "out of memory");
	if (code == ASSAY_OK)
		code = verify(t, host, assay_seed(run), &err);
	gpu_passed(run, &t->session, code, &err);
	free(host[0]);
	free(host[1]);
}

static void teardown(struct assay_run *run)
{
	struct roof *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		for (int i = 0; i < 2; i++)
			t->session.ops->release(t->session.device, t->buffers[i]);
		t->session.ops->unbuild(t->session.device, t->kernel);
	}
	gpu_close(&t->session);
	free(t);
}

static void body(struct assay_run *run)
{
	struct roof *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(&t->session, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = t->session.ops->launch(t->session.stream, &t->launch, &err);
	}
	/* Of a float that is read and one that is written. */
	if (gpu_end(run, &t->session, code, &err))
		assay_metric(run, "intensity", "flop/B", ASSAY_HIGHER, 2.0 * t->rounds / 8);
}

const struct assay_bench assay_bench_gpu_roofline = {
	.brief = "so many multiplications and additions for each float read and written",
	.source = "Williams, Waterman & Patterson, CACM 52(4), 2009",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"rounds", "count", "1,4,16,64,256,1024", "1,16,256"},
			   {"size", "bytes", "64Mi", "16Mi"}),
	.unit = "flop/s",
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

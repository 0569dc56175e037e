/* SPDX-License-Identifier: MIT */
/*
 * roofline: words read, so many multiplications and additions on each, and written. Few of them measure the memory, which is
 * the same for all types, many the arithmetic, which is not; between lies the ridge of the roofline [Williams et al., CACM
 * 52(4), 2009]. One operation is one multiplication or addition of one number.
 */
#include <stdlib.h>

#include "suites/gpu/kernels.h"

#define POISON 0xa5

enum { MAX_ROUNDS = 1 << 16, ARGS = 6 };

struct roofline {
	struct gpu_session session;
	const struct gpu_roof *roof;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2];
	struct gpu_arg args[ARGS];
	struct gpu_launch launch;
	unsigned type;
	size_t n, bytes;
	uint32_t rounds;
	uint64_t batch;
};

static enum assay_code open_all(struct roofline *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	const uint32_t numbers[] = {t->rounds, (uint32_t)t->n, t->roof->factor, t->roof->addend};
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK && t->roof->needs != GPU_FEATURES)
		code = gpu_needs(&t->session, t->roof->needs, err);
	if (code == ASSAY_OK)
		code = ops->build(t->session.device, t->roof->source, &t->kernel, err);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++) {
		code = ops->alloc(t->session.device, GPU_PLAIN, t->bytes, &t->buffers[i], err);
		t->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = t->buffers[i]}};
	}
	for (int i = 2; i < ARGS; i++)
		t->args[i] = (struct gpu_arg){GPU_UINT, {.u = numbers[i - 2]}};
	t->launch = gpu_over(t->kernel, t->args, ARGS, t->n);
	return code;
}

/* Random data in, poison where the answer goes, one run, the answer out and compared. */
static enum assay_code verify(struct roofline *t, void *const host[2], uint64_t seed,
			      struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	double ns;
	memset(host[0], POISON, t->bytes);
	gpu_roof_fill(t->type, host[1], t->n, seed);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++)
		code = gpu_upload(&t->session, t->buffers[i], host[i], t->bytes, err);
	if (code == ASSAY_OK)
		code = gpu_run(&t->session, &t->launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, host[0], t->buffers[0], t->bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = gpu_roof_check(t->type, host[0], host[1], t->rounds, t->n, err);
	return code;
}

/* Operations of a launch. */
static double work(const struct roofline *t)
{
	return (double)t->roof->ops * t->rounds * (double)t->n;
}

static void state_work(struct assay_run *run, const struct roofline *t)
{
	assay_set_ops_per_iteration(run, (uint64_t)work(t));
	assay_set_bytes_per_op(run, 2.0 * (double)t->bytes / work(t));
	if (t->roof->floats)
		assay_set_flops_per_op(run, 1);
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct roofline *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->type = (unsigned)assay_axis(run, "type");
	t->roof = &gpu_roofs[t->type];
	t->n = (size_t)assay_axis(run, "size") / t->roof->bytes;
	t->bytes = t->n * t->roof->bytes;
	double rounds = assay_axis(run, "rounds");
	if (t->n < 1 || t->n > UINT32_MAX || !(rounds >= 1 && rounds <= MAX_ROUNDS)) {
		assay_skip(run, "size must be 8 bytes to 16 GiB, rounds 1 to %d", MAX_ROUNDS);
		return;
	}
	t->rounds = (uint32_t)rounds;
	state_work(run, t);
	void *host[2] = {malloc(t->bytes), malloc(t->bytes)};
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
	struct roofline *t = assay_state(run);
	if (t)
		gpu_close_with(&t->session, t->kernel, t->buffers, 2);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	((struct roofline *)assay_state(run))->batch = n;
}

static void body(struct assay_run *run)
{
	struct roofline *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = t->session.ops->launch(t->session.stream, &t->launch, &err);
	}
	if (!gpu_end(run, &t->session, code, &err))
		return;
	assay_metric(run, "intensity", "op/B", ASSAY_HIGHER, work(t) / (2.0 * (double)t->bytes));
	gpu_of_limit(run, &t->session, GPU_LIMIT_FP32 + t->type, work(t) * (double)t->batch);
}

const struct assay_bench assay_bench_gpu_roofline = {
	.brief = "so many multiplications and additions for each number read and written",
	.source = "Williams, Waterman & Patterson, CACM 52(4), 2009",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"type", "name", GPU_ROOF_WORDS, NULL},
			   {"rounds", "count", "1,4,16,64,256,1024", "1,16,256"},
			   {"size", "bytes", "16Mi", "4Mi"}),
	.unit = "op/s",
	.max_ops = 16,
	.version = 2,
	.thorough = true,
};

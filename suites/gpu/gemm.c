/* SPDX-License-Identifier: MIT */
/*
 * gemm: products of square matrices, in the ways and types that the device has. Without transfers the matrices are on
 * the device before and after; with them each product starts and ends in the host's memory, which is what a single
 * product is worth to a caller. Subject host's rows are what a CPU does: a plain loop, blocks on all CPUs, OpenBLAS.
 */
#include <math.h>
#include <stdlib.h>

#include "suites/gpu/product.h"

struct multiplying {
	struct gpu_session session;
	struct gpu_trial trial;
	uint64_t batch;
};

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct multiplying *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	double n = assay_axis(run, "n");
	if (!(n >= 1 && n <= GPU_MAX_ROWS)) {
		assay_skip(run, "n must be 1 to %d", GPU_MAX_ROWS);
		return;
	}
	assay_set_flops_per_op(run, 2 * n * n * n);
	enum assay_code code = gpu_open(&t->session, &err);
	if (code == ASSAY_OK)
		code = gpu_trial_open(&t->trial, &t->session, (enum gpu_way)assay_axis(run, "way"),
				      (enum gpu_type)assay_axis(run, "type"), (size_t)n,
				      assay_seed(run), &err);
	t->trial.transfers = assay_axis(run, "transfers") != 0;
	gpu_passed(run, &t->session, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct multiplying *t = assay_state(run);
	if (!t)
		return;
	gpu_trial_close(&t->trial);
	gpu_close(&t->session);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	((struct multiplying *)assay_state(run))->batch = n;
}

/* Whether sums are made by the units for fp32, whose limit is known: matrix units go beyond it. */
static bool by_plain_units(const struct gpu_multiplier *m)
{
	return m->type != GPU_INT8 && (m->way == GPU_NAIVE || m->way == GPU_TILED ||
				       (m->way == GPU_LIBRARY && m->type == GPU_FP32));
}

static void body(struct assay_run *run)
{
	struct multiplying *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, !t->trial.transfers, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = gpu_trial_run(&t->trial, &err);
	}
	if (!gpu_end(run, &t->session, code, &err) || !t->session.ops->computes)
		return;
	assay_metric(run, "error", "ratio", ASSAY_LOWER, t->trial.error);
	if (by_plain_units(&t->trial.multiplier))
		gpu_of_limit(run, &t->session, GPU_LIMIT_FP32,
			     2 * pow((double)t->trial.operands.n, 3) * (double)t->batch);
}

const struct assay_bench assay_bench_gpu_gemm = {
	.brief = "products of square matrices: plain, by tiles, on matrix units, by a library",
	.claim = "S1.gpu",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES(
		{"way", "name", GPU_WAY_WORDS, NULL}, {"type", "name", GPU_TYPE_WORDS, "fp32,bf16"},
		{"transfers", "name", "no,yes", NULL}, {"n", "rows", "128,512,2048", "512"}),
	.unit = "flop/s",
	.max_ops = 64,
	.version = 2,
	.thorough = true,
};

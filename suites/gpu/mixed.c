/* SPDX-License-Identifier: MIT */
/*
 * mixed: the forward pass of a network of four layers with numbers of fewer bits, as mixed precision has it [Micikevicius et
 * al., ICLR 2018]: weights and activations in the type, sums in fp32, each layer's result narrowed again. All
 * activations stay, as training needs them; so do the weights in fp32, where `weights` is `both`. One operation is
 * one pass over n rows of n numbers.
 */
#include <math.h>
#include <stdlib.h>

#include "suites/gpu/product.h"

#define POISON 0xa5

enum { LAYERS = 4, CHECKED = 8 /* rows */ };

struct network {
	struct gpu_session session;
	struct gpu_multiplier multiplier;
	struct gpu_kernel *narrow;
	struct gpu_buffer *weights[LAYERS], *masters[LAYERS], *states[LAYERS + 1], *sums;
	float *exact_in, *exact_weights[LAYERS];
	enum gpu_type type;
	bool masters_kept;
	size_t n, held_bytes, plain_bytes;
	float scale; /* keeps numbers of a layer as large as of the one before */
	double error;
};

static const struct gpu_kernel_source *narrow_of(enum gpu_type type)
{
	return type == GPU_BF16   ? &gpu_kernel_narrow_bf16
	       : type == GPU_FP16 ? &gpu_kernel_narrow_fp16
				  : &gpu_kernel_narrow_fp32;
}

/* A buffer on the device, and what it would be in fp32 in a network without masters. */
static enum assay_code hold(struct network *t, size_t bytes, size_t plain, struct gpu_buffer **ret,
			    struct assay_err *err)
{
	t->held_bytes += bytes;
	t->plain_bytes += plain;
	return t->session.ops->alloc(t->session.device, GPU_PLAIN, bytes, ret, err);
}

static enum assay_code pass(struct network *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session.ops;
	enum assay_code code = ASSAY_OK;
	for (size_t l = 0; l < LAYERS && code == ASSAY_OK; l++) {
		const struct gpu_arg args[] = {{GPU_BUFFER, {.buffer = t->states[l + 1]}},
					       {GPU_BUFFER, {.buffer = t->sums}},
					       {GPU_FLOAT, {.f = t->scale}},
					       {GPU_UINT, {.u = (uint32_t)(t->n * t->n)}}};
		const struct gpu_launch narrow = gpu_over(t->narrow, args, 4, t->n * t->n);
		code = gpu_multiply(&t->multiplier, t->session.stream, t->states[l], t->weights[l],
				    t->sums, err);
		if (code == ASSAY_OK)
			code = ops->launch(t->session.stream, &narrow, err);
	}
	return code;
}

/* One row through all layers in double, from the floats that everything was before. */
static void row_exactly(const struct network *t, size_t row, double *x, double *y)
{
	for (size_t k = 0; k < t->n; k++)
		x[k] = t->exact_in[row * t->n + k];
	for (size_t l = 0; l < LAYERS; l++) {
		memset(y, 0, t->n * sizeof(*y));
		for (size_t k = 0; k < t->n; k++)
			for (size_t j = 0; j < t->n; j++)
				y[j] += x[k] * t->exact_weights[l][k * t->n + j];
		for (size_t j = 0; j < t->n; j++)
			x[j] = y[j] * (double)t->scale;
	}
}

/* The largest error in rounding one number, as a part of it. */
static double unit_of(enum gpu_type type)
{
	static const double units[GPU_TYPES] = {[GPU_FP32] = 0x1p-24,
						[GPU_TF32] = 0x1p-10,
						[GPU_BF16] = 0x1p-8,
						[GPU_FP16] = 0x1p-11};
	return units[type];
}

static enum assay_code check_rows(struct network *t, const void *got, struct assay_err *err)
{
	double off = 0, size = 0, *x = malloc(2 * t->n * sizeof(*x));
	if (!x)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (size_t i = 0; i < CHECKED; i++) {
		size_t row = i * (t->n - 1) / (CHECKED - 1);
		row_exactly(t, row, x, x + t->n);
		for (size_t j = 0; j < t->n; j++) {
			double d = gpu_type_at(t->type, got, row * t->n + j) - x[j];
			off += d * d;
			size += x[j] * x[j];
		}
	}
	free(x);
	t->error = sqrt(off / size);
	/* Each layer rounds its numbers and its weights, and adds up. */
	double bound = (LAYERS + 1) * (2 * unit_of(t->type) + 8 * 0x1p-24 * sqrt((double)t->n));
	if (!(t->error <= bound))
		return assay_fail(err, ASSAY_ECHECK, "%d layers in %s are off by %.3g, not %.3g",
				  LAYERS, gpu_type_name(t->type), t->error, bound);
	return ASSAY_OK;
}

static enum assay_code verify(struct network *t, struct assay_err *err)
{
	const size_t bytes = t->n * t->n * gpu_type_bytes(t->type);
	void *got = malloc(bytes);
	if (!got)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	memset(got, POISON, bytes);
	enum assay_code code = gpu_upload(&t->session, t->states[LAYERS], got, bytes, err);
	if (code == ASSAY_OK)
		code = pass(t, err);
	if (code == ASSAY_OK)
		code = gpu_download(&t->session, got, t->states[LAYERS], bytes, err);
	if (code == ASSAY_OK && t->session.ops->computes)
		code = check_rows(t, got, err);
	free(got);
	return code;
}

/* Floats of either sign, kept and packed and uploaded. */
static enum assay_code fill(struct network *t, struct gpu_buffer *to, struct gpu_buffer *master,
			    bool columns, float **exact, uint64_t seed, struct assay_err *err)
{
	const size_t all = t->n * t->n;
	void *packed = malloc(all * sizeof(float));
	*exact = malloc(all * sizeof(float));
	enum assay_code code = ASSAY_OK;
	if (!packed || !*exact) {
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	} else {
		gpu_fill(*exact, all, seed);
		gpu_pack_matrix(t->type, columns, *exact, packed, t->n);
		code = gpu_upload(&t->session, to, packed, all * gpu_type_bytes(t->type), err);
	}
	if (code == ASSAY_OK && master)
		code = gpu_upload(&t->session, master, *exact, all * sizeof(float), err);
	free(packed);
	return code;
}

static enum assay_code open_all(struct network *t, enum gpu_way way, uint64_t seed,
				struct assay_err *err)
{
	const size_t whole = t->n * t->n * sizeof(float);
	const size_t part = t->n * t->n * gpu_type_bytes(t->type);
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK)
		code = gpu_multiplier_open(&t->multiplier, &t->session, way, t->type, t->n, err);
	if (code == ASSAY_OK)
		code = t->session.ops->build(t->session.device, narrow_of(t->type), &t->narrow,
					     err);
	if (code == ASSAY_OK)
		code = hold(t, whole, whole, &t->sums, err);
	for (size_t l = 0; l <= LAYERS && code == ASSAY_OK; l++)
		code = hold(t, part, whole, &t->states[l], err);
	for (size_t l = 0; l < LAYERS && code == ASSAY_OK; l++) {
		code = hold(t, part, whole, &t->weights[l], err);
		if (code == ASSAY_OK && t->masters_kept && part < whole)
			code = hold(t, whole, 0, &t->masters[l], err);
		if (code == ASSAY_OK)
			code = fill(t, t->weights[l], t->masters[l], t->multiplier.columns,
				    &t->exact_weights[l], seed + 1 + l, err);
	}
	if (code == ASSAY_OK)
		code = fill(t, t->states[0], NULL, false, &t->exact_in, seed, err);
	return code == ASSAY_OK ? verify(t, err) : code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct network *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->type = (enum gpu_type)assay_axis(run, "type");
	t->masters_kept = assay_axis(run, "weights") != 0;
	double n = assay_axis(run, "n");
	if (!(n >= GPU_TILE && n <= GPU_MAX_ROWS)) {
		assay_skip(run, "n must be %d to %d", GPU_TILE, GPU_MAX_ROWS);
		return;
	}
	t->n = (size_t)n;
	/* Numbers of gpu_fill() are about 4 in size. */
	t->scale = (float)(0.25 / sqrt(n));
	assay_set_flops_per_op(run, LAYERS * 2 * n * n * n);
	/* The words of the axis are those of the ways but the first. */
	enum gpu_way way = GPU_TILED + (enum gpu_way)assay_axis(run, "way");
	gpu_passed(run, &t->session, open_all(t, way, assay_seed(run), &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct network *t = assay_state(run);
	if (!t)
		return;
	if (t->session.device) {
		const struct gpu_ops *ops = t->session.ops;
		ops->release(t->session.device, t->sums);
		for (size_t l = 0; l <= LAYERS; l++)
			ops->release(t->session.device, t->states[l]);
		for (size_t l = 0; l < LAYERS; l++) {
			ops->release(t->session.device, t->weights[l]);
			ops->release(t->session.device, t->masters[l]);
		}
		ops->unbuild(t->session.device, t->narrow);
		gpu_multiplier_close(&t->multiplier);
	}
	gpu_close(&t->session);
	for (size_t l = 0; l < LAYERS; l++)
		free(t->exact_weights[l]);
	free(t->exact_in);
	free(t);
}

static void body(struct assay_run *run)
{
	struct network *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = gpu_begin(run, &t->session, true, &err);
	ASSAY_LOOP (run) {
		if (code == ASSAY_OK)
			code = pass(t, &err);
	}
	if (!gpu_end(run, &t->session, code, &err))
		return;
	assay_metric(run, "memory", "B", ASSAY_LOWER, (double)t->held_bytes);
	assay_metric(run, "saved", "ratio", ASSAY_HIGHER,
		     1 - (double)t->held_bytes / (double)t->plain_bytes);
	if (t->session.ops->computes)
		assay_metric(run, "error", "ratio", ASSAY_LOWER, t->error);
}

const struct assay_bench assay_bench_gpu_mixed = {
	.brief = "four layers of a network with numbers of fewer bits: time, memory and error",
	.source = "Micikevicius et al., Mixed precision training, ICLR 2018",
	.claim = "S4.mixed",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", "tiled,tensor,library", NULL},
			   {"type", "name", "fp32,tf32,bf16,fp16", "fp32,bf16"},
			   {"weights", "name", "one,both", NULL}, {"n", "rows", "256,1024", "256"}),
	.unit = "flop/s",
	.max_ops = 64,
	.version = 1,
	.thorough = true,
};

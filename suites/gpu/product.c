/* SPDX-License-Identifier: MIT */
/* product: sets up, runs and checks products of matrices. */
#include "suites/gpu/product.h"

#include <stdlib.h>

#include "suites/gpu/tensor_text.h"

enum { SAMPLES = 512, POISON = 0xa5 };

static const struct gpu_kernel_source *const sources[GPU_LIBRARY][GPU_TYPES] = {
	[GPU_NAIVE] = {[GPU_FP32] = &gpu_kernel_naive_fp32,
		       [GPU_BF16] = &gpu_kernel_naive_bf16,
		       [GPU_FP16] = &gpu_kernel_naive_fp16,
		       [GPU_INT8] = &gpu_kernel_naive_int8},
	[GPU_TILED] = {[GPU_FP32] = &gpu_kernel_tiled_fp32,
		       [GPU_BF16] = &gpu_kernel_tiled_bf16,
		       [GPU_FP16] = &gpu_kernel_tiled_fp16,
		       [GPU_INT8] = &gpu_kernel_tiled_int8},
	[GPU_TENSOR] = {[GPU_TF32] = &gpu_kernel_tensor_tf32,
			[GPU_BF16] = &gpu_kernel_tensor_bf16,
			[GPU_FP16] = &gpu_kernel_tensor_fp16,
			[GPU_INT8] = &gpu_kernel_tensor_int8},
};

static enum assay_code open_kernel(struct gpu_multiplier *m, struct gpu_session *session,
				   struct assay_err *err)
{
	const size_t tile = m->way == GPU_TENSOR ? TENSOR_TILE : GPU_TILE;
	const struct gpu_kernel_source *source = sources[m->way][m->type];
	if (m->way == GPU_TENSOR) {
		enum assay_code code = gpu_needs(session, GPU_HAS_MATRIX, err);
		if (code != ASSAY_OK)
			return code;
	}
	if (!source && m->way == GPU_TENSOR)
		return assay_fail(err, ASSAY_SKIP, "matrix units have no fp32: tf32 is theirs");
	if (!source)
		return assay_fail(err, ASSAY_SKIP, "tf32 is a type of matrix units");
	if (m->n % tile != 0)
		return assay_fail(err, ASSAY_SKIP, "n must be a multiple of %zu here", tile);
	return m->ops->build(m->device, source, &m->kernel, err);
}

enum assay_code gpu_multiplier_open(struct gpu_multiplier *m, struct gpu_session *session,
				    enum gpu_way way, enum gpu_type type, size_t n,
				    struct assay_err *err)
{
	*m = (struct gpu_multiplier){.ops = session->ops,
				     .device = session->device,
				     .way = way,
				     .type = type,
				     .n = n,
				     .columns = way == GPU_TENSOR ||
						(way == GPU_LIBRARY && type == GPU_INT8)};
	if (n < GPU_TILE || n > GPU_MAX_ROWS || n % GPU_TILE != 0)
		return assay_fail(err, ASSAY_SKIP, "n must be a multiple of %d, at most %d",
				  GPU_TILE, GPU_MAX_ROWS);
	if (way != GPU_LIBRARY)
		return open_kernel(m, session, err);
	return m->ops->product_new(m->device, type, n, &m->product, err);
}

void gpu_multiplier_close(struct gpu_multiplier *m)
{
	if (!m->ops)
		return;
	m->ops->unbuild(m->device, m->kernel);
	m->ops->product_free(m->product);
	*m = (struct gpu_multiplier){0};
}

enum assay_code gpu_multiply(const struct gpu_multiplier *m, struct gpu_stream *stream,
			     struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
			     struct assay_err *err)
{
	if (m->product)
		return m->ops->product_run(stream, m->product, a, b, c, err);
	const bool tensor = m->way == GPU_TENSOR;
	const uint32_t groups = (uint32_t)(m->n / (tensor ? TENSOR_TILE : GPU_TILE));
	const struct gpu_arg args[] = {{GPU_BUFFER, {.buffer = a}},
				       {GPU_BUFFER, {.buffer = b}},
				       {GPU_BUFFER, {.buffer = c}},
				       {GPU_UINT, {.u = (uint32_t)m->n}}};
	const struct gpu_launch launch = {
		m->kernel,
		args,
		4,
		{groups, groups},
		{tensor ? TENSOR_ITEMS : GPU_TILE, tensor ? 1 : GPU_TILE}};
	return m->ops->launch(stream, &launch, err);
}

void gpu_pack_matrix(enum gpu_type type, bool columns, const float *from, void *to, size_t n)
{
	const size_t bytes = gpu_type_bytes(type);
	if (!columns) {
		gpu_type_pack(type, from, to, n * n);
		return;
	}
	for (size_t row = 0; row < n; row++)
		for (size_t column = 0; column < n; column++)
			gpu_type_pack(type, &from[row * n + column],
				      (char *)to + (column * n + row) * bytes, 1);
}

static enum assay_code take_host(struct gpu_trial *t, uint64_t seed, struct assay_err *err)
{
	struct gpu_operands *o = &t->operands;
	t->result = malloc(t->out_bytes);
	if (!t->result)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (int i = 0; i < 2; i++) {
		o->exact[i] = malloc(o->n * o->n * sizeof(float));
		o->packed[i] = malloc(t->in_bytes);
		if (!o->exact[i] || !o->packed[i])
			return assay_fail(err, ASSAY_ENOMEM, "out of memory");
		gpu_fill(o->exact[i], o->n * o->n, seed + (uint64_t)i);
		gpu_pack_matrix(o->type, i == 1 && o->columns, o->exact[i], o->packed[i], o->n);
	}
	memset(t->result, POISON, t->out_bytes);
	return ASSAY_OK;
}

static enum assay_code take_device(struct gpu_trial *t, struct assay_err *err)
{
	void *const host[3] = {t->operands.packed[0], t->operands.packed[1], t->result};
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		size_t bytes = i < 2 ? t->in_bytes : t->out_bytes;
		code = t->session->ops->alloc(t->session->device, GPU_PLAIN, bytes, &t->buffers[i],
					      err);
		if (code == ASSAY_OK)
			code = gpu_upload(t->session, t->buffers[i], host[i], bytes, err);
	}
	return code;
}

enum assay_code gpu_trial_run(struct gpu_trial *t, struct assay_err *err)
{
	const struct gpu_ops *ops = t->session->ops;
	struct gpu_stream *stream = t->session->stream;
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 2 && t->transfers && code == ASSAY_OK; i++)
		code = ops->write(stream, t->buffers[i], t->operands.packed[i], t->in_bytes, err);
	if (code == ASSAY_OK)
		code = gpu_multiply(&t->multiplier, stream, t->buffers[0], t->buffers[1],
				    t->buffers[2], err);
	if (t->transfers && code == ASSAY_OK)
		code = ops->read(stream, t->result, t->buffers[2], t->out_bytes, err);
	return code;
}

/* Samples may miss a tile that was never written. The poison is no float of a product, and no sum of so few small integers. */
static enum assay_code check_written(const struct gpu_trial *t, struct assay_err *err)
{
	const size_t n = t->operands.n;
	uint32_t poison, word;
	memset(&poison, POISON, sizeof(poison));
	for (size_t i = 0; i < n * n; i++) {
		memcpy(&word, (const char *)t->result + i * sizeof(word), sizeof(word));
		if (word == poison)
			return assay_fail(
				err, ASSAY_ECHECK,
				"%s product of %zu x %zu: row %zu, column %zu was never written",
				gpu_type_name(t->operands.type), n, n, i / n, i % n);
	}
	return ASSAY_OK;
}

enum assay_code gpu_trial_open(struct gpu_trial *t, struct gpu_session *session, enum gpu_way way,
			       enum gpu_type type, size_t n, uint64_t seed, struct assay_err *err)
{
	*t = (struct gpu_trial){.session = session,
				.operands = {.type = type, .n = n},
				.in_bytes = n * n * gpu_type_bytes(type),
				.out_bytes = n * n * sizeof(float)};
	enum assay_code code = gpu_multiplier_open(&t->multiplier, session, way, type, n, err);
	t->operands.columns = t->multiplier.columns;
	if (code == ASSAY_OK)
		code = take_host(t, seed, err);
	if (code == ASSAY_OK)
		code = take_device(t, err);
	if (code == ASSAY_OK)
		code = gpu_trial_run(t, err);
	if (code == ASSAY_OK)
		code = gpu_download(session, t->result, t->buffers[2], t->out_bytes, err);
	if (code == ASSAY_OK && session->ops->computes)
		code = check_written(t, err);
	if (code == ASSAY_OK && session->ops->computes)
		code = gpu_gemm_check(&t->operands, t->result, SAMPLES, seed, &t->error, err);
	return code;
}

void gpu_trial_close(struct gpu_trial *t)
{
	for (int i = 0; i < 3 && t->session && t->session->device; i++)
		t->session->ops->release(t->session->device, t->buffers[i]);
	gpu_multiplier_close(&t->multiplier);
	for (int i = 0; i < 2; i++) {
		free(t->operands.exact[i]);
		free(t->operands.packed[i]);
	}
	free(t->result);
	*t = (struct gpu_trial){0};
}

/* SPDX-License-Identifier: MIT */
/* cuda_product: products of matrices by cuBLASLt on the CUDA device. */
#include <stdlib.h>

#include "suites/gpu/cublaslt.h"
#include "suites/gpu/subjects/cuda_device.h"

enum { WORKSPACE_BYTES = 32 << 20 };

struct gpu_product {
	struct gpu_device *device;
	struct cublaslt lt;
	struct cublasLtContext *context;
	void *desc, *in, *out;
	struct cublaslt_algo algo;
	cuda_address workspace;
	size_t workspace_bytes;
	bool whole; /* sums are integers */
};

static const struct format {
	unsigned number, sum, compute;
} formats[GPU_TYPES] = {
	[GPU_FP32] = {CUBLASLT_FP32, CUBLASLT_FP32, CUBLASLT_IN_FP32},
	[GPU_TF32] = {CUBLASLT_FP32, CUBLASLT_FP32, CUBLASLT_IN_TF32},
	[GPU_BF16] = {CUBLASLT_BF16, CUBLASLT_FP32, CUBLASLT_IN_FP32},
	[GPU_FP16] = {CUBLASLT_FP16, CUBLASLT_FP32, CUBLASLT_IN_FP32},
	[GPU_INT8] = {CUBLASLT_INT8, CUBLASLT_INT32, CUBLASLT_IN_INT32},
};

void cuda_product_free(struct gpu_product *product)
{
	if (!product)
		return;
	struct gpu_device *device = product->device;
	if (product->workspace && !device->hung)
		cuda_use(device)->release(product->workspace);
	if (product->in)
		product->lt.layout_destroy(product->in);
	if (product->out)
		product->lt.layout_destroy(product->out);
	if (product->desc)
		product->lt.desc_destroy(product->desc);
	if (product->context && !device->hung)
		product->lt.destroy(product->context);
	free(product);
}

/* What is multiplied. The library counts along columns, so that our rows of c = a b are its columns of
 * c' = b' a'; integers it takes only with its left side transposed, which is b by columns. */
static enum assay_code describe(struct gpu_product *p, enum gpu_type type, size_t n,
				struct assay_err *err)
{
	const struct format *f = &formats[type];
	const int32_t transposed = CUBLASLT_TRANSPOSED;
	unsigned status = p->lt.create(&p->context);
	if (status == CUBLASLT_OK)
		status = p->lt.desc_create(&p->desc, f->compute, f->sum);
	if (status == CUBLASLT_OK && type == GPU_INT8)
		status = p->lt.desc_set(p->desc, CUBLASLT_DESC_TRANSA, &transposed,
					sizeof(transposed));
	if (status == CUBLASLT_OK)
		status = p->lt.layout_create(&p->in, f->number, n, n, (int64_t)n);
	if (status == CUBLASLT_OK)
		status = p->lt.layout_create(&p->out, f->sum, n, n, (int64_t)n);
	return status == CUBLASLT_OK ? ASSAY_OK
				     : cublaslt_failed("cublasLtMatmulDescCreate", status, err);
}

/* The library's own first choice. */
static enum assay_code choose(struct gpu_product *p, struct assay_err *err)
{
	const size_t workspace = WORKSPACE_BYTES;
	struct cublaslt_proposal proposal = {0};
	void *preference = NULL;
	int found = 0;
	unsigned status = p->lt.pref_create(&preference);
	if (status == CUBLASLT_OK)
		status = p->lt.pref_set(preference, CUBLASLT_PREF_WORKSPACE_BYTES, &workspace,
					sizeof(workspace));
	if (status == CUBLASLT_OK)
		status = p->lt.propose(p->context, p->desc, p->in, p->in, p->out, p->out,
				       preference, 1, &proposal, &found);
	if (preference)
		p->lt.pref_destroy(preference);
	if (status == CUBLASLT_OK && (found < 1 || proposal.state != CUBLASLT_OK))
		status = CUBLASLT_UNSUPPORTED;
	if (status != CUBLASLT_OK)
		return cublaslt_failed("cublasLtMatmulAlgoGetHeuristic", status, err);
	p->algo = proposal.algo;
	p->workspace_bytes = proposal.workspace_bytes;
	if (p->workspace_bytes == 0)
		return ASSAY_OK;
	return cuda_done(p->device, "cuMemAlloc",
			 cuda_use(p->device)->alloc(&p->workspace, p->workspace_bytes), err);
}

enum assay_code cuda_product_new(struct gpu_device *device, enum gpu_type type, size_t n,
				 struct gpu_product **ret, struct assay_err *err)
{
	struct gpu_product *product = calloc(1, sizeof(*product));
	if (!product)
		return cuda_no_memory(err);
	product->device = device;
	product->whole = type == GPU_INT8;
	cuda_use(device);
	enum assay_code code = cublaslt_load(device->cuda.version, &product->lt, err);
	if (code == ASSAY_OK)
		code = describe(product, type, n, err);
	if (code == ASSAY_OK)
		code = choose(product, err);
	if (code != ASSAY_OK) {
		cuda_product_free(product);
		return code;
	}
	*ret = product;
	return ASSAY_OK;
}

enum assay_code cuda_product_run(struct gpu_stream *stream, struct gpu_product *p,
				 struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
				 struct assay_err *err)
{
	static const float one = 1, zero = 0;
	static const int32_t whole_one = 1, whole_zero = 0;
	cuda_use(stream->device);
	unsigned status = p->lt.multiply(
		p->context, p->desc, p->whole ? (const void *)&whole_one : &one,
		(const void *)(uintptr_t)b->address, p->in, (const void *)(uintptr_t)a->address,
		p->in, p->whole ? (const void *)&whole_zero : &zero,
		(const void *)(uintptr_t)c->address, p->out, (void *)(uintptr_t)c->address, p->out,
		&p->algo, (void *)(uintptr_t)p->workspace, p->workspace_bytes, stream->stream);
	return status == CUBLASLT_OK ? ASSAY_OK : cublaslt_failed("cublasLtMatmul", status, err);
}

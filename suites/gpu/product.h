/* SPDX-License-Identifier: MIT */
/* product: a product of square matrices on a device, in one of the ways and types that there are, ready to be run. */
#ifndef ASSAY_SUITES_GPU_PRODUCT_H
#define ASSAY_SUITES_GPU_PRODUCT_H

#include "suites/gpu/kernels.h"

enum gpu_way { GPU_NAIVE, GPU_TILED, GPU_TENSOR, GPU_LIBRARY, GPU_WAYS };
#define GPU_WAY_WORDS "naive,tiled,tensor,library"

enum { GPU_MAX_ROWS = 16384 };

/* How products are computed: c = a b of n x n numbers. Zero-initialise. */
struct gpu_multiplier {
	const struct gpu_ops *ops;
	struct gpu_device *device;
	enum gpu_way way;
	enum gpu_type type;
	size_t n;
	struct gpu_kernel *kernel;   /* or */
	struct gpu_product *product; /* of a library */
	bool columns;                /* b must lie column after column */
};

/* ASSAY_SKIP: the device cannot, or n does not go into whole tiles, and why. */
enum assay_code gpu_multiplier_open(struct gpu_multiplier *m, struct gpu_session *session,
				    enum gpu_way way, enum gpu_type type, size_t n,
				    struct assay_err *err);
/* Also after a failed open, and before the session's end. */
void gpu_multiplier_close(struct gpu_multiplier *m);
/* Put one product into the stream. */
enum assay_code gpu_multiply(const struct gpu_multiplier *m, struct gpu_stream *stream,
			     struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
			     struct assay_err *err);

/* Operands on the host and on the device, and the device's answer. Zero-initialise. */
struct gpu_trial {
	struct gpu_session *session;
	struct gpu_multiplier multiplier;
	struct gpu_operands operands;
	struct gpu_buffer *buffers[3];
	void *result;
	size_t in_bytes, out_bytes; /* of an operand, of the result */
	bool transfers; /* operands are uploaded, and the result downloaded, each time */
	double error;   /* what the type costs, see gpu_gemm_check() */
};

/*
 * Everything for products in an open session: random operands by `seed`, poison where the answer goes, one product, and
 * its answer checked against sums in double. ASSAY_ECHECK: it is wrong.
 */
enum assay_code gpu_trial_open(struct gpu_trial *t, struct gpu_session *session, enum gpu_way way,
			       enum gpu_type type, size_t n, uint64_t seed, struct assay_err *err);
void gpu_trial_close(struct gpu_trial *t);
/* One product; not waited for. */
enum assay_code gpu_trial_run(struct gpu_trial *t, struct assay_err *err);

/* to[n x n] are from[n x n] packed as `type`, row after row or column after column. */
void gpu_pack_matrix(enum gpu_type type, bool columns, const float *from, void *to, size_t n);

#endif

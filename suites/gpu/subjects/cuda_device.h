/* SPDX-License-Identifier: MIT */
/* cuda_device: what the files of the CUDA device share. */
#ifndef ASSAY_SUITES_GPU_CUDA_DEVICE_H
#define ASSAY_SUITES_GPU_CUDA_DEVICE_H

#include <stdatomic.h>

#include "suites/gpu/cuda.h"
#include "suites/gpu/gpu.h"
#include "suites/gpu/nvrtc.h"

struct gpu_device {
	struct cuda cuda;
	struct nvrtc nvrtc;
	struct gpu_info info;
	int number;
	struct CUctx_st *context;
	uint64_t patience_ns;
	bool hung; /* it did not answer in time: calls that wait for it would not come back */
	_Atomic uint32_t *gates;
	cuda_address gates_address;
	unsigned streams; /* made so far */
	uint32_t peers;   /* a bit for each that it was told of */
};

struct gpu_buffer {
	cuda_address address;
	void *mapped; /* the host's own address of it, or NULL */
};

struct gpu_kernel {
	struct CUmod_st *module;
	struct CUfunc_st *function;
};

struct gpu_stream {
	struct gpu_device *device;
	struct CUstream_st *stream;
	unsigned gate;   /* its word */
	uint32_t closed; /* gates so far */
};

struct gpu_span {
	struct gpu_device *device;
	struct CUevent_st *first, *last;
};

struct gpu_graph {
	struct gpu_device *device;
	struct CUgraphExec_st *graph;
};

/* A stream waits until its word has reached this number. */
struct gpu_gate {
	_Atomic uint32_t *word;
	uint32_t number;
};

enum assay_code cuda_no_memory(struct assay_err *err);
/* A call's status: ASSAY_OK, or cuda_failed(). */
enum assay_code cuda_done(struct gpu_device *device, const char *call, unsigned status,
			  struct assay_err *err);
/* The driver, with the device's context as that of this thread. */
const struct cuda *cuda_use(struct gpu_device *device);

/* Fill in the info of an open device: what it is, has, lacks, and cannot go beyond. */
void cuda_describe(struct gpu_device *device);

/* Functions of struct gpu_ops. */
enum assay_code cuda_launch_kernel(struct gpu_stream *stream, const struct gpu_launch *launch,
				   struct assay_err *err);
enum assay_code cuda_span_new(struct gpu_device *device, struct gpu_span **ret,
			      struct assay_err *err);
void cuda_span_free(struct gpu_span *span);
enum assay_code cuda_span_begin(struct gpu_stream *stream, struct gpu_span *span,
				struct assay_err *err);
enum assay_code cuda_span_end(struct gpu_stream *stream, struct gpu_span *span,
			      struct assay_err *err);
enum assay_code cuda_span_ns(struct gpu_span *span, double *ret_ns, struct assay_err *err);
enum assay_code cuda_span_times(struct gpu_span *origin, struct gpu_span *span,
				double *ret_begin_ns, double *ret_end_ns, struct assay_err *err);
enum assay_code cuda_graph_new(struct gpu_stream *stream, const struct gpu_launch *launches,
			       size_t n, struct gpu_graph **ret, struct assay_err *err);
void cuda_graph_free(struct gpu_graph *graph);
enum assay_code cuda_graph_run(struct gpu_stream *stream, struct gpu_graph *graph,
			       struct assay_err *err);
enum assay_code cuda_product_new(struct gpu_device *device, enum gpu_type type, size_t n,
				 struct gpu_product **ret, struct assay_err *err);
void cuda_product_free(struct gpu_product *product);
enum assay_code cuda_product_run(struct gpu_stream *stream, struct gpu_product *product,
				 struct gpu_buffer *a, struct gpu_buffer *b, struct gpu_buffer *c,
				 struct assay_err *err);
enum assay_code cuda_gate_close(struct gpu_stream *stream, struct gpu_gate **ret,
				struct assay_err *err);
enum assay_code cuda_gate_open(struct gpu_gate *gate, struct assay_err *err);

#endif

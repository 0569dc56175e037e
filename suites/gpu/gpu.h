/* SPDX-License-Identifier: MIT */
/*
 * gpu: the interface "device": something with memory of its own that runs kernels, in the order of its
 * streams. A subject is one way to such devices; it defines the structs declared here for itself.
 */
#ifndef ASSAY_SUITES_GPU_H
#define ASSAY_SUITES_GPU_H

#include "harness/bench.h"
#include "suites/gpu/clocks.h"
#include "suites/gpu/number.h"

struct gpu_device;
struct gpu_buffer;
struct gpu_kernel;
struct gpu_stream;  /* a queue: what is put into it happens in order */
struct gpu_span;    /* a stretch of a stream's work whose time the device's clock takes */
struct gpu_graph;   /* launches that are put into a stream by one call */
struct gpu_product; /* products of matrices by a library of the device */
struct gpu_gate;    /* holds a stream back until the host lets it go */

enum gpu_arg_type { GPU_BUFFER, GPU_FLOAT, GPU_UINT };

/* One argument of a kernel, in the order of its parameters. */
struct gpu_arg {
	enum gpu_arg_type type;
	union {
		struct gpu_buffer *buffer;
		float f;
		uint32_t u;
	} value;
};

/* An argument as the host's version of a kernel gets it: a buffer is its memory. */
union gpu_host_arg {
	void *memory;
	float f;
	uint32_t u;
};

enum { GPU_MAX_ARGS = 8, GPU_GROUP_ITEMS = 256 };

/*
 * A kernel in all its forms. `text` is written in the dialect of dialect.h, which is OpenCL C and CUDA C at
 * once. The number of work items is rounded up to whole groups, so the text checks its number against a
 * parameter. `host` does the same for `items` work items on one CPU: it is the reference.
 */
struct gpu_kernel_source {
	const char *name;
	const char *text;
	const char *params; /* a letter each: 'b'uffer, 'f'loat, 'u'nsigned */
	void (*host)(const union gpu_host_arg *args, size_t items);
	uint32_t min_arch; /* not 0: only for NVIDIA's devices, from this one on, such as 80 */
};

/*
 * One launch: `groups` of `size` work items each, in two dimensions. `regroup`: a driver that may choose forms other
 * groups of as many items, where the kernel's text does not look at its groups.
 */
struct gpu_launch {
	struct gpu_kernel *kernel;
	const struct gpu_arg *args;
	uint32_t n_args;
	uint32_t groups[2], size[2];
	bool regroup;
};

enum gpu_memory {
	GPU_PLAIN,  /* of the device */
	GPU_MAPPED, /* of the host, where kernels reach it without a copy */
};

/* What a device may lack. */
enum gpu_feature {
	GPU_HAS_PINNED, /* memory of the host that the device copies without the driver's help */
	GPU_HAS_MAPPED,
	GPU_HAS_POOL,
	GPU_HAS_STREAMS, /* that can run side by side */
	GPU_HAS_GRAPHS,
	GPU_HAS_GATES,
	GPU_HAS_PEERS, /* other devices that it copies from without the host */
	GPU_HAS_HALF,  /* that kernels compute with */
	GPU_HAS_DOUBLE,
	GPU_HAS_CLOCK,   /* of its units, that kernels can read */
	GPU_HAS_MATRIX,  /* units that multiply small matrices */
	GPU_HAS_LIBRARY, /* that multiplies large ones */
	GPU_FEATURES
};

/* What a device cannot go beyond: bytes or operations a second. Types as in gpu_roofs[]. */
enum gpu_limit {
	GPU_LIMIT_MEMORY, /* clock times width */
	GPU_LIMIT_LINK,   /* to the host, one way */
	GPU_LIMIT_FP32,   /* from here on: units times operations a clock times the highest clock */
	GPU_LIMIT_FP64,
	GPU_LIMIT_FP16,
	GPU_LIMIT_INT32,
	GPU_LIMIT_INT8,
	GPU_LIMITS
};

/* What is known of a device. 0: not known. */
struct gpu_info {
	char text[200]; /* platform, name, driver and units, for people */
	uint32_t units; /* that run groups side by side */
	uint32_t arch;  /* of NVIDIA's: 90 is 9.0 */
	bool instance;  /* a part of a device that others may use (MIG) */
	bool spans_early; /* a span begins when the device comes to it, whether or not a command is there yet */
	uint64_t memory_bytes, max_alloc_bytes;
	uint64_t cache_bytes;      /* of the last level before the memory */
	uint64_t cache_most_bytes; /* where that is not told: what no such device's goes beyond */
	double limits[GPU_LIMITS];
	const char *compiler;            /* the library's file; NULL: the driver is */
	const char *no_limit;            /* why those that are 0 are */
	const char *lacks[GPU_FEATURES]; /* why not; NULL: it has it */
};

/*
 * What a device can do. All calls on one thread. Functions that can fail return ASSAY_OK, ASSAY_SKIP where
 * this device has not what is asked for, ASSAY_ENOMEM where its memory is full, ASSAY_EIO where the device
 * or its driver gave up, with the reason. Every destructor takes NULL. What is put into a stream is done
 * when wait() has returned; memory it works on must stay until then. Where the driver can be asked, wait() gives
 * up after a minute.
 */
struct gpu_ops {
	bool computes; /* false: the null subject, whose results mean nothing */
	enum assay_code (*count)(unsigned *ret, struct assay_err *err);
	/* The device of a number from 0. */
	enum assay_code (*open)(unsigned number, struct gpu_device **ret, struct assay_err *err);
	void (*close)(struct gpu_device *device);
	const struct gpu_info *(*info)(const struct gpu_device *device); /* valid until close */

	enum assay_code (*alloc)(struct gpu_device *device, enum gpu_memory kind, size_t bytes,
				 struct gpu_buffer **ret, struct assay_err *err);
	void (*release)(struct gpu_device *device, struct gpu_buffer *buffer);
	/* The host's own address of GPU_MAPPED memory, else NULL. */
	void *(*mapped)(struct gpu_buffer *buffer);
	/* From the driver's own pool, in the order of the stream: there when what came before it is done. */
	enum assay_code (*pool_alloc)(struct gpu_stream *stream, size_t bytes,
				      struct gpu_buffer **ret, struct assay_err *err);
	void (*pool_release)(struct gpu_stream *stream, struct gpu_buffer *buffer);
	/* Memory of the host that the device copies from and to by itself. */
	enum assay_code (*pin)(struct gpu_device *device, size_t bytes, void **ret,
			       struct assay_err *err);
	void (*unpin)(struct gpu_device *device, void *memory);

	enum assay_code (*stream_new)(struct gpu_device *device, struct gpu_stream **ret,
				      struct assay_err *err);
	void (*stream_free)(struct gpu_stream *stream);
	/* Until all of it is done. */
	enum assay_code (*wait)(struct gpu_stream *stream, struct assay_err *err);
	/* What is put into `stream` from now on waits for all that is in `first` now. */
	enum assay_code (*after)(struct gpu_stream *stream, struct gpu_stream *first,
				 struct assay_err *err);

	enum assay_code (*write)(struct gpu_stream *stream, struct gpu_buffer *to, const void *from,
				 size_t bytes, struct assay_err *err);
	enum assay_code (*read)(struct gpu_stream *stream, void *to, struct gpu_buffer *from,
				size_t bytes, struct assay_err *err);
	enum assay_code (*copy)(struct gpu_stream *stream, struct gpu_buffer *to,
				struct gpu_buffer *from, size_t bytes, struct assay_err *err);
	/* From memory of another open device of the same subject to one of the stream's, without the host's.
	 * ASSAY_SKIP where the two cannot. */
	enum assay_code (*copy_peer)(struct gpu_stream *stream, struct gpu_buffer *to,
				     struct gpu_device *other, struct gpu_buffer *from,
				     size_t bytes, struct assay_err *err);
	enum assay_code (*fill)(struct gpu_stream *stream, struct gpu_buffer *to, uint8_t byte,
				size_t bytes, struct assay_err *err);

	/* Compile for this device; the compiler's log is in the message when it refuses. */
	enum assay_code (*build)(struct gpu_device *device, const struct gpu_kernel_source *source,
				 struct gpu_kernel **ret, struct assay_err *err);
	void (*unbuild)(struct gpu_device *device, struct gpu_kernel *kernel);
	enum assay_code (*launch)(struct gpu_stream *stream, const struct gpu_launch *launch,
				  struct assay_err *err);

	/* From the start of the first command after span_begin() to the end of the last before span_end(). */
	enum assay_code (*span_new)(struct gpu_device *device, struct gpu_span **ret,
				    struct assay_err *err);
	void (*span_free)(struct gpu_span *span);
	enum assay_code (*span_begin)(struct gpu_stream *stream, struct gpu_span *span,
				      struct assay_err *err);
	enum assay_code (*span_end)(struct gpu_stream *stream, struct gpu_span *span,
				    struct assay_err *err);
	/* After wait(): NaN when the device has no clock. */
	enum assay_code (*span_ns)(struct gpu_span *span, double *ret_ns, struct assay_err *err);

	/* When `span` began and ended, after the begin of another span of the device. */
	enum assay_code (*span_times)(struct gpu_span *origin, struct gpu_span *span,
				      double *ret_begin_ns, double *ret_end_ns,
				      struct assay_err *err);

	/* One launch after the other. Arguments are copied. */
	enum assay_code (*graph_new)(struct gpu_stream *stream, const struct gpu_launch *launches,
				     size_t n, struct gpu_graph **ret, struct assay_err *err);
	void (*graph_free)(struct gpu_graph *graph);
	enum assay_code (*graph_run)(struct gpu_stream *stream, struct gpu_graph *graph,
				     struct assay_err *err);

	/*
	 * c = a b of n x n numbers of a type, row after row; b of int8 column after column. Sums are floats, of int8
	 * int32_t. ASSAY_SKIP: the library is not there, or does not do this type.
	 */
	enum assay_code (*product_new)(struct gpu_device *device, enum gpu_type type, size_t n,
				       struct gpu_product **ret, struct assay_err *err);
	void (*product_free)(struct gpu_product *product);
	enum assay_code (*product_run)(struct gpu_stream *stream, struct gpu_product *product,
				       struct gpu_buffer *a, struct gpu_buffer *b,
				       struct gpu_buffer *c, struct assay_err *err);

	/* What is put into the stream from now on waits for gate_open(), which also ends the gate. */
	enum assay_code (*gate_close)(struct gpu_stream *stream, struct gpu_gate **ret,
				      struct assay_err *err);
	enum assay_code (*gate_open)(struct gpu_gate *gate, struct assay_err *err);
};

/* The functions of a device that lie in files beside its own, by their names. */
#define GPU_SPAN_OPS(prefix)                                                \
	.span_new = prefix##_span_new, .span_free = prefix##_span_free,     \
	.span_begin = prefix##_span_begin, .span_end = prefix##_span_end,   \
	.span_times = prefix##_span_times, .span_ns = prefix##_span_ns,     \
	.graph_new = prefix##_graph_new, .graph_free = prefix##_graph_free, \
	.graph_run = prefix##_graph_run, .gate_close = prefix##_gate_close, \
	.gate_open = prefix##_gate_open

/* A device in use: itself, one stream and one span. Zero-initialise; ops first. */
struct gpu_session {
	const struct gpu_ops *ops;
	struct gpu_device *device;
	struct gpu_stream *stream;
	struct gpu_span *span;
	struct gpu_gate *gate; /* closed now */
	double batch_ns;       /* of the last batch; NaN: the device has no clock */
	struct gpu_clocks clocks;
};

/* The first device, or the one of a number. */
enum assay_code gpu_open(struct gpu_session *s, struct assay_err *err);
enum assay_code gpu_open_number(struct gpu_session *s, unsigned number, struct assay_err *err);
/* Also after a failed gpu_open(); what was made on the device must be gone. */
void gpu_close(struct gpu_session *s);
/* Give back so many buffers and a kernel, of which any may be NULL, and close; nothing where the device is not open. */
void gpu_close_with(struct gpu_session *s, struct gpu_kernel *kernel,
		    struct gpu_buffer *const *buffers, size_t n);

/* Memory of the host for copies: pinned, or malloc's. Given back with the same `pinned`, NULL too, before gpu_close(). */
enum assay_code gpu_host_take(struct gpu_session *s, bool pinned, size_t bytes, float **ret,
			      struct assay_err *err);
void gpu_host_give(struct gpu_session *s, bool pinned, float *memory);
/* What the device is, for messages; "open" before it is open. */
const char *gpu_text(const struct gpu_session *s);
/* A feature's reason as ASSAY_SKIP where the device lacks it. */
enum assay_code gpu_needs(const struct gpu_session *s, enum gpu_feature feature,
			  struct assay_err *err);
/* Copy all of bytes; done when they return. */
enum assay_code gpu_upload(struct gpu_session *s, struct gpu_buffer *to, const void *from,
			   size_t bytes, struct assay_err *err);
enum assay_code gpu_download(struct gpu_session *s, void *to, struct gpu_buffer *from, size_t bytes,
			     struct assay_err *err);
/*
 * Launch, wait for the end, and how long it ran by the device's own clock (NaN: it has none). Where spans begin early
 * that has in it what the host took to launch; not after gpu_hold(), which keeps the device back until the launch is there.
 * A kernel's first launch must not be held: the driver may wait for the device to load it.
 */
enum assay_code gpu_hold(struct gpu_session *s, struct assay_err *err);
enum assay_code gpu_run(struct gpu_session *s, const struct gpu_launch *launch, double *ret_ns,
			struct assay_err *err);
/* At least `items` work items in one dimension: groups of GPU_GROUP_ITEMS, or as the driver likes them. */
struct gpu_launch gpu_over(struct gpu_kernel *kernel, const struct gpu_arg *args, uint32_t n_args,
			   size_t items);
/*
 * A batch that the device times: what is put into s->stream between the two calls. `held`: behind a gate, where the
 * device has them, so that it never waits for the host; only for launches, because copies from and to memory that
 * is not pinned may wait for their turn on the host. gpu_end() lets the batch go, waits for its end, and makes the
 * device's time that of the batch, never the host's instead; only the null device, which does nothing, leaves that. Counters of devices count from the loop's begin until then.
 * `code` is how the batch went so far; false: it failed, and that is reported. Before the first batch the device's clock has
 * settled; with each, what clocks.h sees is stated: metrics `clock` and `floor`, the part of the batch's time that an empty one
 * takes, and the counter `throttled` unless it is 0. Batches that are too short to be told from empty ones end the case as skipped.
 */
enum assay_code gpu_begin(struct assay_run *run, struct gpu_session *s, bool held,
			  struct assay_err *err);
bool gpu_end(struct assay_run *run, struct gpu_session *s, enum assay_code code,
	     struct assay_err *err);
/* State what the last look at the clock saw, as gpu_end() does: for who does not use that. */
void gpu_state_clock(struct assay_run *run, const struct gpu_session *s);
/* Metric of_limit: `amount`, bytes or operations of the batch that has ended, as a part of what the device's limit allows in its
 * time. Where the limit is not known there is none; gpu_info says why, and `assay doctor`. */
void gpu_of_limit(struct assay_run *run, const struct gpu_session *s, enum gpu_limit limit,
		  double amount);
/* Report a failed call once: what the device has not, or has no memory left for, is skipped, all else a failure. */
bool gpu_passed(struct assay_run *run, const struct gpu_session *s, enum assay_code code,
		const struct assay_err *err);

/* All kernels; ends with NULL. */
extern const struct gpu_kernel_source *const gpu_kernels[];
/* By name; NULL: there is none. */
const struct gpu_kernel_source *gpu_kernel_find(const char *name);

/* Fill x[n] with values of either sign and magnitude 2^-4 to 2^4; never zeros, which run cooler. */
void gpu_fill(float *x, size_t n, uint64_t seed);

#endif

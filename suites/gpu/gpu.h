/* SPDX-License-Identifier: MIT */
/*
 * gpu: the interface "device": something with memory of its own that runs kernels. A subject is one
 * way to such a device; it defines struct gpu_device, gpu_buffer and gpu_kernel for itself.
 */
#ifndef ASSAY_SUITES_GPU_H
#define ASSAY_SUITES_GPU_H

#include "harness/bench.h"

struct gpu_device;
struct gpu_buffer;
struct gpu_kernel;

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

enum { GPU_MAX_ARGS = 8 };

/*
 * A kernel in all its forms. `text` is written in a dialect that is OpenCL C behind four names the
 * device's prologue defines: GPU_KERNEL, GPU_GLOBAL (address space), GPU_ID (the work item's number),
 * and nothing else. The number of work items is rounded up by devices, so the text checks GPU_ID
 * against a parameter. `host` does the same for all of `items` on one CPU: it is the reference.
 */
struct gpu_kernel_source {
	const char *name;
	const char *text;
	void (*host)(const union gpu_host_arg *args, size_t items);
};

/*
 * What a device can do. All calls on one thread. Functions that can fail return ASSAY_OK, ASSAY_SKIP
 * where this device has not what is asked for (too little memory), or an error. Every destructor
 * takes NULL.
 */
struct gpu_ops {
	bool computes; /* false: the null subject, whose results mean nothing */
	enum assay_code (*open)(struct gpu_device **ret, struct assay_err *err);
	void (*close)(struct gpu_device *device);
	/* Platform, name and units of the device, for people; valid until close. */
	const char *(*describe)(const struct gpu_device *device);
	enum assay_code (*alloc)(struct gpu_device *device, size_t bytes, struct gpu_buffer **ret,
				 struct assay_err *err);
	void (*release)(struct gpu_device *device, struct gpu_buffer *buffer);
	/* Copy all of bytes; done when they return. */
	enum assay_code (*upload)(struct gpu_device *device, struct gpu_buffer *to,
				  const void *from, size_t bytes, struct assay_err *err);
	enum assay_code (*download)(struct gpu_device *device, void *to,
				    const struct gpu_buffer *from, size_t bytes,
				    struct assay_err *err);
	/* Compile; the compiler's log is in the message when it refuses. */
	enum assay_code (*build)(struct gpu_device *device, const struct gpu_kernel_source *source,
				 struct gpu_kernel **ret, struct assay_err *err);
	void (*unbuild)(struct gpu_device *device, struct gpu_kernel *kernel);
	/*
	 * Launch over `items` work items and wait for the end. *ret_ns: how long the kernel ran by the
	 * device's own clock, NaN when it has none.
	 */
	enum assay_code (*run)(struct gpu_device *device, struct gpu_kernel *kernel,
			       const struct gpu_arg *args, size_t n_args, size_t items,
			       double *ret_ns, struct assay_err *err);
};

/* a[i] = b[i] + s * c[i] for i < n; parameters a, b, c, s, n. */
extern const struct gpu_kernel_source gpu_kernel_triad;

/*
 * Is a[n] the triad of b, c and s? A device may fuse the multiplication and the addition, so each
 * element may be off by the rounding of the steps, not more. ASSAY_ECHECK names the first that is.
 */
enum assay_code gpu_triad_check(const float *a, const float *b, const float *c, float s, size_t n,
				struct assay_err *err);

/* Fill x[n] with values of either sign and magnitude 2^-4 to 2^4; never zeros, which run cooler. */
void gpu_fill(float *x, size_t n, uint64_t seed);

#endif

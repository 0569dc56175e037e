/* SPDX-License-Identifier: MIT */
/*
 * gpu_trace.h: what devices did and when, as the profiler records it, the store keeps it and reports draw it. All
 * of it is added up; the first so many activities are there one by one as well.
 */
#ifndef ASSAY_GPU_TRACE_H
#define ASSAY_GPU_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* The kind of the attachments that hold them. */
#define ASSAY_GPU_TRACE_KIND "gpu-trace"

enum assay_gpu_kind {
	ASSAY_GPU_KERNEL,
	ASSAY_GPU_COPY,
	ASSAY_GPU_FILL,
	ASSAY_GPU_GRAPH,    /* a whole graph: what it is made of is not seen one by one */
	ASSAY_GPU_MEMORY,   /* an allocation or release, at one moment */
	ASSAY_GPU_OVERHEAD, /* time that watching took */
	ASSAY_GPU_KINDS,
};
/* "kernel", "copy", ...: static. */
const char *assay_gpu_kind_name(enum assay_gpu_kind kind);

enum {
	ASSAY_GPU_NO_STREAM = UINT32_MAX,
	ASSAY_GPU_MOST_ACTIVITIES = 8192, /* that are kept one by one */
	ASSAY_GPU_MOST_SUMS = 256,
};

/* One activity. Times are CLOCK_MONOTONIC of the host. */
struct assay_gpu_activity {
	uint32_t kind; /* enum assay_gpu_kind */
	uint32_t device, stream;
	uint32_t registers; /* KERNEL: of a thread */
	uint32_t grid[3], block[3];
	uint32_t shared_bytes; /* KERNEL: of a block */
	uint64_t begin_ns, end_ns;
	uint64_t bytes; /* COPY, FILL, MEMORY */
	char name[80];  /* the kernel's; what was copied from where to where; ... */
};

/* All activities of one kind, name, device and stream. */
struct assay_gpu_sum {
	uint32_t kind, device, stream;
	uint32_t registers, shared_bytes; /* KERNEL: the largest seen */
	uint32_t zero; /* in the place of padding: a sum is sent and compared as it lies there */
	uint64_t count, total_ns, max_ns, bytes;
	char name[80];
};

/* What is said of a trace as a whole. */
struct assay_gpu_trace_head {
	uint64_t begin_ns, end_ns; /* the region that was watched */
	uint64_t busy_ns;  /* of it, with a kernel, copy, fill or graph under way anywhere */
	uint64_t dropped;  /* records that the library had no room for */
	uint64_t damaged;  /* bytes of buffers that could not be read */
	uint64_t outside;  /* activities that belong to something else: not in the sums */
	uint64_t left_out; /* activities that are in the sums alone */
	uint64_t unsummed; /* activities of which not even that is known */
};

/* Zero-initialise. */
struct assay_gpu_trace {
	struct assay_gpu_trace_head head;
	struct assay_gpu_sum *sums;
	size_t n_sums;
	struct assay_gpu_activity *activities; /* in the order they were recorded */
	size_t n, capacity;
};

/* Add one activity to the sums, and to the list while there is room. ASSAY_ENOMEM. */
enum assay_code assay_gpu_trace_add(struct assay_gpu_trace *trace,
				    const struct assay_gpu_activity *activity,
				    struct assay_err *err);
/* Add what was summed up elsewhere. */
enum assay_code assay_gpu_trace_add_sum(struct assay_gpu_trace *trace,
					const struct assay_gpu_sum *sum, struct assay_err *err);
/* Add an activity to the list and to nothing else; beyond its limit it is left out. */
enum assay_code assay_gpu_trace_keep(struct assay_gpu_trace *trace,
				     const struct assay_gpu_activity *activity,
				     struct assay_err *err);
/* All sums of one kind together; nameless, of no device. */
struct assay_gpu_sum assay_gpu_trace_of(const struct assay_gpu_trace *trace,
					enum assay_gpu_kind kind);
void assay_gpu_trace_done(struct assay_gpu_trace *trace);

/* Does this kind keep a device busy? */
bool assay_gpu_is_work(enum assay_gpu_kind kind);
/*
 * How long at least one of n intervals covers, in ns. Sorts both arrays, which are the n beginnings and the n ends
 * in any order.
 */
uint64_t assay_gpu_union_ns(uint64_t *begins, uint64_t *ends, size_t n);

/* As bytes (JSON), which the caller frees; ASSAY_ENOMEM. */
enum assay_code assay_gpu_trace_encode(const struct assay_gpu_trace *trace, char **ret,
				       size_t *ret_size, struct assay_err *err);
/* And back, from bytes that may come from anywhere: ASSAY_EPARSE. *ret is empty on failure. */
enum assay_code assay_gpu_trace_decode(const void *bytes, size_t size, struct assay_gpu_trace *ret,
				       struct assay_err *err);

#endif

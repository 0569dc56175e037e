/* SPDX-License-Identifier: MIT */
/*
 * frame: the records a worker streams to its controller over a pipe, each one checked, so that what
 * was measured before a crash is kept and garbage is recognised. Same kind of machine and same
 * program on both ends: numbers are in host order.
 */
#ifndef ASSAY_ENGINE_FRAME_H
#define ASSAY_ENGINE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/bench.h"
#include "harness/result.h"

enum assay_frame_type {
	ASSAY_FRAME_HELLO = 1, /* struct assay_hello */
	ASSAY_FRAME_METRIC,    /* struct assay_metric_frame: defines a metric by number */
	ASSAY_FRAME_SAMPLE,    /* struct assay_sample_frame */
	ASSAY_FRAME_HISTOGRAM, /* array of struct assay_bucket_frame; several add up */
	ASSAY_FRAME_COUNTER,   /* struct assay_count, per operation */
	ASSAY_FRAME_BATCH,     /* uint64_t: operations per batch and thread it settled on */
	ASSAY_FRAME_SPAN,      /* struct assay_span_frame: when asked for, one per batch */
	ASSAY_FRAME_TRACE,     /* struct assay_gpu_trace_head; after it: */
	ASSAY_FRAME_TRACE_SUM, /* array of struct assay_gpu_sum; several add up */
	ASSAY_FRAME_ACTIVITY,  /* array of struct assay_gpu_activity; the same */
	ASSAY_FRAME_STATUS,    /* struct assay_status_frame: the last one */
	/* Of ranks alone, which have a socket in place of the pipe; see link.h. */
	ASSAY_FRAME_RANK,  /* struct assay_rank_frame: the first one */
	ASSAY_FRAME_PLACE, /* struct assay_place_frame, to the rank */
	ASSAY_FRAME_BOUND, /* struct assay_bound_frame */
	ASSAY_FRAME_PING,  /* to the rank, empty */
	ASSAY_FRAME_PONG,  /* uint64_t: its CLOCK_MONOTONIC */
	ASSAY_FRAME_MEET,  /* struct assay_meet_frame: it waits for the others */
	ASSAY_FRAME_GO, /* to the rank, uint64_t: all have come; the largest of what they brought */
};

struct assay_hello {
	char driver[16];
	char clock[16];
	double bytes_per_op, flops_per_op;
	uint32_t pinned;  /* 1: every thread's mask was read back as asked */
	uint32_t version; /* of the benchmark */
};
struct assay_metric_frame {
	uint32_t index; /* 0 is the primary metric */
	uint32_t better;
	char name[64];
	char unit[16];
};
struct assay_sample_frame {
	uint32_t metric;
	uint32_t flags;
	double value;
	double wall_ns,
		cpu_ns; /* of the batch, all threads added up in both; 0 for author metrics */
	uint64_t ops;
};
/* When a timed loop ran, by CLOCK_MONOTONIC; so that samples of a profiler can be told apart. */
struct assay_span_frame {
	uint64_t begin_ns, end_ns;
};
struct assay_bucket_frame {
	uint64_t index, count;
};
struct assay_status_frame {
	uint32_t status;
	uint32_t quote_output; /* 1: the last line the worker printed belongs to the reason */
	char reason[512];
};

enum { ASSAY_FRAME_MAX = 64 * 1024 };

/* Write one frame to `fd`, whole. ASSAY_EIO when the controller is gone. */
enum assay_code assay_frame_write(int fd, enum assay_frame_type type, const void *payload,
				  size_t length, struct assay_err *err);

/* Collects bytes as they come and yields whole frames. Zero-initialise. */
struct assay_frame_reader {
	uint8_t *bytes;
	size_t start, end, capacity;
};
void assay_frame_reader_done(struct assay_frame_reader *reader);
/* Hand over bytes read from the pipe. */
enum assay_code assay_frame_feed(struct assay_frame_reader *reader, const void *bytes,
				 size_t length, struct assay_err *err);
/*
 * The next whole frame: sets *ret_type, *ret_payload (valid until the next feed) and *ret_length and
 * returns true; false when more bytes are needed. Malformed input: ASSAY_EPARSE in *ret_code.
 */
bool assay_frame_next(struct assay_frame_reader *reader, enum assay_frame_type *ret_type,
		      const void **ret_payload, size_t *ret_length, enum assay_code *ret_code,
		      struct assay_err *err);

#endif

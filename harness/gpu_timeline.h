/* SPDX-License-Identifier: MIT */
/*
 * gpu_timeline.h: a trace of devices as what can be drawn: some rows of some cells, however many activities it has; and
 * its figures in words. Pure functions.
 */
#ifndef ASSAY_GPU_TIMELINE_H
#define ASSAY_GPU_TIMELINE_H

#include "harness/base/str.h"
#include "harness/gpu_trace.h"

enum { ASSAY_GPU_MOST_TRACKS = 16 };

/* Work of one kind on one stream. */
struct assay_gpu_track {
	uint32_t kind, device, stream;
	double *share; /* of each cell, that activities cover; above 1 where they overlap */
};

struct assay_gpu_timeline {
	double from_ns, to_ns; /* since the trace's begin */
	size_t cells;
	struct assay_gpu_track tracks[ASSAY_GPU_MOST_TRACKS]; /* by device, stream and kind */
	size_t n;
	size_t left_out; /* activities for whose stream there was no track */
	double *memory;
};

/* One activity, in ns since the trace's begin; negative when it began before. */
double assay_gpu_from_ns(const struct assay_gpu_trace *trace, const struct assay_gpu_activity *a);
double assay_gpu_to_ns(const struct assay_gpu_trace *trace, const struct assay_gpu_activity *a);

/*
 * From the first of the activities that are work to where the first `most` of them have ended (0: all), in ns since
 * the trace's begin. Returns how many are in there; 0 leaves the two as they are. ASSAY_ENOMEM is 0 as well.
 */
size_t assay_gpu_span(const struct assay_gpu_trace *trace, size_t most, double *ret_from_ns,
		      double *ret_to_ns);

/*
 * Reduce the activities that are work and touch the window from_ns to to_ns. *ret wants
 * assay_gpu_timeline_done() in any case. ASSAY_ENOMEM.
 */
enum assay_code assay_gpu_timeline_init(struct assay_gpu_timeline *ret,
					const struct assay_gpu_trace *trace, double from_ns,
					double to_ns, size_t cells, struct assay_err *err);
void assay_gpu_timeline_done(struct assay_gpu_timeline *timeline);
/* The track that an activity belongs to, NULL when it has none. */
const struct assay_gpu_track *assay_gpu_track_of(const struct assay_gpu_timeline *timeline,
						 const struct assay_gpu_activity *a);

/* The sums, longest first: an array of trace->n_sums that the caller frees. NULL: none, or out of memory. */
struct assay_gpu_sum *assay_gpu_longest(const struct assay_gpu_trace *trace);
/* What a sum says beside its times: bytes per second, bytes, or registers; "". Returns text. */
const char *assay_gpu_sum_rate(const struct assay_gpu_sum *sum, char *text, size_t size);
/* "1.5 ms watched, a device at work 83.2 % of it" */
void assay_gpu_watched(struct assay_str *to, const struct assay_gpu_trace_head *head);
/* What is missing in the trace, a sentence a line; nothing when nothing is. */
void assay_gpu_remarks(struct assay_str *to, const struct assay_gpu_trace_head *head);

#endif

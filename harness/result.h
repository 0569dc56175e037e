/* SPDX-License-Identifier: MIT */
/*
 * result.h: one finished measurement, as the engine makes it, the store keeps it and reports show
 * it. Plain data: every pointer is owned by whoever made the struct and valid as it says.
 */
#ifndef ASSAY_RESULT_H
#define ASSAY_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/bench.h"
#include "harness/source.h"

enum assay_status {
	ASSAY_STATUS_OK,
	ASSAY_STATUS_SKIPPED,  /* not possible here */
	ASSAY_STATUS_FAILED,   /* the oracle disagreed, or the benchmark broke the rules */
	ASSAY_STATUS_CRASHED,  /* died by a signal or left without finishing */
	ASSAY_STATUS_TIMEOUT,  /* did not end by its deadline */
	ASSAY_STATUS_UNSTABLE, /* measured, but too noisy or still drifting */
};
const char *assay_status_name(enum assay_status status);
/* The status of that name, or -1. */
int assay_status_parse(const char *name);
/* Does a result with this status carry samples that may be shown and compared? */
bool assay_status_measured(enum assay_status status);

/* Flags of one sample. */
enum {
	ASSAY_SAMPLE_PREEMPTED = 1, /* involuntary switch, or CPU time well under wall time */
	ASSAY_SAMPLE_REJECTED = 2,  /* CONTENDED: the window did not overlap enough */
};

/* Flags of a whole result. */
enum {
	ASSAY_RESULT_PREEMPTED_USED = 1, /* too few clean samples: the preempted ones were used */
	ASSAY_RESULT_DRIFT = 2,          /* last third differs from the first */
	ASSAY_RESULT_UNPINNED = 4,       /* placement could not be enforced */
};

/* Samples in the order they were taken, launch after launch. */
struct assay_samples {
	double *values; /* n, in the metric's unit */
	uint8_t *flags; /* n */
	size_t n;
	uint32_t *launch_end; /* launches: index one past the last sample of each launch */
	size_t launches;
};

/* Summary of the samples that count (see ASSAY_RESULT_PREEMPTED_USED). NaN where undefined. */
struct assay_estimate {
	size_t n;              /* samples used */
	double median, lo, hi; /* hi, lo: 95 % interval of the median */
	double min, max, mean, sd, mad;
	double p50, p90, p99, p999;
};

/*
 * What tables show as "±": how far the larger side of an interval lies from its median, as a share of that. Where an
 * interval lies to one side, half its width would be less than the figure may be off. NaN where undefined.
 */
double assay_plus_minus(double median, double lo, double hi);

struct assay_param {
	const char *name;
	const char *value; /* canonical text, as in the case's name */
};

struct assay_metric_info {
	const char *name; /* "time", "rate", "bandwidth", "latency", or the author's */
	const char *unit; /* base unit: "ns/op", "op/s", "B/s", "flop/s", "ns", "ratio", ... */
	enum assay_better better; /* ASSAY_LOWER or ASSAY_HIGHER */
};

/* Log-linear histogram in sparse form: counts[i] values lie in bucket index[i]. */
struct assay_histogram_data {
	uint32_t *index;
	uint64_t *counts;
	size_t n;
};

struct assay_result {
	const char *name; /* "memory/alloc_pair/size:256/subject:pool/threads:1" */
	const char *suite;
	const char *benchmark; /* "alloc_pair" */
	const char *subject;   /* "" when there is none */
	unsigned version;
	unsigned threads;
	const struct assay_param *params; /* axes only, in the benchmark's order */
	size_t n_params;
	struct assay_metric_info metric;
	bool primary; /* the metric the benchmark is about */
	enum assay_status status;
	const char *reason; /* "" when ok */
	struct assay_estimate estimate;
	struct assay_samples samples;
	struct assay_histogram_data histogram; /* LATENCY; else n = 0 */
	/* Stated ones first, whole numbers on every metric; then those counted, per operation, on the
	 * primary metric only. */
	const struct assay_count *counters;
	size_t n_counters;
	const struct assay_gpu_trace
		*trace; /* primary metric: what devices did; NULL: not watched */
	double bytes_per_op, flops_per_op;
	double cpu_ratio; /* CPU time / (wall time * threads) over all samples; NaN unknown */
	unsigned flags;
	const char *driver;  /* "native" or "gbench" */
	const char *clock;   /* "monotonic", "device", ... */
	char noise;          /* 'A' to 'D', grade of the machine during the run */
	uint64_t started_ns; /* wall clock, ns since the epoch */
	uint64_t elapsed_ns; /* all launches, set-up included */
};

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sampler: call stacks of whatever is started while it is open. The engine is perf_event where the
 * kernel permits it (hardware cycles, else the clock of a task), and a timer inside the target where it
 * does not. Which one it is, what it costs and what it cannot see is part of the result.
 */
#ifndef ASSAY_PROFILER_SAMPLER_H
#define ASSAY_PROFILER_SAMPLER_H

#include <stdbool.h>

#include "harness/stacks.h"

/* ALLOC: not time but what is allocated, a sample every so many bytes; never chosen by itself. */
enum sampler_engine { SAMPLER_AUTO, SAMPLER_PERF, SAMPLER_TIMER, SAMPLER_ALLOC };
enum sampler_unwind { SAMPLER_UNWIND_AUTO, SAMPLER_UNWIND_FRAMES, SAMPLER_UNWIND_DWARF };

struct sampler_options {
	enum sampler_engine engine;
	enum sampler_unwind unwind;
	double budget_ratio; /* of CPU time that samples may cost, e.g. 0.0075 */
	unsigned rate_hz;    /* 0: what the budget allows */
	uint64_t bytes;      /* ALLOC: between samples, on average */
};

/* A stretch of time that counts, by CLOCK_MONOTONIC. */
struct sampler_span {
	uint64_t begin_ns, end_ns;
};

struct sampler;

/*
 * Choose the engine and the rate, at the price of about 0.2 s. ASSAY_SKIP with the reasons when no engine
 * works here. The calling thread is the one that must start the target.
 */
enum assay_code sampler_new(const struct sampler_options *options, struct sampler **ret,
			    struct assay_err *err);
void sampler_free(struct sampler *sampler); /* takes NULL */

/*
 * Begin. What this thread starts from now on is sampled, with its threads and children.
 * *ret_environment: "NAME=VALUE" pairs the target must get, NULL-terminated, owned by the sampler.
 */
enum assay_code sampler_start(struct sampler *sampler, const char *const **ret_environment,
			      struct assay_err *err);

/*
 * Files that the target reads and writes for it, NULL-terminated, wherever it runs: none with perf_event. After
 * sampler_start(); the sampler's own.
 */
const char *const *sampler_reads(const struct sampler *sampler);
const char *const *sampler_writes(const struct sampler *sampler);

/* What to make of the samples. */
struct sampler_view {
	const char *title;
	const struct sampler_span *spans; /* in order; n = 0: all of the time counts */
	size_t n_spans;
	const char *root; /* callers of the function of this name are left out; NULL: none are */
	bool processes;   /* the name of the process is the outermost frame */
};

/*
 * End, and make stacks of what was sampled since sampler_start(). Takes long after long runs: names are
 * looked up now. The sampler can be started again.
 */
enum assay_code sampler_finish(struct sampler *sampler, const struct sampler_view *view,
			       struct assay_stacks **ret, struct assay_err *err);

/* The engine and rate in use, e.g. for a note: "perf_event task-clock at 599 Hz". Returns text. */
const char *sampler_describe(const struct sampler *sampler, char *text, size_t size);

#endif

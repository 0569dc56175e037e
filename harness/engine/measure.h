/* SPDX-License-Identifier: MIT */
/* measure: warm up, choose the batch size, take the samples, in each of the modes. */
#ifndef ASSAY_ENGINE_MEASURE_H
#define ASSAY_ENGINE_MEASURE_H

#include "harness/engine/driver.h"
#include "harness/engine/gang.h"

struct assay_effort {
	unsigned samples; /* wanted */
	uint64_t time_ns; /* for all samples of a launch, about */
	uint64_t batch;   /* operations per batch and thread; 0: as many as fit the time */
};

/* Where the ranks of a launch meet: what is brought, and what the largest of it means to all. */
enum measure_meeting {
	MEASURE_MEET_SIZE,  /* operations per batch: then all do as many */
	MEASURE_MEET_BATCH, /* 0: one more batch; 1: enough, for all */
	MEASURE_MEET_TRIAL, /* operations that the next trial should have; 0: no further one */
	MEASURE_MEET_SETUP, /* whatever the ranks of a benchmark agree on, see bench.h */
};

/* Where samples go as they are taken; a false return ends the measurement (nobody listens). */
struct measure_sink {
	bool (*sample)(void *context, const struct gang_batch *batch, double value, unsigned flags);
	bool (*metric)(void *context, const struct gang_metric *metric, unsigned flags);
	void *context;
	/* Wait until all ranks are here; *value becomes the largest of theirs. NULL: there is one. */
	bool (*meet)(void *context, enum measure_meeting what, uint64_t *value);
};

/*
 * The unit the primary metric of a benchmark is in, its name, and which way is better. `subject` may be
 * NULL. A null subject moves no bytes and does no arithmetic: what it shows is the time it takes.
 */
struct assay_metric_info assay_primary_metric(const struct assay_bench *bench,
					      const struct assay_subject *subject);

/*
 * Take the samples of one launch. Ends early when the gang fails. *ret_n is the batch size it
 * settled on, for the counted pass.
 */
void assay_measure(struct gang *gang, const struct assay_driver *driver,
		   const struct assay_effort *effort, const struct measure_sink *sink,
		   uint64_t *ret_n);

/*
 * One more pass of n operations per thread with counters instead of clocks. Writes the counts,
 * summed over threads and divided by the operations that count, to ret[GANG_MAX_EVENTS]; returns
 * how many.
 */
size_t assay_measure_counted(struct gang *gang, uint64_t n, const char *const *events,
			     struct assay_count *ret);

#endif

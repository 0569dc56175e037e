/* SPDX-License-Identifier: MIT */
/* collect: the records of all launches of one case, and the results they add up to. */
#ifndef ASSAY_ENGINE_COLLECT_H
#define ASSAY_ENGINE_COLLECT_H

#include "harness/engine/frame.h"
#include "harness/engine/histogram.h"
#include "harness/engine/plan.h"
#include "harness/gpu_trace.h"
#include "harness/result.h"

/* The primary one, 16 of the author's, and two that say how ranks fit together. */
enum { COLLECT_MAX_METRICS = 19, COLLECT_MAX_COUNTERS = 64 };

struct collect_metric {
	char name[64];
	char unit[16];
	enum assay_better better;
	double *values;
	uint8_t *flags;
	size_t n, capacity;
	uint32_t *launch_end;
	size_t launches;
};

/* Everything known of one case so far. Zero-initialise, then collect_begin() before each launch. */
struct assay_collect {
	struct collect_metric metrics[COLLECT_MAX_METRICS];
	size_t n_metrics;
	uint8_t index[COLLECT_MAX_METRICS]; /* this launch's metric numbers -> ours */
	size_t n_index;
	struct assay_histogram *histogram; /* NULL until a bucket arrives */
	struct assay_count counters[COLLECT_MAX_COUNTERS];
	size_t n_counters;
	struct assay_gpu_trace trace;
	bool traced;
	struct assay_hello hello;
	double wall_ns, cpu_ns;
	uint64_t batch; /* of the last launch that said so; 0 unknown */
	enum assay_status status;
	char reason[512];
	unsigned launches_done;
	uint64_t started_ns, elapsed_ns;
};

void assay_collect_begin(struct assay_collect *collect);
/* An assay_record_fn; context is the struct assay_collect. Malformed records: ASSAY_EPARSE. */
enum assay_code assay_collect_record(void *context, enum assay_frame_type type, const void *payload,
				     size_t length, struct assay_err *err);
/* Close the launch: sets the boundary, takes over the worst status. */
enum assay_code assay_collect_end(struct assay_collect *collect, enum assay_status status,
				  const char *reason, struct assay_err *err);
void assay_collect_done(struct assay_collect *collect);

/* Called once per metric, the primary one first; the result is valid during the call only. */
typedef enum assay_code (*assay_result_fn)(void *context, const struct assay_result *result,
					   struct assay_err *err);
/* All of a result but its metric and its figures; params[planned->c.n_params] are filled in for it. */
void assay_collect_describe(const struct assay_collect *collect,
			    const struct assay_planned *planned, struct assay_param *params,
			    char noise, struct assay_result *ret);
/* Summarise and hand out the results of a case, the primary metric last. A case without samples yields one result of its
 * primary metric with status and reason. */
enum assay_code assay_collect_results(const struct assay_collect *collect,
				      const struct assay_planned *planned, char noise,
				      assay_result_fn on_result, void *context,
				      struct assay_err *err);

/* An interval wider than this to either side, as a ratio, is not a measurement to build on. */
#define ASSAY_UNSTABLE_HALF_WIDTH 0.10

/* The summary of samples: which of them count, and in how far they can be trusted. */
struct assay_summary {
	struct assay_estimate estimate;
	unsigned flags; /* ASSAY_RESULT_* */
	bool unstable;
	char reason[160]; /* when unstable */
};
/* Pure but for allocation; exposed for tests. */
enum assay_code assay_summarise(const struct assay_samples *samples, struct assay_summary *ret,
				struct assay_err *err);

#endif

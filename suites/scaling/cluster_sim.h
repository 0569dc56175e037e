/* SPDX-License-Identifier: MIT */
/*
 * cluster_sim: instances behind one queue, whose number a policy changes while requests arrive at a rate that
 * changes too. Event by event. With a constant rate and a constant number it is M/M/c, which
 * queue_theory_holds() checks. A simulation: its figures say what the model says.
 *
 * Work of a request is exponential. A request that has waited for `patience_s` is lost. An instance serves
 * delay_s after it was asked for; one that is given up ends what it does first.
 */
#ifndef ASSAY_SUITES_SCALING_CLUSTER_SIM_H
#define ASSAY_SUITES_SCALING_CLUSTER_SIM_H

#include "suites/scaling/load_trace.h"
#include "suites/scaling/scaler.h"

enum { CLUSTER_MOST = 64 };

struct cluster_config {
	struct scaler_config scaler;
	const struct scaler_ops *policy; /* NULL: `instances` all the time */
	const struct load_trace *trace;
	int instances;     /* at the beginning */
	double patience_s; /* INFINITY: without end */
	double warmup_s;   /* not counted */
	double length_s;   /* counted */
	uint64_t seed;
	/* What policies saw at their decisions, the first `room` of the counted time; pods too, CLUSTER_MOST
	 * for each. NULL: not wanted. */
	struct scaler_view *views;
	struct hpa_pod *pods;
	size_t room;
};

struct cluster_result {
	uint64_t arrived, served, lost;
	double mean_sojourn_s; /* of those served */
	double half_width_s;   /* of its 99 % interval, by means of 20 batches in time */
	double instance_s;     /* time of instances, from asking to giving back */
	unsigned changes;      /* decisions that changed the number */
	unsigned decisions;
	unsigned bursts,
		noticed; /* sudden rises too large for what there was; those answered by more */
	double notice_s; /* mean, from a rise to the decision; 0 when none was noticed */
	uint64_t events;
	size_t views;
};

/* ASSAY_EUSAGE: what makes no sense; ASSAY_ENOMEM. */
enum assay_code cluster_sim(const struct cluster_config *config, struct cluster_result *ret,
			    struct assay_err *err);

#endif

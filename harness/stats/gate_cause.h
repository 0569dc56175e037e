/* SPDX-License-Identifier: MIT */
/* gate_cause: why a benchmark could not be decided, as far as its pairs show it. Advice, not a test. */
#ifndef ASSAY_STATS_GATE_CAUSE_H
#define ASSAY_STATS_GATE_CAUSE_H

#include <stddef.h>

#include "harness/stats/gate_math.h"

enum assay_gate_cause {
	ASSAY_CAUSE_PREEMPTION, /* many samples were interrupted */
	ASSAY_CAUSE_STEAL,      /* the hypervisor took time away */
	ASSAY_CAUSE_DRIFT,      /* the machine changed speed along the way */
	ASSAY_CAUSE_PLACEMENT,  /* launches differ by the placement of their code */
	ASSAY_CAUSE_BIMODAL,    /* launches fall into two groups, for no known reason */
	ASSAY_CAUSE_MARGINS,    /* measured well, and the difference lies between the margins */
	ASSAY_CAUSE_TOO_FEW,    /* the pairs ended before the last look */
	ASSAY_CAUSE_NOISE,      /* none of these: launches just differ */
	ASSAY_CAUSES,
};
/* "preemption", "steal", ...: static. */
const char *assay_gate_cause_name(enum assay_gate_cause cause);
/* Half a sentence for people, such as "the machine changed speed along the way": static. */
const char *assay_gate_cause_text(enum assay_gate_cause cause);

/* What is known of one benchmark's pairs, in the order they ran. */
struct assay_gate_evidence {
	const double *d;             /* n; NaN: a lost pair */
	const double *log_a, *log_b; /* n logarithms of launch summaries, or NULL both */
	const unsigned *variant_a,
		*variant_b; /* n placement variants, or NULL both when there is one */
	size_t n;
	double preempted_share; /* of samples; NaN unknown */
	double steal_share;     /* of CPU time; NaN unknown */
};

/* strength: 0 for no sign of it, 1 for all that could be; causes[] from the strongest. */
struct assay_gate_causes {
	struct {
		enum assay_gate_cause cause;
		double strength;
	} found[ASSAY_CAUSES];
	size_t n; /* at least 1 */
};

/*
 * Rank the causes. Preemption counts from 10 % of samples, full at 50 %; steal from 1 % of time,
 * full at 10 %; drift by Kendall's tau of both sides' levels where the Mann-Kendall test is below 1 %;
 * placement by the share of rank variance between variants, epsilon squared of the Kruskal-Wallis
 * statistic [Kelley, PNAS 1935], from one half; bimodal by how much of the variance of the differences or
 * of a side two groups of at least a fifth each explain, from 85 % (normal noise: 64 %, uniform: 75 %). MARGINS
 * comes first where the interval of the estimate is narrower than the margins are apart; TOO_FEW and NOISE
 * come last. ASSAY_ENOMEM.
 */
enum assay_code assay_gate_causes(const struct assay_gate_policy *policy,
				  const struct assay_gate_evidence *evidence,
				  struct assay_gate_causes *ret, struct assay_err *err);

#endif

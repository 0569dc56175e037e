/* SPDX-License-Identifier: MIT */
/*
 * budget: a bound on what a series may measure, or on the ratio of two, and whether a measurement keeps it.
 *
 *   bound  := side [ "/" side ] ( "<=" | ">=" ) number [ unit ]
 *   side   := series [ metric ]
 *
 * separated by blanks; the unit may stand right behind the number. A series is the name of a case, as
 * assay_case_resolve() takes it; without a metric its primary one is meant. Units are those of budget_unit.h.
 */
#ifndef ASSAY_GATE_BUDGET_H
#define ASSAY_GATE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/engine/registry.h"
#include "harness/gate/budget_unit.h"
#include "harness/result.h"

struct assay_bound_side {
	char *series; /* owned; NULL: there is no such side */
	char *metric; /* owned; NULL: the primary one */
};

struct assay_bound {
	struct assay_bound_side over, under; /* under: only of a ratio */
	bool at_least;
	double limit; /* in base units of `unit` */
	double far;   /* beyond this the bound is exceeded, same unit */
	struct assay_unit unit;
};

/*
 * Read a bound. ASSAY_EUSAGE says what is wrong with it: its form, a number that no measurement can be
 * compared with, an unknown unit of a ratio. `far` is the limit and a tenth. Own with assay_bound_done().
 */
enum assay_code assay_bound_parse(const char *text, struct assay_bound *ret, struct assay_err *err);
void assay_bound_done(struct assay_bound *bound);

/* Set `far` from a text such as "50" or "98 %", in a unit that fits; it must lie beyond the limit. */
enum assay_code assay_bound_set_far(struct assay_bound *bound, const char *text,
				    struct assay_err *err);

/*
 * Make the names of the series those of cases of `registry`, and check the unit against their metrics. What a
 * secondary metric is in is known only once it has been measured: assay_bound_judge() checks it.
 * ASSAY_EUSAGE names what is unknown, and the nearest there is.
 */
enum assay_code assay_bound_resolve(struct assay_bound *bound,
				    const struct assay_registry *registry, struct assay_err *err);

enum assay_bound_verdict {
	ASSAY_BOUND_MET,       /* the whole interval keeps the bound */
	ASSAY_BOUND_MISSED,    /* the whole interval breaks it */
	ASSAY_BOUND_UNDECIDED, /* the bound lies inside the interval, or there is no figure */
	ASSAY_BOUND_SKIPPED,   /* not possible here */
	ASSAY_BOUND_FAILED,    /* the benchmark gave a wrong answer, crashed or did not end */
	ASSAY_BOUND_VANISHED,  /* nothing measured it */
	ASSAY_BOUND_VERDICTS,
};
/* "met", "missed", ...: static. */
const char *assay_bound_verdict_name(enum assay_bound_verdict verdict);

struct assay_bound_outcome {
	enum assay_bound_verdict verdict;
	bool exceeded;        /* met, and the whole interval lies beyond `far` */
	double value, lo, hi; /* in base units of the bound; NaN where undefined */
	size_t launches;      /* of the side with fewer */
	char reason[300];     /* why it is not decided or measured, or not to be trusted; or "" */
};

/*
 * Judge results[n] of one run. One series: the distribution-free interval of the median over launches at 95 %,
 * from fewer than six of them all that their medians span. Two: the interval of their ratio over launches at
 * 95 % (harness/stats/compare.h); launches of one run take turns, so nothing is added for drift. With fewer
 * than three launches, when the spread between them is not known, either is widened by what the machine's
 * noise stands for. ASSAY_EUSAGE when the unit does not fit a secondary metric; ASSAY_ENOMEM.
 */
enum assay_code assay_bound_judge(const struct assay_bound *bound,
				  const struct assay_result *results, size_t n,
				  struct assay_bound_outcome *ret, struct assay_err *err);

#endif

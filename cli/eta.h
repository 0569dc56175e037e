/* SPDX-License-Identifier: MIT */
/*
 * eta: how long a plan will take. What a case took here before counts most, then what the plan gives each
 * launch; while the run goes on, how far off that was so far.
 */
#ifndef ASSAY_CLI_ETA_H
#define ASSAY_CLI_ETA_H

#include "harness/engine/plan.h"
#include "harness/store/elapsed.h"

/* A time that is no limit: the number of samples alone says when a launch is over. */
#define ETA_UNLIMITED_NS (1000 * 3600 * UINT64_C(1000000000))

struct eta_effort {
	uint64_t launches, time_ns; /* ETA_UNLIMITED_NS: as long as the samples take */
	uint64_t budget_ns;         /* no new case after this; 0: none */
	bool anchored;              /* each launch has one of an anchor beside it */
};

struct eta_case {
	const char *name; /* of the plan */
	double launch_ns;
};

struct eta {
	struct eta_effort effort;
	struct eta_case *cases; /* those that will be measured, by name */
	size_t n;
	size_t remembered;   /* of them: with a time from an earlier run */
	double done_ns;      /* what the launches that are over were expected to take */
	const char *running; /* the case of the launch under way; NULL: none */
};

/*
 * `known` says which cases need no measurement any more; NULL: none. The names are borrowed from the plan. eta_done()
 * also after a failure. ASSAY_ENOMEM.
 */
enum assay_code eta_init(const struct assay_plan *plan, const struct eta_effort *effort,
			 const struct assay_elapsed_list *history,
			 bool (*known)(void *context, const char *name), void *context,
			 struct eta *ret, struct assay_err *err);
void eta_done(struct eta *eta);

/* The whole plan, ns; no more than its budget. */
double eta_total_ns(const struct eta *eta);
/* A launch of this case begins, so the one before it is over; NULL: the last one is. */
void eta_step(struct eta *eta, const char *name);
/* What is left after `elapsed_ns`, ns. */
double eta_left_ns(const struct eta *eta, uint64_t elapsed_ns);

/* "0:42", "12:05", "1:02:07" */
const char *eta_clock(double ns, char *text, size_t size);

#endif

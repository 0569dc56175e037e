/* SPDX-License-Identifier: MIT */
/* engine: run a plan: oracle each subject, launch each case in seeded order, hand out results. */
#ifndef ASSAY_ENGINE_ENGINE_H
#define ASSAY_ENGINE_ENGINE_H

#include <signal.h>

#include "harness/engine/anchor.h"
#include "harness/engine/collect.h"
#include "harness/engine/measure.h"
#include "harness/engine/plan.h"
#include "harness/engine/ranks.h"

struct assay_engine_options {
	const char *program; /* executed for each worker */
	const char *sandbox; /* path of bubblewrap: each worker inside it; NULL: none */
	uint64_t seed;
	unsigned launches;                 /* per case */
	struct assay_effort effort;        /* per launch */
	uint64_t timeout_ns;               /* per launch */
	uint64_t budget_ns;                /* for the whole plan; 0: none */
	uint64_t memory_bytes;             /* per worker; 0: none */
	const char *driver;                /* NULL: per case */
	const char *const *events;         /* NULL-terminated; NULL: no counted pass */
	bool counts;                       /* replay each measured case; see replay.h */
	char noise;                        /* grade, copied into results */
	const struct assay_anchor *anchor; /* measured beside every benchmark; NULL: none */
	const struct assay_ranks
		*ranks; /* called; each launch is one of all of them; NULL: one worker */
	const volatile sig_atomic_t *interrupted;
};

struct assay_progress {
	size_t launches_done, launches_total;
	const char *name; /* of the case about to run */
	uint64_t elapsed_ns;
};

struct assay_engine_sink {
	/* A finished result; what it returns other than ASSAY_OK ends the run. */
	assay_result_fn result;
	/* Between launches, never during one; may be NULL. */
	void (*progress)(void *context, const struct assay_progress *progress);
	/* Has this case been measured already (resume)? May be NULL. */
	bool (*known)(void *context, const char *case_name);
	/* Something about a case worth saying, such as which rank lagged; may be NULL. */
	void (*remark)(void *context, const char *case_name, const char *text);
	void *context;
};

/*
 * The case as it is called when `ranks` measure it: with their number and binding among its parameters, so that figures
 * of other bindings never share a series. The launcher is not among them: the ranks bind themselves, whoever started
 * them. ret->name is owned; ASSAY_ENOMEM, ASSAY_EBUG when it has too many.
 */
enum assay_code assay_ranks_case(const struct assay_ranks *ranks, const struct assay_case *c,
				 struct assay_case *ret, struct assay_err *err);

/*
 * Run the plan. With an anchor each launch of a benchmark has one of the anchor's right before or after it, as
 * a coin says, and results of further metrics follow: see assay_anchor_results(). Every case ends in at least one result with a status; a bad case never harms the
 * others. ASSAY_EINTR when interrupted: finished results have been handed out.
 */
enum assay_code assay_engine_run(const struct assay_registry *registry,
				 const struct assay_plan *plan,
				 const struct assay_engine_options *options,
				 const struct assay_engine_sink *sink, struct assay_err *err);

#endif

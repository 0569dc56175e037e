/* SPDX-License-Identifier: MIT */
/* papi_trial: finds out whether one event really counts, by counting work of known effect. */
#ifndef ASSAY_PROFILER_PAPI_TRIAL_H
#define ASSAY_PROFILER_PAPI_TRIAL_H

#include "profiler/papi_names.h"
#include "profiler/papi_session.h"

/* The event counts, but not what happened. No code of PAPI's is positive. */
#define PAPI_TRIAL_DISBELIEVED 1

/*
 * Count one event alone over some work. PAPI_CALL_OK when the count agrees with the witness (`known`,
 * may be NULL); PAPI_TRIAL_DISBELIEVED and the reason in reason[size] when not; else what PAPI said.
 * With PAPI_CALL_OK the reason may hold a remark.
 */
int papi_trial(const struct papi_calls *calls, int code, const struct papi_event *known,
	       char *reason, size_t size);

/* PAPI's return value in plain words. Text in reason[size]. */
void papi_explain(const struct papi_calls *calls, const struct pmu_facts *facts, int status,
		  char *reason, size_t size);

#endif

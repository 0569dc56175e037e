/* SPDX-License-Identifier: MIT */
/*
 * papi_session: counting on one thread through PAPI. It sees PAPI only as a struct of functions, so
 * that tests can put a library behind it that lies the way the real one does.
 */
#ifndef ASSAY_PROFILER_PAPI_SESSION_H
#define ASSAY_PROFILER_PAPI_SESSION_H

#include <stddef.h>

#include "harness/source.h"
#include "profiler/pmu.h"

/* The error codes of PAPI that mean something to us; a compile-time check in papi.c pins them. */
enum {
	PAPI_CALL_OK = 0,
	PAPI_CALL_NO_EVENT = -7,
	PAPI_CALL_CONFLICT = -8,
	PAPI_CALL_RUNNING = -10,
	PAPI_CALL_PERMISSION = -15,
};

/* The calls into PAPI, each with PAPI's own meaning and return value. */
struct papi_calls {
	int (*event_code)(const char *name, int *code);
	int (*event_component)(int code);
	int (*set_create)(int *set);
	int (*set_assign)(int set, int component);
	int (*set_multiplex)(int set);
	int (*set_add)(int set, int code);
	int (*set_start)(int set);
	int (*set_stop)(int set, long long *values);
	int (*set_cleanup)(int set);
	int (*set_destroy)(int *set);
	const char *(*error_text)(int code);
};

struct papi_session;

/*
 * Try every counts[i] that nobody has taken: add, start, work, stop, and compare with what must have
 * happened. About 1 ms. *ret is NULL when nothing could be taken. `calls` and `facts` are borrowed,
 * facts during the call only. The session belongs to the calling thread.
 */
enum assay_code papi_session_open(const struct papi_calls *calls, const struct pmu_facts *facts,
				  struct assay_count *counts, size_t n, struct papi_session **ret,
				  struct assay_err *err);
/* ASSAY_EBUG on another thread than the one that opened: PAPI would stop the owner's counters. */
enum assay_code papi_session_start(struct papi_session *session, struct assay_err *err);
enum assay_code papi_session_stop(struct papi_session *session, struct assay_count *counts,
				  size_t n, struct assay_err *err);
void papi_session_close(struct papi_session *session);

#endif

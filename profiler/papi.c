/* SPDX-License-Identifier: MIT */
/* papi: the counter source over the PAPI library; the only file that includes its header. */
#include "harness/source.h"

#if ASSAY_PAPI

#include <papi.h>
#include <pthread.h>
#include <stdio.h>

#include "profiler/papi_session.h"
#include "profiler/pmu.h"

_Static_assert(PAPI_CALL_OK == PAPI_OK && PAPI_CALL_NO_EVENT == PAPI_ENOEVNT &&
		       PAPI_CALL_CONFLICT == PAPI_ECNFLCT && PAPI_CALL_RUNNING == PAPI_EISRUN &&
		       PAPI_CALL_PERMISSION == PAPI_EPERM && PAPI_NULL == -1,
	       "PAPI's error codes have changed");

static const char *error_text(int code)
{
	const char *text = PAPI_strerror(code);
	return text ? text : "unknown error";
}

static const struct papi_calls calls = {
	.event_code = PAPI_event_name_to_code,
	.event_component = PAPI_get_event_component,
	.set_create = PAPI_create_eventset,
	.set_assign = PAPI_assign_eventset_component,
	.set_multiplex = PAPI_set_multiplex,
	.set_add = PAPI_add_event,
	.set_start = PAPI_start,
	.set_stop = PAPI_stop,
	.set_cleanup = PAPI_cleanup_eventset,
	.set_destroy = PAPI_destroy_eventset,
	.error_text = error_text,
};

/*
 * The state that belongs to the process: PAPI initialises once per process, whoever asks first.
 * Written inside pthread_once only.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	int status;
	const char *what;
} library;

/*
 * Sets are made and dropped by one thread at a time: the tables behind native event names belong to
 * the whole process. Counting itself needs no lock.
 */
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

static unsigned long thread_number(void)
{
	return (unsigned long)pthread_self();
}

static void init_library(void)
{
	int version = PAPI_library_init(PAPI_VER_CURRENT);
	if (version != PAPI_VER_CURRENT) {
		library.status = version > 0 ? PAPI_EINVAL : version;
		library.what = version > 0 ? "the PAPI library differs from the one built against"
					   : PAPI_strerror(version);
		return;
	}
	library.what = "PAPI_thread_init";
	library.status = PAPI_thread_init(thread_number);
	/* Without it PAPI_set_multiplex fails later, and that is where it is reported. */
	if (library.status == PAPI_OK)
		PAPI_multiplex_init();
}

static enum assay_code probe(struct assay_err *err)
{
	pthread_once(&once, init_library);
	if (library.status != PAPI_OK)
		return assay_fail(err, ASSAY_SKIP, "PAPI does not start: %s (%d)",
				  library.what ? library.what : "unknown error", library.status);
	return ASSAY_OK;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	*ret_state = NULL;
	enum assay_code code = probe(err);
	if (code != ASSAY_OK)
		return code;
	/* PAPI 7.0 looks up names through a thread record that only this call makes; NULL otherwise. */
	int status = PAPI_register_thread();
	if (status != PAPI_OK)
		return assay_fail(err, ASSAY_EIO, "papi: register thread: %s (%d)",
				  error_text(status), status);
	struct pmu_facts facts;
	struct papi_session *session;
	pmu_facts_read(&facts);
	pthread_mutex_lock(&naming);
	code = papi_session_open(&calls, &facts, counts, n, &session, err);
	pthread_mutex_unlock(&naming);
	if (code == ASSAY_OK)
		*ret_state = session;
	return code;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	return papi_session_start(state, err);
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	return papi_session_stop(state, counts, n, err);
}

static void close_state(void *state)
{
	pthread_mutex_lock(&naming);
	papi_session_close(state);
	pthread_mutex_unlock(&naming);
}

#else

#include <string.h>

#include "harness/base/str.h"

static const char absent[] = "built without PAPI";

static enum assay_code probe(struct assay_err *err)
{
	return assay_fail(err, ASSAY_SKIP, "%s", absent);
}

/* Nothing can be taken, but "papi:NAME" deserves its reason. */
static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	(void)err;
	*ret_state = NULL;
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE)
			assay_copy(counts[i].reason, sizeof(counts[i].reason), absent);
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	(void)state;
	return assay_fail(err, ASSAY_EBUG, "papi: started, but %s", absent);
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	(void)state;
	(void)counts;
	(void)n;
	return assay_fail(err, ASSAY_EBUG, "papi: stopped, but %s", absent);
}

static void close_state(void *state)
{
	(void)state;
}

#endif

const struct assay_source assay_source_papi = {
	.name = "papi",
	.brief = "hardware and kernel events through PAPI, believed only when seen to count",
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};

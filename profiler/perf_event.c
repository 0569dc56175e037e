/* SPDX-License-Identifier: MIT */
/* perf_event: the counter source over the kernel's own interface, for what PAPI leaves out. */
#include <errno.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include "harness/source.h"
#include "profiler/perf.h"
#include "profiler/perf_session.h"

static enum assay_code probe(struct assay_err *err)
{
	char reason[200];
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int fd = perf_open(&attr, 0, -1, -1);
	if (fd < 0)
		return assay_fail(err, ASSAY_SKIP, "%s", perf_reason(-fd, reason, sizeof(reason)));
	close(fd);
	return ASSAY_OK;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	struct pmu_facts facts;
	struct perf_session *session;
	pmu_facts_read(&facts);
	enum assay_code rc =
		perf_session_open(&perf_calls_kernel, &facts, counts, n, &session, err);
	*ret_state = rc == ASSAY_OK ? session : NULL;
	return rc;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	return perf_session_start(state, err);
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	return perf_session_stop(state, counts, n, err);
}

static void close_state(void *state)
{
	perf_session_close(state);
}

const struct assay_source assay_source_perf_event = {
	.name = "perf",
	.brief =
		"kernel and hardware events through perf_event, with the threads started meanwhile",
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};

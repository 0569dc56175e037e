/* SPDX-License-Identifier: MIT */
/*
 * perf_session: counting on one thread, and on the threads it starts, through perf_event itself. It sees
 * the kernel only as a struct of functions, so that a busy, crowded or forbidding one can be tested.
 */
#ifndef ASSAY_PROFILER_PERF_SESSION_H
#define ASSAY_PROFILER_PERF_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/source.h"
#include "profiler/pmu.h"

struct perf_event_attr;

/* What a read() of a counter yields: since it was opened, by this thread and all that it started. */
struct perf_value {
	uint64_t raw, enabled_ns, running_ns;
};

/* The calls into the kernel. */
struct perf_calls {
	int (*open)(struct perf_event_attr *attr);   /* descriptor, or negative errno */
	int (*enable)(int fd, bool on);              /* 0 or errno */
	int (*read)(int fd, struct perf_value *ret); /* 0 or errno; takes care of EINTR */
	void (*close)(int fd);
};
extern const struct perf_calls perf_calls_kernel;

/* Multiplexed below this share of the time, a count is a guess and no longer a number. */
#define PERF_RUNNING_LEAST 0.8

struct perf_session;

/* Try every counts[i] that nobody has taken; *ret is NULL when none could be. See struct assay_source. */
enum assay_code perf_session_open(const struct perf_calls *calls, const struct pmu_facts *facts,
				  struct assay_count *counts, size_t n, struct perf_session **ret,
				  struct assay_err *err);
enum assay_code perf_session_start(struct perf_session *session, struct assay_err *err);
enum assay_code perf_session_stop(struct perf_session *session, struct assay_count *counts,
				  size_t n, struct assay_err *err);
void perf_session_close(struct perf_session *session); /* takes NULL */

#endif

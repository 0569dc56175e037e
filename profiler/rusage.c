/* SPDX-License-Identifier: MIT */
/* rusage: what the kernel accounts for every thread anyway, through getrusage(RUSAGE_THREAD). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/source.h"

static double time_ns(struct timeval t)
{
	return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3;
}

static double switches(const struct rusage *u)
{
	return (double)(u->ru_nvcsw + u->ru_nivcsw);
}

static double voluntary(const struct rusage *u)
{
	return (double)u->ru_nvcsw;
}

static double involuntary(const struct rusage *u)
{
	return (double)u->ru_nivcsw;
}

static double faults(const struct rusage *u)
{
	return (double)(u->ru_minflt + u->ru_majflt);
}

static double minor(const struct rusage *u)
{
	return (double)u->ru_minflt;
}

static double major(const struct rusage *u)
{
	return (double)u->ru_majflt;
}

static double cpu_ns(const struct rusage *u)
{
	return time_ns(u->ru_utime) + time_ns(u->ru_stime);
}

static double user_ns(const struct rusage *u)
{
	return time_ns(u->ru_utime);
}

static double system_ns(const struct rusage *u)
{
	return time_ns(u->ru_stime);
}

static double block_in(const struct rusage *u)
{
	return (double)u->ru_inblock;
}

static double block_out(const struct rusage *u)
{
	return (double)u->ru_oublock;
}

static const struct event {
	const char *name; /* logical, or behind "rusage:" */
	const char *unit;
	double (*value)(const struct rusage *usage);
} events[] = {
	{"context_switches", "", switches},
	{"page_faults", "", faults},
	{"minor_faults", "", minor},
	{"major_faults", "", major},
	{"task_clock", "ns", cpu_ns},
	{"voluntary_switches", "", voluntary},
	{"involuntary_switches", "", involuntary},
	{"rusage:voluntary_switches", "", voluntary},
	{"rusage:involuntary_switches", "", involuntary},
	{"rusage:context_switches", "", switches},
	{"rusage:page_faults", "", faults},
	{"rusage:minor_faults", "", minor},
	{"rusage:major_faults", "", major},
	{"rusage:cpu_time", "ns", cpu_ns},
	{"rusage:user_time", "ns", user_ns},
	{"rusage:system_time", "ns", system_ns},
	{"rusage:block_input", "", block_in},
	{"rusage:block_output", "", block_out},
};

struct state {
	struct rusage before;
	uint64_t started_ns;
	bool running;
};

static const struct event *find(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

static enum assay_code probe(struct assay_err *err)
{
	struct rusage usage;
	if (getrusage(RUSAGE_THREAD, &usage) != 0)
		return assay_fail(err, ASSAY_SKIP, "getrusage refuses RUSAGE_THREAD here");
	return ASSAY_OK;
}

/* Take one event, or say why not unless a better source has said so already. */
static bool take(struct assay_count *count)
{
	const struct event *event = find(count->event);
	if (!event) {
		if (!count->reason[0] || strncmp(count->event, "rusage:", 7) == 0)
			snprintf(count->reason, sizeof(count->reason),
				 "getrusage has no event '%s'", count->event);
		return false;
	}
	assay_copy(count->source, sizeof(count->source), "rusage");
	assay_copy(count->unit, sizeof(count->unit), event->unit);
	count->quality = ASSAY_EXACT;
	count->reason[0] = '\0';
	return true;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	bool any = false;
	*ret_state = NULL;
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE && take(&counts[i]))
			any = true;
	if (!any)
		return ASSAY_OK;
	*ret_state = calloc(1, sizeof(struct state));
	if (!*ret_state)
		return assay_fail(err, ASSAY_ENOMEM, "rusage: out of memory");
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "rusage: started twice");
	s->running = true;
	s->started_ns = assay_now_ns();
	if (getrusage(RUSAGE_THREAD, &s->before) != 0)
		return assay_fail(err, ASSAY_EIO, "rusage: getrusage failed");
	return ASSAY_OK;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	struct rusage after;
	if (getrusage(RUSAGE_THREAD, &after) != 0)
		return assay_fail(err, ASSAY_EIO, "rusage: getrusage failed");
	uint64_t elapsed_ns = assay_now_ns() - s->started_ns;
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "rusage: stopped without start");
	s->running = false;
	for (size_t i = 0; i < n; i++) {
		struct assay_count *c = &counts[i];
		if (strcmp(c->source, "rusage") != 0)
			continue;
		const struct event *event = find(c->event);
		c->value = event->value(&after) - event->value(&s->before);
		/* User and system time are scaled shares of one sum and may step back a little. */
		if (c->value < 0)
			c->value = 0;
		c->raw = (uint64_t)c->value;
		c->enabled_ns = c->running_ns = elapsed_ns;
	}
	return ASSAY_OK;
}

static void close_state(void *state)
{
	free(state);
}

const struct assay_source assay_source_rusage = {
	.name = "rusage",
	.brief = "context switches, page faults and CPU time that the kernel accounts per thread",
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};

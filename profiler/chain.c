/* SPDX-License-Identifier: MIT */
/*
 * chain: cycles without a performance unit. Additions that wait for each other take one cycle each, so their
 * time is the core's frequency; cycles are that frequency times the thread's CPU time. Measured right before
 * the region is opened and right after it ends, on the thread that is counted.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/machine/noise.h"
#include "harness/source.h"

/* Windows of about 0.1 ms: the two readings of the CPU clock around one, 0.3 us each, are 0.5 %. */
enum { WINDOWS = 5, TURNS = 6000 };

/* Before and after further apart than this: the mean of the two says little about what was between. */
#define STEADY_RATIO 0.05

/* "cycles" only where nothing better has counted them; "core_cycles" are always these. */
static const char *const names[] = {"core_cycles", "cycles", NULL};

struct state {
	double hz; /* before */
	uint64_t value, began_cpu_ns, began_ns;
	bool running;
};

/*
 * By CPU time, so that being pushed off the CPU does not look like a slow one; the best of a few, because
 * interrupts and the other hardware thread only ever slow it down. 0 where no chain is written.
 */
static double frequency_hz(uint64_t *value)
{
	double best = 0;
	for (int i = 0; i < WINDOWS; i++) {
		uint64_t began = assay_thread_cpu_ns();
		if (!assay_add_chain(TURNS, value))
			return 0;
		uint64_t ns = assay_thread_cpu_ns() - began;
		if (ns)
			best = fmax(best, 1e9 * TURNS * ASSAY_CHAIN_ADDS / (double)ns);
	}
	return best;
}

static enum assay_code probe(struct assay_err *err)
{
	uint64_t value = 1;
	return assay_add_chain(0, &value)
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP,
				    "no chain of known length is written for this kind of "
				    "processor");
}

static bool is_ours(const char *event)
{
	if (strncmp(event, "chain:", 6) == 0)
		event += 6;
	return strcmp(event, names[0]) == 0 || strcmp(event, names[1]) == 0;
}

static bool take(struct assay_count *count)
{
	if (!is_ours(count->event)) {
		if (strncmp(count->event, "chain:", 6) == 0)
			snprintf(count->reason, sizeof(count->reason),
				 "a chain of additions gives cycles, and no '%.60s'",
				 count->event + 6);
		return false;
	}
	assay_copy(count->source, sizeof(count->source), "chain");
	count->unit[0] = '\0';
	count->quality = ASSAY_DERIVED;
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
	struct state *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "chain: out of memory");
	s->value = 1;
	s->hz = frequency_hz(&s->value);
	*ret_state = s;
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "chain: started twice");
	s->running = true;
	s->began_ns = assay_now_ns();
	s->began_cpu_ns = assay_thread_cpu_ns();
	return ASSAY_OK;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	uint64_t cpu_ns = assay_thread_cpu_ns(), now_ns = assay_now_ns();
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "chain: stopped without start");
	s->running = false;
	double after = frequency_hz(&s->value), hz = (s->hz + after) / 2;
	bool steady = fabs(after - s->hz) <= STEADY_RATIO * hz;
	for (size_t i = 0; i < n; i++) {
		struct assay_count *c = &counts[i];
		if (strcmp(c->source, "chain") != 0)
			continue;
		c->value = (double)(cpu_ns - s->began_cpu_ns) * hz / 1e9;
		c->raw = (uint64_t)c->value;
		c->enabled_ns = c->running_ns = now_ns - s->began_ns;
		if (steady)
			snprintf(c->reason, sizeof(c->reason), "CPU time at %.2f GHz", hz / 1e9);
		else
			snprintf(c->reason, sizeof(c->reason),
				 "CPU time at %.2f GHz before and %.2f after", s->hz / 1e9,
				 after / 1e9);
	}
	s->hz = after;
	return ASSAY_OK;
}

static void close_state(void *state)
{
	free(state);
}

const struct assay_source assay_source_chain = {
	.name = "chain",
	.brief = "cycles of the core's clock, derived from a chain of additions and CPU time",
	.events = names,
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};

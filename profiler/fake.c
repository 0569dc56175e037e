/* SPDX-License-Identifier: MIT */
/* fake: events of known value, so that everything behind a counter can be tested anywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/source.h"

static const char prefix[] = "fake:";

/*
 * fake:count   how many regions were counted, this one included
 * fake:ns      1000 ns, always
 * fake:zero    an honest zero
 * fake:scaled  250 counted during a quarter of the time: 1000
 * fake:starved asked for but never scheduled: becomes unavailable when stopped
 * fake:broken  never available
 */
static const struct event {
	const char *name;
	const char *unit;
	enum assay_quality quality;
	uint64_t raw, enabled_ns, running_ns;
} events[] = {
	{"fake:count", "", ASSAY_EXACT, 0, 1000, 1000},
	{"fake:ns", "ns", ASSAY_EXACT, 1000, 1000, 1000},
	{"fake:zero", "", ASSAY_EXACT, 0, 1000, 1000},
	{"fake:scaled", "", ASSAY_SCALED, 250, 1000, 250},
	{"fake:starved", "", ASSAY_SCALED, 0, 1000, 0},
};

struct state {
	uint64_t regions;
	bool running;
};

static enum assay_code probe(struct assay_err *err)
{
	(void)err;
	return ASSAY_OK;
}

static const struct event *find(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

static bool take(struct assay_count *count)
{
	if (strncmp(count->event, prefix, sizeof(prefix) - 1) != 0) {
		if (!count->reason[0])
			snprintf(count->reason, sizeof(count->reason),
				 "no source of this build counts '%s'", count->event);
		return false;
	}
	const struct event *event = find(count->event);
	if (!event) {
		assay_copy(count->reason, sizeof(count->reason),
			   strcmp(count->event, "fake:broken") == 0 ? "broken on purpose"
								    : "no such fake event");
		return false;
	}
	assay_copy(count->source, sizeof(count->source), "fake");
	assay_copy(count->unit, sizeof(count->unit), event->unit);
	count->quality = event->quality;
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
		return assay_fail(err, ASSAY_ENOMEM, "fake: out of memory");
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "fake: started twice");
	s->running = true;
	s->regions++;
	return ASSAY_OK;
}

static void fill(struct assay_count *count, const struct state *s)
{
	const struct event *event = find(count->event);
	count->raw = strcmp(event->name, "fake:count") == 0 ? s->regions : event->raw;
	count->enabled_ns = event->enabled_ns;
	count->running_ns = event->running_ns;
	if (event->running_ns == 0) {
		count->quality = ASSAY_UNAVAILABLE;
		count->value = 0;
		assay_copy(count->reason, sizeof(count->reason), "never scheduled in this region");
		return;
	}
	count->quality = event->quality;
	count->value = (double)count->raw * (double)event->enabled_ns / (double)event->running_ns;
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	if (!s->running)
		return assay_fail(err, ASSAY_EBUG, "fake: stopped without start");
	s->running = false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].source, "fake") == 0)
			fill(&counts[i], s);
	return ASSAY_OK;
}

static void close_state(void *state)
{
	free(state);
}

const struct assay_source assay_source_fake = {
	.name = "fake",
	.brief = "events of known value, for tests (only names that start with fake:)",
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
};

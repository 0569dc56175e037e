/* SPDX-License-Identifier: MIT */
/* nvml: energy, power, clocks and temperature of NVIDIA devices, and how often they were throttled. */
#include "profiler/nvml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/source.h"
#include "profiler/cupti.h"
#include "profiler/take.h"

/* Energy counters move 10 to 50 times a second: half a second is known to a few percent. */
enum { SHORTEST_NS = 500000000 };

static const struct event {
	const char *name;
	const char *unit;
	size_t offset; /* of its value */
} events[] = {
	{"gpu_energy", "J", offsetof(struct nvml_summary, energy_j)},
	{"gpu_power", "W", offsetof(struct nvml_summary, power_w)},
	{"gpu_clock", "Hz", offsetof(struct nvml_summary, clock_hz)},
	{"gpu_memory_clock", "Hz", offsetof(struct nvml_summary, memory_hz)},
	{"gpu_temperature", "degC", offsetof(struct nvml_summary, temperature_c)},
	{"gpu_throttled", "ratio", SIZE_MAX},
};
static const char *const names[] = {
	"gpu_energy",      "gpu_power",     "gpu_clock", "gpu_memory_clock",
	"gpu_temperature", "gpu_throttled", NULL};

struct state {
	struct nvml nvml;
	struct nvml_watch *watch; /* from the first turn on, until it was long enough */
	unsigned turns;           /* of the same work, which are one region */
	bool running, enough;
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
	struct nvml nvml;
	if (!cupti_driver_version())
		return assay_fail(err, ASSAY_SKIP, "nothing here uses CUDA");
	return nvml_load(&nvml, err);
}

static const char *unit_of(const char *event)
{
	const struct event *e = find(event);
	return e ? e->unit : NULL;
}

static enum assay_code open_counts(struct assay_count *counts, size_t n, void **ret_state,
				   struct assay_err *err)
{
	*ret_state = NULL;
	if (!take_any(counts, n, unit_of))
		return ASSAY_OK;
	struct state *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "nvml: out of memory");
	enum assay_code rc = nvml_load(&s->nvml, err);
	if (rc != ASSAY_OK) {
		free(s);
		return rc;
	}
	take_all(counts, n, "nvml", unit_of);
	*ret_state = s;
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	if (s->running)
		return assay_fail(err, ASSAY_EBUG, "nvml: started twice");
	s->running = true;
	if (s->watch)
		return ASSAY_OK;
	s->turns = 0;
	return nvml_watch_begin(&s->nvml, &s->watch, err);
}

/* Energy that did not move was not counted; what throttled is said beside the share. */
static void remark(struct assay_count *c, const struct nvml_summary *sum, unsigned turns)
{
	char reasons[100];
	if (strcmp(c->event, "gpu_energy") == 0 && sum->energy_integrated) {
		c->quality = ASSAY_DERIVED;
		snprintf(c->reason, sizeof(c->reason),
			 "power times time: the device has no counter");
	} else if (strcmp(c->event, "gpu_energy") == 0 && c->value <= 0) {
		c->quality = ASSAY_UNAVAILABLE;
		snprintf(c->reason, sizeof(c->reason), "the counter did not move in %.3g s",
			 sum->seconds);
	} else if (strcmp(c->event, "gpu_energy") == 0 && turns > 1) {
		snprintf(c->reason, sizeof(c->reason),
			 "over %u batches in %.3g s, with what lies between them", turns,
			 sum->seconds);
	} else if (strcmp(c->event, "gpu_throttled") == 0) {
		snprintf(c->reason, sizeof(c->reason), "%u of %u readings%s%s", sum->throttled,
			 sum->with_reasons, sum->throttled ? ": " : "",
			 nvml_reasons(sum->reasons, reasons, sizeof(reasons)));
	}
}

static void fill(struct assay_count *c, const struct nvml_summary *sum, unsigned turns)
{
	const struct event *event = find(c->event);
	c->quality = ASSAY_EXACT;
	c->reason[0] = '\0';
	if (event->offset == SIZE_MAX)
		c->value = sum->with_reasons ? (double)sum->throttled / sum->with_reasons : NAN;
	else
		memcpy(&c->value, (const char *)sum + event->offset, sizeof(c->value));
	/* Energy is of the work, of which a turn has one share; the others hold as long as it lasts. */
	if (!assay_count_is_level(c))
		c->value /= turns;
	c->raw = sum->readings;
	c->enabled_ns = c->running_ns = (uint64_t)(sum->seconds * 1e9);
	if (!isnan(c->value)) {
		remark(c, sum, turns);
		return;
	}
	c->value = 0;
	c->quality = ASSAY_UNAVAILABLE;
	/* What others do on the device is in both. */
	bool shared = event->offset == offsetof(struct nvml_summary, energy_j) ||
		      event->offset == offsetof(struct nvml_summary, power_w);
	assay_copy(c->reason, sizeof(c->reason),
		   sum->instance && shared ? "a MIG instance has no power of its own" : sum->why);
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	struct nvml_summary sum;
	if (!s->watch || !s->running)
		return assay_fail(err, ASSAY_EBUG, "nvml: stopped without start");
	s->running = false;
	s->turns++;
	nvml_watch_look(s->watch, &sum);
	s->enough = sum.seconds * 1e9 >= SHORTEST_NS;
	if (s->enough) {
		nvml_watch_end(s->watch);
		s->watch = NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].source, "nvml") == 0)
			fill(&counts[i], &sum, s->turns);
	return ASSAY_OK;
}

/* A batch may have no more operations than its benchmark can hold, of a device's often a millisecond. */
static bool again(void *state)
{
	const struct state *s = state;
	return s->turns && !s->enough;
}

static void close_state(void *state)
{
	struct state *s = state;
	if (s)
		nvml_watch_end(s->watch);
	free(s);
}

const struct assay_source assay_source_nvml = {
	.name = "nvml",
	.brief = "energy, power, clocks, temperature and throttling of NVIDIA devices",
	.events = names,
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
	.alone = true,
	.again = again,
	.shortest_ns = SHORTEST_NS,
};

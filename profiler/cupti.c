/* SPDX-License-Identifier: MIT */
/* cupti: what NVIDIA devices did for a region: kernels, copies, fills, graphs, allocations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/source.h"
#include "profiler/cupti_activity.h"
#include "profiler/take.h"

static uint64_t count_of(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	return assay_gpu_trace_of(trace, kind).count;
}

static uint64_t time_of(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	return assay_gpu_trace_of(trace, kind).total_ns;
}

static uint64_t bytes_of(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	return assay_gpu_trace_of(trace, kind).bytes;
}

static uint64_t busy(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	(void)kind;
	return trace->head.busy_ns;
}

static uint64_t watched(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	(void)kind;
	return trace->head.end_ns - trace->head.begin_ns;
}

static uint64_t dropped(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind)
{
	(void)kind;
	return trace->head.dropped;
}

static const struct event {
	const char *name;
	const char *unit;
	enum assay_gpu_kind kind;
	uint64_t (*value)(const struct assay_gpu_trace *trace, enum assay_gpu_kind kind);
	bool always; /* right whatever was lost */
} events[] = {
	{"gpu_kernels", "", ASSAY_GPU_KERNEL, count_of, false},
	{"gpu_kernel_time", "ns", ASSAY_GPU_KERNEL, time_of, false},
	{"gpu_copies", "", ASSAY_GPU_COPY, count_of, false},
	{"gpu_copy_time", "ns", ASSAY_GPU_COPY, time_of, false},
	{"gpu_copy_bytes", "B", ASSAY_GPU_COPY, bytes_of, false},
	{"gpu_fills", "", ASSAY_GPU_FILL, count_of, false},
	{"gpu_graphs", "", ASSAY_GPU_GRAPH, count_of, false},
	{"gpu_graph_time", "ns", ASSAY_GPU_GRAPH, time_of, false},
	{"gpu_allocations", "", ASSAY_GPU_MEMORY, count_of, false},
	{"gpu_busy_time", "ns", ASSAY_GPU_KERNEL, busy, false},
	{"gpu_watched_time", "ns", ASSAY_GPU_KERNEL, watched, true},
	{"gpu_trace_time", "ns", ASSAY_GPU_OVERHEAD, time_of, false},
	{"gpu_dropped", "", ASSAY_GPU_KERNEL, dropped, true},
};

static const char *const names[] = {
	"gpu_kernels",      "gpu_kernel_time",
	"gpu_copies",       "gpu_copy_time",
	"gpu_copy_bytes",   "gpu_fills",
	"gpu_graphs",       "gpu_graph_time",
	"gpu_allocations",  "gpu_busy_time",
	"gpu_watched_time", "gpu_trace_time",
	"gpu_dropped",      NULL,
};

struct state {
	struct cupti_watch *watch;
	struct assay_gpu_trace trace;
};

static const struct event *find(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

/* What a process has not loaded by now it does not use. */
static enum assay_code probe(struct assay_err *err)
{
	char path[512];
	int version = cupti_driver_version();
	if (!version)
		return assay_fail(err, ASSAY_SKIP, "nothing here uses CUDA");
	return cupti_find(version, path, sizeof(path), err);
}

static void close_state(void *state)
{
	struct state *s = state;
	if (!s)
		return;
	cupti_watch_free(s->watch);
	assay_gpu_trace_done(&s->trace);
	free(s);
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
		return assay_fail(err, ASSAY_ENOMEM, "cupti: out of memory");
	enum assay_code rc = cupti_watch_new(&s->watch, err);
	if (rc != ASSAY_OK) {
		close_state(s);
		return rc;
	}
	take_all(counts, n, "cupti", unit_of);
	*ret_state = s;
	return ASSAY_OK;
}

static enum assay_code start(void *state, struct assay_err *err)
{
	struct state *s = state;
	return cupti_watch_begin(s->watch, err);
}

/* A number that misses something must not pass for the number. */
static void doubt(struct assay_count *c, const struct assay_gpu_trace_head *head)
{
	double least = c->value;
	c->quality = ASSAY_UNAVAILABLE;
	c->value = 0;
	snprintf(
		c->reason, sizeof(c->reason),
		"%llu records were dropped and %llu bytes of them unreadable: at least %.6g in all",
		(unsigned long long)head->dropped, (unsigned long long)head->damaged, least);
}

static enum assay_code stop(void *state, struct assay_count *counts, size_t n,
			    struct assay_err *err)
{
	struct state *s = state;
	assay_gpu_trace_done(&s->trace);
	enum assay_code rc = cupti_watch_end(s->watch, &s->trace, err);
	if (rc != ASSAY_OK)
		return rc;
	const struct assay_gpu_trace_head *head = &s->trace.head;
	bool whole = !head->dropped && !head->damaged;
	for (size_t i = 0; i < n; i++) {
		struct assay_count *c = &counts[i];
		const struct event *event = find(c->event);
		if (strcmp(c->source, "cupti") != 0 || !event)
			continue;
		c->raw = event->value(&s->trace, event->kind);
		c->value = (double)c->raw;
		c->enabled_ns = c->running_ns = head->end_ns - head->begin_ns;
		if (!whole && !event->always)
			doubt(c, head);
		else if (event->value == busy && head->left_out)
			snprintf(c->reason, sizeof(c->reason), "of the first %d activities",
				 ASSAY_GPU_MOST_ACTIVITIES);
	}
	return ASSAY_OK;
}

static enum assay_code trace(void *state, struct assay_gpu_trace *into, struct assay_err *err)
{
	struct state *s = state;
	(void)err;
	assay_gpu_trace_done(into);
	*into = s->trace;
	s->trace = (struct assay_gpu_trace){0};
	return ASSAY_OK;
}

const struct assay_source assay_source_cupti = {
	.name = "cupti",
	.brief = "what NVIDIA devices did: kernels, copies, graphs, allocations, one by one",
	.events = names,
	.probe = probe,
	.open = open_counts,
	.start = start,
	.stop = stop,
	.close = close_state,
	.alone = true,
	.trace = trace,
};

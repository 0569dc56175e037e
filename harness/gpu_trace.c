/* SPDX-License-Identifier: MIT */
/* gpu_trace: sums and lists of what devices did. */
#include "harness/gpu_trace.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/str.h"

static const char *const kinds[ASSAY_GPU_KINDS] = {"kernel", "copy",   "fill",
						   "graph",  "memory", "overhead"};

const char *assay_gpu_kind_name(enum assay_gpu_kind kind)
{
	return (size_t)kind < ASSAY_COUNT_OF(kinds) ? kinds[kind] : "unknown";
}

bool assay_gpu_is_work(enum assay_gpu_kind kind)
{
	return kind == ASSAY_GPU_KERNEL || kind == ASSAY_GPU_COPY || kind == ASSAY_GPU_FILL ||
	       kind == ASSAY_GPU_GRAPH;
}

static struct assay_gpu_sum *find_sum(struct assay_gpu_trace *trace,
				      const struct assay_gpu_sum *like)
{
	for (size_t i = 0; i < trace->n_sums; i++) {
		struct assay_gpu_sum *s = &trace->sums[i];
		if (s->kind == like->kind && s->device == like->device &&
		    s->stream == like->stream && strcmp(s->name, like->name) == 0)
			return s;
	}
	return NULL;
}

static void merge(struct assay_gpu_sum *into, const struct assay_gpu_sum *from)
{
	into->count += from->count;
	into->total_ns += from->total_ns;
	into->bytes += from->bytes;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	if (from->registers > into->registers)
		into->registers = from->registers;
	if (from->shared_bytes > into->shared_bytes)
		into->shared_bytes = from->shared_bytes;
}

enum assay_code assay_gpu_trace_add_sum(struct assay_gpu_trace *trace,
					const struct assay_gpu_sum *sum, struct assay_err *err)
{
	struct assay_gpu_sum *known = find_sum(trace, sum);
	if (known) {
		merge(known, sum);
		return ASSAY_OK;
	}
	if (trace->n_sums == ASSAY_GPU_MOST_SUMS) {
		trace->head.unsummed += sum->count;
		return ASSAY_OK;
	}
	if (!trace->sums)
		trace->sums = calloc(ASSAY_GPU_MOST_SUMS, sizeof(*trace->sums));
	if (!trace->sums)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
	trace->sums[trace->n_sums++] = *sum;
	return ASSAY_OK;
}

enum assay_code assay_gpu_trace_keep(struct assay_gpu_trace *trace,
				     const struct assay_gpu_activity *activity,
				     struct assay_err *err)
{
	if (trace->n == ASSAY_GPU_MOST_ACTIVITIES) {
		trace->head.left_out++;
		return ASSAY_OK;
	}
	if (trace->n == trace->capacity) {
		size_t capacity = trace->capacity ? 2 * trace->capacity : 64;
		struct assay_gpu_activity *more =
			realloc(trace->activities, capacity * sizeof(*more));
		if (!more)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
		trace->activities = more;
		trace->capacity = capacity;
	}
	trace->activities[trace->n++] = *activity;
	return ASSAY_OK;
}

enum assay_code assay_gpu_trace_add(struct assay_gpu_trace *trace,
				    const struct assay_gpu_activity *a, struct assay_err *err)
{
	uint64_t ns = a->end_ns > a->begin_ns ? a->end_ns - a->begin_ns : 0;
	struct assay_gpu_sum sum = {
		.kind = a->kind,
		.device = a->device,
		.stream = a->stream,
		.registers = a->registers,
		.shared_bytes = a->shared_bytes,
		.count = 1,
		.total_ns = ns,
		.max_ns = ns,
		.bytes = a->bytes,
	};
	assay_copy(sum.name, sizeof(sum.name), a->name);
	enum assay_code rc = assay_gpu_trace_add_sum(trace, &sum, err);
	return rc == ASSAY_OK ? assay_gpu_trace_keep(trace, a, err) : rc;
}

struct assay_gpu_sum assay_gpu_trace_of(const struct assay_gpu_trace *trace,
					enum assay_gpu_kind kind)
{
	struct assay_gpu_sum all = {.kind = kind};
	for (size_t i = 0; i < trace->n_sums; i++)
		if (trace->sums[i].kind == kind)
			merge(&all, &trace->sums[i]);
	return all;
}

void assay_gpu_trace_done(struct assay_gpu_trace *trace)
{
	free(trace->sums);
	free(trace->activities);
	*trace = (struct assay_gpu_trace){0};
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The k-th beginning in order is covered until the k-th end, unless a later one began before. */
uint64_t assay_gpu_union_ns(uint64_t *begins, uint64_t *ends, size_t n)
{
	uint64_t sum_ns = 0, since_ns = 0;
	size_t open = 0;
	if (!n)
		return 0;
	qsort(begins, n, sizeof(*begins), ascending);
	qsort(ends, n, sizeof(*ends), ascending);
	for (size_t b = 0, e = 0; e < n;) {
		if (b < n && begins[b] <= ends[e]) {
			if (open++ == 0)
				since_ns = begins[b];
			b++;
		} else {
			if (--open == 0)
				sum_ns += ends[e] - since_ns;
			e++;
		}
	}
	return sum_ns;
}

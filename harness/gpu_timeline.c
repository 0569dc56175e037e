/* SPDX-License-Identifier: MIT */
/* gpu_timeline: activities of devices as rows of cells. */
#include "harness/gpu_timeline.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"

double assay_gpu_from_ns(const struct assay_gpu_trace *trace, const struct assay_gpu_activity *a)
{
	return (double)(int64_t)(a->begin_ns - trace->head.begin_ns);
}

double assay_gpu_to_ns(const struct assay_gpu_trace *trace, const struct assay_gpu_activity *a)
{
	return (double)(int64_t)(a->end_ns - trace->head.begin_ns);
}

static int ascending(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;
	return (a > b) - (a < b);
}

size_t assay_gpu_span(const struct assay_gpu_trace *trace, size_t most, double *ret_from_ns,
		      double *ret_to_ns)
{
	ASSAY_AUTO_FREE double *begins = calloc(trace->n + 1, sizeof(*begins));
	size_t n = 0;
	for (size_t i = 0; begins && i < trace->n; i++)
		if (assay_gpu_is_work(trace->activities[i].kind))
			begins[n++] = assay_gpu_from_ns(trace, &trace->activities[i]);
	if (n == 0)
		return 0;
	qsort(begins, n, sizeof(*begins), ascending);
	if (most && n > most)
		n = most;
	*ret_from_ns = begins[0];
	*ret_to_ns = begins[n - 1];
	for (size_t i = 0; i < trace->n; i++) {
		const struct assay_gpu_activity *a = &trace->activities[i];
		if (assay_gpu_is_work(a->kind) && assay_gpu_from_ns(trace, a) <= begins[n - 1])
			*ret_to_ns = fmax(*ret_to_ns, assay_gpu_to_ns(trace, a));
	}
	return n;
}

static bool belongs(const struct assay_gpu_track *track, const struct assay_gpu_activity *a)
{
	return track->kind == a->kind && track->device == a->device && track->stream == a->stream;
}

const struct assay_gpu_track *assay_gpu_track_of(const struct assay_gpu_timeline *timeline,
						 const struct assay_gpu_activity *a)
{
	for (size_t i = 0; i < timeline->n; i++)
		if (belongs(&timeline->tracks[i], a))
			return &timeline->tracks[i];
	return NULL;
}

/* The activity's track, a new one when there is room. */
static struct assay_gpu_track *take_track(struct assay_gpu_timeline *t,
					  const struct assay_gpu_activity *a)
{
	for (size_t i = 0; i < t->n; i++)
		if (belongs(&t->tracks[i], a))
			return &t->tracks[i];
	if (t->n == ASSAY_GPU_MOST_TRACKS)
		return NULL;
	t->tracks[t->n] = (struct assay_gpu_track){.kind = a->kind,
						   .device = a->device,
						   .stream = a->stream,
						   .share = t->memory + t->n * t->cells};
	return &t->tracks[t->n++];
}

/* Spread what lies in the window over the cells it touches. */
static void cover(const struct assay_gpu_timeline *t, struct assay_gpu_track *track, double begin,
		  double end)
{
	double cell_ns = (t->to_ns - t->from_ns) / (double)t->cells;
	begin = fmax(begin, t->from_ns) - t->from_ns;
	end = fmin(end, t->to_ns) - t->from_ns;
	for (size_t i = (size_t)(begin / cell_ns); i < t->cells; i++) {
		double lo = fmax(begin, (double)i * cell_ns);
		double hi = fmin(end, (double)(i + 1) * cell_ns);
		if (hi <= lo)
			break;
		track->share[i] += (hi - lo) / cell_ns;
	}
}

static int by_place(const void *pa, const void *pb)
{
	const struct assay_gpu_track *a = pa, *b = pb;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

enum assay_code assay_gpu_timeline_init(struct assay_gpu_timeline *ret,
					const struct assay_gpu_trace *trace, double from_ns,
					double to_ns, size_t cells, struct assay_err *err)
{
	*ret = (struct assay_gpu_timeline){.from_ns = from_ns, .to_ns = to_ns, .cells = cells};
	ret->memory = calloc(ASSAY_GPU_MOST_TRACKS * cells, sizeof(*ret->memory));
	if (!ret->memory)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a timeline");
	for (size_t i = 0; to_ns > from_ns && i < trace->n; i++) {
		const struct assay_gpu_activity *a = &trace->activities[i];
		double begin = assay_gpu_from_ns(trace, a), end = assay_gpu_to_ns(trace, a);
		if (!assay_gpu_is_work(a->kind) || begin > to_ns || end < from_ns)
			continue;
		struct assay_gpu_track *track = take_track(ret, a);
		if (!track) {
			ret->left_out++;
			continue;
		}
		cover(ret, track, begin, end);
	}
	if (ret->n)
		qsort(ret->tracks, ret->n, sizeof(*ret->tracks), by_place);
	return ASSAY_OK;
}

void assay_gpu_timeline_done(struct assay_gpu_timeline *timeline)
{
	free(timeline->memory);
	*timeline = (struct assay_gpu_timeline){0};
}

static int longest_first(const void *pa, const void *pb)
{
	const struct assay_gpu_sum *a = pa, *b = pb;
	return a->total_ns > b->total_ns ? -1 : a->total_ns < b->total_ns;
}

struct assay_gpu_sum *assay_gpu_longest(const struct assay_gpu_trace *trace)
{
	struct assay_gpu_sum *sums = trace->n_sums ? calloc(trace->n_sums, sizeof(*sums)) : NULL;
	if (!sums)
		return NULL;
	memcpy(sums, trace->sums, trace->n_sums * sizeof(*sums));
	qsort(sums, trace->n_sums, sizeof(*sums), longest_first);
	return sums;
}

const char *assay_gpu_sum_rate(const struct assay_gpu_sum *sum, char *text, size_t size)
{
	assay_copy(text, size, "");
	if (sum->bytes && sum->total_ns)
		assay_format_value((double)sum->bytes / (double)sum->total_ns * 1e9, "B/s", text,
				   size);
	else if (sum->bytes)
		assay_format_value((double)sum->bytes, "B", text, size);
	else if (sum->registers)
		snprintf(text, size, "%u registers", sum->registers);
	return text;
}

void assay_gpu_watched(struct assay_str *to, const struct assay_gpu_trace_head *head)
{
	char text[32];
	double window_ns = (double)(head->end_ns - head->begin_ns);
	assay_str_add(to, "%s watched", assay_format_value(window_ns, "ns", text, sizeof(text)));
	if (window_ns > 0)
		assay_str_add(to, ", a device at work %.1f %% of it",
			      100 * (double)head->busy_ns / window_ns);
}

void assay_gpu_remarks(struct assay_str *to, const struct assay_gpu_trace_head *h)
{
	if (h->dropped || h->damaged)
		assay_str_add(to,
			      "%" PRIu64 " records were dropped and %" PRIu64
			      " bytes of records could not be read: all sums are too small\n",
			      h->dropped, h->damaged);
	if (h->outside)
		assay_str_add(to,
			      "%" PRIu64
			      " activities were not started by the case itself and are left out\n",
			      h->outside);
	if (h->left_out)
		assay_str_add(to,
			      "%" PRIu64
			      " later activities are in the sums and not in the timeline\n",
			      h->left_out);
}

/* SPDX-License-Identifier: MIT */
/* profile_gpu: what devices did, as a timeline of blocks and a table of sums. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

enum { CELLS = 64, MOST_ROWS = 16 };

/* One line of the timeline: work of one kind on one stream. */
struct track {
	uint32_t kind, device, stream;
	double covered_ns[CELLS];
};

static struct track *find_track(struct track *tracks, size_t *n, const struct assay_gpu_activity *a)
{
	for (size_t i = 0; i < *n; i++)
		if (tracks[i].kind == a->kind && tracks[i].device == a->device &&
		    tracks[i].stream == a->stream)
			return &tracks[i];
	if (*n == MOST_ROWS)
		return NULL;
	tracks[*n] = (struct track){a->kind, a->device, a->stream, {0}};
	return &tracks[(*n)++];
}

/* Spread an activity over the cells it touches. */
static void cover(struct track *track, const struct assay_gpu_trace_head *head,
		  const struct assay_gpu_activity *a)
{
	double cell_ns = (double)(head->end_ns - head->begin_ns) / CELLS;
	double begin = (double)(int64_t)(a->begin_ns - head->begin_ns);
	double end = (double)(int64_t)(a->end_ns - head->begin_ns);
	for (size_t i = 0; cell_ns > 0 && i < CELLS; i++) {
		double from = (double)i * cell_ns, to = from + cell_ns;
		double lo = begin > from ? begin : from, hi = end < to ? end : to;
		if (hi > lo)
			track->covered_ns[i] += hi - lo;
	}
}

static int by_place(const void *pa, const void *pb)
{
	const struct track *a = pa, *b = pb;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static void print_track(const struct track *t, double cell_ns)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	char stream[24] = "-";
	if (t->stream != ASSAY_GPU_NO_STREAM)
		snprintf(stream, sizeof(stream), "%u", t->stream);
	printf("  %6u  %6s  %-8s |", t->device, stream, assay_gpu_kind_name(t->kind));
	for (size_t i = 0; i < CELLS; i++) {
		double share = t->covered_ns[i] / cell_ns;
		size_t level = share <= 0 ? 0 : share >= 1 ? 8 : 1 + (size_t)(share * 7.999);
		fputs(blocks[level < 9 ? level : 8], stdout);
	}
	puts("|");
}

static void print_timeline(const struct assay_gpu_trace *trace)
{
	struct track *tracks = calloc(MOST_ROWS, sizeof(*tracks));
	size_t n = 0, left_out = 0;
	char length[32];
	double window_ns = (double)(trace->head.end_ns - trace->head.begin_ns);
	for (size_t i = 0; tracks && i < trace->n; i++) {
		if (!assay_gpu_is_work(trace->activities[i].kind))
			continue;
		struct track *track = find_track(tracks, &n, &trace->activities[i]);
		left_out += !track;
		if (track)
			cover(track, &trace->head, &trace->activities[i]);
	}
	if (n) {
		qsort(tracks, n, sizeof(*tracks), by_place);
		printf("\n  device  stream  kind      0%*s\n", CELLS,
		       assay_format_value(window_ns, "ns", length, sizeof(length)));
	}
	for (size_t i = 0; i < n; i++)
		print_track(&tracks[i], window_ns / CELLS);
	if (left_out)
		printf("  %zu activities on further streams are not drawn\n", left_out);
	free(tracks);
}

static int longest_first(const void *pa, const void *pb)
{
	const struct assay_gpu_sum *a = pa, *b = pb;
	return a->total_ns > b->total_ns ? -1 : a->total_ns < b->total_ns;
}

static void print_sum(struct cli_table *table, const struct assay_gpu_sum *s, double window_ns)
{
	char count[24], total[32], mean[32], most[32], share[16], rate[40] = "", stream[32];
	double ns = (double)s->total_ns;
	if (s->stream == ASSAY_GPU_NO_STREAM)
		snprintf(stream, sizeof(stream), "%u", s->device);
	else
		snprintf(stream, sizeof(stream), "%u.%u", s->device, s->stream);
	snprintf(count, sizeof(count), "%" PRIu64, s->count);
	snprintf(share, sizeof(share), "%.1f %%", window_ns > 0 ? 100 * ns / window_ns : 0);
	if (s->bytes && s->total_ns)
		assay_format_value((double)s->bytes / ns * 1e9, "B/s", rate, sizeof(rate));
	else if (s->bytes)
		assay_format_value((double)s->bytes, "B", rate, sizeof(rate));
	else if (s->registers)
		snprintf(rate, sizeof(rate), "%u registers", s->registers);
	const char *const cells[] = {
		assay_gpu_kind_name(s->kind),
		s->name,
		stream,
		count,
		assay_format_value(ns, "ns", total, sizeof(total)),
		assay_format_value(ns / (double)s->count, "ns", mean, sizeof(mean)),
		assay_format_value((double)s->max_ns, "ns", most, sizeof(most)),
		share,
		rate,
	};
	cli_table_row(table, cells);
}

static void print_sums(const struct assay_gpu_trace *trace, size_t top)
{
	static const char *const columns[] = {"kind",     "name",   "device.stream",
					      ">count",   ">total", ">mean",
					      ">longest", ">share", "rate"};
	double window_ns = (double)(trace->head.end_ns - trace->head.begin_ns);
	struct assay_gpu_sum *sums = calloc(trace->n_sums + 1, sizeof(*sums));
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	if (sums && trace->n_sums) {
		memcpy(sums, trace->sums, trace->n_sums * sizeof(*sums));
		qsort(sums, trace->n_sums, sizeof(*sums), longest_first);
		for (size_t i = 0; i < trace->n_sums && i < top; i++)
			print_sum(table, &sums[i], window_ns);
		putchar('\n');
		cli_table_print(table, stdout);
	} else {
		cli_table_free(table);
	}
	free(sums);
}

static void print_head(const struct assay_gpu_trace_head *h)
{
	char window[32];
	double window_ns = (double)(h->end_ns - h->begin_ns);
	printf("\nGPU timeline  %s watched",
	       assay_format_value(window_ns, "ns", window, sizeof(window)));
	if (window_ns > 0)
		printf(", a device at work %.1f %% of it", 100 * (double)h->busy_ns / window_ns);
	putchar('\n');
	if (h->dropped || h->damaged)
		printf("  %" PRIu64 " records were dropped and %" PRIu64
		       " bytes of records could not be read: all sums are too small\n",
		       h->dropped, h->damaged);
	if (h->outside)
		printf("  %" PRIu64
		       " activities were not started by the case itself and are left "
		       "out\n",
		       h->outside);
	if (h->left_out)
		printf("  %" PRIu64 " later activities are in the sums and not in the timeline\n",
		       h->left_out);
}

static json_t *sum_json(const struct assay_gpu_sum *s)
{
	return json_pack("{s:s, s:o, s:I, s:o, s:I, s:I, s:I, s:I}", "kind",
			 assay_gpu_kind_name(s->kind), "name", assay_json_text(s->name), "device",
			 (json_int_t)s->device, "stream",
			 s->stream == ASSAY_GPU_NO_STREAM ? json_null() : json_integer(s->stream),
			 "count", (json_int_t)s->count, "total_ns", (json_int_t)s->total_ns,
			 "max_ns", (json_int_t)s->max_ns, "bytes", (json_int_t)s->bytes);
}

static enum assay_code show_event(const struct cli *cli, const char *name,
				  const struct assay_gpu_trace *trace, struct assay_err *err)
{
	const struct assay_gpu_trace_head *h = &trace->head;
	json_t *sums = json_array();
	for (size_t i = 0; i < trace->n_sums; i++)
		json_array_append_new(sums, sum_json(&trace->sums[i]));
	return assay_json_line(
		json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "schema", "assay/1",
			  "event", "gpu", "name", assay_json_text(name), "watched_ns",
			  (json_int_t)(h->end_ns - h->begin_ns), "busy_ns", (json_int_t)h->busy_ns,
			  "dropped", (json_int_t)h->dropped, "damaged_bytes",
			  (json_int_t)h->damaged, "outside", (json_int_t)h->outside, "left_out",
			  (json_int_t)h->left_out, "activities", sums),
		cli->json, err);
}

enum assay_code profile_show_gpu(const struct cli *cli, const char *name,
				 const struct assay_gpu_trace *trace, size_t top,
				 struct assay_err *err)
{
	if (!trace->head.end_ns)
		return ASSAY_OK;
	if (!cli->json_is_stdout) {
		print_head(&trace->head);
		print_timeline(trace);
		print_sums(trace, top);
	}
	return cli->json ? show_event(cli, name, trace, err) : ASSAY_OK;
}

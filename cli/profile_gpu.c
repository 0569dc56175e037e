/* SPDX-License-Identifier: MIT */
/* profile_gpu: what devices did, as a timeline of blocks and a table of sums. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/gpu_timeline.h"

enum { CELLS = 64 };

static void print_track(const struct assay_gpu_track *t)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	char stream[24] = "-";
	if (t->stream != ASSAY_GPU_NO_STREAM)
		snprintf(stream, sizeof(stream), "%u", t->stream);
	printf("  %6u  %6s  %-8s |", t->device, stream, assay_gpu_kind_name(t->kind));
	for (size_t i = 0; i < CELLS; i++) {
		double share = t->share[i];
		size_t level = share <= 0 ? 0 : share >= 1 ? 8 : 1 + (size_t)(share * 7.999);
		fputs(blocks[level < 9 ? level : 8], stdout);
	}
	puts("|");
}

static enum assay_code print_timeline(const struct assay_gpu_trace *trace, struct assay_err *err)
{
	struct assay_gpu_timeline timeline;
	char length[32];
	double window_ns = (double)(trace->head.end_ns - trace->head.begin_ns);
	enum assay_code rc = assay_gpu_timeline_init(&timeline, trace, 0, window_ns, CELLS, err);
	if (timeline.n)
		printf("\n  device  stream  kind      0%*s\n", CELLS,
		       assay_format_value(window_ns, "ns", length, sizeof(length)));
	for (size_t i = 0; i < timeline.n; i++)
		print_track(&timeline.tracks[i]);
	if (timeline.left_out)
		printf("  %zu activities on further streams are not drawn\n", timeline.left_out);
	assay_gpu_timeline_done(&timeline);
	return rc;
}

static void print_sum(struct cli_table *table, const struct assay_gpu_sum *s, double window_ns)
{
	char count[24], total[32], mean[32], most[32], share[16], rate[40], stream[32];
	double ns = (double)s->total_ns;
	if (s->stream == ASSAY_GPU_NO_STREAM)
		snprintf(stream, sizeof(stream), "%u", s->device);
	else
		snprintf(stream, sizeof(stream), "%u.%u", s->device, s->stream);
	snprintf(count, sizeof(count), "%" PRIu64, s->count);
	snprintf(share, sizeof(share), "%.1f %%", window_ns > 0 ? 100 * ns / window_ns : 0);
	const char *const cells[] = {
		assay_gpu_kind_name(s->kind),
		s->name,
		stream,
		count,
		assay_format_value(ns, "ns", total, sizeof(total)),
		assay_format_value(ns / (double)s->count, "ns", mean, sizeof(mean)),
		assay_format_value((double)s->max_ns, "ns", most, sizeof(most)),
		share,
		assay_gpu_sum_rate(s, rate, sizeof(rate)),
	};
	cli_table_row(table, cells);
}

static void print_sums(const struct assay_gpu_trace *trace, size_t top)
{
	static const char *const columns[] = {"kind",     "name",   "device.stream",
					      ">count",   ">total", ">mean",
					      ">longest", ">share", "rate"};
	double window_ns = (double)(trace->head.end_ns - trace->head.begin_ns);
	struct assay_gpu_sum *sums = assay_gpu_longest(trace);
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	if (sums) {
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
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str remarks = {0};
	assay_gpu_watched(&words, h);
	printf("\nGPU timeline  %s\n", assay_str_text(&words));
	assay_gpu_remarks(&remarks, h);
	char *cursor = remarks.text;
	for (char *line; (line = strsep(&cursor, "\n")) && *line;)
		printf("  %s\n", line);
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
	enum assay_code rc = ASSAY_OK;
	if (!cli->json_is_stdout) {
		print_head(&trace->head);
		rc = print_timeline(trace, err);
		print_sums(trace, top);
	}
	return rc == ASSAY_OK && cli->json ? show_event(cli, name, trace, err) : rc;
}

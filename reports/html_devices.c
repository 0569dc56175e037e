/* SPDX-License-Identifier: MIT */
/*
 * html_devices: what devices did for a case, as bars on a time axis, one line per stream and kind of work, and the sums
 * below. Its texts are the page's own, so that only bars are stretched to the window.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/gpu_timeline.h"
#include "reports/escape.h"
#include "reports/html.h"

enum {
	NAME_LIMIT = 120,
	SINGLE = 400,    /* activities that are drawn one by one; of more, ... */
	CELLS = 320,     /* ... how busy each of so many parts of the time was, ... */
	FIRST = 48,      /* ... and the first ones once more, by themselves */
	HEIGHT = 16,     /* of a line */
	LEVELS = 7,      /* of a cell, at two units each */
	TICKS = 6,       /* at most */
	TOP = 10,        /* sums */
	MOST_OF_ONE = 4, /* timelines of a benchmark; fewer where many have some: */
	MOST = 8,
};

static const char *const colours[ASSAY_GPU_KINDS] = {
	[ASSAY_GPU_KERNEL] = "c1",
	[ASSAY_GPU_COPY] = "c2",
	[ASSAY_GPU_FILL] = "c3",
	[ASSAY_GPU_GRAPH] = "c4",
};

/* Where a time lies in the window, in cells. */
static double place(const struct assay_gpu_timeline *t, double ns)
{
	return CELLS * fmin(fmax((ns - t->from_ns) / (t->to_ns - t->from_ns), 0), 1);
}

/* ---- the axis ---- */

/* The least of 1, 2, 5 times a power of ten that divides the window into at most TICKS. */
static double step_of(const struct assay_gpu_timeline *t)
{
	double raw = (t->to_ns - t->from_ns) / TICKS, power = pow(10, floor(log10(raw)));
	double factor = raw / power;
	return (factor > 5 ? 10 : factor > 2 ? 5 : factor > 1 ? 2 : 1) * power;
}

/* Milliseconds, with as many digits as the steps need. */
static void axis(struct assay_str *to, const struct assay_gpu_timeline *t)
{
	double step = step_of(t), span = t->to_ns - t->from_ns;
	int digits = (int)fmax(0, ceil(6 - log10(step) - 1e-9));
	assay_str_add(to, "<div class=\"ticks\">");
	for (int i = 0; i <= TICKS; i++) {
		double at = (ceil(t->from_ns / step) + i) * step;
		double share = (at - t->from_ns) / span;
		if (share > 0.94) /* its words would hang over */
			break;
		assay_str_add(to, "<span style=\"left:%.2f%%\">%.*f ms</span>", 100 * share, digits,
			      at / 1e6);
	}
	assay_str_add(to, "</div>\n");
}

static void rules(struct assay_str *to, const struct assay_gpu_timeline *t)
{
	double step = step_of(t);
	assay_str_add(to, "<path class=\"rules\" d=\"");
	for (int i = 0; i <= TICKS; i++) {
		double at = (ceil(t->from_ns / step) + i) * step;
		if (at > t->to_ns)
			break;
		assay_str_add(to, "M%.1f 0v%d", place(t, at), HEIGHT);
	}
	assay_str_add(to, "\"/>");
}

/* ---- lines ---- */

/* Every activity a bar; every other one of a line is paler, so that neighbours can be told apart. */
static void bars(struct assay_str *to, const struct assay_gpu_trace *trace,
		 const struct assay_gpu_timeline *t, const struct assay_gpu_track *track, bool odd)
{
	bool pale = false;
	for (size_t i = 0; i < trace->n; i++) {
		const struct assay_gpu_activity *a = &trace->activities[i];
		double from = assay_gpu_from_ns(trace, a), end = assay_gpu_to_ns(trace, a);
		if (assay_gpu_track_of(t, a) != track || from > t->to_ns || end < t->from_ns)
			continue;
		double x = place(t, from), width = fmax(place(t, end) - x, 0.3);
		if (pale == odd)
			assay_str_add(to, "M%.1f 2h%.1fv%dh-%.1fz", x, width, HEIGHT - 2, width);
		pale = !pale;
	}
}

/* Cells as high as they were busy; those as high as their neighbour are one bar with it. */
static void levels(struct assay_str *to, const struct assay_gpu_track *track)
{
	for (size_t i = 0, end; i < CELLS; i = end) {
		int level = (int)ceil(fmin(track->share[i], 1) * LEVELS);
		for (end = i + 1;
		     end < CELLS && (int)ceil(fmin(track->share[end], 1) * LEVELS) == level;)
			end++;
		if (level)
			assay_str_add(to, "M%zu %dv-%dh%zuv%dz", i, HEIGHT, 2 * level, end - i,
				      2 * level);
	}
}

static void lane(struct assay_str *to, const struct assay_gpu_trace *trace,
		 const struct assay_gpu_timeline *t, const struct assay_gpu_track *track,
		 bool single)
{
	const char *kind = assay_gpu_kind_name(track->kind), *colour = colours[track->kind];
	bool devices = t->tracks[0].device != t->tracks[t->n - 1].device;
	assay_str_add(to, "<div class=\"lane\"><span>");
	if (devices)
		assay_str_add(to, "device %u, ", track->device);
	if (track->stream != ASSAY_GPU_NO_STREAM)
		assay_str_add(to, "stream %u, ", track->stream);
	assay_str_add(to,
		      "%s</span><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\">",
		      kind, CELLS, HEIGHT);
	rules(to, t);
	assay_str_add(to, "<path class=\"f %s\" d=\"", colour);
	if (!single) {
		levels(to, track);
	} else {
		bars(to, trace, t, track, false);
		assay_str_add(to, "\"/><path class=\"f pale %s\" d=\"", colour);
		bars(to, trace, t, track, true);
	}
	assay_str_add(to, "\"/></svg></div>\n");
}

/* One window of the trace. */
static enum assay_code window(struct assay_str *to, const struct assay_gpu_trace *trace,
			      double from_ns, double to_ns, bool single, struct assay_err *err)
{
	struct assay_gpu_timeline t;
	if (!(to_ns > from_ns)) /* of no length */
		to_ns = from_ns + 1;
	if (!(to_ns > from_ns)) /* so far off that nanoseconds are lost */
		return ASSAY_OK;
	enum assay_code rc = assay_gpu_timeline_init(&t, trace, from_ns, to_ns, CELLS, err);
	if (rc == ASSAY_OK && t.n) {
		assay_str_add(to, "<div class=\"lanes\">\n");
		for (size_t i = 0; i < t.n; i++)
			lane(to, trace, &t, &t.tracks[i], single);
		axis(to, &t);
		assay_str_add(to, "</div>\n");
		if (t.left_out)
			assay_str_add(to,
				      "<p class=\"note\">%zu activities on further streams are not "
				      "drawn.</p>\n",
				      t.left_out);
	}
	assay_gpu_timeline_done(&t);
	return rc;
}

/* ---- sums ---- */

static void time_cell(struct assay_str *to, double ns)
{
	char text[32];
	assay_str_add(to, "<td class=\"r\" data-v=\"%.6g\">%s</td>", ns,
		      assay_format_value(ns, "ns", text, sizeof(text)));
}

static void sum_row(struct assay_str *to, const struct assay_gpu_sum *s, double window_ns)
{
	char rate[40];
	double ns = (double)s->total_ns;
	assay_str_add(to, "<tr><td>%s</td><th scope=\"row\" class=\"name\">",
		      assay_gpu_kind_name(s->kind));
	assay_escape_html(to, s->name, NAME_LIMIT);
	assay_str_add(to, "</th><td>%u", s->device);
	if (s->stream != ASSAY_GPU_NO_STREAM)
		assay_str_add(to, ".%u", s->stream);
	assay_str_add(to, "</td><td class=\"r\">%" PRIu64 "</td>", s->count);
	time_cell(to, ns);
	time_cell(to, s->count ? ns / (double)s->count : 0);
	time_cell(to, (double)s->max_ns);
	assay_str_add(to, "<td class=\"r\">%.1f %%</td><td",
		      window_ns > 0 ? 100 * ns / window_ns : 0);
	if (s->bytes && s->total_ns)
		assay_html_sort_key(to, (double)s->bytes / ns);
	assay_str_add(to, ">%s</td></tr>\n", assay_gpu_sum_rate(s, rate, sizeof(rate)));
}

static void sum_table(struct assay_str *to, const struct assay_gpu_trace *trace)
{
	ASSAY_AUTO_FREE struct assay_gpu_sum *sums = assay_gpu_longest(trace);
	double window_ns = (double)(trace->head.end_ns - trace->head.begin_ns);
	if (!sums)
		return;
	assay_html_open_table(to, "Kernels, copies and other work of devices, longest first");
	assay_str_add(to,
		      "<thead><tr><th scope=\"col\">kind</th><th scope=\"col\">name</th>"
		      "<th scope=\"col\">device.stream</th>"
		      "<th scope=\"col\" class=\"r\">count</th>"
		      "<th scope=\"col\" class=\"r\">total</th>"
		      "<th scope=\"col\" class=\"r\">mean</th>"
		      "<th scope=\"col\" class=\"r\">longest</th>"
		      "<th scope=\"col\" class=\"r\">of the time</th>"
		      "<th scope=\"col\">rate</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < trace->n_sums && i < TOP; i++)
		sum_row(to, &sums[i], window_ns);
	assay_html_close_table(to);
	if (trace->n_sums > TOP)
		assay_str_add(to, "<p class=\"note\">The %d longest of %zu.</p>\n", TOP,
			      trace->n_sums);
}

/* ---- a trace ---- */

static enum assay_code timeline(struct assay_str *to, const struct assay_gpu_trace *trace,
				struct assay_err *err)
{
	double from_ns = 0, to_ns = 0;
	size_t n = assay_gpu_span(trace, 0, &from_ns, &to_ns);
	if (n == 0)
		return ASSAY_OK;
	enum assay_code rc = window(to, trace, from_ns, to_ns, n <= SINGLE, err);
	if (rc == ASSAY_OK && n > SINGLE) {
		assay_str_add(to,
			      "<p class=\"note\">The %zu activities are too many to be drawn one "
			      "by one: bars are as high as the line was busy. The first %d by "
			      "themselves:</p>\n",
			      n, FIRST);
		assay_gpu_span(trace, FIRST, &from_ns, &to_ns);
		rc = window(to, trace, from_ns, to_ns, true, err);
	}
	return rc;
}

static void remarks(struct assay_str *to, const struct assay_gpu_trace *trace)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	assay_gpu_remarks(&words, &trace->head);
	char *cursor = words.text;
	for (char *line; (line = strsep(&cursor, "\n")) && *line;)
		assay_str_add(to, "<p class=\"note\">%s.</p>\n", line);
	to->failed |= words.failed;
}

static enum assay_code one(struct assay_str *to, const struct assay_attachment *file,
			   struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	struct assay_gpu_trace trace;
	struct assay_err why = {0};
	enum assay_code rc = assay_gpu_trace_decode(file->bytes, file->size, &trace, &why);
	assay_str_add(to, "<figure class=\"timeline\">\n<figcaption>Timeline of ");
	assay_html_name(to, file->name, NAME_LIMIT);
	assay_str_add(to, "</figcaption>\n<p class=\"note\">");
	if (rc == ASSAY_EPARSE) {
		assay_escape_html(to, why.text, NAME_LIMIT);
		assay_str_add(to, ".</p>\n</figure>\n");
		return ASSAY_OK;
	}
	if (rc != ASSAY_OK)
		return assay_fail(err, rc, "%s", why.text);
	assay_gpu_watched(&words, &trace.head);
	assay_str_add(to, "%s.</p>\n", assay_str_text(&words));
	remarks(to, &trace);
	rc = timeline(to, &trace, err);
	sum_table(to, &trace);
	assay_str_add(to, "</figure>\n");
	assay_gpu_trace_done(&trace);
	return rc;
}

/* Is this the trace of a case of the benchmark? */
static bool is_of(const struct assay_attachment *file, const struct assay_report_bench *bench)
{
	size_t suite = strlen(bench->suite), name = strlen(bench->name);
	if (strncmp(file->name, bench->suite, suite) != 0 || file->name[suite] != '/')
		return false;
	const char *rest = file->name + suite + 1;
	return strncmp(rest, bench->name, name) == 0 && (!rest[name] || rest[name] == '/');
}

static bool has_section(const struct assay_report_run *run, const struct assay_attachment *file)
{
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			if (run->suites[s].benches[b].n_measured &&
			    is_of(file, &run->suites[s].benches[b]))
				return true;
	return false;
}

/* So that the last benchmark has its share, too. */
static size_t most_of_one(const struct assay_report_run *run)
{
	size_t benches = 0;
	for (size_t s = 0; s < run->n_suites; s++)
		for (size_t b = 0; b < run->suites[s].n_benches; b++)
			for (size_t i = 0; i < run->n_traces; i++)
				if (is_of(&run->traces[i], &run->suites[s].benches[b])) {
					benches++;
					break;
				}
	size_t each = benches ? MOST / benches : MOST_OF_ONE;
	return each < 1 ? 1 : each < MOST_OF_ONE ? each : MOST_OF_ONE;
}

enum assay_code assay_html_devices(struct assay_str *to, const struct assay_report_run *run,
				   const struct assay_report_bench *bench, struct assay_err *err)
{
	size_t n = 0, most = most_of_one(run);
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; i < run->n_traces && rc == ASSAY_OK; i++) {
		const struct assay_attachment *file = &run->traces[i];
		if (bench ? !is_of(file, bench) : has_section(run, file))
			continue;
		if (n++ < most)
			rc = one(to, file, err);
	}
	if (n > most)
		assay_str_add(to,
			      "<p class=\"note\">%zu more timelines: <code>assay export --format "
			      "trace</code> has all.</p>\n",
			      n - most);
	return rc;
}

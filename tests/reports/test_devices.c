/* SPDX-License-Identifier: MIT */
/* test_devices: timelines of devices in a page: which are drawn, how, and how small; and traces that are damaged. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/gpu_timeline.h"
#include "tests/reports/fixture.h"
#include "tests/reports/page.h"
#include "tests/t.h"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void add(struct assay_gpu_trace *trace, enum assay_gpu_kind kind, unsigned stream,
		uint64_t begin_ns, uint64_t end_ns, const char *name)
{
	struct assay_err err = {0};
	struct assay_gpu_activity a = {.kind = kind,
				       .stream = stream,
				       .begin_ns = begin_ns,
				       .end_ns = end_ns,
				       .bytes = kind == ASSAY_GPU_COPY ? 4096 : 0};
	snprintf(a.name, sizeof(a.name), "%s", name);
	assert_ok(assay_gpu_trace_add(trace, &a, &err));
}

/* `n` kernels on two streams, 1 us each, with a copy before each of them. */
static struct assay_gpu_trace busy(size_t n)
{
	struct assay_gpu_trace trace = {.head = {.begin_ns = 1000000}};
	uint64_t at = 2000000;
	for (size_t i = 0; i < n; i++, at += 2000) {
		add(&trace, ASSAY_GPU_COPY, (unsigned)(i % 2), at, at + 500, "pinned to device");
		add(&trace, ASSAY_GPU_KERNEL, (unsigned)(i % 2), at + 700, at + 1700, "scale<a&b>");
	}
	trace.head.end_ns = at + 1000000;
	trace.head.busy_ns = n * 1500;
	return trace;
}

/* Of the trace, which is freed. */
static struct assay_attachment packed(struct assay_gpu_trace *trace, const char *name)
{
	struct assay_err err = {0};
	struct assay_attachment file = {.kind = ASSAY_GPU_TRACE_KIND, .name = name};
	char *bytes;
	assert_ok(assay_gpu_trace_encode(trace, &bytes, &file.size, &err));
	file.bytes = bytes;
	assay_gpu_trace_done(trace);
	return file;
}

/* A page of the fixture's run with traces, which are freed. */
static char *page_with(struct fixture *f, struct assay_attachment *files, size_t n)
{
	const struct assay_report_input input = {.run = &f->run,
						 .results = f->results,
						 .n_results = f->n,
						 .traces = files,
						 .n_traces = n};
	char *page = page_of_runs(&input, 1);
	for (size_t i = 0; i < n; i++)
		free((void *)files[i].bytes);
	return page;
}

static void cells_are_shares(void **state)
{
	struct assay_gpu_trace trace = {.head = {.begin_ns = 100, .end_ns = 200}};
	struct assay_gpu_timeline t;
	struct assay_err err = {0};
	double from_ns = -1, to_ns = -1;
	(void)state;
	assert_int_equal(assay_gpu_span(&trace, 0, &from_ns, &to_ns), 0);
	add(&trace, ASSAY_GPU_KERNEL, 7, 150, 175, "b");
	add(&trace, ASSAY_GPU_KERNEL, 7, 110, 120, "a");
	add(&trace, ASSAY_GPU_MEMORY, 7, 110, 110, "no work");
	add(&trace, ASSAY_GPU_COPY, 3, 90, 130, "began before");
	assert_int_equal(assay_gpu_span(&trace, 0, &from_ns, &to_ns), 3);
	assert_true(from_ns == -10 && to_ns == 75);
	assert_int_equal(assay_gpu_span(&trace, 2, &from_ns, &to_ns), 2);
	assert_true(from_ns == -10 && to_ns == 30);
	assert_ok(assay_gpu_timeline_init(&t, &trace, 0, 100, 10, &err));
	assert_int_equal(t.n, 2);
	assert_int_equal(t.tracks[0].stream, 3);
	static const double copy[10] = {1, 1, 1}, kernels[10] = {0, 1, 0, 0, 0, 1, 1, 0.5};
	for (size_t i = 0; i < 10; i++) {
		assert_true(fabs(t.tracks[0].share[i] - copy[i]) < 1e-9);
		assert_true(fabs(t.tracks[1].share[i] - kernels[i]) < 1e-9);
	}
	assay_gpu_timeline_done(&t);
	for (unsigned stream = 100; stream < 100 + ASSAY_GPU_MOST_TRACKS; stream++)
		add(&trace, ASSAY_GPU_FILL, stream, 110, 120, "");
	assert_ok(assay_gpu_timeline_init(&t, &trace, 0, 100, 10, &err));
	assert_int_equal(t.n, ASSAY_GPU_MOST_TRACKS);
	assert_int_equal(t.left_out, 2);
	assay_gpu_timeline_done(&t);
	assay_gpu_trace_done(&trace);
}

static void few_are_drawn_one_by_one(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_gpu_trace trace = busy(20);
	struct assay_attachment file =
		packed(&trace, "gpu/overlap/streams:2/subject:cuda/threads:1");
	(void)state;
	FIXTURE_ADD(f, .suite = "gpu", .benchmark = "overlap", .subject = "cuda", .median = 5);
	char *page = page_with(f, &file, 1);
	assert_int_equal(count(page, "class=\"lanes\""), 1);
	assert_int_equal(count(page, "class=\"lane\""), 4); /* two streams, copies and kernels */
	const char *lane = strstr(page, "<span>stream 1, kernel</span>");
	assert_non_null(lane);
	char *one = strndup(lane, (size_t)(strstr(lane, "</div>") - lane));
	assert_int_equal(count(one, " 2h"), 10); /* a bar for each */
	free(one);
	assert_non_null(strstr(page, "2.040 ms watched, a device at work 1.5 % of it."));
	assert_non_null(strstr(page, ">1.01 ms</span>"));
	assert_non_null(strstr(page, "scale&lt;a&amp;b&gt;"));
	assert_null(strstr(page, "What devices did")); /* it stands with its benchmark */
	free(page);
	fixture_free(f);
}

/* However many there are, the drawing is small, and the first ones can be seen. */
static void many_are_reduced(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_gpu_trace trace = busy(50000);
	struct assay_attachment file = packed(&trace, "x.so/kernel");
	(void)state;
	char *page = page_with(f, &file, 1);
	assert_non_null(strstr(page, "What devices did")); /* no benchmark has it */
	assert_int_equal(count(page, "class=\"lanes\""), 2);
	assert_non_null(strstr(page, "The 8192 activities are too many"));
	assert_non_null(strstr(page, "91808 later activities are in the sums"));
	const char *from = strstr(page, "<figure class=\"timeline\">");
	assert_true(strstr(from, "</figure>") - from < 16000);
	assert_int_equal(count(from, "<td class=\"r\">25000</td>"), 4);
	free(page);
	fixture_free(f);
}

static void each_benchmark_has_a_share(void **state)
{
	static const char *const benches[] = {"a", "b", "c", "d", "e"};
	struct fixture *f = fixture_new();
	struct assay_attachment files[ASSAY_COUNT_OF(benches) * 3];
	char names[ASSAY_COUNT_OF(files)][40];
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++) {
		struct assay_gpu_trace trace = busy(2);
		snprintf(names[i], sizeof(names[i]), "gpu/%s/n:%zu/threads:1", benches[i / 3],
			 i % 3);
		files[i] = packed(&trace, names[i]);
		FIXTURE_ADD(f, .suite = "gpu", .benchmark = benches[i / 3], .median = 5,
			    .params = i % 3 == 0   ? "n:0"
				      : i % 3 == 1 ? "n:1"
						   : "n:2");
	}
	char *page = page_with(f, files, ASSAY_COUNT_OF(files));
	assert_int_equal(count(page, "class=\"timeline\""), 5);
	assert_int_equal(count(page, "2 more timelines"), 5);
	free(page);
	fixture_free(f);
}

static void damage_is_said(void **state)
{
	struct fixture *f = fixture_new();
	struct assay_attachment file = {
		.name = "gpu/triad/threads:1", .bytes = strdup("{"), .size = 1};
	(void)state;
	FIXTURE_ADD(f, .suite = "gpu", .benchmark = "triad", .median = 5);
	char *page = page_with(f, &file, 1);
	assert_non_null(strstr(page, "a stored trace is not of the form"));
	assert_null(strstr(page, "class=\"lanes\""));
	free(page);
	fixture_free(f);
}

/* Nothing long, everything at once, and so far off that a double has no nanoseconds left. */
static void odd_times_are_drawn_or_left(void **state)
{
	static const uint64_t begins[] = {5, UINT64_MAX / 4, 0};
	struct fixture *f = fixture_new();
	struct assay_attachment files[ASSAY_COUNT_OF(begins)];
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(begins); i++) {
		struct assay_gpu_trace trace = {.head = {.begin_ns = 5, .end_ns = 5}};
		add(&trace, ASSAY_GPU_KERNEL, ASSAY_GPU_NO_STREAM, begins[i], begins[i], "\033<x>");
		files[i] = packed(&trace, "odd");
	}
	char *page = page_with(f, files, ASSAY_COUNT_OF(begins));
	assert_int_equal(count(page, "class=\"timeline\""), 3);
	assert_int_equal(count(page, "class=\"lanes\""), 2);
	free(page);
	fixture_free(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_shares), cmocka_unit_test(few_are_drawn_one_by_one),
		cmocka_unit_test(many_are_reduced), cmocka_unit_test(each_benchmark_has_a_share),
		cmocka_unit_test(damage_is_said),   cmocka_unit_test(odd_times_are_drawn_or_left),
	};
	page_xmllint = argc > 1 && argv[1][0] ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

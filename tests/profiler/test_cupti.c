/* SPDX-License-Identifier: MIT */
/* test_cupti: tracing of devices on the stand-ins for CUPTI and the CUDA driver, on good days and on bad ones. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/source.h"
#include "profiler/cupti_activity.h"
#include "profiler/sources.h"
#include "suites/gpu/kernels.h"
#include "suites/table.h"
#include "tests/t.h"

enum { ITEMS = 3000, LAUNCHES = 5 };

static const struct assay_subject *cuda(void)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "gpu") == 0 && strcmp(e->name, "cuda") == 0)
			return e->subject;
	return NULL;
}

static const struct assay_source *source(void)
{
	for (size_t i = 0; assay_source_table[i]; i++)
		if (strcmp(assay_source_table[i]->name, "cupti") == 0)
			return assay_source_table[i];
	return NULL;
}

/* A device with a kernel and its buffers, and what is done with them. */
struct bench {
	struct gpu_session s;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[5];
};

static void open_bench(struct bench *b)
{
	static float host[ITEMS];
	struct assay_err err = {0};
	*b = (struct bench){.s.ops = cuda()->ops};
	b->args[3] = (struct gpu_arg){GPU_FLOAT, {.f = 2}};
	b->args[4] = (struct gpu_arg){GPU_UINT, {.u = ITEMS}};
	assert_ok(gpu_open(&b->s, &err));
	assert_ok(b->s.ops->build(b->s.device, &gpu_kernel_triad, &b->kernel, &err));
	for (int i = 0; i < 3; i++) {
		assert_ok(b->s.ops->alloc(b->s.device, GPU_PLAIN, sizeof(host), &b->buffers[i],
					  &err));
		assert_ok(gpu_upload(&b->s, b->buffers[i], host, sizeof(host), &err));
		b->args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = b->buffers[i]}};
	}
}

static void close_bench(struct bench *b)
{
	for (int i = 0; i < 3; i++)
		b->s.ops->release(b->s.device, b->buffers[i]);
	b->s.ops->unbuild(b->s.device, b->kernel);
	gpu_close(&b->s);
}

static void work(struct bench *b, int launches)
{
	struct assay_err err = {0};
	struct gpu_launch launch = gpu_over(b->kernel, b->args, 5, ITEMS);
	double ns;
	for (int i = 0; i < launches; i++)
		assert_ok(gpu_run(&b->s, &launch, &ns, &err));
	assert_ok(b->s.ops->fill(b->s.stream, b->buffers[0], 1, 1000, &err));
	assert_ok(b->s.ops->copy(b->s.stream, b->buffers[1], b->buffers[0], 500, &err));
	assert_ok(b->s.ops->wait(b->s.stream, &err));
}

static void set(const char *settings)
{
	setenv("FAKE_CUPTI", settings, 1);
}

/* The same work before, while and after it is watched: only the middle is in the trace. */
static void watch(struct bench *b, int launches, struct assay_gpu_trace *ret)
{
	struct assay_err err = {0};
	struct cupti_watch *w;
	*ret = (struct assay_gpu_trace){0};
	assert_ok(cupti_watch_new(&w, &err));
	work(b, 2);
	assert_ok(cupti_watch_begin(w, &err));
	work(b, launches);
	assert_ok(cupti_watch_end(w, ret, &err));
	work(b, 3);
	cupti_watch_free(w);
}

static void what_was_done_is_in_the_trace_and_nothing_else(void **state)
{
	struct bench b;
	struct assay_gpu_trace trace;
	set("");
	open_bench(&b);
	watch(&b, LAUNCHES, &trace);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_KERNEL).count, LAUNCHES);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_FILL).bytes, 1000);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_COPY).bytes, 500);
	assert_int_equal(trace.head.dropped + trace.head.damaged + trace.head.outside, 0);
	uint64_t work_ns = 0;
	for (size_t i = 0; i < trace.n; i++) {
		const struct assay_gpu_activity *a = &trace.activities[i];
		if (!assay_gpu_is_work(a->kind))
			continue;
		assert_true(a->begin_ns >= trace.head.begin_ns);
		assert_true(a->begin_ns <= a->end_ns && a->end_ns <= trace.head.end_ns);
		assert_int_equal(a->stream, trace.activities[0].stream);
		work_ns += a->end_ns - a->begin_ns;
	}
	assert_string_equal(trace.activities[0].name, "triad");
	assert_int_equal(trace.activities[0].registers, 32);
	assert_int_equal(trace.activities[0].block[0], 256);
	/* One stream: nothing overlaps. */
	assert_int_equal(trace.head.busy_ns, work_ns);
	assay_gpu_trace_done(&trace);
	close_bench(&b);
}

static void more_than_is_kept_is_summed_up(void **state)
{
	struct bench b;
	struct assay_gpu_trace trace;
	set("");
	open_bench(&b);
	watch(&b, ASSAY_GPU_MOST_ACTIVITIES + 100, &trace);
	assert_int_equal(trace.n, ASSAY_GPU_MOST_ACTIVITIES);
	assert_true(trace.head.left_out >= 100);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_KERNEL).count,
			 ASSAY_GPU_MOST_ACTIVITIES + 100);
	assay_gpu_trace_done(&trace);
	close_bench(&b);
}

static void what_is_lost_is_counted(void **state)
{
	struct bench b;
	struct assay_gpu_trace trace;
	open_bench(&b);
	set("drop=3");
	watch(&b, 30, &trace);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_KERNEL).count +
				 assay_gpu_trace_of(&trace, ASSAY_GPU_COPY).count +
				 assay_gpu_trace_of(&trace, ASSAY_GPU_FILL).count +
				 trace.head.dropped,
			 32);
	assert_in_range(trace.head.dropped, 10, 11);
	assay_gpu_trace_done(&trace);

	set("cut=1");
	watch(&b, 30, &trace);
	assert_true(trace.head.damaged > 0);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_KERNEL).count, 30);
	assay_gpu_trace_done(&trace);

	set("untimed=1");
	watch(&b, 30, &trace);
	assert_int_equal(trace.head.dropped, 32);
	assay_gpu_trace_done(&trace);

	/* What does not carry our number is not ours. */
	set("mute=1");
	watch(&b, 30, &trace);
	assert_int_equal(assay_gpu_trace_of(&trace, ASSAY_GPU_KERNEL).count, 0);
	assert_int_equal(trace.head.outside, 32);
	assay_gpu_trace_done(&trace);
	set("");
	close_bench(&b);
}

static void every_refusal_is_a_sentence(void **state)
{
	static const struct {
		const char *settings, *part;
	} days[] = {
		{"enable=39", "another profiler (ncu, nsys, cuda-gdb) has CUPTI"},
		{"enable=35", "NVreg_RestrictProfilingToAdminUsers=0"},
		{"enable=14", "update it"},
		{"enable=43", "MIG"},
		{"enable=40", "enable_profiling"},
		{"enable=999", "cuptiActivityEnable gives 999 (CUPTI_ERROR_OF_THE_STAND_IN)"},
	};
	struct bench b;
	struct cupti_watch *w, *second;
	struct assay_err err = {0};
	open_bench(&b);
	for (size_t i = 0; i < ASSAY_COUNT_OF(days); i++) {
		set(days[i].settings);
		assert_fails(cupti_watch_new(&w, &err), ASSAY_SKIP, days[i].part);
		assert_null(w);
		/* It stands in a count's reason, whole. */
		assert_true(strlen(err.text) < sizeof(((struct assay_count *)0)->reason));
	}
	set("");
	assert_ok(cupti_watch_new(&w, &err));
	assert_fails(cupti_watch_new(&second, &err), ASSAY_SKIP, "another thread");
	cupti_watch_free(w);
	assert_ok(cupti_watch_new(&w, &err));
	cupti_watch_free(w);
	cupti_watch_free(NULL);
	close_bench(&b);
}

static void count(struct bench *b, struct assay_count *counts, size_t n)
{
	struct assay_err err = {0};
	void *state;
	assert_ok(source()->probe(&err));
	assert_ok(source()->open(counts, n, &state, &err));
	assert_non_null(state);
	assert_ok(source()->start(state, &err));
	work(b, LAUNCHES);
	assert_ok(source()->stop(state, counts, n, &err));
	source()->close(state);
}

static void the_source_counts(void **state)
{
	struct bench b;
	struct assay_count counts[] = {{.event = "gpu_kernels"},
				       {.event = "gpu_copy_bytes"},
				       {.event = "instructions"},
				       {.event = "gpu_busy_time"},
				       {.event = "gpu_dropped"}};
	set("");
	open_bench(&b);
	count(&b, counts, ASSAY_COUNT_OF(counts));
	assert_int_equal(counts[0].quality, ASSAY_EXACT);
	assert_true(counts[0].value == LAUNCHES && counts[1].value == 500);
	assert_int_equal(counts[2].quality, ASSAY_UNAVAILABLE);
	assert_true(counts[3].value > 0 && counts[4].value == 0);

	for (size_t i = 0; i < ASSAY_COUNT_OF(counts); i++)
		counts[i].quality = ASSAY_UNAVAILABLE;
	set("drop=3");
	count(&b, counts, ASSAY_COUNT_OF(counts));
	assert_int_equal(counts[0].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(counts[0].reason, "records were dropped"));
	assert_int_equal(counts[4].quality, ASSAY_EXACT);
	assert_true(counts[4].value > 0);
	set("");
	close_bench(&b);
}

/* Before anything has loaded the driver: must come first. */
static void nothing_is_opened_for_who_does_not_use_cuda(void **state)
{
	struct assay_err err = {0};
	assert_int_equal(cupti_driver_version(), 0);
	assert_fails(source()->probe(&err), ASSAY_SKIP, "nothing here uses CUDA");
	assert_fails(cupti_find(11080, (char[512]){0}, 512, &err), ASSAY_SKIP, "no libcupti.so.11");
	assert_fails(cupti_find(12080, (char[512]){0}, 512, &err), ASSAY_SKIP, "update the driver");
}

static void what_is_stored_comes_back(void **state)
{
	struct bench b;
	struct assay_gpu_trace trace, again;
	struct assay_err err = {0};
	char *bytes;
	size_t size;
	set("");
	open_bench(&b);
	watch(&b, LAUNCHES, &trace);
	assert_ok(assay_gpu_trace_encode(&trace, &bytes, &size, &err));
	assert_ok(assay_gpu_trace_decode(bytes, size, &again, &err));
	assert_memory_equal(&again.head, &trace.head, sizeof(trace.head));
	assert_int_equal(again.n, trace.n);
	assert_memory_equal(again.activities, trace.activities,
			    trace.n * sizeof(*trace.activities));
	assert_int_equal(again.n_sums, trace.n_sums);
	assert_memory_equal(again.sums, trace.sums, trace.n_sums * sizeof(*trace.sums));
	free(bytes);
	assay_gpu_trace_done(&again);
	assay_gpu_trace_done(&trace);
	static const char *const bad[] = {
		"",
		"{}",
		"{\"schema\":\"assay/gpu-trace/1\",\"sums\":[[0,0,0,1,1,1,1,1,1]]}",
		"{\"schema\":\"assay/gpu-trace/1\",\"activities\":[[9,0,0,1,1,1,\"x\"]]}",
		"{\"schema\":\"assay/gpu-trace/1\",\"activities\":[[0,0,0,1,-1,1,\"x\"]]}",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_gpu_trace_decode(bad[i], strlen(bad[i]), &again, &err),
			     ASSAY_EPARSE, "a stored trace is");
	close_bench(&b);
}

static void overlaps_count_once(void **state)
{
	uint64_t begins[] = {50, 10, 20, 60}, ends[] = {25, 55, 30, 70};
	/* 10 to 30 in three pieces that overlap or touch, 50 to 55, 60 to 70 */
	assert_int_equal(assay_gpu_union_ns(begins, ends, 4), 20 + 5 + 10);
	assert_int_equal(assay_gpu_union_ns(NULL, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_opened_for_who_does_not_use_cuda),
		cmocka_unit_test(overlaps_count_once),
		cmocka_unit_test(what_was_done_is_in_the_trace_and_nothing_else),
		cmocka_unit_test(more_than_is_kept_is_summed_up),
		cmocka_unit_test(what_is_lost_is_counted),
		cmocka_unit_test(every_refusal_is_a_sentence),
		cmocka_unit_test(the_source_counts),
		cmocka_unit_test(what_is_stored_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

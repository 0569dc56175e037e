/* SPDX-License-Identifier: MIT */
/* bandwidth: one pass of one kernel over a thread's own arrays per operation. */
#include <stdlib.h>

#include "suites/memory/memory.h"
#include "suites/memory/pages.h"

/* In the order of the axis "op". */
enum stream_op { STREAM_READ, STREAM_WRITE, STREAM_COPY, STREAM_TRIAD };
static const unsigned arrays_of[] = {1, 1, 2, 3};

enum { MAX_ARRAYS = 3, SAMPLED = 64 };
/*
 * Beside whole pages, arrays start a few pages and an odd number of lines further apart, so that equal
 * indices never share low address bits: within a page, every load would look as if it depended on the
 * store before it [STREAM's OFFSET]; and with a power of two between the pages the scalar triad
 * measured 16 GB/s instead of 31.
 */
#define STAGGER_LINES (5u * PAGE_BYTES / ASSAY_CACHE_LINE + 17u)
#define PAGE_BYTES    4096u

/* Small whole numbers: every sum and product below is exact whatever the order or the rounding. */
#define B_VALUE(i) ((double)((i) % 1021 + 1))
#define C_VALUE(i) ((double)((i) % 509 + 1))
#define SCALE      3.0
#define POISON     (-1.0)

/* One thread's arrays: a is written (or read), b and c are read. */
struct stream {
	struct pages pages;
	double *a, *b, *c;
	size_t n; /* elements of each */
	enum stream_op op;
	double sum; /* what a pass of read has to give */
};

static size_t elements(struct assay_run *run)
{
	enum stream_op op = (enum stream_op)assay_axis(run, "op");

	return (size_t)assay_axis(run, "size") / arrays_of[op] / sizeof(double);
}

static void setup(struct assay_run *run)
{
	const struct stream_kernel *kernel = assay_subject(run);
	enum stream_op op = (enum stream_op)assay_axis(run, "op");
	const bool has[] = {kernel->read, kernel->write, kernel->copy, kernel->triad};

	if (!has[op])
		assay_skip(run, "this kernel has no '%s' of its own", assay_axis_text(run, "op"));
	else if (elements(run) < SAMPLED)
		assay_skip(run, "size must be at least %zu bytes for '%s'",
			   SAMPLED * sizeof(double) * arrays_of[op], assay_axis_text(run, "op"));
	assay_set_bytes_per_op(run, (double)(elements(run) * arrays_of[op] * sizeof(double)));
}

/* Place the arrays in the thread's mapping. */
static void place(struct stream *stream)
{
	char *at = stream->pages.base;
	double **arrays[MAX_ARRAYS] = {&stream->a, &stream->b, &stream->c};
	size_t bytes = stream->n * sizeof(double);

	for (unsigned i = 0; i < arrays_of[stream->op]; i++) {
		*arrays[i] = (double *)(at + (size_t)i * STAGGER_LINES * ASSAY_CACHE_LINE);
		at += (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	}
}

static void fill(struct stream *stream)
{
	for (size_t i = 0; i < stream->n; i++) {
		stream->a[i] = B_VALUE(i);
		stream->sum += B_VALUE(i);
		if (stream->b)
			stream->b[i] = B_VALUE(i);
		if (stream->c)
			stream->c[i] = C_VALUE(i);
	}
}

/* On the thread that will use the memory: the first touch decides where it lies. */
static void thread_setup(struct assay_run *run)
{
	struct assay_err err = {0};
	enum pages_kind kind = (enum pages_kind)assay_axis(run, "pages");
	struct stream *stream = calloc(1, sizeof(*stream));

	assay_set_thread_state(run, stream);
	if (!assay_check(run, stream != NULL, "no memory"))
		return;
	stream->op = (enum stream_op)assay_axis(run, "op");
	stream->n = elements(run);
	size_t padding = PAGE_BYTES + STAGGER_LINES * ASSAY_CACHE_LINE;
	enum assay_code code =
		pages_map(kind, arrays_of[stream->op] * (stream->n * sizeof(double) + padding),
			  &stream->pages, &err);
	if (code == ASSAY_OK) {
		pages_touch(&stream->pages);
		code = pages_confirm(&stream->pages, kind, &err);
	}
	if (code == ASSAY_OK) {
		place(stream);
		fill(stream);
	} else if (code == ASSAY_SKIP) {
		assay_skip(run, "%s", err.text);
	} else {
		assay_check(run, false, "%s", err.text);
	}
}

static void thread_teardown(struct assay_run *run)
{
	struct stream *stream = assay_thread_state(run);

	if (stream)
		pages_done(&stream->pages);
	free(stream);
}

/* The k-th of SAMPLED elements spread from the first to the last. */
static size_t sampled(const struct stream *stream, size_t k)
{
	return k * (stream->n - 1) / (SAMPLED - 1);
}

/* So that a result left over from an earlier batch is not taken for this one's. */
static void prepare(struct assay_run *run, uint64_t n)
{
	struct stream *stream = assay_thread_state(run);

	(void)n;
	if (stream->op == STREAM_READ)
		return;
	for (size_t k = 0; k < SAMPLED; k++)
		stream->a[sampled(stream, k)] = POISON;
}

static void check(struct assay_run *run, const struct stream *stream, double sum)
{
	if (stream->op == STREAM_READ) {
		assay_check(run, sum == stream->sum, "the sum is %.17g and should be %.17g", sum,
			    stream->sum);
		return;
	}
	for (size_t k = 0; k < SAMPLED; k++) {
		size_t i = sampled(stream, k);
		double want = SCALE;
		if (stream->op == STREAM_COPY)
			want = B_VALUE(i);
		else if (stream->op == STREAM_TRIAD)
			want = B_VALUE(i) + SCALE * C_VALUE(i);
		if (!assay_check(run, stream->a[i] == want,
				 "element %zu is %.17g and should be %.17g", i, stream->a[i], want))
			return;
	}
}

static double pass(const struct stream_kernel *kernel, const struct stream *s)
{
	switch (s->op) {
	case STREAM_READ:
		return kernel->read(s->a, s->n);
	case STREAM_WRITE:
		kernel->write(s->a, SCALE, s->n);
		break;
	case STREAM_COPY:
		kernel->copy(s->a, s->b, s->n);
		break;
	case STREAM_TRIAD:
		kernel->triad(s->a, s->b, s->c, SCALE, s->n);
		break;
	}
	return 0;
}

static void body(struct assay_run *run)
{
	const struct stream_kernel *kernel = assay_subject(run);
	struct stream *stream = assay_thread_state(run);
	double sum = 0;

	ASSAY_LOOP (run)
		sum = assay_keep(pass(kernel, stream));
	assay_clobber();
	if (!kernel->is_null)
		check(run, stream, sum);
}

const struct assay_bench assay_bench_memory_bandwidth = {
	.brief = "read, write, copy and triad over each thread's own arrays",
	.source = "J. D. McCalpin, STREAM; kernels as in likwid-bench",
	.body = body,
	.setup = setup,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"op", "name", "read,write,copy,triad", "read,triad"},
			   {"size", "bytes", "16Ki,512Ki,4*llc", "128Mi"},
			   {"pages", "name", "4k,huge", "4k"}),
	.subjects = MEMORY_STREAM_KERNEL,
	.threads = "1..ncores:x2",
	.unit = "B/s",
	.version = 1,
};

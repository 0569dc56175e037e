/* SPDX-License-Identifier: MIT */
/*
 * fallback: distances of points, from host to host, wherever they can be had: `none` has the device do it, `memory`
 * asks for more of the device's memory than it has, so that the CPU takes over after the refusal, `cpu` does not ask
 * the device. What `memory` takes longer than `cpu` is the price of falling back.
 */
#include <stdlib.h>

#include "suites/gpu/anywhere.h"
#include "suites/kernels/kernel.h"

#define POISON 0xa5

enum { NONE, MEMORY, CPU };
enum { ROW = 1 /* distance, in gpu_row_kernels */, MAX_ROWS = 1 << 22 };

struct falling {
	struct gpu_anywhere where;
	float *shared, *in, *out, *want;
	size_t rows, more_bytes;
	uint64_t batch;
};

static enum assay_code verify(struct falling *t, struct assay_err *err)
{
	const struct gpu_row_kernel *row = t->where.row;
	return gpu_rows_check(row, t->shared, t->in, t->out, t->want, t->rows, err);
}

static bool take_host(struct falling *t, const struct kernel *kind, uint64_t seed)
{
	t->shared = malloc(kind->shared * sizeof(float));
	t->in = malloc(t->rows * kind->in * sizeof(float));
	t->out = malloc(t->rows * kind->out * sizeof(float));
	t->want = malloc(t->rows * kind->out * sizeof(float));
	if (!t->shared || !t->in || !t->out || !t->want)
		return false;
	kind->fill_shared(t->shared);
	for (size_t r = 0; r < t->rows; r++)
		kind->fill(t->in + r * kind->in, seed, r);
	return true;
}

static void setup(struct assay_run *run)
{
	const struct gpu_row_kernel *row = &gpu_row_kernels[ROW];
	const struct kernel *kind = &kernels[row->number];
	struct falling *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	double rows = assay_axis(run, "rows");
	if (!(rows >= 1 && rows <= MAX_ROWS)) {
		assay_skip(run, "rows must be 1 to %d", MAX_ROWS);
		return;
	}
	t->rows = (size_t)rows;
	assay_set_ops_per_iteration(run, t->rows);
	gpu_anywhere_open(&t->where, assay_subject(run), row);
	if (t->where.lost) {
		gpu_passed(run, &t->where.session, t->where.why.code, &t->where.why);
		return;
	}
	if (!assay_check(run, take_host(t, kind, assay_seed(run)), "out of memory"))
		return;
	kernel_scalar.rows[row->number](t->shared, t->in, t->want, t->rows);
	int fault = (int)assay_axis(run, "fault");
	t->where.lost = fault == CPU;
	if (fault == MEMORY)
		t->more_bytes = SIZE_MAX / 4;
}

static void teardown(struct assay_run *run)
{
	struct falling *t = assay_state(run);
	if (!t)
		return;
	if (t->where.session.ops)
		gpu_anywhere_close(&t->where);
	free(t->shared);
	free(t->in);
	free(t->out);
	free(t->want);
	free(t);
}

static void prepare(struct assay_run *run, uint64_t n)
{
	struct falling *t = assay_state(run);
	t->batch = n;
	memset(t->out, POISON, t->rows * kernels[t->where.row->number].out * sizeof(float));
}

static void body(struct assay_run *run)
{
	struct falling *t = assay_state(run);
	struct assay_err err = {0};
	uint64_t fallen = 0;
	ASSAY_LOOP (run) {
		fallen += !gpu_anywhere_rows(&t->where, t->shared, t->in, t->out, t->rows,
					     t->more_bytes);
	}
	const struct gpu_ops *ops = t->where.session.ops;
	bool device_did = fallen < t->batch;
	if ((ops->computes || !device_did) &&
	    !gpu_passed(run, &t->where.session, verify(t, &err), &err))
		return;
	assay_metric(run, "fell_back", "ratio", ASSAY_LOWER, (double)fallen / (double)t->batch);
}

const struct assay_bench assay_bench_gpu_fallback = {
	.brief = "distances of points on the device, and on the CPU when the device refuses",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.prepare = prepare,
	.axes = ASSAY_AXES({"fault", "name", "none,memory,cpu", NULL},
			   {"rows", "count", "4Ki", NULL}),
	.max_ops = 256,
	.version = 1,
	.thorough = true,
};

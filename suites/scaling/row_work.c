/* SPDX-License-Identifier: MIT */
/* row_work: rows in shared memory, and the frame of benchmarks over them. */
#include "suites/scaling/row_work.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"

enum { MAX_TEAM = 1024, MOST_TURNS = 100 };
static const size_t most_bytes = (size_t)1 << 30;

static size_t in_bytes(const struct row_work *w)
{
	return w->rows * w->kernel->in * sizeof(float);
}

static size_t out_bytes(const struct row_work *w)
{
	return w->rows * w->kernel->out * sizeof(float);
}

enum assay_code row_work_new(size_t place, size_t rows, uint64_t seed, struct row_work **ret,
			     struct assay_err *err)
{
	const struct kernel *kernel = &kernels[place];
	size_t row_bytes = (kernel->in + 2 * kernel->out) * sizeof(float);
	if (rows < 1)
		return assay_fail(err, ASSAY_SKIP, "%s: 0 rows; take 1 or more", kernel->name);
	if (rows > most_bytes / row_bytes)
		return assay_fail(err, ASSAY_SKIP,
				  "%s: %zu rows of %zu bytes are more than 1 GiB; at most %zu rows",
				  kernel->name, rows, row_bytes, most_bytes / row_bytes);
	struct row_work *w = team_alloc(sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "rows: out of memory");
	w->kernel = kernel;
	w->code = kernel_vector()->rows[place];
	w->rows = rows;
	w->seed = seed;
	w->shared = team_alloc(kernel->shared * sizeof(float));
	w->in = team_alloc(in_bytes(w));
	w->out = team_alloc(out_bytes(w));
	w->serial = team_alloc(out_bytes(w));
	if (!w->shared || !w->in || !w->out || !w->serial) {
		row_work_free(w);
		return assay_fail(err, ASSAY_ENOMEM, "rows: out of memory for %zu", rows);
	}
	if (kernel->fill_shared)
		kernel->fill_shared(w->shared);
	*ret = w;
	return ASSAY_OK;
}

void row_work_free(struct row_work *w)
{
	if (!w)
		return;
	team_free(w->shared, w->kernel->shared * sizeof(float));
	team_free(w->in, in_bytes(w));
	team_free(w->out, out_bytes(w));
	team_free(w->serial, out_bytes(w));
	team_free(w, sizeof(*w));
}

static size_t first_of(const struct row_work *w, unsigned part, unsigned parts)
{
	return (size_t)((unsigned __int128)w->rows * part / parts);
}

void row_work_fill_part(void *work, unsigned part, unsigned parts)
{
	struct row_work *w = work;
	size_t end = first_of(w, part + 1, parts);
	for (size_t r = first_of(w, part, parts); r < end; r++) {
		w->kernel->fill(w->in + r * w->kernel->in, w->seed, r);
		memset(w->out + r * w->kernel->out, 0xff, w->kernel->out * sizeof(float));
	}
}

void row_work_part(void *work, unsigned part, unsigned parts)
{
	struct row_work *w = work;
	size_t begin = first_of(w, part, parts), end = first_of(w, part + 1, parts);
	w->code(w->shared, w->in + begin * w->kernel->in, w->out + begin * w->kernel->out,
		end - begin);
}

ASSAY_NOIPA void row_work_serial(struct row_work *w, size_t rows)
{
	w->code(w->shared, w->in, w->serial, rows);
}

void row_work_poison(struct row_work *w)
{
	memset(w->out, 0xff, out_bytes(w)); /* NaN */
}

enum assay_code row_work_compare(const struct row_work *w, struct assay_err *err)
{
	return kernel_compare(w->kernel, w->out, w->serial, w->rows * w->kernel->out, err);
}

static enum assay_code start(struct assay_run *run, struct row_bench *b, size_t place, size_t rows,
			     struct assay_err *err)
{
	unsigned threads = assay_threads(run);
	int cpus[MAX_TEAM];
	if (threads > MAX_TEAM)
		return assay_fail(err, ASSAY_SKIP, "at most %d workers", MAX_TEAM);
	for (unsigned i = 0; i < threads; i++)
		cpus[i] = assay_cpu(run, i);
	enum assay_code code = row_work_new(place, rows, assay_seed(run), &b->work, err);
	if (code == ASSAY_OK)
		code = b->ops->start(threads, cpus, &b->team, err);
	if (code != ASSAY_OK || !b->ops->computes)
		return code;
	code = b->ops->run(b->team, row_work_fill_part, b->work, err);
	if (code == ASSAY_OK)
		row_work_serial(b->work, rows); /* what every row is compared with */
	return code;
}

struct row_bench *row_bench_setup(struct assay_run *run, size_t place, size_t rows,
				  size_t serial_rows)
{
	struct row_bench *b = calloc(1, sizeof(*b));
	struct assay_err err = {0};
	if (!assay_check(run, b != NULL, "out of memory"))
		return NULL;
	assay_set_state(run, b);
	b->ops = assay_subject(run);
	b->serial_rows = serial_rows;
	b->order = NAN;
	enum assay_code code = start(run, b, place, rows, &err);
	if (code == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, code == ASSAY_OK, "%s", err.text);
	if (code != ASSAY_OK)
		return NULL;
	assay_set_flops_per_op(run, kernels[place].flops);
	return b;
}

void row_bench_teardown(struct assay_run *run)
{
	struct row_bench *b = assay_state(run);
	if (!b)
		return;
	b->ops->stop(b->team);
	row_work_free(b->work);
	free(b);
}

void row_bench_prepare(struct assay_run *run, uint64_t n)
{
	struct row_bench *b = assay_state(run);
	b->batch = n;
	if (!b->ops->computes)
		return;
	row_work_poison(b->work);
	row_work_serial(b->work,
			b->serial_rows); /* as warm as the team will be, but for its first turn */
	uint64_t turns = n < MOST_TURNS ? n : MOST_TURNS, begin = assay_now_ns();
	for (uint64_t i = 0; i < turns; i++)
		row_work_serial(b->work, b->serial_rows);
	b->serial_ns = (double)(assay_now_ns() - begin) / (double)turns;
}

double row_bench_body(struct assay_run *run)
{
	struct row_bench *b = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	uint64_t team_ns = 0;
	ASSAY_LOOP (run) {
		uint64_t begin = assay_now_ns();
		enum assay_code one = b->ops->run(b->team, row_work_part, b->work, &err);
		team_ns += assay_now_ns() - begin;
		if (one != ASSAY_OK)
			code = one;
	}
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) || !b->ops->computes)
		return 0;
	code = row_work_compare(b->work, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return 0;
	return (double)team_ns / (double)b->batch;
}

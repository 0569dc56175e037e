/* SPDX-License-Identifier: MIT */
/*
 * row_work: a kernel's rows, shared out over a team in equal consecutive parts, beside the same code on one worker;
 * and what benchmarks that do so have in common.
 */
#ifndef ASSAY_SUITES_SCALING_ROW_WORK_H
#define ASSAY_SUITES_SCALING_ROW_WORK_H

#include "suites/kernels/kernel.h"
#include "suites/scaling/scaling.h"

/* All in memory that every worker sees. */
struct row_work {
	const struct kernel *kernel;
	kernel_rows *code; /* for vectors */
	size_t rows;
	uint64_t seed;
	float *shared, *in, *out, *serial;
};

/* Rows that take more than 1 GiB are ASSAY_SKIP. `place` in kernels[]; rows >= 1. */
enum assay_code row_work_new(size_t place, size_t rows, uint64_t seed, struct row_work **ret,
			     struct assay_err *err);
void row_work_free(struct row_work *work);

/* Parts, as team_part wants them. A part fills those rows that it works on: first touch. */
void row_work_fill_part(void *work, unsigned part, unsigned parts);
void row_work_part(void *work, unsigned part, unsigned parts);
/* The first `rows` on this thread alone. */
void row_work_serial(struct row_work *work, size_t rows);
void row_work_poison(struct row_work *work);
/* Is everything the team left what one worker made of it? */
enum assay_code row_work_compare(const struct row_work *work, struct assay_err *err);

/* The state of a benchmark over rows: strong_rows, weak, size_sweep, episodes. */
struct row_bench {
	const struct team_ops *ops;
	struct team *team;
	struct row_work *work;
	size_t serial_rows; /* of the baseline: all, or those of one worker */
	uint64_t batch;
	double serial_ns; /* the baseline, run just before the batch */
	double order;     /* exponent p of time ~ rows^p, NaN: not asked */
};

/*
 * Start a team of assay_threads() over `rows` rows. The baseline is the same code over serial_rows of them on one
 * thread. In setup(); returns the state, which teardown gives back, or NULL when the case ended.
 */
struct row_bench *row_bench_setup(struct assay_run *run, size_t place, size_t rows,
				  size_t serial_rows);
void row_bench_teardown(struct assay_run *run);
/* The baseline belongs to the moment: right before every batch, while the team sleeps. */
void row_bench_prepare(struct assay_run *run, uint64_t n);
/* The timed loop, and the comparison after it; the time of one step of the team in ns, 0 when the case failed
 * or computes nothing. */
double row_bench_body(struct assay_run *run);

#endif

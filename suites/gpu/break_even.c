/* SPDX-License-Identifier: MIT */
/*
 * break_even: from which size on a product of matrices is worth a device: the smallest n from which the device is faster
 * than the CPU at that and all larger sizes tried. By the host's clock, as a caller has it, with the launch and the
 * wait, and with transfers where the matrices start and end in the host's memory. One operation is one search.
 */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/blocked.h"
#include "suites/gpu/product.h"
#include "suites/gpu/subjects/host_product.h"

enum { AGAINST_NAIVE, AGAINST_BLOCKED, AGAINST_LIBRARY };
enum { SIZES = 10, SMALLEST = 32, LARGEST = 8192, REPEATS = 3, CHECKED = 64 };

struct search {
	struct gpu_session session;
	struct gpu_trial trials[SIZES];
	size_t n_sizes;
	int against;
	struct host_blas blas;
	float *result; /* the CPU's */
};

static void on_cpu(const struct search *t, const struct gpu_operands *o)
{
	const union gpu_host_arg args[] = {{.memory = o->exact[0]},
					   {.memory = o->exact[1]},
					   {.memory = t->result},
					   {.u = (uint32_t)o->n}};
	if (t->against == AGAINST_NAIVE)
		gpu_kernel_naive_fp32.host(args, o->n * o->n);
	else if (t->against == AGAINST_BLOCKED)
		gpu_blocked_product(o->exact[0], o->exact[1], t->result, o->n, 0);
	else
		host_blas_product(&t->blas, o->exact[0], o->exact[1], t->result, o->n);
	assay_clobber();
}

/* The device's and the CPU's operands of one size, each product checked. */
static enum assay_code open_size(struct search *t, enum gpu_way way, size_t n, bool transfers,
				 uint64_t seed, struct assay_err *err)
{
	struct gpu_trial *trial = &t->trials[t->n_sizes];
	double error;
	enum assay_code code = gpu_trial_open(trial, &t->session, way, GPU_FP32, n, seed, err);
	t->n_sizes++;
	trial->transfers = transfers;
	if (code != ASSAY_OK)
		return code;
	on_cpu(t, &trial->operands);
	code = gpu_gemm_check(&trial->operands, t->result, CHECKED, seed, &error, err);
	return code == ASSAY_OK ? code : assay_context(err, code, "on the CPU");
}

static enum assay_code open_all(struct search *t, struct assay_run *run, size_t largest,
				struct assay_err *err)
{
	const enum gpu_way way = (enum gpu_way)assay_axis(run, "way");
	const bool transfers = assay_axis(run, "transfers") != 0;
	enum assay_code code = gpu_open(&t->session, err);
	if (code == ASSAY_OK && t->against == AGAINST_LIBRARY)
		code = host_blas_load("libopenblas.so.0", &t->blas, err);
	t->result = malloc(largest * largest * sizeof(float));
	if (code == ASSAY_OK && !t->result)
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	for (size_t n = SMALLEST; n <= largest && code == ASSAY_OK; n *= 2)
		code = open_size(t, way, n, transfers, assay_seed(run), err);
	return code;
}

/* How long the device takes, as a part of what the CPU takes; the best of a few of each, in turns. */
static enum assay_code compare(struct search *t, size_t i, double *ret, struct assay_err *err)
{
	struct gpu_trial *trial = &t->trials[i];
	double device_ns = INFINITY, cpu_ns = INFINITY;
	for (int r = 0; r < REPEATS; r++) {
		uint64_t begin_ns = assay_now_ns();
		enum assay_code code = gpu_trial_run(trial, err);
		if (code == ASSAY_OK)
			code = t->session.ops->wait(t->session.stream, err);
		if (code != ASSAY_OK)
			return code;
		uint64_t between_ns = assay_now_ns();
		on_cpu(t, &trial->operands);
		uint64_t end_ns = assay_now_ns();
		device_ns = fmin(device_ns, (double)(between_ns - begin_ns));
		cpu_ns = fmin(cpu_ns, (double)(end_ns - between_ns));
	}
	*ret = device_ns / cpu_ns;
	return ASSAY_OK;
}

/* Where the ratio passes 1, between two sizes on a line through their logarithms. INFINITY: it does not. */
static double crossing(const struct search *t, const double *ratios)
{
	size_t i = t->n_sizes;
	while (i > 0 && ratios[i - 1] < 1)
		i--;
	if (i == t->n_sizes)
		return INFINITY;
	double above = (double)t->trials[i].operands.n;
	if (i == 0)
		return above;
	double before = log(ratios[i - 1]), after = log(ratios[i]);
	double below = (double)t->trials[i - 1].operands.n;
	return below * pow(above / below, before / (before - after));
}

/* Of each size the device's time as a part of the CPU's. */
static enum assay_code search_all(struct search *t, double *ratios, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < t->n_sizes && code == ASSAY_OK; i++)
		code = compare(t, i, &ratios[i], err);
	return code;
}

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct search *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->session.ops = assay_subject(run);
	t->against = (int)assay_axis(run, "against");
	double largest = assay_axis(run, "n");
	if (!(largest >= SMALLEST && largest <= LARGEST)) {
		assay_skip(run, "n must be %d to %d", SMALLEST, LARGEST);
		return;
	}
	double ratios[SIZES] = {0};
	enum assay_code code = open_all(t, run, (size_t)largest, &err);
	/* The first search is also what warms up. */
	if (code == ASSAY_OK)
		code = search_all(t, ratios, &err);
	if (gpu_passed(run, &t->session, code, &err) && isinf(crossing(t, ratios)))
		assay_skip(run, "%s: up to n %.0f the CPU is faster, %.3g times there",
			   gpu_text(&t->session), largest, ratios[t->n_sizes - 1]);
}

static void teardown(struct assay_run *run)
{
	struct search *t = assay_state(run);
	if (!t)
		return;
	for (size_t i = 0; i < t->n_sizes; i++)
		gpu_trial_close(&t->trials[i]);
	gpu_close(&t->session);
	free(t->result);
	free(t);
}

static void body(struct assay_run *run)
{
	struct search *t = assay_state(run);
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;
	double ratios[SIZES] = {0};
	ASSAY_LOOP (run) {
		code = search_all(t, ratios, &err);
	}
	if (!gpu_passed(run, &t->session, code, &err))
		return;
	/* A search that finds none has only the ratio to tell. */
	double n = crossing(t, ratios);
	if (isfinite(n))
		assay_metric(run, "rows", "rows", ASSAY_LOWER, n);
	assay_metric(run, "speedup", "ratio", ASSAY_HIGHER, 1 / ratios[t->n_sizes - 1]);
}

const struct assay_bench assay_bench_gpu_break_even = {
	.brief = "from how many rows on a product of matrices is worth a device, to a caller",
	.claim = "S1.gpu",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"way", "name", GPU_WAY_WORDS, "tiled,library"},
			   {"against", "name", "naive,blocked,library", NULL},
			   {"transfers", "name", "no,yes", NULL}, {"n", "rows", "512,2048", "512"}),
	.mode = ASSAY_ONCE,
	.version = 1,
	.thorough = true,
};

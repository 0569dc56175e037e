/* SPDX-License-Identifier: MIT */
/* levels: the caches of a device, found by the latencies of a walk, beside the last one that it declares. */
#include <math.h>
#include <stdlib.h>

#include "suites/gpu/walk.h"
#include "suites/kernels/level_solver.h"

#define SMALLEST_BYTES ((size_t)4 << 10)
/* Sizes per doubling; loads timed at each, the least of a few tries counts. */
enum { PER_DOUBLING = 2, MOST_SIZES = 64, TRIES = 3, STEPS = 1 << 15, MOST_LEVELS = 5, CACHES = 3 };
/* Walks up to this long are gone once before they are timed; a longer one fits no cache. */
#define WARMED_LINES ((size_t)1 << 20)

struct survey {
	struct gpu_walk walk;
	size_t largest;
};

static void setup(struct assay_run *run)
{
	struct assay_err err = {0};
	struct survey *t = calloc(1, sizeof(*t));
	if (!assay_check(run, t != NULL, "out of memory"))
		return;
	assay_set_state(run, t);
	t->walk.session.ops = assay_subject(run);
	t->largest = (size_t)assay_axis(run, "largest");
	if (t->largest < 2 * SMALLEST_BYTES || t->largest > (size_t)16 << 30) {
		assay_skip(run, "largest must be 8 KiB to 16 GiB");
		return;
	}
	gpu_passed(run, &t->walk.session,
		   gpu_walk_open(&t->walk, t->largest / GPU_LINE_BYTES, &err), &err);
}

static void teardown(struct assay_run *run)
{
	struct survey *t = assay_state(run);
	if (t)
		gpu_walk_close(&t->walk);
	free(t);
}

/* Nanoseconds a load: the least of the tries, for what disturbs only adds. */
static enum assay_code time_size(struct gpu_walk *w, size_t lines, uint64_t seed, double *ret_ns,
				 struct assay_err *err)
{
	double ns;
	*ret_ns = INFINITY;
	enum assay_code code = gpu_walk_lay(w, lines, seed, err);
	gpu_walk_set_steps(w, (uint32_t)(lines <= WARMED_LINES ? lines : STEPS));
	if (code == ASSAY_OK)
		code = gpu_walk_run(w, &ns, err);
	gpu_walk_set_steps(w, STEPS);
	for (int i = 0; i < TRIES && code == ASSAY_OK; i++) {
		code = gpu_walk_run(w, &ns, err);
		if (code == ASSAY_OK && isnan(ns))
			return assay_fail(err, ASSAY_SKIP, "the device has no clock of its own");
		*ret_ns = fmin(*ret_ns, ns / STEPS);
	}
	return code;
}

static enum assay_code survey(struct survey *t, uint64_t seed, struct level *levels, size_t *ret_n,
			      struct assay_err *err)
{
	double bytes[MOST_SIZES], ns[MOST_SIZES];
	enum assay_code code = gpu_clocks_warm(&t->walk.session, err);
	size_t n = 0;
	*ret_n = 0;
	for (; n < MOST_SIZES && code == ASSAY_OK; n++) {
		double size = SMALLEST_BYTES * exp2((double)n / PER_DOUBLING);
		size_t lines = (size_t)size / GPU_LINE_BYTES;
		if (size > (double)t->largest)
			break;
		bytes[n] = (double)(lines * GPU_LINE_BYTES);
		code = time_size(&t->walk, lines, seed + n, &ns[n], err);
	}
	if (code == ASSAY_OK)
		code = gpu_clocks_look(&t->walk.session, err);
	if (code == ASSAY_OK)
		*ret_n = levels_solve(bytes, ns, n, levels, MOST_LEVELS);
	return code;
}

static void report(struct assay_run *run, const struct gpu_info *info, const struct level *levels,
		   size_t n)
{
	static const char *const names[CACHES][2] = {
		{"l1", "l1_latency"}, {"l2", "l2_latency"}, {"l3", "l3_latency"}};
	for (size_t i = 0; i < CACHES && i + 1 < n; i++) {
		assay_metric(run, names[i][0], "B", ASSAY_HIGHER, levels[i].bytes);
		assay_metric(run, names[i][1], "ns", ASSAY_LOWER, levels[i].ns);
	}
	if (info->cache_bytes)
		assay_metric(run, "last_declared", "B", ASSAY_HIGHER, (double)info->cache_bytes);
	if (n)
		assay_metric(run, "beyond_latency", "ns", ASSAY_LOWER, levels[n - 1].ns);
}

static void body(struct assay_run *run)
{
	struct survey *t = assay_state(run);
	struct gpu_session *s = &t->walk.session;
	struct assay_err err = {0};
	struct level levels[MOST_LEVELS];
	enum assay_code code = ASSAY_OK;
	size_t n = 0;
	ASSAY_LOOP (run) {
		if (s->ops->computes)
			code = survey(t, assay_seed(run), levels, &n, &err);
	}
	if (!gpu_passed(run, s, code, &err))
		return;
	report(run, s->ops->info(s->device), levels, n);
	gpu_state_clock(run, s);
}

const struct assay_bench assay_bench_gpu_levels = {
	.brief = "sizes and latencies of a device's caches as found, beside what it declares",
	.source = "lmbench cache; R. H. Saavedra, A. J. Smith, IEEE TC 44(10), 1995",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"largest", "bytes", "256Mi", "16Mi"}),
	.mode = ASSAY_ONCE,
	.version = 2,
	.thorough = true,
};

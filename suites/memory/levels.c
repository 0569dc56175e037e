/* SPDX-License-Identifier: MIT */
/* levels: the sizes of the caches, found by their latencies, beside what the system declares. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/machine/topology.h"
#include "suites/kernels/level_solver.h"
#include "suites/memory/chase.h"

#define SMALLEST_BYTES ((size_t)4 << 10)
/* Sizes per doubling, and the loads timed at each: the least of a few tries counts. */
enum { PER_DOUBLING = 2, MOST_SIZES = 64, TRIES = 4, LOADS = 6000, MOST_LEVELS = 5, CACHES = 3 };
/* Chains up to this long are walked once before they are timed; a longer one fits no cache close by. */
#define WARMED_LINES ((size_t)256 << 10)

struct survey {
	struct pages pages;
	enum pages_kind kind;
	size_t largest;
	struct assay_machine_shape declared;
};

static void setup(struct assay_run *run)
{
	struct survey *s = calloc(1, sizeof(*s));
	struct assay_topology *topology = NULL;
	struct assay_err err = {0};

	assay_set_state(run, s);
	if (!assay_check(run, s != NULL, "no memory"))
		return;
	s->largest = (size_t)assay_axis(run, "largest");
	s->kind = (enum pages_kind)assay_axis(run, "pages");
	if (s->largest < 2 * SMALLEST_BYTES) {
		assay_skip(run, "largest must be at least 8Ki");
		return;
	}
	enum assay_code code = assay_topology_load(NULL, &topology, &err);
	if (code == ASSAY_OK) {
		assay_topology_shape(topology, &s->declared);
		assay_topology_free(topology);
		code = pages_map(s->kind, s->largest, &s->pages, &err);
	}
	if (code == ASSAY_OK) {
		pages_touch(&s->pages);
		code = pages_confirm(&s->pages, s->kind, &err);
	}
	memory_settle(run, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct survey *s = assay_state(run);

	if (s)
		pages_done(&s->pages);
	free(s);
}

static void *walk(void *at, size_t loads)
{
	for (size_t i = 0; i < loads; i++)
		at = *(void **)at;
	return assay_keep(at);
}

/* Nanoseconds per load through `lines` lines: the least of the tries, for what disturbs only adds. */
static double time_chain(const struct survey *s, size_t lines)
{
	double best = INFINITY;
	void *at = s->pages.base;

	if (lines <= WARMED_LINES)
		at = walk(at, lines);
	for (int i = 0; i < TRIES; i++) {
		uint64_t began = assay_now_ns();
		at = walk(at, LOADS);
		best = fmin(best, (double)(assay_now_ns() - began) / LOADS);
	}
	return best;
}

static size_t survey(struct assay_run *run, const struct survey *s, struct level *levels)
{
	double bytes[MOST_SIZES], ns[MOST_SIZES];
	struct assay_err err = {0};
	size_t n = 0;

	for (size_t i = 0; n < MOST_SIZES; i++) {
		double size = SMALLEST_BYTES * exp2((double)i / PER_DOUBLING);
		size_t lines = (size_t)size / CHAIN_LINE_BYTES;
		if (size > (double)s->largest)
			break;
		enum assay_code code =
			chain_random(s->pages.base, lines, assay_seed(run) + i, &err);
		if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
			break;
		bytes[n] = (double)(lines * CHAIN_LINE_BYTES);
		ns[n++] = time_chain(s, lines);
	}
	return levels_solve(bytes, ns, n, levels, MOST_LEVELS);
}

static void report(struct assay_run *run, const struct survey *s, const struct level *levels,
		   size_t n)
{
	static const char *const names[CACHES][3] = {
		{"l1", "l1_declared", "l1_latency"},
		{"l2", "l2_declared", "l2_latency"},
		{"l3", "l3_declared", "l3_latency"},
	};
	const double declared[CACHES] = {(double)s->declared.l1d_bytes,
					 (double)s->declared.l2_bytes,
					 (double)s->declared.llc_bytes};

	for (size_t i = 0; i < CACHES; i++) {
		if (i + 1 < n) {
			assay_metric(run, names[i][0], "B", ASSAY_HIGHER, levels[i].bytes);
			assay_metric(run, names[i][2], "ns", ASSAY_LOWER, levels[i].ns);
		}
		if (declared[i] > 0)
			assay_metric(run, names[i][1], "B", ASSAY_HIGHER, declared[i]);
	}
	if (n)
		assay_metric(run, "beyond_latency", "ns", ASSAY_LOWER, levels[n - 1].ns);
}

static void body(struct assay_run *run)
{
	const struct survey *s = assay_state(run);
	struct level levels[MOST_LEVELS];
	size_t n = 0;

	ASSAY_LOOP (run)
		n = survey(run, s, levels);
	report(run, s, levels, n);
}

const struct assay_bench assay_bench_memory_levels = {
	.brief = "sizes and latencies of the caches as found, beside what the system declares",
	.source = "lmbench cache; R. H. Saavedra, A. J. Smith, IEEE TC 44(10), 1995",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.axes = ASSAY_AXES({"largest", "bytes", "4*llc", "64Mi"},
			   {"pages", "name", "4k,huge", "huge"}),
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_ONCE,
	.thorough = true,
};

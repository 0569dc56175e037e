/* SPDX-License-Identifier: MIT */
/*
 * memo_powerflow: power flows of a grid under loads of which many come again, computed each time or kept
 * by the content of their input. One operation is one request; making its loads is part of it.
 */
#include <stdlib.h>

#include "suites/cache/memoised.h"
#include "suites/kernels/powerflow.h"

struct state {
	struct memoised memoised;
	struct grid *grid;
	double *base;
};

/* Each load of the base case times its own factor of 0.9 to 1.1. */
static void make_loads(void *context, uint64_t number, double *loads)
{
	const struct state *s = context;
	struct assay_rng rng;
	assay_rng_init(&rng, number);
	for (size_t i = 0; i < 2 * grid_buses(s->grid); i++)
		loads[i] = s->base[i] * (0.9 + 0.2 * assay_rng_unit(&rng));
}

static bool solve(void *context, const double *loads, double *voltages)
{
	const struct state *s = context;
	return grid_solve(s->grid, loads, voltages, NULL) == ASSAY_OK;
}

static const struct memoised_kind kind = {make_loads, solve};

/* That it is the published one is a test's to say. */
static bool check_grid(struct state *s)
{
	size_t n = 2 * grid_buses(s->grid);
	double *voltages = calloc(n, sizeof(*voltages));
	bool ok = voltages && grid_solve(s->grid, s->base, voltages, NULL) == ASSAY_OK &&
		  grid_mismatch(s->grid, s->base, voltages) < 1e-8;
	free(voltages);
	return ok;
}

static void setup(struct assay_run *run)
{
	struct state *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	struct assay_err err = {0};
	if (grid_new((unsigned)assay_axis(run, "buses"), &s->grid, &err) != ASSAY_OK) {
		assay_skip(run, "%s", err.text);
		return;
	}
	size_t n = 2 * grid_buses(s->grid);
	s->base = calloc(n, sizeof(*s->base));
	if (!assay_check(run, s->base, "out of memory"))
		return;
	grid_base_loads(s->grid, s->base);
	if (!assay_check(run, check_grid(s), "the base case has no solution"))
		return;
	s->memoised = (struct memoised){.kind = &kind, .context = s, .n_input = n, .n_output = n};
	memoised_init(&s->memoised, run);
}

static void teardown(struct assay_run *run)
{
	struct state *s = assay_state(run);
	if (!s)
		return;
	memoised_done(&s->memoised);
	grid_free(s->grid);
	free(s->base);
	free(s);
}

static void body(struct assay_run *run)
{
	struct state *s = assay_state(run);
	memoised_body(run, &s->memoised);
}

const struct assay_bench assay_bench_cache_memo_powerflow = {
	.brief = "AC power flow by Newton's method, computed or kept by content of the loads",
	.source =
		"IEEE 14- and 118-bus test cases, University of Washington Power Systems Test Case Archive; "
		"Tinney & Hart, IEEE Trans. PAS-86(11), 1967",
	.claim = "S1.powerflow",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"buses", "count", "14,118", "14"}, {"way", "name", MEMOISED_WAYS, NULL},
			   {"repeat", "share", "0.5,0.9,0.99", "0.9"}),
};

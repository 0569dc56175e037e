/* SPDX-License-Identifier: MIT */
/*
 * balance: one decision of a balancer and the end of an earlier request, some tens being in flight.
 * The clock is not read: time passes by a number.
 */
#include <stdlib.h>

#include "suites/concurrency/balancer.h"

enum { IN_FLIGHT = 64, STEP_NS = 1000 }; /* a power of two */

static void setup(struct assay_run *run)
{
	size_t n = (size_t)assay_axis(run, "backends");
	ASSAY_AUTO_FREE struct balancer_backend *is = calloc(n ? n : 1, sizeof(*is));
	struct balancer_config config = {.backends = is, .n = n, .seed = assay_seed(run)};
	struct balancer *b = NULL;
	struct assay_err err = {0};
	if (!assay_check(run, is, "out of memory"))
		return;
	for (size_t i = 0; i < n; i++)
		is[i].weight = 1 + (double)(i % 4);
	if (assay_check(run, balancer_new(assay_subject(run), &config, &b, &err) == ASSAY_OK, "%s",
			err.text))
		assay_set_state(run, b);
}

static void teardown(struct assay_run *run)
{
	balancer_free(assay_state(run));
}

static void body(struct assay_run *run)
{
	struct balancer *b = assay_state(run);
	int flying[IN_FLIGHT];
	uint64_t now_ns = 1, key = assay_seed(run), wrong = 0;

	for (size_t i = 0; i < IN_FLIGHT; i++)
		flying[i] = balancer_pick(b, assay_splitmix(&key), now_ns);
	ASSAY_LOOP (run) {
		int *place = &flying[now_ns / STEP_NS % IN_FLIGHT];
		balancer_end(b, *place, now_ns, IN_FLIGHT * STEP_NS, true);
		*place = balancer_pick(b, key += 0x9e3779b97f4a7c15u, now_ns);
		wrong += *place < 0;
		now_ns += STEP_NS;
	}
	for (size_t i = 0; i < IN_FLIGHT; i++)
		balancer_end(b, flying[i], now_ns, STEP_NS, true);
	assay_check(run, wrong == 0, "%llu requests got no backend", (unsigned long long)wrong);
}

const struct assay_bench assay_bench_concurrency_balance = {
	.brief = "which backend gets the next request: a decision, and the end of an earlier one",
	.source = "each policy's source is named in its file",
	.claim = "S4.detect",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = BALANCER_INTERFACE,
	.axes = ASSAY_AXES({"backends", "count", "10,100,1000", "100"}),
};

/* SPDX-License-Identifier: MIT */
/*
 * breaker_pass: what a circuit breaker costs a call that it lets through: asked before, told after. The
 * clock is not read, since callers have the time anyway. `open` is a call refused.
 */
#include "suites/concurrency/breaker.h"

#include "harness/bench.h"

enum { COUNT, TIME, OPEN, STEP_NS = 1000, FAILURES = 100 };

static void setup(struct assay_run *run)
{
	struct breaker_config config = breaker_defaults();
	struct breaker *b = NULL;
	struct assay_err err = {0};
	int kind = (int)assay_axis(run, "breaker");
	config.window = kind == TIME ? BREAKER_TIME : BREAKER_COUNT;
	config.open_ns = UINT64_MAX / 2;
	if (!assay_check(run, breaker_new(&config, 1, &b, &err) == ASSAY_OK, "%s", err.text))
		return;
	assay_set_state(run, b);
	for (int i = 0; kind == OPEN && i < FAILURES; i++)
		breaker_report(b, breaker_allow(b, 1), BREAKER_FAILURE, 1, 0);
}

static void teardown(struct assay_run *run)
{
	breaker_free(assay_state(run));
}

static void body(struct assay_run *run)
{
	struct breaker *b = assay_state(run);
	bool open = assay_axis(run, "breaker") == OPEN;
	uint64_t now_ns = 1, refused = 0, calls = 0;

	ASSAY_LOOP (run) {
		uint64_t ticket = breaker_allow(b, now_ns);
		now_ns += STEP_NS;
		if (ticket == BREAKER_REFUSED)
			refused++;
		else
			breaker_report(b, ticket, BREAKER_SUCCESS, now_ns, STEP_NS);
		calls++;
	}
	assay_check(run, refused == (open ? calls : 0), "%llu of %llu calls refused",
		    (unsigned long long)refused, (unsigned long long)calls);
}

const struct assay_bench assay_bench_concurrency_breaker_pass = {
	.brief = "a call through a circuit breaker: asked before, told after",
	.source = "windows and states as in resilience4j, CircuitBreaker",
	.claim = "S0.breaker",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"breaker", "name", "count,time,open"}),
};

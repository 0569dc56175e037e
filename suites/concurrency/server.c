/* SPDX-License-Identifier: MIT */
/*
 * server: requests at a given rate, each timed from when it should have started (open loop). One operation
 * is one answer; each iteration is a stretch of them, long enough for queues to build up.
 */
#include "harness/base/clock.h"
#include "suites/concurrency/server_load.h"

enum { STRETCHES_A_SECOND = 50, ANSWERS_LEAST = 50 };

static uint64_t answers_of(struct assay_run *run)
{
	uint64_t answers = (uint64_t)(assay_axis(run, "rate") / STRETCHES_A_SECOND);
	return answers > ANSWERS_LEAST ? answers : ANSWERS_LEAST;
}

static void setup(struct assay_run *run)
{
	struct load_config config = {.connections = (unsigned)assay_axis(run, "connections"),
				     .rate_hz = assay_axis(run, "rate"),
				     .poisson = assay_axis(run, "arrivals") == 0,
				     .seed = assay_seed(run)};
	if (config.rate_hz <= 0)
		assay_skip(run, "a rate of 0 is no open loop: see concurrency/server_degradation");
	else
		server_load_setup(run, config, assay_axis(run, "route") == 1);
	assay_set_ops_per_iteration(run, answers_of(run));
}

/*
 * Whoever is due by now has a latency as well, and after a stall the longest ones. For as long again as the batch took, which
 * is enough after any stall: a server that is asked for more than twice what it can do never catches up.
 */
static enum assay_code finish(struct assay_run *run, struct load *load, uint64_t began_ns,
			      struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	uint64_t now_ns = assay_now_ns(), until_ns = 2 * now_ns - began_ns, intended_ns;
	load_close(load);
	for (; rc == ASSAY_OK && load_owes(load) && now_ns < until_ns; now_ns = assay_now_ns()) {
		rc = load_next(load, &intended_ns, err);
		if (rc == ASSAY_OK)
			assay_op_end(run, intended_ns);
	}
	return rc;
}

static void body(struct assay_run *run)
{
	struct load *load = server_load(run);
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;
	uint64_t intended_ns = assay_op_begin(run), answers = answers_of(run);
	uint64_t began_ns = assay_now_ns();

	load_begin(load, 0);
	ASSAY_LOOP (run)
		for (uint64_t i = 0; i < answers; i++) {
			if (rc == ASSAY_OK)
				rc = load_next(load, &intended_ns, &err);
			assay_op_end(run, intended_ns);
		}
	if (rc == ASSAY_OK)
		rc = finish(run, load, began_ns, &err);
	server_load_end(run, rc, &err);
}

const struct assay_bench assay_bench_concurrency_server = {
	.brief = "HTTP requests at a given rate, timed from their intended starts",
	.source = "open loop as in wrk2 [Tene]",
	.claim = "S4.serve",
	.body = body,
	.setup = setup,
	.teardown = server_load_teardown,
	.subjects = WEB_SERVER_INTERFACE,
	.axes = ASSAY_AXES({"rate", "1/s", "1000,10000,40000", "10000"},
			   {"connections", "count", "32"},
			   {"arrivals", "name", "poisson,fixed", "poisson"},
			   {"route", "name", "static,predict", "static"}),
	.mode = ASSAY_LATENCY,
	.version = 3, /* with those who wait when a batch ends */
};

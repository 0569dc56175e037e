/* SPDX-License-Identifier: MIT */
/*
 * server_headroom: the 99th percentile of latency at half of what the server can do, beside that of a server
 * that is almost idle. One operation is a round of three stretches: as fast as it goes, almost idle, at half.
 * They are neighbours in time, so that a busy machine is the same to all of them.
 */
#include "suites/concurrency/server_load.h"

enum { FAST = 4000, QUIET = 400, HALF = 4000 };
#define QUIET_SHARE 0.02

static void setup(struct assay_run *run)
{
	struct load_config config = {.connections = (unsigned)assay_axis(run, "connections"),
				     .poisson = true,
				     .seed = assay_seed(run)};
	server_load_setup(run, config, false);
}

static void body(struct assay_run *run)
{
	struct load *load = server_load(run);
	struct server_stretch fast = {0}, quiet = {0}, half = {0};
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;
	double share = assay_axis(run, "load");

	ASSAY_LOOP (run) {
		if (rc == ASSAY_OK)
			rc = server_stretch(load, 0, FAST, &fast, &err);
		if (rc == ASSAY_OK)
			rc = server_stretch(load, QUIET_SHARE * fast.achieved_hz, QUIET, &quiet,
					    &err);
		if (rc == ASSAY_OK)
			rc = server_stretch(load, share * fast.achieved_hz, HALF, &half, &err);
	}
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	assay_set_elapsed_ns(run, half.p99_ns);
	assay_metric(run, "p99_ratio", "ratio", ASSAY_LOWER, half.p99_ns / quiet.p99_ns);
	assay_metric(run, "p99_quiet", "ns", ASSAY_LOWER, quiet.p99_ns);
	assay_metric(run, "p50_ratio", "ratio", ASSAY_LOWER, half.p50_ns / quiet.p50_ns);
	assay_metric(run, "capacity", "op/s", ASSAY_HIGHER, fast.achieved_hz);
}

const struct assay_bench assay_bench_concurrency_server_headroom = {
	.brief = "99th percentile of an HTTP server's latency at half its capacity, beside idle",
	.source = "open loop as in wrk2 [Tene]; capacity in closed loop as in wrk",
	.body = body,
	.setup = setup,
	.teardown = server_load_teardown,
	.subjects = WEB_SERVER_INTERFACE,
	.axes = ASSAY_AXES({"load", "share", "0.5"}, {"connections", "count", "32"}),
	.mode = ASSAY_ONCE,
	.thorough = true,
};

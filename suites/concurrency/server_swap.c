/* SPDX-License-Identifier: MIT */
/*
 * server_swap: does a server stall while the model behind it is exchanged? One operation is a round of two
 * stretches of requests at the same rate, one steady, one while versions are exchanged all the time. The time
 * is the worst latency of the second.
 */
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/server_load.h"
#include "suites/concurrency/site.h"

enum { REQUESTS = 2000, FIRST_SEED = 100 };

struct swapping {
	struct site *site;
	struct load *load;
	pthread_t thread;
	bool started;
	unsigned pause_ms;
	_Atomic bool on, stop;
	_Atomic uint64_t swaps, took_ns, failed;
};

static void *swap_versions(void *arg)
{
	struct swapping *s = arg;
	struct assay_err err = {0};
	for (uint64_t seed = FIRST_SEED; !atomic_load(&s->stop); seed++) {
		poll(NULL, 0, (int)s->pause_ms);
		if (!atomic_load(&s->on))
			continue;
		uint64_t began_ns = assay_now_ns();
		enum assay_code rc = model_swap(site_model(s->site), MODEL_A, seed, &err);
		atomic_fetch_add(&s->took_ns, assay_now_ns() - began_ns);
		atomic_fetch_add(&s->swaps, 1);
		atomic_fetch_add(&s->failed, rc != ASSAY_OK);
	}
	return NULL;
}

static void setup(struct assay_run *run)
{
	struct load_config config = {.connections = (unsigned)assay_axis(run, "connections"),
				     .poisson = true,
				     .request = web_request_predict,
				     .seed = assay_seed(run)};
	struct assay_err err = {0};
	struct swapping *s = calloc(1, sizeof(*s));
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->pause_ms = (unsigned)assay_axis(run, "pause");
	if (!s->pause_ms || !(assay_axis(run, "rate") > 0)) {
		assay_skip(run, "the pause between swaps and the rate of requests: above 0");
		return;
	}
	enum assay_code rc =
		site_start(1, config.connections, assay_axis(run, "share_b"), &s->site, &err);
	if (rc == ASSAY_OK) {
		config.port = web_port(site_web(s->site));
		rc = load_new(&config, &s->load, &err);
	}
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text))
		return;
	s->started = pthread_create(&s->thread, NULL, swap_versions, s) == 0;
	assay_check(run, s->started, "no thread to swap versions");
}

static void teardown(struct assay_run *run)
{
	struct swapping *s = assay_state(run);
	if (!s)
		return;
	atomic_store(&s->stop, true);
	if (s->started)
		pthread_join(s->thread, NULL);
	load_free(s->load);
	site_stop(s->site);
	free(s);
}

static void body(struct assay_run *run)
{
	struct swapping *s = assay_state(run);
	struct server_stretch steady = {0}, swapping = {0};
	struct assay_err err = {0};
	enum assay_code rc = ASSAY_OK;
	double rate_hz = assay_axis(run, "rate"), share_b = assay_axis(run, "share_b");
	uint64_t answers[MODEL_ARMS];

	ASSAY_LOOP (run) {
		if (rc == ASSAY_OK)
			rc = server_stretch(s->load, rate_hz, REQUESTS, &steady, &err);
		atomic_store(&s->on, true);
		if (rc == ASSAY_OK)
			rc = server_stretch(s->load, rate_hz, REQUESTS, &swapping, &err);
		atomic_store(&s->on, false);
	}
	model_answers(site_model(s->site), answers);
	double all = (double)(answers[MODEL_A] + answers[MODEL_B]);
	double of_b = (double)answers[MODEL_B];
	uint64_t swaps = atomic_load(&s->swaps);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, atomic_load(&s->failed) == 0, "no memory for a version") ||
	    !assay_check(run, fabs(of_b - share_b * all) <= 1, "%.0f of %.0f answers are of B",
			 of_b, all))
		return;
	assay_set_elapsed_ns(run, swapping.worst_ns);
	assay_metric(run, "worst_steady", "ns", ASSAY_LOWER, steady.worst_ns);
	assay_metric(run, "stall", "ratio", ASSAY_LOWER, swapping.worst_ns / steady.worst_ns);
	assay_metric(run, "p99_ratio", "ratio", ASSAY_LOWER, swapping.p99_ns / steady.p99_ns);
	assay_metric(run, "share_b", "ratio", ASSAY_HIGHER, of_b / all);
	if (swaps)
		assay_metric(run, "swap", "ns", ASSAY_LOWER,
			     (double)atomic_load(&s->took_ns) / (double)swaps);
}

const struct assay_bench assay_bench_concurrency_server_swap = {
	.brief = "worst latency of predictions while the model is exchanged, beside a steady one",
	.source = "read-copy-update by epochs; open loop as in wrk2 [Tene]",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"pause", "ms", "1"}, {"rate", "1/s", "10000"},
			   {"connections", "count", "16"}, {"share_b", "share", "0.1"}),
	.mode = ASSAY_ONCE,
	.thorough = true,
};

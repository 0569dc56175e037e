/* SPDX-License-Identifier: MIT */
/* server_load: the server has one worker; the generator runs on the thread of the benchmark. */
#include "suites/concurrency/server_load.h"

#include <stdlib.h>

#include "harness/base/clock.h"

struct served {
	const struct web_server_ops *ops;
	struct web_server *server;
	struct load *load;
};

void server_load_setup(struct assay_run *run, struct load_config config, bool predict)
{
	struct served *s = calloc(1, sizeof(*s));
	struct assay_err err = {0};
	if (!assay_check(run, s, "out of memory"))
		return;
	assay_set_state(run, s);
	s->ops = assay_subject(run);
	if (predict && !s->ops->predicts) {
		assay_skip(run, "this server has no model");
		return;
	}
	config.request = predict ? web_request_predict : web_request_static;
	enum assay_code rc = s->ops->start(1, config.connections, &s->server, &config.port, &err);
	if (rc == ASSAY_OK)
		rc = load_new(&config, &s->load, &err);
	if (rc == ASSAY_SKIP)
		assay_skip(run, "%s", err.text);
	else
		assay_check(run, rc == ASSAY_OK, "%s", err.text);
}

void server_load_teardown(struct assay_run *run)
{
	struct served *s = assay_state(run);
	if (!s)
		return;
	load_free(s->load);
	if (s->server)
		s->ops->stop(s->server);
	free(s);
}

struct load *server_load(struct assay_run *run)
{
	struct served *s = assay_state(run);
	return s ? s->load : NULL;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

enum assay_code server_stretch(struct load *load, double rate_hz, uint64_t requests,
			       struct server_stretch *ret, struct assay_err *err)
{
	uint64_t took_ns[STRETCH_MOST], intended_ns;
	struct load_report report;
	uint64_t n = requests < STRETCH_MOST ? requests : STRETCH_MOST;
	enum assay_code rc = load_set_rate(load, rate_hz, err);
	load_begin(load, n);
	for (uint64_t i = 0; i < n && rc == ASSAY_OK; i++) {
		rc = load_next(load, &intended_ns, err);
		took_ns[i] = assay_now_ns() - intended_ns;
	}
	if (rc == ASSAY_OK)
		rc = load_end(load, &report, err);
	if (rc != ASSAY_OK)
		return rc;
	qsort(took_ns, n, sizeof(*took_ns), by_size);
	*ret = (struct server_stretch){.achieved_hz = report.achieved_hz,
				       .p50_ns = (double)took_ns[n / 2],
				       .p99_ns = (double)took_ns[n * 99 / 100],
				       .worst_ns = (double)took_ns[n - 1]};
	return ASSAY_OK;
}

void server_load_end(struct assay_run *run, enum assay_code rc, struct assay_err *err)
{
	struct load_report report = {0};
	if (rc == ASSAY_OK)
		rc = load_end(server_load(run), &report, err);
	if (!assay_check(run, rc == ASSAY_OK, "%s", err->text))
		return;
	assay_metric(run, "achieved", "op/s", ASSAY_HIGHER, report.achieved_hz);
	assay_metric(run, "offered", "op/s", ASSAY_HIGHER, report.offered_hz);
	assay_metric(run, "saturated", "ratio", ASSAY_LOWER, report.saturated);
	assay_metric(run, "own_cpu", "ns", ASSAY_LOWER, report.own_cpu_ns);
}

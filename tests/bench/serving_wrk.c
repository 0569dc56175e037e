/* SPDX-License-Identifier: MIT */
/*
 * serving_wrk: processor time for each request, of our generator and of wrk, on the same server with as many
 * connections, in turns of a second; and what our server and nginx answer to wrk, in turns as well.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "suites/concurrency/load.h"
#include "suites/concurrency/web_server.h"
#include "tests/bench/child.h"
#include "tests/bench/serving.h"

enum { CONNECTIONS = 32 };
#define TURN_NS 1000000000u

extern const struct assay_subject assay_subject_concurrency_web_epoll,
	assay_subject_concurrency_web_nginx;

/* Of one turn. */
struct turn {
	double requests_hz, cpu_ns; /* for each request */
};

static double children_cpu_ns(void)
{
	struct rusage use;
	getrusage(RUSAGE_CHILDREN, &use);
	return 1e9 * (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       1e3 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* False: wrk is not there, or has met with errors. */
static bool turn_of_wrk(uint16_t port, struct turn *ret)
{
	char url[64], connections[16], line[256];
	double requests = 0, seconds = 0, before_ns = children_cpu_ns();
	bool errors = false;
	struct child child;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/static", port);
	snprintf(connections, sizeof(connections), "-c%d", CONNECTIONS);
	const char *const argv[] = {"wrk", "-t1", connections, "-d1s", url, NULL};
	if (!child_start(&child, argv, false))
		return false;
	while (fgets(line, sizeof(line), child.lines)) {
		double n, s;
		if (sscanf(line, " %lf requests in %lfs", &n, &s) == 2) {
			requests = n;
			seconds = s;
		}
		double bad;
		errors |= sscanf(line, " Socket errors: connect %lf", &bad) == 1 ||
			  sscanf(line, " Non-2xx or 3xx responses: %lf", &bad) == 1;
	}
	if (child_finish(&child) != 0 || !(requests > 0 && seconds > 0) || errors)
		return false;
	*ret = (struct turn){requests / seconds, (children_cpu_ns() - before_ns) / requests};
	return true;
}

static bool turn_of_ours(struct load *load, struct turn *ret)
{
	struct assay_err err = {0};
	struct load_report report;
	uint64_t intended_ns, until_ns = assay_now_ns() + TURN_NS;
	enum assay_code rc = ASSAY_OK;
	load_begin(load, 0);
	while (rc == ASSAY_OK && assay_now_ns() < until_ns)
		rc = load_next(load, &intended_ns, &err);
	if (rc == ASSAY_OK)
		rc = load_end(load, &report, &err);
	if (rc != ASSAY_OK) {
		printf("the generator: %s\n", err.text);
		return false;
	}
	*ret = (struct turn){report.achieved_hz, report.own_cpu_ns};
	return true;
}

static bool generators(uint16_t port)
{
	struct load_config config = {
		.port = port, .connections = CONNECTIONS, .request = web_request_static};
	double ratios[SERVING_ROUNDS], cpu_ns[SERVING_ROUNDS];
	struct load *load = NULL;
	struct turn ours, theirs;
	struct assay_err err = {0};
	size_t n = 0;
	if (load_new(&config, &load, &err) != ASSAY_OK) {
		printf("the generator: %s\n", err.text);
		return false;
	}
	for (int round = 0; round < SERVING_ROUNDS; round++)
		if (turn_of_ours(load, &ours) && turn_of_wrk(port, &theirs)) {
			cpu_ns[n] = ours.cpu_ns;
			ratios[n++] = ours.cpu_ns / theirs.cpu_ns;
		}
	load_free(load);
	serving_show("generator, ns a request", cpu_ns, n, false, 0);
	return serving_show("generator / wrk, processor time", ratios, n, false, 1.1);
}

static bool servers(uint16_t ours_port, uint16_t theirs_port)
{
	double ratios[SERVING_ROUNDS];
	struct turn ours, theirs;
	size_t n = 0;
	for (int round = 0; round < SERVING_ROUNDS; round++)
		if (turn_of_wrk(ours_port, &ours) && turn_of_wrk(theirs_port, &theirs))
			ratios[n++] = ours.requests_hz / theirs.requests_hz;
	return serving_show("server / nginx, under wrk", ratios, n, true, 0.9);
}

bool serving_wrk(void)
{
	const struct assay_subject *subjects[] = {&assay_subject_concurrency_web_epoll,
						  &assay_subject_concurrency_web_nginx};
	struct web_server *server[2] = {0};
	uint16_t port[2] = {0};
	struct assay_err err = {0};
	bool met = true;
	for (int i = 0; i < 2; i++) {
		const struct web_server_ops *ops = subjects[i]->ops;
		if ((subjects[i]->probe && subjects[i]->probe(&err) != ASSAY_OK) ||
		    ops->start(1, 4 * CONNECTIONS, &server[i], &port[i], &err) != ASSAY_OK)
			printf("%s\n", err.text);
	}
	if (server[0])
		met &= generators(port[0]);
	if (server[0] && server[1])
		met &= servers(port[0], port[1]);
	for (int i = 0; i < 2; i++)
		if (server[i])
			((const struct web_server_ops *)subjects[i]->ops)->stop(server[i]);
	return met;
}

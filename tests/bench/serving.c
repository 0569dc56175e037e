/* SPDX-License-Identifier: MIT */
/*
 * serving: what balancers, breakers and our server are asked to cost, by one launch each in interleaved
 * rounds; the server beside nginx, the generator of load beside wrk. Prints each figure beside its bound;
 * exits 1 when one is missed. usage: bench_serving [PART-OF-A-FIGURE'S-NAME | wrk]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/bench/child.h"
#include "tests/bench/serving.h"
#include "tests/temporary.h"

#define SERVER(rate, subject)           \
	"concurrency/server/rate:" rate \
	"/connections:32/arrivals:poisson/route:static/subject:" subject "/threads:1"
#define CLIENTS(n, subject) \
	"concurrency/server_degradation/clients:" n "/subject:" subject "/threads:1"
#define HEADROOM(subject) \
	"concurrency/server_headroom/load:0.5/connections:32/subject:" subject "/threads:1"
#define SOCKETS(policy, subject)                     \
	"concurrency/balance_sockets/policy:" policy \
	"/backends:4/slow:4/load:0.5/connections:64/subject:" subject "/threads:1"
#define SWAP             "concurrency/server_swap/pause:1/rate:10000/connections:16/share_b:0.1/threads:1"
#define BALANCE(subject) "concurrency/balance/backends:100/subject:" subject "/threads:1"

/* A median, or its ratio to that of another case, and the bound it must keep. */
static const struct figure {
	const char *what, *name, *beside; /* beside NULL: the median itself */
	bool at_least;
	double bound;       /* 0: shown only */
	const char *metric; /* NULL: the primary one */
} figures[] = {
	{"balance round_robin, ns", BALANCE("round_robin"), NULL, false, 50},
	{"balance smooth_weighted, ns", BALANCE("smooth_weighted"), NULL, false, 50},
	{"balance edf, ns", BALANCE("edf"), NULL, false, 50},
	{"balance static_stride, ns", BALANCE("static_stride"), NULL, false, 50},
	{"balance least_connections, ns", BALANCE("least_connections"), NULL, false, 50},
	{"balance weighted_least, ns", BALANCE("weighted_least"), NULL, false, 50},
	{"balance power_of_two, ns", BALANCE("power_of_two"), NULL, false, 50},
	{"balance peak_ewma, ns", BALANCE("peak_ewma"), NULL, false, 50},
	{"balance resource_aware, ns", BALANCE("resource_aware"), NULL, false, 50},
	{"balance join_idle, ns", BALANCE("join_idle"), NULL, false, 50},
	{"balance maglev, ns", BALANCE("maglev"), NULL, false, 50},
	{"breaker, count window, ns", "concurrency/breaker_pass/breaker:count/threads:1", NULL,
	 false, 15},
	{"breaker, time window, ns", "concurrency/breaker_pass/breaker:time/threads:1", NULL, false,
	 15},
	{"server / nginx, 32 clients", CLIENTS("32", "web_epoll"), CLIENTS("32", "web_nginx"), true,
	 0.9},
	{"server, 200 / 1 clients", CLIENTS("200", "web_epoll"), CLIENTS("1", "web_epoll"), true,
	 0},
	{"server latency / nginx, 10000/s", SERVER("10000", "web_epoll"),
	 SERVER("10000", "web_nginx"), false, 0},
	{"relay p99 / HAProxy, least", SOCKETS("least", "front_relay"),
	 SOCKETS("least", "front_haproxy"), false, 0},
	{"relay p99 / nginx, least", SOCKETS("least", "front_relay"),
	 SOCKETS("least", "front_nginx"), false, 0},
	{"server p99, half load / idle", HEADROOM("web_epoll"), NULL, false, 2, "p99_ratio"},
	{"nginx p99, half load / idle", HEADROOM("web_nginx"), NULL, false, 0, "p99_ratio"},
	{"server, worst: swaps / steady", SWAP, NULL, false, 0, "stall"},
	{"server, p99: swaps / steady", SWAP, NULL, false, 0, "p99_ratio"},
};

/* The median of a metric in the last run of a store; 0 when it has none. */
static double look_up(struct assay_store *store, const char *name, const char *metric)
{
	struct assay_err err = {0};
	struct assay_run_list runs;
	struct assay_result_list results;
	double median = 0;
	if (assay_store_runs(store, "@last", &runs, &err) != ASSAY_OK)
		return 0;
	if (runs.n && assay_store_results(store, runs.runs[0].id, name, ASSAY_LOAD_SUMMARY,
					  &results, &err) == ASSAY_OK) {
		for (size_t i = 0; i < results.n; i++)
			if (metric ? strcmp(results.results[i].metric.name, metric) == 0
				   : results.results[i].primary)
				median = results.results[i].estimate.median;
		assay_result_list_done(&results);
	}
	assay_run_list_done(&runs);
	return median;
}

/* Of one case, measured now by one launch. */
static double measure(const char *program, const char *db, const char *name, const char *metric)
{
	const char *const args[] = {
		program, "run", name, "--db", db, "--counters", "none", "-P", "clients=1,32,200",
		NULL};
	const char *const plain[] = {program, "run", name, "--db", db, "--counters", "none", NULL};
	struct assay_err err = {0};
	struct assay_store *store;
	child_run(strstr(name, "clients:") ? args : plain);
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK)
		return 0;
	double median = look_up(store, name, metric);
	assay_store_close(store);
	return median;
}

bool serving_show(const char *what, double *values, size_t n, bool at_least, double bound)
{
	if (!n) {
		printf("%-34s not measured\n", what);
		return bound == 0;
	}
	double median = median_of(values, n);
	bool met = bound == 0 || (at_least ? median >= bound : median <= bound);
	printf("%-34s %8.2f  [%.2f, %.2f] over %zu rounds", what, median, values[0], values[n - 1],
	       n);
	if (bound != 0)
		printf("; %s %g: %s", at_least ? "at least" : "at most", bound,
		       met ? "met" : "MISSED");
	putchar('\n');
	return met;
}

static bool judge(const struct figure *f, const char *program, const char *db)
{
	double values[SERVING_ROUNDS];
	size_t n = 0;
	for (int round = 0; round < SERVING_ROUNDS; round++) {
		double ours = measure(program, db, f->name, f->metric);
		double theirs = f->beside ? measure(program, db, f->beside, f->metric) : 1;
		if (ours > 0 && theirs > 0)
			values[n++] = ours / theirs;
	}
	return serving_show(f->what, values, n, f->at_least, f->bound);
}

int main(int argc, char **argv)
{
	char path[T_PATH], db[64];
	const char *program = getenv("BENCH_PROGRAM");
	bool met = true;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!program || !mkdtemp(t_path(path, "bench")))
		return 2;
	snprintf(db, sizeof(db), "%s/bench.db", path);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (argc < 2 || strstr(figures[i].what, argv[1]))
			met &= judge(&figures[i], program, db);
	if (argc < 2 || strcmp(argv[1], "wrk") == 0)
		met &= serving_wrk();
	unlink(db);
	rmdir(path);
	return !met;
}

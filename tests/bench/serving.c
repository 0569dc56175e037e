/* SPDX-License-Identifier: MIT */
/*
 * serving: what balancers, breakers and our server are asked to cost, by one launch each in interleaved
 * rounds; the server beside nginx. Prints each figure beside its bound; exits 1 when one is missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/bench/child.h"

enum { ROUNDS = 7 };

#define SERVER(rate, subject)           \
	"concurrency/server/rate:" rate \
	"/connections:32/arrivals:poisson/route:static/subject:" subject "/threads:1"
#define CLIENTS(n, subject) \
	"concurrency/server_degradation/clients:" n "/subject:" subject "/threads:1"
#define BALANCE(subject) "concurrency/balance/backends:100/subject:" subject "/threads:1"

/* A median, or its ratio to that of another case, and the bound it must keep. */
static const struct figure {
	const char *what, *name, *beside; /* beside NULL: the median itself */
	bool at_least;
	double bound; /* 0: shown only */
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
};

/* Median of one case, measured now by one launch; 0 when it has none. */
static double measure(const char *program, const char *db, const char *name)
{
	const char *const args[] = {
		program, "run", name, "--db", db, "--counters", "none", "-P", "clients=1,32,200",
		NULL};
	const char *const plain[] = {program, "run", name, "--db", db, "--counters", "none", NULL};
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	struct assay_result_list results;
	double median = 0;
	child_run(strstr(name, "clients:") ? args : plain);
	if (assay_store_open(db, ASSAY_STORE_READ, &store, &err) != ASSAY_OK)
		return 0;
	if (assay_store_runs(store, "@last", &runs, &err) == ASSAY_OK) {
		if (runs.n && assay_store_results(store, runs.runs[0].id, name, ASSAY_LOAD_SUMMARY,
						  &results, &err) == ASSAY_OK) {
			if (results.n)
				median = results.results[0].estimate.median;
			assay_result_list_done(&results);
		}
		assay_run_list_done(&runs);
	}
	assay_store_close(store);
	return median;
}

static bool judge(const struct figure *f, const char *program, const char *db)
{
	double values[ROUNDS];
	size_t n = 0;
	for (int round = 0; round < ROUNDS; round++) {
		double ours = measure(program, db, f->name);
		double theirs = f->beside ? measure(program, db, f->beside) : 1;
		if (ours > 0 && theirs > 0)
			values[n++] = ours / theirs;
	}
	if (!n) {
		printf("%-34s not measured\n", f->what);
		return f->bound == 0;
	}
	double median = median_of(values, n);
	bool met = f->bound == 0 || (f->at_least ? median >= f->bound : median <= f->bound);
	printf("%-34s %8.2f  [%.2f, %.2f] over %zu rounds", f->what, median, values[0],
	       values[n - 1], n);
	if (f->bound != 0)
		printf("; %s %g: %s", f->at_least ? "at least" : "at most", f->bound,
		       met ? "met" : "MISSED");
	putchar('\n');
	return met;
}

int main(void)
{
	char path[] = "/tmp/assay-bench-XXXXXX", db[64];
	const char *program = getenv("BENCH_PROGRAM");
	bool met = true;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!program || !mkdtemp(path))
		return 2;
	snprintf(db, sizeof(db), "%s/bench.db", path);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		met &= judge(&figures[i], program, db);
	unlink(db);
	rmdir(path);
	return !met;
}

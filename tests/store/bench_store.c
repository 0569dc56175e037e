/* SPDX-License-Identifier: MIT */
/*
 * bench_store: how fast results go into a store: one transaction each, the same with a wait for the disk after each
 * (what a run does), and samples in bulk. Prints the rates, and what the wait costs; `meson test --benchmark` runs it. FOLDER may be given as the argument.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/store/store.h"

enum {
	SERIES = 200,
	RESULTS = 20000,
	WAITED_RESULTS = 1000,
	SMALL = 30,
	BULK_RESULTS = 2000,
	BULK = 5000
};

static int complain(const struct assay_err *err)
{
	fprintf(stderr, "bench_store: %s\n", err->text);
	return 1;
}

/* Timings as they are measured: whole clock ticks over a batch, with noise. */
static void fill(double *values, size_t n)
{
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	for (size_t i = 0; i < n; i++)
		values[i] = (double)(120000 + assay_rng_below(&rng, 4000)) / 4096;
}

static enum assay_code add(struct assay_store *store, int64_t run, unsigned series, double *values,
			   uint8_t *flags, uint32_t n, struct assay_err *err)
{
	char name[96], size[16];
	snprintf(size, sizeof(size), "%u", series);
	snprintf(name, sizeof(name), "memory/alloc/size:%s/subject:pool/threads:1", size);
	const struct assay_param param = {"size", size};
	const struct assay_count counts[] = {
		{"instructions", "papi", "", ASSAY_EXACT, 12, 12, 1, 1, ""},
		{"cycles", "papi", "", ASSAY_EXACT, 12, 12, 1, 1, ""},
	};
	uint32_t ends[] = {n / 3, 2 * (n / 3), n};
	struct assay_result result = {
		.name = name,
		.suite = "memory",
		.benchmark = "alloc",
		.subject = "pool",
		.threads = 1,
		.params = &param,
		.n_params = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = n, .median = 30, .lo = 29, .hi = 31},
		.samples = {values, flags, n, ends, 3},
		.counters = counts,
		.n_counters = 2,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = assay_wall_ns(),
	};
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code measure(struct assay_store *store, unsigned results, uint32_t samples,
			       bool waits, double *ret_seconds, struct assay_err *err)
{
	static double values[BULK];
	static uint8_t flags[BULK];
	struct assay_run_info info = {.profile = "full", .started_ns = assay_wall_ns()};
	int64_t run = 0;
	fill(values, samples);
	uint64_t start = assay_now_ns();
	enum assay_code code = ASSAY_OK;
	for (unsigned i = 0; i < results && code == ASSAY_OK; i++) {
		if (i % SERIES == 0)
			code = assay_store_begin_run(store, &info, &run, err);
		if (code == ASSAY_OK)
			code = add(store, run, i % SERIES, values, flags, samples, err);
		if (code == ASSAY_OK && waits)
			code = assay_store_sync(store, err);
	}
	*ret_seconds = (double)(assay_now_ns() - start) / 1e9;
	return code;
}

int main(int argc, char **argv)
{
	char folder[4096], path[4200];
	struct assay_err err = {0};
	struct assay_store *store;
	snprintf(folder, sizeof(folder), "%s/assay-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
	if (!mkdtemp(folder)) {
		perror("bench_store");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/results.db", folder);
	if (assay_store_open(path, ASSAY_STORE_WRITE, &store, &err) != ASSAY_OK)
		return complain(&err);
	double single, waited, bulk;
	enum assay_code code = measure(store, RESULTS, SMALL, false, &single, &err);
	if (code == ASSAY_OK)
		code = measure(store, WAITED_RESULTS, SMALL, true, &waited, &err);
	if (code == ASSAY_OK)
		code = measure(store, BULK_RESULTS, BULK, false, &bulk, &err);
	assay_store_close(store);
	unlink(path);
	rmdir(folder);
	if (code != ASSAY_OK)
		return complain(&err);
	printf("%.0f results/s, one transaction each (%d results of %d samples and 2 counters)\n",
	       RESULTS / single, RESULTS, SMALL);
	printf("%.0f results/s, the disk waited for after each (%d results): %.0f us each, %.0f us of it the wait\n",
	       WAITED_RESULTS / waited, WAITED_RESULTS, 1e6 * waited / WAITED_RESULTS,
	       1e6 * (waited / WAITED_RESULTS - single / RESULTS));
	printf("%.2f M samples/s in bulk (%d results of %d samples)\n",
	       (double)BULK_RESULTS * BULK / bulk / 1e6, BULK_RESULTS, BULK);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * fill_store FILE: two runs of three launches with known figures, for the tests of the verbs that read:
 * one case slower by a tenth, one faster, one the same, one that only ran once, one lost, one new; a
 * third run on another machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/estimate.h"
#include "harness/store/store.h"

enum { LAUNCHES = 3, PER_LAUNCH = 10, SAMPLES = LAUNCHES * PER_LAUNCH };

static enum assay_code add(struct assay_store *store, int64_t run, const char *benchmark,
			   const char *unit, double level, unsigned launches, struct assay_err *err)
{
	char name[96];
	double values[SAMPLES], sorted[SAMPLES];
	uint8_t flags[SAMPLES] = {0};
	const uint32_t ends[LAUNCHES] = {PER_LAUNCH, 2 * PER_LAUNCH, SAMPLES};
	size_t n = (size_t)launches * PER_LAUNCH;
	for (size_t i = 0; i < n; i++)
		sorted[i] = values[i] = level * (1 + 0.0001 * (double)(i % 7));
	assay_sort(sorted, n);
	snprintf(name, sizeof(name), "memory/%s/size:16/subject:=cmd/threads:1", benchmark);
	const struct assay_param param = {"size", "16"};
	bool rate = strstr(unit, "/s") != NULL;
	struct assay_result result = {
		.name = name,
		.suite = "memory",
		.benchmark = benchmark,
		.subject = "=cmd", /* what a spreadsheet would run */
		.threads = 1,
		.params = &param,
		.n_params = 1,
		.metric = {rate ? "rate" : "time", unit, rate ? ASSAY_HIGHER : ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = n,
			     .median = assay_median(sorted, n),
			     .min = sorted[0],
			     .max = sorted[n - 1],
			     .mean = assay_mean(sorted, n),
			     .sd = assay_sd(sorted, n)},
		.samples = {values, flags, n, (uint32_t *)ends, launches},
		.cpu_ratio = 1,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000000000000) + (uint64_t)run,
		.elapsed_ns = 1000000,
	};
	assay_median_interval(sorted, n, 0.95, &result.estimate.lo, &result.estimate.hi);
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code add_skipped(struct assay_store *store, int64_t run, struct assay_err *err)
{
	const struct assay_result result = {
		.name = "gpu/triad/threads:1",
		.suite = "gpu",
		.benchmark = "triad",
		.subject = "",
		.threads = 1,
		.metric = {"bandwidth", "B/s", ASSAY_HIGHER},
		.primary = true,
		.status = ASSAY_STATUS_SKIPPED,
		.reason = "no \"device\", here",
		.driver = "",
		.clock = "",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000000000000),
	};
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code fill(struct assay_store *store, int64_t run, int which,
			    struct assay_err *err)
{
	const struct {
		const char *benchmark, *unit;
		double levels[3];
		unsigned launches;
	} rows[] = {
		{"same", "ns/op", {10, 10.05, 10}, 3},    {"slower", "ns/op", {20, 22, 40}, 3},
		{"faster", "op/s", {1e6, 1.2e6, 1e6}, 3}, {"once", "ns/op", {5, 8, 5}, 1},
		{"lost", "ns/op", {7, 0, 0}, 3},          {"found", "ns/op", {0, 7, 0}, 3},
	};
	enum assay_code code = add_skipped(store, run, err);
	for (size_t i = 0; i < ASSAY_COUNT_OF(rows) && code == ASSAY_OK; i++)
		if (rows[i].levels[which] > 0)
			code = add(store, run, rows[i].benchmark, rows[i].unit,
				   rows[i].levels[which], rows[i].launches, err);
	return code;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	struct assay_store *store;
	enum assay_code code = argc == 2
				       ? assay_store_open(argv[1], ASSAY_STORE_WRITE, &store, &err)
				       : assay_fail(&err, ASSAY_EUSAGE, "fill_store FILE");
	for (int which = 0; which < 3 && code == ASSAY_OK; which++) {
		const struct assay_tag tag = {"round", which == 0 ? "first" : "later"};
		struct assay_run_info info = {
			.started_ns = UINT64_C(1700000000000000000) +
				      (uint64_t)which * UINT64_C(60000000000),
			.seed = UINT64_MAX,
			.profile = "ci",
			.command = "[\"assay\",\"run\"]",
			.noise = 'A',
			.machine_name = which == 2 ? "other" : "here \"quoted\"",
			.machine_json =
				"{\"core_clock_hz\":3e9,\"shape\":{\"pus\":2},"
				"\"caches\":[{\"level\":1,\"bytes\":32768,\"cpus\":\"0-1\"}]}",
			.version = "0.1.0",
			.commit = which ? "bbbb000000000000" : "aaaa000000000000",
			.tags = &tag,
			.n_tags = 1,
		};
		info.fingerprint[0] = which == 2;
		info.uuid[15] = (uint8_t)(which + 1);
		int64_t run;
		code = assay_store_begin_run(store, &info, &run, &err);
		if (code == ASSAY_OK)
			code = fill(store, run, which, &err);
		if (code == ASSAY_OK)
			code = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err);
	}
	if (code == ASSAY_OK) {
		assay_store_close(store);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "fill_store: %s\n", err.text);
	return EXIT_FAILURE;
}

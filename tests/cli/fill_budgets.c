/* SPDX-License-Identifier: MIT */
/*
 * fill_budgets FILE: one run with known figures, for the transcripts of `assay gate --budget`: a fast and a
 * slow subject, a secondary metric, one that cannot run here, one that failed, one that wavers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/engine/collect.h"
#include "harness/store/store.h"

enum { LAUNCHES = 5, PER_LAUNCH = 10, SAMPLES = LAUNCHES * PER_LAUNCH };

static const struct row {
	const char *name, *suite, *benchmark, *subject;
	const char *metric, *unit;
	bool secondary;
	enum assay_status status;
	const char *reason;
	double level;
	double spread; /* between launches */
} rows[] = {
	{"memory/alloc_pair/size:64/subject:pool/threads:1", "memory", "alloc_pair", "pool", "time",
	 "ns/op", false, ASSAY_STATUS_OK, "", 5, 0.002},
	{"memory/alloc_pair/size:64/subject:jemalloc/threads:1", "memory", "alloc_pair", "jemalloc",
	 "time", "ns/op", false, ASSAY_STATUS_OK, "", 10, 0.002},
	{"memory/alloc_pair/size:64/subject:glibc/threads:1", "memory", "alloc_pair", "glibc",
	 "time", "ns/op", false, ASSAY_STATUS_FAILED, "two blocks overlap", 0, 0},
	{"memory/alloc_pair/size:64/subject:tcmalloc/threads:1", "memory", "alloc_pair", "tcmalloc",
	 "time", "ns/op", false, ASSAY_STATUS_SKIPPED, "libtcmalloc_minimal.so.4 is not there", 0,
	 0},
	{"memory/alloc_pair/size:64/subject:mimalloc/threads:1", "memory", "alloc_pair", "mimalloc",
	 "time", "ns/op", false, ASSAY_STATUS_UNSTABLE, "the median is known to ±20 % only", 12,
	 0.2},
	{"memory/chase/size:64/threads:1", "memory", "chase", "", "time", "ns/op", false,
	 ASSAY_STATUS_OK, "", 1, 0.002},
	{"memory/chase/size:64/threads:1", "memory", "chase", "", "hit_ratio", "ratio", true,
	 ASSAY_STATUS_OK, "", 0.96, 0.001},
	{"memory/chase/size:64/threads:1", "memory", "chase", "", "faults", "per op", true,
	 ASSAY_STATUS_OK, "", 0.0001, 0.001},
};

static enum assay_code add(struct assay_store *store, int64_t run, const struct row *row,
			   struct assay_err *err)
{
	double values[SAMPLES];
	uint8_t flags[SAMPLES] = {0};
	uint32_t ends[LAUNCHES];
	const struct assay_param size = {"size", "64"};
	struct assay_summary summary;
	for (size_t i = 0; i < SAMPLES; i++)
		values[i] = row->level *
			    (1 + row->spread * ((double)(i / PER_LAUNCH) / (LAUNCHES - 1) - 0.5));
	for (uint32_t l = 0; l < LAUNCHES; l++)
		ends[l] = (l + 1) * PER_LAUNCH;
	bool measured = assay_status_measured(row->status);
	struct assay_result result = {
		.name = row->name,
		.suite = row->suite,
		.benchmark = row->benchmark,
		.subject = row->subject,
		.threads = 1,
		.params = &size,
		.n_params = 1,
		.metric = {row->metric, row->unit, row->secondary ? ASSAY_HIGHER : ASSAY_LOWER},
		.primary = !row->secondary,
		.status = row->status,
		.reason = row->reason,
		.samples = {values, flags, measured ? SAMPLES : 0, ends, measured ? LAUNCHES : 0},
		.cpu_ratio = 1,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000000000000),
	};
	enum assay_code code = assay_summarise(&result.samples, &summary, err);
	result.estimate = summary.estimate;
	return code == ASSAY_OK ? assay_store_add_result(store, run, &result, err) : code;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	struct assay_store *store = NULL;
	const struct assay_run_info info = {
		.started_ns = UINT64_C(1700000000000000000),
		.seed = 1,
		.profile = "ci",
		.command = "[\"assay\",\"run\"]",
		.noise = 'A',
		.machine_name = "here",
		.machine_json = "{}",
		.environment_json = "{}",
		.version = "0.1.0",
	};
	int64_t run = 0;
	enum assay_code code = argc == 2
				       ? assay_store_open(argv[1], ASSAY_STORE_WRITE, &store, &err)
				       : assay_fail(&err, ASSAY_EUSAGE, "fill_budgets FILE");
	if (code == ASSAY_OK)
		code = assay_store_begin_run(store, &info, &run, &err);
	for (size_t i = 0; code == ASSAY_OK && i < ASSAY_COUNT_OF(rows); i++)
		code = add(store, run, &rows[i], &err);
	if (code == ASSAY_OK)
		code = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err);
	assay_store_close(store);
	if (code == ASSAY_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "fill_budgets: %s\n", err.text);
	return EXIT_FAILURE;
}

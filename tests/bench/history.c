/* SPDX-License-Identifier: MIT */
/*
 * history: how long it takes to read one series of 10,000 runs with its ratios to an anchor, to look for
 * changes in it, and for `assay history` to show it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/gate/history.h"
#include "tests/bench/child.h"
#include "tests/temporary.h"

enum { RUNS = 10000, ROUNDS = 21 };

static const char name[] = "bench/series/threads:1";

static enum assay_code add(struct assay_store *store, int64_t run, uint64_t at, const char *metric,
			   double value, struct assay_err *err)
{
	const struct assay_result result = {
		.name = name,
		.suite = "bench",
		.benchmark = "series",
		.subject = "",
		.threads = 1,
		.metric = {metric, "ratio", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = 30, .median = value, .lo = 0.99 * value, .hi = 1.01 * value},
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = at,
	};
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code fill(struct assay_store *store, struct assay_err *err)
{
	struct assay_rng rng;
	enum assay_code rc = ASSAY_OK;
	assay_rng_init(&rng, 1);
	for (uint64_t i = 0; i < RUNS && rc == ASSAY_OK; i++) {
		int64_t run;
		const uint64_t at = (i + 1) * 1000000000u;
		const struct assay_run_info info = {
			.profile = "ci", .machine_name = "here", .started_ns = at};
		rc = assay_store_begin_run(store, &info, &run, err);
		if (rc == ASSAY_OK)
			rc = add(store, run, at, "time", 1 + 0.02 * assay_rng_unit(&rng), err);
		if (rc == ASSAY_OK)
			rc = add(store, run, at, "time_vs_anchor_0123456789",
				 1 + 0.02 * assay_rng_unit(&rng), err);
		if (rc == ASSAY_OK)
			rc = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	}
	return rc;
}

/* Read the newest `limit` points (0: all) and, when asked, look for changes in them; milliseconds. */
static enum assay_code once(struct assay_store *store, size_t limit, bool scan, double *ret_ms,
			    struct assay_err *err)
{
	struct assay_history_list list;
	uint64_t began = assay_now_ns();
	enum assay_code rc = assay_store_history(store, name, limit, &list, err);
	for (size_t i = 0; rc == ASSAY_OK && scan && i < list.n; i++) {
		struct assay_change_list known;
		struct assay_shift_list shifts;
		rc = assay_history_read_shifts(store, &list.series[i], &known, &shifts, err);
		if (rc != ASSAY_OK)
			break;
		assay_shift_list_done(&shifts);
		assay_change_list_done(&known);
	}
	*ret_ms = (double)(assay_now_ns() - began) / 1e6;
	if (rc == ASSAY_OK)
		assay_history_list_done(&list);
	return rc;
}

static enum assay_code median_ms(struct assay_store *store, size_t limit, bool scan, double *ret_ms,
				 struct assay_err *err)
{
	double ms[ROUNDS];
	enum assay_code rc = once(store, limit, scan, &ms[0], err); /* warm */
	for (int i = 0; i < ROUNDS && rc == ASSAY_OK; i++)
		rc = once(store, limit, scan, &ms[i], err);
	*ret_ms = rc == ASSAY_OK ? median_of(ms, ROUNDS) : 0;
	return rc;
}

static double median_program_ms(const char *program, const char *db)
{
	const char *const show[] = {program, "history", name, "--db", db, "--metric", "time", NULL};
	double ms[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t began = assay_now_ns();
		if (child_run(show) != 0)
			return 1e9;
		ms[i] = (double)(assay_now_ns() - began) / 1e6;
	}
	return median_of(ms, ROUNDS);
}

static bool line(const char *what, double ms, double wanted)
{
	printf("%-62s %7.2f ms; at most %g: %s\n", what, ms, wanted,
	       ms <= wanted ? "met" : "MISSED");
	return ms <= wanted;
}

int main(void)
{
	char folder[T_PATH], db[64];
	const char *program = getenv("BENCH_PROGRAM");
	struct assay_err err = {0};
	struct assay_store *store = NULL;
	double all, recent, scan;
	if (!program || !mkdtemp(t_path(folder, "bench")))
		return 2;
	snprintf(db, sizeof(db), "%s/results.db", folder);
	enum assay_code rc = assay_store_open(db, ASSAY_STORE_WRITE, &store, &err);
	if (rc == ASSAY_OK)
		rc = fill(store, &err);
	if (rc == ASSAY_OK)
		rc = median_ms(store, 0, false, &all, &err);
	if (rc == ASSAY_OK)
		rc = median_ms(store, ASSAY_HISTORY_POINTS, true, &recent, &err);
	if (rc == ASSAY_OK)
		rc = median_ms(store, 0, true, &scan, &err);
	assay_store_close(store);
	if (rc != ASSAY_OK) {
		fprintf(stderr, "bench_history: %s\n", err.text);
		return 2;
	}
	/* Two series: the values as measured, and their ratios. */
	bool met = line("read 10,000 runs of a series and of its ratios, warm", all, 2 * 10);
	met &= line("read the newest 240 of both and look for changes", recent, 10);
	printf("%-62s %7.2f ms\n", "read all and look for changes after each run, both", scan);
	met &= line("assay history, start of the program and all", median_program_ms(program, db),
		    30);
	unlink(db);
	rmdir(folder);
	return !met;
}

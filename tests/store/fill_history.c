/* SPDX-License-Identifier: MIT */
/*
 * fill_history FILE [RUNS [COMMIT[+]]]: a store of RUNS runs (60), one commit each, or all of COMMIT, '+' with
 * changes on top of it; with series whose changes are known, for the tests of `assay history`. The machine
 * drifts by itself and becomes slower for a while; half of the runs of "moved" are from another machine.
 * Same arguments, same store.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/rng.h"
#include "harness/store/store.h"

#define ANCHOR       "0123456789"
#define OTHER_ANCHOR "abcdefabcd"
#define DAY_NS       (UINT64_C(86400) * 1000000000u)

struct history {
	struct assay_rng rng;
	uint64_t runs;
	uint64_t at;        /* this run, from 0 */
	const char *commit; /* of all runs; NULL: one each */
	double host;        /* how much slower than it was the machine is now */
	struct assay_store *store;
	int64_t run;
};

/* Normal with standard deviation 1, nearly: twelve uniforms [Irwin-Hall]. */
static double noise(struct history *h)
{
	double sum = -6;
	for (int i = 0; i < 12; i++)
		sum += assay_rng_unit(&h->rng);
	return sum;
}

static enum assay_code add(struct history *h, const char *benchmark, const char *metric,
			   const char *unit, double value, struct assay_err *err)
{
	char name[96];
	const bool measured = value > 0;
	snprintf(name, sizeof(name), "history/%s/threads:1", benchmark);
	const struct assay_result result = {
		.name = name,
		.suite = "history",
		.benchmark = benchmark,
		.subject = "",
		.threads = 1,
		.metric = {metric, unit, ASSAY_LOWER},
		.primary = strcmp(metric, "time") == 0,
		.status = measured ? ASSAY_STATUS_OK : ASSAY_STATUS_FAILED,
		.reason = measured ? "" : "planted",
		.estimate = {.n = measured ? 30 : 0,
			     .median = measured ? value : NAN,
			     .lo = measured ? 0.998 * value : NAN,
			     .hi = measured ? 1.002 * value : NAN},
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000) * 1000000000u + h->at * DAY_NS,
	};
	return assay_store_add_result(h->store, h->run, &result, err);
}

/* A time of 100 ns, slower by `code`, as this machine measures it, and where asked for its ratio. */
static enum assay_code add_time(struct history *h, const char *benchmark, double code,
				const char *anchor, struct assay_err *err)
{
	char metric[64];
	const double own = 1 + 0.003 * noise(h), theirs = 1 + 0.003 * noise(h);
	enum assay_code rc =
		add(h, benchmark, "time", "ns/op", 100 * code * own * (anchor ? h->host : 1), err);
	if (rc != ASSAY_OK || !anchor)
		return rc;
	snprintf(metric, sizeof(metric), "time_vs_anchor_%s", anchor);
	return add(h, benchmark, metric, "ratio", code * own / theirs, err);
}

enum { LAUNCH = 20, LAUNCHES = 3, SPIKE_RUN = 20, STRETCH_RUN = 50 };

/*
 * "spikes": flat, but for run SPIKE_RUN, which is slower by 10 %, and for four samples of the second launch of run
 * STRETCH_RUN, which are slower by 30 %. Launches differ by 5 % each. Noise of its own, so that the
 * other series stay as they are.
 */
static enum assay_code add_spikes(struct history *h, struct assay_err *err)
{
	struct assay_rng kept = h->rng;
	double values[LAUNCHES * LAUNCH];
	uint8_t flags[LAUNCHES * LAUNCH] = {0};
	uint32_t ends[LAUNCHES] = {LAUNCH, 2 * LAUNCH, 3 * LAUNCH};
	assay_rng_init(&h->rng, 1000 + h->at);
	double level = h->at == SPIKE_RUN ? 110 : 100;
	for (int i = 0; i < LAUNCHES * LAUNCH; i++) {
		bool slow = h->at == STRETCH_RUN && i >= LAUNCH + 8 && i < LAUNCH + 12;
		values[i] = level * (1 + 0.05 * (i / LAUNCH - 1)) * (1 + 0.005 * noise(h)) *
			    (slow ? 1.3 : 1);
		flags[i] = slow && i == LAUNCH + 8 ? ASSAY_SAMPLE_PREEMPTED : 0;
	}
	level *= 1 + 0.003 * noise(h);
	h->rng = kept;
	const struct assay_result result = {
		.name = "history/spikes/threads:1",
		.suite = "history",
		.benchmark = "spikes",
		.subject = "",
		.threads = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.n = 60, .median = level, .lo = 0.998 * level, .hi = 1.002 * level},
		.samples = {values, flags, LAUNCHES * LAUNCH, ends, LAUNCHES},
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000) * 1000000000u + h->at * DAY_NS,
	};
	return assay_store_add_result(h->store, h->run, &result, err);
}

static enum assay_code add_run(struct history *h, struct assay_err *err)
{
	const bool second = h->at >= h->runs / 2;
	enum assay_code rc = add_time(h, "step", second ? 1.05 : 1, NULL, err);
	if (rc == ASSAY_OK)
		rc = add_time(h, "flat", 1, NULL, err);
	if (rc == ASSAY_OK) /* the machine alone */
		rc = add_time(h, "drift", 1, ANCHOR, err);
	if (rc == ASSAY_OK) /* the machine and the code */
		rc = add_time(h, "drift_and_step", second ? 0.9 : 1, ANCHOR, err);
	if (rc == ASSAY_OK) /* the level is the other anchor's */
		rc = add_time(h, "anchors", second ? 1.5 : 1, second ? OTHER_ANCHOR : ANCHOR, err);
	if (rc == ASSAY_OK)
		rc = h->at % 4 == 1 ? add(h, "gaps", "time", "ns/op", 0, err)
				    : add_time(h, "gaps", second ? 1.1 : 1, NULL, err);
	return rc == ASSAY_OK ? add_spikes(h, err) : rc;
}

static enum assay_code fill(struct history *h, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	double wander = 0;
	for (; h->at < h->runs && rc == ASSAY_OK; h->at++) {
		char commit[41];
		snprintf(commit, sizeof(commit), "%010llx%030d",
			 0xc000000000 + (unsigned long long)h->at, 0);
		struct assay_run_info info = {
			.started_ns = UINT64_C(1700000000) * 1000000000u + h->at * DAY_NS,
			.profile = "ci",
			.command = "[]",
			.noise = 'A',
			.machine_name = "here",
			.commit = commit,
			.dirty = h->commit && strchr(h->commit, '+'),
		};
		if (h->commit)
			snprintf(commit, sizeof(commit), "%.*s", (int)strcspn(h->commit, "+"),
				 h->commit);
		wander = 0.97 * wander + 0.02 * noise(h);
		h->host = exp(wander) * (h->at > h->runs / 3 ? 1.2 : 1);
		rc = assay_store_begin_run(h->store, &info, &h->run, err);
		if (rc == ASSAY_OK)
			rc = add_run(h, err);
		/* In turns on a machine that is faster by a third, and the code never changes. */
		if (rc == ASSAY_OK && h->at % 2 == 0)
			rc = add_time(h, "moved", 1, NULL, err);
		if (rc == ASSAY_OK)
			rc = assay_store_finish_run(h->store, h->run, ASSAY_RUN_COMPLETE, err);
		if (rc != ASSAY_OK || h->at % 2 == 0)
			continue;
		info.fingerprint[0] = 1;
		info.machine_name = "there";
		rc = assay_store_begin_run(h->store, &info, &h->run, err);
		if (rc == ASSAY_OK)
			rc = add_time(h, "moved", 0.67, NULL, err);
		if (rc == ASSAY_OK)
			rc = assay_store_finish_run(h->store, h->run, ASSAY_RUN_COMPLETE, err);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	struct history h = {.runs = 60};
	enum assay_code rc =
		argc >= 2 && argc <= 4
			? ASSAY_OK
			: assay_fail(&err, ASSAY_EUSAGE, "fill_history FILE [RUNS [COMMIT[+]]]");
	h.commit = argc == 4 ? argv[3] : NULL;
	if (rc == ASSAY_OK && argc >= 3)
		rc = assay_parse_u64(argv[2], 1, 1000000, &h.runs, &err);
	if (rc == ASSAY_OK)
		rc = assay_store_open(argv[1], ASSAY_STORE_WRITE, &h.store, &err);
	assay_rng_init(&h.rng, 11);
	if (rc == ASSAY_OK)
		rc = fill(&h, &err);
	assay_store_close(h.store);
	if (rc == ASSAY_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "fill_history: %s\n", err.text);
	return EXIT_FAILURE;
}

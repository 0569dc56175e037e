/* SPDX-License-Identifier: MIT */
/* known_anomalies: planted anomalies: how many are found, and how much else is accused. */
#include "harness/engine/known_anomalies.h"

#include "harness/stats/anomaly.h"
#include "harness/stats/planted.h"

enum { SERIES = 100, POINTS = 60, MOST = 16 };

struct tally {
	uint64_t series, found, accused, alarmed;
};

/* One series: of the planted values half must be found; any other is wrongly accused. */
static void look_at_one(struct assay_rng *rng, enum assay_noise_kind kind, size_t length,
			double size, struct tally *t, struct assay_err *err)
{
	double x[POINTS];
	struct assay_anomaly found[MOST];
	size_t n, at = 0, hits = 0, accused = 0;

	assay_planted_noise(rng, kind, x, POINTS);
	if (size > 0)
		at = assay_plant(rng, x, POINTS, length, size);
	if (assay_anomalies(x, POINTS, 0, found, MOST, &n, err) != ASSAY_OK)
		return;
	for (size_t i = 0; i < n && i < MOST; i++)
		for (size_t k = found[i].from; k <= found[i].to; k++) {
			bool planted = size > 0 && k >= at && k < at + length;
			hits += planted;
			accused += !planted;
		}
	t->series++;
	t->found += 2 * hits >= length;
	t->accused += accused;
	t->alarmed += accused > 0;
}

static void prepare(struct assay_run *run, uint64_t n)
{
	(void)n;
	assay_set_thread_state(run, (char *)assay_thread_state(run) + 1);
}

static void body(struct assay_run *run)
{
	enum assay_noise_kind kind = (enum assay_noise_kind)(int)assay_axis(run, "noise");
	size_t length = (size_t)assay_axis(run, "length");
	double size = assay_axis(run, "size");
	uint64_t turn = (uintptr_t)assay_thread_state(run);
	struct tally t = {0};
	struct assay_err err = {0};
	struct assay_rng rng;

	assay_rng_init(&rng, assay_seed(run) + turn);
	ASSAY_LOOP (run)
		for (int i = 0; i < SERIES; i++)
			look_at_one(&rng, kind, length, size, &t, &err);
	if (!assay_check(run, err.code == ASSAY_OK && t.series > 0, "%s", err.text))
		return;
	double series = (double)t.series;
	if (size > 0)
		assay_metric(run, "found", "ratio", ASSAY_HIGHER, (double)t.found / series);
	assay_metric(run, "accused", "ratio", ASSAY_LOWER, (double)t.accused / series / POINTS);
	assay_metric(run, "alarmed", "ratio", ASSAY_LOWER, (double)t.alarmed / series);
}

static void setup(struct assay_run *run)
{
	if (assay_axis(run, "length") > POINTS / 4)
		assay_skip(run, "length is at most %d", POINTS / 4);
	assay_set_ops_per_iteration(run, SERIES);
}

const struct assay_bench assay_known_anomalies = {
	.brief = "planted anomalies in series of 60: how many are found, how much else is accused",
	.source = "R. K. Pearson, IEEE Trans. Control Syst. Technol. 10, 2002",
	.claim = "S2.anomaly",
	.body = body,
	.setup = setup,
	.prepare = prepare,
	.axes = ASSAY_AXES({"noise", "name", "normal,skewed,heavy,drift,wander,step,bimodal"},
			   {"size", "spreads", "0,8,10,12,15,20"}, {"length", "values", "1,3"}),
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_ONCE,
	.thorough = true,
};

/* SPDX-License-Identifier: MIT */
/* gate_selftest: record, replay, print. */
#include "cli/gate_selftest.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/rng.h"
#include "harness/gate/launcher.h"
#include "harness/gate/recording.h"
#include "harness/stats/estimate.h"

#define RECORD_NS 60000000000u
enum {
	SAMPLE_NS = 2000000,
	BENCHMARKS = 50, /* of each replayed gate */
	GATES_SAME = 2000,
	GATES_CHANGED = 400,
	LEAST_SHARE =
		20, /* of the gates: after a short recording one part in so many is replayed */
};

/* Bound by the core, by each cache, by an allocator; all short to set up. */
const char *const gate_selftest_patterns[] = {
	"selftest/spin/threads:1",
	"selftest/walk",
	"selftest/touch",
	"memory/alloc_pair/size:64/subject:glibc/threads:1",
	"memory/alloc_pair/size:64/subject:pool/threads:1",
	"memory/latency/size:16Ki/chain:random/pages:4k/threads:1",
	"memory/latency/size:256Ki/chain:random/pages:4k/threads:1",
	"memory/latency/size:2Mi/chain:random/pages:4k/threads:1",
	NULL,
};

/* What is injected; 0 is the same code. */
static const double injected[] = {0, 0.03, 0.05, 0.10};
enum { EXPERIMENTS = ASSAY_COUNT_OF(injected) };

struct selftest {
	struct gate *gate;
	struct assay_gate_launcher *launcher;
	struct assay_gate_source source;
	struct assay_gate_recording recording;
	size_t *room; /* launches there is memory for, by case */
	bool *broken; /* by case: it cannot be measured here */
	uint64_t began_ns, elapsed_ns;
	struct assay_gate_score scores[EXPERIMENTS];
};

/* Gates to replay: as many are worth their time as the recording has launches to draw from. */
static size_t gates_of(const struct selftest *t, double change)
{
	size_t most = change > 0 ? GATES_CHANGED : GATES_SAME;
	double share = (double)t->elapsed_ns / RECORD_NS;
	return share >= 1                ? most
	       : share * LEAST_SHARE < 1 ? most / LEAST_SHARE
					 : (size_t)(share * (double)most);
}

/* ---- recording ---- */

static bool over(const struct selftest *t)
{
	uint64_t most = t->gate->budget_ns ? t->gate->budget_ns : RECORD_NS;
	return *t->gate->interrupted || assay_now_ns() - t->began_ns > most;
}

static enum assay_code keep(struct selftest *t, size_t i, const struct assay_gate_launch *launch,
			    struct assay_err *err)
{
	struct assay_recorded_case *c = &t->recording.cases[i];
	if (launch->samples < ASSAY_RECORDED_SAMPLES || !(launch->summary > 0))
		return ASSAY_OK; /* a gate would have repeated it */
	if (c->n == t->room[i]) {
		t->room[i] = t->room[i] ? 2 * t->room[i] : 64;
		void *grown = reallocarray(c->launches, t->room[i], sizeof(*c->launches));
		if (!grown)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a recording");
		c->launches = grown;
	}
	c->better = launch->better;
	c->launches[c->n].summary = launch->summary;
	memcpy(c->launches[c->n++].samples, launch->values,
	       ASSAY_RECORDED_SAMPLES * sizeof(*launch->values));
	return ASSAY_OK;
}

static enum assay_code record_one(struct selftest *t, size_t i, uint64_t seed,
				  struct assay_err *err)
{
	struct assay_gate_launch launch = {.summary = NAN};
	enum assay_code rc = ASSAY_OK;
	if (!t->recording.cases[i].n)
		rc = t->source.prepare(t->source.context, i, ASSAY_GATE_BASE, &launch, err);
	if (rc == ASSAY_OK && launch.status == ASSAY_STATUS_OK)
		rc = t->source.launch(t->source.context, i, ASSAY_GATE_BASE, seed, &launch, err);
	if (rc != ASSAY_OK || launch.status == ASSAY_STATUS_OK)
		return rc == ASSAY_OK ? keep(t, i, &launch, err) : rc;
	t->broken[i] = true;
	cli_note(t->gate->cli, "%s is left out: %s", t->recording.cases[i].name, launch.reason);
	return ASSAY_OK;
}

static enum assay_code record_all(struct selftest *t, struct assay_err *err)
{
	struct assay_rng rng;
	size_t n = t->recording.n;
	ASSAY_AUTO_FREE uint32_t *order = calloc(n + 1, sizeof(*order));
	enum assay_code rc = order ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	assay_rng_init(&rng, t->gate->request.seed);
	while (rc == ASSAY_OK && !over(t)) {
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		assay_rng_shuffle(&rng, order, n);
		for (size_t k = 0; rc == ASSAY_OK && k < n && !over(t); k++)
			if (!t->broken[order[k]])
				rc = record_one(t, order[k], assay_rng_next(&rng), err);
	}
	t->elapsed_ns = assay_now_ns() - t->began_ns;
	return rc;
}

/* Cases that gave nothing are no part of the recording. */
static void drop_broken(struct selftest *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->recording.n; i++) {
		struct assay_recorded_case *c = &t->recording.cases[i];
		if (!t->broken[i]) {
			t->recording.cases[kept++] = *c;
			continue;
		}
		free(c->name);
		free(c->launches);
	}
	t->recording.n = kept;
}

static enum assay_code begin(struct selftest *t, struct assay_gate_match *matches,
			     struct assay_err *err)
{
	const struct assay_gate_side *side = &t->gate->sides[ASSAY_GATE_CAND].live;
	const struct assay_gate_side *const sides[] = {side, side};
	const struct assay_plan *plan = assay_gate_side_plan(side);
	const struct assay_gate_launcher_options options = {
		.program = t->gate->cli->program,
		.sandbox = t->gate->sandbox,
		.effort = {ASSAY_RECORDED_SAMPLES, cli_value(t->gate->args, "time")
							   ? t->gate->effort.time_ns
							   : ASSAY_RECORDED_SAMPLES * SAMPLE_NS},
		.timeout_ns = t->gate->timeout_ns,
		.seed = t->gate->request.seed,
		.interrupted = t->gate->interrupted,
	};
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->cases[i].skip)
			continue;
		t->recording.cases[n].name = strdup(plan->cases[i].c.name);
		if (!t->recording.cases[n].name)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a recording");
		matches[n++] = (struct assay_gate_match){{i, i}};
		t->recording.n = n;
	}
	enum assay_code rc =
		assay_gate_launcher_new(sides, matches, n, &options, &t->launcher, err);
	if (rc == ASSAY_OK)
		t->source = assay_gate_launcher_source(t->launcher);
	return rc;
}

static enum assay_code record(struct selftest *t, struct assay_err *err)
{
	size_t n = assay_gate_side_plan(&t->gate->sides[ASSAY_GATE_CAND].live)->n;
	struct assay_gate_match *matches = calloc(n + 1, sizeof(*matches));
	t->recording.cases = calloc(n + 1, sizeof(*t->recording.cases));
	t->room = calloc(n + 1, sizeof(*t->room));
	t->broken = calloc(n + 1, sizeof(*t->broken));
	t->began_ns = assay_now_ns();
	enum assay_code rc = matches && t->recording.cases && t->room && t->broken
				     ? ASSAY_OK
				     : assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (rc == ASSAY_OK)
		rc = begin(t, matches, err);
	if (rc == ASSAY_OK)
		rc = record_all(t, err);
	if (rc == ASSAY_OK)
		drop_broken(t);
	assay_gate_launcher_free(t->launcher);
	free(matches);
	return rc;
}

/* ---- replaying ---- */

static enum assay_code replay_all(struct selftest *t, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < EXPERIMENTS; i++) {
		const struct assay_gate_experiment experiment = {
			.policy = t->gate->policy.policy,
			.benchmarks = BENCHMARKS,
			.gates = gates_of(t, injected[i]),
			.injected = injected[i],
			.case_index = SIZE_MAX,
			.seed = t->gate->request.seed + i,
		};
		rc = assay_gate_replay(&t->recording, &experiment, &t->scores[i], err);
	}
	return rc;
}

/* ---- showing ---- */

static size_t launches(const struct selftest *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->recording.n; i++)
		n += t->recording.cases[i].n;
	return n;
}

static void percent(char *text, size_t size, double share)
{
	snprintf(text, size, share > 0 && share < 0.0995 ? "%.2f %%" : "%.1f %%", 100 * share);
}

static void add_line(struct cli_table *table, const char *what, double ours, double peer)
{
	char first[24], second[24];
	percent(first, sizeof(first), ours);
	percent(second, sizeof(second), peer);
	const char *const cells[] = {what, first, isnan(peer) ? NULL : second};
	cli_table_row(table, cells);
}

static void print_text(const struct selftest *t, FILE *out)
{
	const char *const columns[] = {"", ">assay gate", ">compare.py"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	const struct assay_gate_policy *p = &t->gate->policy.policy;
	fprintf(out,
		"%zu launches of %zu benchmarks in %.0f s, noise grade %c (%s),\n"
		"replayed as %zu gates of %d benchmarks that compare the same code, and %zu with each "
		"change:\n\n",
		launches(t), t->recording.n, (double)t->elapsed_ns / 1e9, t->gate->noise.grade,
		t->gate->noise.reason, gates_of(t, 0), BENCHMARKS, gates_of(t, 1));
	add_line(table, "gates that are red although nothing changed", t->scores[0].red,
		 t->scores[0].peer_red);
	for (size_t i = 1; i < EXPERIMENTS; i++) {
		char what[64];
		snprintf(what, sizeof(what), "one benchmark slower by %.0f %%: found",
			 100 * injected[i]);
		add_line(table, what, t->scores[i].caught, t->scores[i].peer_caught);
		add_line(table, "    said to be undecided", t->scores[i].undecided, NAN);
		add_line(table, "    passed as OK", t->scores[i].missed,
			 1 - t->scores[i].peer_caught);
	}
	cli_table_print(table, out);
	fprintf(out,
		"\nPreset %s: up to %g %% is no change, %g %% must not pass. The rule of "
		"compare.py is\nits U test at 5 %% on %d repetitions of one process each, base "
		"first, for the same\nlaunches; a gate is red when one of its benchmarks is "
		"called slower. A gate\nof unchanged code took %.1f launches per benchmark.\n",
		t->gate->policy.preset, 100 * p->m0, 100 * p->m1, ASSAY_RECORDED_SAMPLES,
		t->scores[0].launches);
}

static json_t *score_json(const struct selftest *t, size_t i)
{
	const struct assay_gate_score *s = &t->scores[i];
	json_t *json =
		json_pack("{s:f, s:i, s:f, s:f, s:f}", "injected", injected[i], "gates",
			  (int)gates_of(t, injected[i]), "red", s->red, "launches_per_benchmark",
			  s->launches, "compare_py_red", s->peer_red);
	if (injected[i] > 0) {
		json_object_set_new(json, "found", json_real(s->caught));
		json_object_set_new(json, "undecided", json_real(s->undecided));
		json_object_set_new(json, "missed", json_real(s->missed));
		json_object_set_new(json, "compare_py_found", json_real(s->peer_caught));
	}
	return json;
}

static enum assay_code print_json(const struct selftest *t, struct assay_err *err)
{
	json_t *scores = json_array();
	for (size_t i = 0; i < EXPERIMENTS; i++)
		json_array_append_new(scores, score_json(t, i));
	json_t *json = json_pack("{s:s, s:s, s:i, s:f, s:s, s:o}", "schema", "assay/1", "preset",
				 t->gate->policy.preset, "benchmarks_per_gate", BENCHMARKS,
				 "recorded_s", (double)t->elapsed_ns / 1e9, "noise",
				 (char[]){t->gate->noise.grade, '\0'}, "experiments", scores);
	if (json && t->gate->cli->verbose)
		json_object_set_new(json, "recording", assay_gate_recording_json(&t->recording));
	return assay_json_document(json, t->gate->cli->json, err);
}

enum assay_code gate_selftest(struct gate *gate, struct assay_err *err)
{
	struct selftest t = {.gate = gate};
	assay_noise_probe(config_duration(gate->cli->config, "probe", 0), &gate->noise);
	enum assay_code rc = record(&t, err);
	if (rc == ASSAY_OK && *gate->interrupted)
		rc = assay_fail(err, ASSAY_EINTR, "interrupted");
	if (rc == ASSAY_OK)
		rc = assay_context(err, replay_all(&t, err), "--max-time is too short");
	if (rc == ASSAY_OK && gate->cli->json)
		rc = print_json(&t, err);
	if (rc == ASSAY_OK && !gate->cli->json_is_stdout)
		print_text(&t, stdout);
	assay_gate_recording_done(&t.recording);
	free(t.room);
	free(t.broken);
	return rc;
}

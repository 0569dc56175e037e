/* SPDX-License-Identifier: MIT */
/* calls: allocations and writes of the real program fail, and its clock steps. */
#include "tests/soak/calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/soak/scenes.h"
#include "tests/soak/tree.h"
#include "tests/store/fixture.h"

void calls_init(struct soak *soak, struct calls *calls, const char *fault, const char *in)
{
	snprintf(calls->preload, sizeof(calls->preload), "LD_PRELOAD=%s/tests/soak/preloaded.so",
		 soak->build);
	snprintf(calls->fault, sizeof(calls->fault), "SOAK_FAULT=%s", fault);
	snprintf(calls->in, sizeof(calls->in), "SOAK_IN=%s", in);
	snprintf(calls->count, sizeof(calls->count), "SOAK_COUNT=%s/count", soak->folder);
	const char *all[] = {calls->preload, calls->fault, calls->in, calls->count, NULL};
	memcpy(calls->environment, all, sizeof(all));
	unlink("count");
}

uint64_t calls_seen(const struct calls *calls, bool *ret_fired)
{
	uint64_t counts[2] = {0};
	size_t size = 0;
	(void)calls;
	unsigned char *bytes = slurp("count", &size);
	if (bytes && size == sizeof(counts))
		memcpy(counts, bytes, sizeof(counts));
	free(bytes);
	*ret_fired = counts[1] != 0;
	return counts[0];
}

bool calls_possible(struct soak *soak)
{
	if (ASSAY_SANITIZED)
		soak_skip(soak, "a sanitizer's build takes no preloaded library");
	return !ASSAY_SANITIZED;
}

/* ---- allocations and writes ---- */

static void show_error(struct soak *soak, int exit_code, const char *what)
{
	char said[300];
	file_last("err", said, sizeof(said));
	soak_fail(soak, "%s: exit status %d, '%s'", what, exit_code, said);
}

/* Ends with a code of the contract and one sentence, and what was acknowledged is there. */
static void judge(struct soak *soak, int exit_code, uint64_t before, const char *what)
{
	static const int may[] = {0, 2, 3, 6, 7};
	bool known = false;
	for (size_t i = 0; i < ASSAY_COUNT_OF(may); i++)
		known |= exit_code == may[i];
	if (!known)
		show_error(soak, exit_code, what);
	/* A case that fails is no error of the program's; anything else says why. */
	else if (exit_code != 0 && exit_code != 3 && file_lines("err", "assay") == 0)
		show_error(soak, exit_code, what);
	uint64_t acknowledged = before + file_lines("err", "[");
	if (access("results.db", F_OK) == 0)
		scene_judge(soak, acknowledged, what);
	else if (acknowledged)
		soak_fail(soak, "%s: acknowledged results, and no store", what);
}

struct verb {
	const char *words[16];
	bool stored; /* there is a run to work on */
};

static void one_call(struct soak *soak, const struct verb *verb, const char *kind, const char *in,
		     uint64_t k, const unsigned char *store, size_t size, int64_t before)
{
	struct calls calls;
	char fault[48], what[120];
	soak_clear_folder();
	if (verb->stored && spit("results.db", store, size) != 0)
		soak_broken("write a store");
	snprintf(fault, sizeof(fault), "%s %" PRIu64, kind, k);
	snprintf(what, sizeof(what), "%s, %s %" PRIu64 " in a %s", verb->words[0], kind, k, in);
	calls_init(soak, &calls, fault, in);
	int exit_code = tree_run(soak, verb->words, calls.environment, what);
	judge(soak, exit_code, verb->stored ? (uint64_t)before : 0, what);
}

/* How often it could strike. */
static uint64_t places(struct soak *soak, const struct verb *verb, const char *kind, const char *in,
		       const unsigned char *store, size_t size)
{
	struct calls calls;
	char fault[48];
	bool fired;
	soak_clear_folder();
	if (verb->stored && spit("results.db", store, size) != 0)
		soak_broken("write a store");
	snprintf(fault, sizeof(fault), "%s %" PRIu64, kind, UINT64_MAX);
	calls_init(soak, &calls, fault, in);
	if (tree_run(soak, verb->words, calls.environment, "only counted") != 0)
		show_error(soak, 1, "only counted");
	return calls_seen(&calls, &fired);
}

static void failed_calls(struct soak *soak)
{
	static const struct verb verbs[] = {
		{{"run", "selftest/empty", "--counters", "none", "-n", "2", "-t", "300us",
		  "--launches", "1"},
		 false},
		{{"report", "-o", "page.html"}, true},
		{{"compare", "@last", "@last"}, true},
		{{"export", "-o", "out.json"}, true},
		{{"db", "check"}, true},
		{{"db", "backup", "copy.db"}, true},
	};
	static const struct {
		const char *kind, *in;
	} kinds[] = {{"memory", "controller"}, {"files", "controller"}, {"memory", "worker"}};
	uint64_t counted[ASSAY_COUNT_OF(verbs)][ASSAY_COUNT_OF(kinds)] = {{0}}, total = 0;
	if (!calls_possible(soak))
		return;
	struct assay_err err = {0};
	if (scenes[0]->play(&(struct scene_state){0}, &err) != ASSAY_OK)
		soak_broken("make a store: %s", err.text);
	int64_t before = scene_count(soak, "before");
	size_t size;
	unsigned char *store = slurp("results.db", &size);
	size_t n_verbs = soak->brief ? 2 : ASSAY_COUNT_OF(verbs);
	for (size_t i = 0; i < n_verbs; i++)
		for (size_t j = 0; j < ASSAY_COUNT_OF(kinds); j++)
			if (i == 0 || j < 2)
				total += counted[i][j] = places(soak, &verbs[i], kinds[j].kind,
								kinds[j].in, store, size);
	while (soak_trial(
		soak)) { /* evenly over verbs and kinds: some allocate far more than others */
		size_t i = soak_below(soak, n_verbs), j = soak_below(soak, ASSAY_COUNT_OF(kinds));
		if (counted[i][j] == 0)
			j = 0;
		one_call(soak, &verbs[i], kinds[j].kind, kinds[j].in,
			 1 + soak_below(soak, counted[i][j]), store, size, before);
	}
	free(store);
	snprintf(soak->note, sizeof(soak->note), "drawn from %" PRIu64 " places", total);
}

/* ---- the clock ---- */

/* A run before, one while the clock steps: whole, in order, and nothing lasts less than no time. */
static void one_step(struct soak *soak, const char *clock)
{
	static const char *const run[] = {
		"run", "selftest/empty", "--counters", "none", "-n", "3", "-t",
		"1ms", "--launches",     "1",          NULL};
	static const struct {
		const char *words[8];
	} after[] = {{{"compare", "@last~1", "@last"}},
		     {{"report", "@last", "--text"}},
		     {{"export", "--all", "-o", "all.json"}},
		     {{"history", "selftest/empty"}},
		     {{"db", "check"}}};
	struct calls calls;
	char fault[48], what[64];
	snprintf(fault, sizeof(fault), "clock %s %" PRIu64, clock, 1 + soak_below(soak, 6));
	snprintf(what, sizeof(what), "%s", fault);
	soak_clear_folder();
	calls_init(soak, &calls, "clock none 1", "controller");
	if (tree_run(soak, run, NULL, what) != 0)
		show_error(soak, 1, "a run before");
	calls_init(soak, &calls, fault, "controller");
	int exit_code = tree_run(soak, run, calls.environment, what);
	if (exit_code != 0)
		show_error(soak, exit_code, what);
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	if (assay_store_open("results.db", ASSAY_STORE_READ, &store, &err) != ASSAY_OK ||
	    assay_store_runs(store, "@last", &runs, &err) != ASSAY_OK) {
		soak_fail(soak, "%s: %s", what, err.text);
		return;
	}
	if (runs.n != 1 || runs.runs[0].id != 2)
		soak_fail(soak, "%s: the last run is not the last one", what);
	else if (runs.runs[0].finished_ns < runs.runs[0].started_ns)
		soak_fail(soak, "%s: it ended before it began", what);
	assay_run_list_done(&runs);
	assay_store_close(store);
	for (size_t i = 0; i < ASSAY_COUNT_OF(after); i++) {
		exit_code = tree_run(soak, after[i].words, calls.environment, what);
		if (exit_code != 0)
			show_error(soak, exit_code, what);
	}
}

static void step_clock(struct soak *soak)
{
	static const char *const clocks[] = {"back", "year-back", "year-ahead", "leap",
					     "saw",  "frozen",    "epoch",      "far"};
	if (!calls_possible(soak))
		return;
	size_t at = soak_below(soak, ASSAY_COUNT_OF(clocks));
	while (soak_trial(soak))
		one_step(soak, clocks[at++ % ASSAY_COUNT_OF(clocks)]);
}

const struct campaign soak_failed_calls = {
	.name = "failed-calls",
	.brief =
		"one allocation or one write of the whole program fails: `run`, `report`, `compare`, `export`, `db`",
	.trials = 3000,
	.few = 6,
	.run = failed_calls,
};
const struct campaign soak_clock = {
	.name = "clock",
	.brief =
		"the wall clock steps in the middle of a run: back, ahead, to 1970, to 2250, to and fro, not at all",
	.trials = 200,
	.few = 1,
	.run = step_clock,
};

/* SPDX-License-Identifier: MIT */
/* scenes: a run into a new store, on a network file system too; several sessions; a merge; dropping old runs. */
#include "tests/soak/scenes.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/store/merge.h"
#include "tests/store/fixture.h"

#define STORE  "results.db"
#define OTHER  "other.db"
#define DAY_NS UINT64_C(86400000000000)

enum { RESULTS = 12, SESSIONS = 3, OLD_RESULTS = 6, MERGED = 4 };

static void acknowledge(struct scene_state *state, uint64_t results)
{
	state->acknowledged = results;
	if (state->shim && state->shim->recording)
		shim_acknowledge(state->shim, results);
}

/* A run of `n` results, each acknowledged when `state` is given, from `base` on. */
static enum assay_code add_run(struct assay_store *store, const struct assay_run_info *info,
			       unsigned n, struct scene_state *state, uint64_t base,
			       struct assay_err *err)
{
	int64_t run;
	enum assay_code rc = assay_store_begin_run(store, info, &run, err);
	for (unsigned i = 0; i < n && rc == ASSAY_OK; i++) {
		struct sample s;
		sample_result(&s, i);
		rc = assay_store_add_result(store, run, &s.result, err);
		if (rc == ASSAY_OK)
			rc = assay_store_sync(store, err);
		if (rc == ASSAY_OK && state)
			acknowledge(state, base + i + 1);
	}
	return rc == ASSAY_OK ? assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err) : rc;
}

static enum assay_code session(const char *path, const struct assay_run_info *info, unsigned n,
			       struct scene_state *state, uint64_t base, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code rc = assay_store_open(path, ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = add_run(store, info, n, state, base, err);
	assay_store_close(store);
	return rc;
}

static enum assay_code play_run(struct scene_state *state, struct assay_err *err)
{
	const struct assay_run_info info = sample_run(0);
	return session(STORE, &info, RESULTS, state, 0, err);
}

static enum assay_code play_sessions(struct scene_state *state, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (unsigned i = 0; i < SESSIONS && rc == ASSAY_OK; i++) {
		const struct assay_run_info info = sample_run(i);
		rc = session(STORE, &info, RESULTS / 2, state, i * RESULTS / 2, err);
	}
	return rc;
}

/* Without faults: whatever fails here is no trial. */
static void make(const char *path, unsigned which, unsigned n, unsigned days_old)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(which);
	info.started_ns = assay_wall_ns() - days_old * DAY_NS;
	info.n_tags = 0;
	if (session(path, &info, n, NULL, 0, &err) != ASSAY_OK)
		soak_broken("make '%s': %s", path, err.text);
}

static uint64_t prepare_merge(void)
{
	make(STORE, 0, OLD_RESULTS, 0);
	make(OTHER, 1, MERGED, 0);
	make(OTHER, 2, MERGED, 0);
	return OLD_RESULTS;
}

static enum assay_code play_merge(struct scene_state *state, struct assay_err *err)
{
	static const char *const paths[] = {OTHER, OTHER}; /* the second one has nothing new */
	struct assay_store *store;
	struct assay_merged merged;
	enum assay_code rc = assay_store_open(STORE, ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_merge_begin(store, paths, 2, err);
	for (int i = 0; i < 2 && rc == ASSAY_OK; i++)
		rc = assay_store_merge(store, paths[i], &merged, err);
	if (rc == ASSAY_OK)
		rc = assay_store_merge_end(store, err);
	if (rc == ASSAY_OK)
		acknowledge(state, OLD_RESULTS + 2 * MERGED);
	assay_store_close(store);
	return rc;
}

static uint64_t prepare_drop(void)
{
	make(STORE, 0, RESULTS, 400);
	make(STORE, 1, RESULTS, 0);
	return RESULTS; /* the old ones may go at any moment */
}

static enum assay_code play_drop(struct scene_state *state, struct assay_err *err)
{
	const struct assay_retention policy = {.keep_runs_ns = 90 * DAY_NS};
	struct assay_store *store;
	struct assay_swept swept;
	enum assay_code rc = assay_store_open(STORE, ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_gc(store, &policy, &swept, err);
	assay_store_close(store);
	struct assay_run_info info = sample_run(2);
	info.started_ns = assay_wall_ns();
	return rc == ASSAY_OK ? session(STORE, &info, OLD_RESULTS, state, RESULTS, err) : rc;
}

static uint64_t prepare_resume(void)
{
	make(STORE, 0, OLD_RESULTS, 0);
	return OLD_RESULTS;
}

static enum assay_code play_resume(struct scene_state *state, struct assay_err *err)
{
	const struct assay_run_info info = sample_run(1);
	return session(STORE, &info, RESULTS, state, OLD_RESULTS, err);
}

static const struct scene run = {"run", NULL, play_run, false};
static const struct scene remote = {"run on NFS", NULL, play_run, true};
static const struct scene sessions = {"sessions", NULL, play_sessions, false};
static const struct scene more = {"more into NFS", prepare_resume, play_resume, true};
static const struct scene merge = {"merge", prepare_merge, play_merge, false};
static const struct scene drop = {"drop", prepare_drop, play_drop, false};

const struct scene *const scenes[] = {&run, &remote, &sessions, &more, &merge, &drop};
const size_t n_scenes = ASSAY_COUNT_OF(scenes);

int64_t scene_count(struct soak *soak, const char *what)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	int64_t results = 0;
	enum assay_code rc = assay_store_open(STORE, ASSAY_STORE_WRITE, &store, &err);
	if (rc != ASSAY_OK) {
		soak_fail(soak, "%s: the store does not open: %s", what, err.text);
		return -1;
	}
	rc = assay_store_runs(store, "", &runs, &err);
	if (rc == ASSAY_OK) {
		for (size_t i = 0; i < runs.n; i++)
			results += (int64_t)runs.runs[i].n_results;
		assay_run_list_done(&runs);
	}
	assay_store_close(store);
	if (rc == ASSAY_OK)
		return results;
	if (rc == ASSAY_EUSAGE) /* there is no run yet */
		return 0;
	soak_fail(soak, "%s: the runs cannot be read: %s", what, err.text);
	return -1;
}

void scene_judge(struct soak *soak, uint64_t acknowledged, const char *what)
{
	struct assay_store_report report;
	int64_t found = scene_count(soak, what);
	if (found < 0)
		return;
	if ((uint64_t)found < acknowledged)
		soak_fail(soak, "%s: %" PRIu64 " results were acknowledged, %" PRId64 " are there",
			  what, acknowledged, found);
	soak_check_store(soak, STORE, &report);
}

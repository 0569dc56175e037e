/* SPDX-License-Identifier: MIT */
/* kill: SIGKILL at random moments, of the controller, of its workers, of who merges. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/store/merge.h"
#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/tree.h"
#include "tests/store/fixture.h"

#define STORE "results.db"

/* Sound, and no fewer results than `acknowledged`; a store that was never made has none to lose. */
static void judge_store(struct soak *soak, uint64_t acknowledged, const char *what)
{
	if (access(STORE, F_OK) != 0) {
		if (acknowledged)
			soak_fail(soak, "%s: %" PRIu64 " results acknowledged, and no store", what,
				  acknowledged);
		return;
	}
	scene_judge(soak, acknowledged, what);
}

/* How long a whole one takes here, the longest of some; *ret_results is what it stores. */
static uint64_t duration_ns(struct soak *soak, const char *const *words, int64_t *ret_results)
{
	uint64_t most = 0;
	for (int i = 0; i < (soak->brief ? 1 : 3); i++) {
		struct tree tree;
		char said[200];
		soak_clear_folder();
		tree_start(soak, &tree, words, NULL);
		tree_outlive(soak, &tree, "without a fault");
		file_last("err", said, sizeof(said));
		if (tree_exit(&tree) != 0)
			soak_fail(soak, "without a fault it ends with %d: %s", tree_exit(&tree),
				  said);
		if (tree.ended_ns - tree.began_ns > most)
			most = tree.ended_ns - tree.began_ns;
	}
	*ret_results = scene_count(soak, "without a fault");
	return most;
}

/* Harm one that was started with `words`: after a random part of `usual_ns`. Returns with all of it gone. */
static void kill_somewhen(struct soak *soak, const char *const *words, uint64_t usual_ns,
			  const char *what)
{
	struct tree tree;
	tree_start(soak, &tree, words, NULL);
	if (!tree_watch(&tree, tree.began_ns + soak_below(soak, usual_ns)))
		kill(tree.pid, SIGKILL);
	tree_outlive(soak, &tree, what);
}

/* ---- the controller ---- */

enum { RESUME_EVERY = 4 };

/* What is left to do is done, and then all is there. */
static void resume(struct soak *soak, int64_t whole, const char *what)
{
	const char *const words[] = {"run", "--resume", "@last", NULL};
	char said[200];
	int exit_code = tree_run(soak, words, NULL, what);
	file_last("err", said, sizeof(said));
	if (exit_code != 0 && !(exit_code == 2 && strstr(said, "is complete"))) {
		soak_fail(soak, "%s: resuming ends with %d: %s", what, exit_code, said);
		return;
	}
	int64_t found = scene_count(soak, what);
	if (found >= 0 && found != whole)
		soak_fail(soak, "%s: %" PRId64 " of %" PRId64 " results after resuming", what,
			  found, whole);
}

static void kill_one_controller(struct soak *soak, const char *const *words, uint64_t usual_ns,
				int64_t whole)
{
	char what[80];
	soak_clear_folder();
	snprintf(what, sizeof(what), "controller killed, %s", words[1]);
	kill_somewhen(soak, words, usual_ns, what);
	judge_store(soak, file_lines("err", "["), what);
	struct assay_store *store;
	struct assay_run_list runs = {0};
	bool begun = access(STORE, F_OK) == 0 &&
		     assay_store_open(STORE, ASSAY_STORE_READ, &store, NULL) == ASSAY_OK;
	if (begun) {
		begun = assay_store_runs(store, "@last", &runs, NULL) == ASSAY_OK;
		assay_store_close(store);
		assay_run_list_done(&runs);
	}
	if (begun && soak->done % RESUME_EVERY == 0)
		resume(soak, whole, what);
}

static void kill_controller(struct soak *soak)
{
	ASSAY_AUTO_FREE char *plugin = soak_built(soak, "tests/cli/stated.so");
	const char *const cases[] = {"run",    "--load",     plugin, "-n",         "3", "-t", "1ms",
				     "stated", "--counters", "none", "--launches", "2", NULL};
	/* What it leaves is not in the session of the worker. */
	const char *const command[] = {"run",
				       "-n",
				       "3",
				       "-t",
				       "1ms",
				       "--launches",
				       "2",
				       "--",
				       "/bin/sh",
				       "-c",
				       "setsid sleep 60 & sleep 0.02",
				       NULL};
	const char *const *const all[] = {cases, command};
	uint64_t usual_ns[2];
	int64_t whole[2];
	for (size_t i = 0; i < 2; i++)
		usual_ns[i] = duration_ns(soak, all[i], &whole[i]);
	while (soak_trial(soak)) {
		size_t which = soak->done % 2;
		kill_one_controller(soak, all[which], usual_ns[which], whole[which]);
	}
}

/* ---- workers ---- */

static const char *const some_cases[] = {"run",
					 "selftest/empty",
					 "selftest/spin",
					 "selftest/walk",
					 "selftest/touch",
					 "--counters",
					 "none",
					 "-n",
					 "3",
					 "-t",
					 "1ms",
					 "--launches",
					 "3",
					 NULL};

/* Or is it the one that starts the guard? */
static bool is_worker(pid_t pid)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	if (file)
		fclose(file);
	return memmem(text, n, "assay\0worker", 12) != NULL;
}

/* Kill a child of the controller now and then, each one once; how many were killed. */
static uint64_t kill_children(struct soak *soak, struct tree *tree)
{
	uint64_t killed = 0;
	pid_t last = 0;
	while (!tree_watch(tree, assay_now_ns() + 1000000 + soak_below(soak, 20000000))) {
		pid_t child;
		if (tree_children(tree->pid, &child, 1) == 0 || child == last ||
		    !is_worker(child) || soak_below(soak, 2) || !soak_trial(soak))
			continue;
		last = child;
		killed += kill(child, SIGKILL) == 0;
	}
	return killed;
}

static void kill_worker(struct soak *soak)
{
	uint64_t crashed_in_all = 0, runs = 0;
	int64_t whole;
	duration_ns(soak, some_cases, &whole);
	while (soak->done < soak->asked && assay_now_ns() < soak->deadline_ns) {
		struct tree tree;
		soak_clear_folder();
		tree_start(soak, &tree, some_cases, NULL);
		uint64_t killed = kill_children(soak, &tree);
		tree_outlive(soak, &tree, "workers killed");
		size_t crashed = file_count("err", "  crashed: killed by signal 9");
		size_t lines = file_lines("err", "[");
		if (crashed > killed)
			soak_fail(soak, "%zu cases crashed, %" PRIu64 " were killed", crashed,
				  killed);
		if (tree_exit(&tree) != (crashed ? 3 : 0))
			soak_fail(soak, "%zu crashed and exit status %d", crashed,
				  tree_exit(&tree));
		if ((int64_t)lines != whole)
			soak_fail(soak, "%zu cases reported of %" PRId64, lines, whole);
		judge_store(soak, lines, "workers killed");
		crashed_in_all += crashed;
		runs++;
	}
	snprintf(soak->note, sizeof(soak->note), "%" PRIu64 " cases crashed in %" PRIu64 " runs",
		 crashed_in_all, runs);
}

/* ---- who merges ---- */

/* Enough that the next ones are looked at by a thread. */
enum { SOURCES = 6, RUNS_EACH = 2 };

static void fill_store(const char *path, unsigned first, unsigned runs)
{
	struct assay_err err = {0};
	struct assay_store *store;
	enum assay_code rc = assay_store_open(path, ASSAY_STORE_WRITE, &store, &err);
	for (unsigned i = first; i < first + runs && rc == ASSAY_OK; i++) {
		const struct assay_run_info info = sample_run(i);
		int64_t run;
		rc = assay_store_begin_run(store, &info, &run, &err);
		for (unsigned j = 0; j < 20 && rc == ASSAY_OK; j++) {
			struct sample s;
			sample_result(&s, j);
			rc = assay_store_add_result(store, run, &s.result, &err);
		}
		if (rc == ASSAY_OK)
			rc = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err);
	}
	if (rc != ASSAY_OK)
		soak_broken("make '%s': %s", path, err.text);
	assay_store_close(store);
}

static void digest(struct soak *soak, uint8_t ret[32], const char *what)
{
	struct assay_err err = {0};
	struct assay_store *store;
	enum assay_code rc = assay_store_open(STORE, ASSAY_STORE_READ, &store, &err);
	if (rc == ASSAY_OK) {
		rc = assay_store_digest(store, ret, &err);
		assay_store_close(store);
	}
	if (rc != ASSAY_OK)
		soak_fail(soak, "%s: no digest: %s", what, err.text);
}

static void put_back(const unsigned char *bytes, size_t size)
{
	unlink(STORE "-wal");
	unlink(STORE "-shm");
	if (spit(STORE, bytes, size) != 0)
		soak_broken("write '%s'", STORE);
}

static void kill_merger(struct soak *soak)
{
	static const char what[] = "merger killed";
	const char *const words[] = {"merge", "0.db", "1.db", "2.db", "3.db", "4.db", "5.db", NULL};
	uint8_t whole[32], found[32] = {0};
	size_t size;
	for (unsigned i = 0; i < SOURCES; i++)
		fill_store(words[1 + i], 1 + RUNS_EACH * i, RUNS_EACH);
	fill_store(STORE, 0, 1);
	unsigned char *before = slurp(STORE, &size);
	if (!before)
		soak_broken("read '%s'", STORE);
	struct tree tree;
	tree_start(soak, &tree, words, NULL);
	tree_outlive(soak, &tree, "without a fault");
	uint64_t usual_ns = tree.ended_ns - tree.began_ns;
	digest(soak, whole, "merged");
	while (soak_trial(soak)) {
		put_back(before, size);
		kill_somewhen(soak, words, usual_ns, what);
		bool said = file_count("out", "new runs,") > 0;
		judge_store(soak, said ? 20 + 20 * SOURCES * RUNS_EACH : 20, what);
		if (tree_run(soak, words, NULL, what) != 0)
			soak_fail(soak, "%s: merging again fails", what);
		digest(soak, found, what);
		if (memcmp(found, whole, sizeof(whole)) != 0)
			soak_fail(soak, "%s: merging again comes to something else", what);
	}
	free(before);
}

const struct campaign soak_kill_controller = {
	.name = "kill-controller",
	.brief = "`assay run` killed at random moments; every fourth is resumed",
	.trials = 1000,
	.few = 2,
	.run = kill_controller,
};
const struct campaign soak_kill_worker = {
	.name = "kill-worker",
	.brief = "workers killed at random moments while others go on",
	.trials = 1000,
	.few = 2,
	.run = kill_worker,
};
const struct campaign soak_kill_merger = {
	.name = "kill-merger",
	.brief = "`assay merge` killed at random moments, then done again",
	.trials = 1000,
	.few = 4,
	.run = kill_merger,
};

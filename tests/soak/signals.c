/* SPDX-License-Identifier: MIT */
/* signals: each signal in each phase of each verb; and the whole tree stopped and let go on, as a machine that sleeps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/tree.h"

/* Signals that ask to end, and those that nobody may end for. */
static const struct {
	int number;
	bool harmless;
} numbers[] = {
	{SIGINT, false},  {SIGTERM, false}, {SIGHUP, false},  {SIGQUIT, false}, {SIGUSR1, false},
	{SIGUSR2, false}, {SIGALRM, false}, {SIGABRT, false}, {SIGPIPE, true},  {SIGXFSZ, true},
	{SIGCHLD, true},  {SIGWINCH, true}, {SIGCONT, true},  {SIGURG, true},
};

static const struct {
	const char *words[14];
} verbs[] = {
	{{"run", "selftest/empty", "selftest/walk", "-n", "3", "-t", "1ms", "--launches", "2",
	  "--counters", "none"}},
	{{"run", "-n", "3", "--", "/bin/sh", "-c", "setsid sleep 60 & sleep 0.05"}},
	{{"report", "-o", "page.html"}},
	{{"export", "--all", "-o", "all.json"}},
	{{"merge", "other.db"}},
	{{"db", "backup", "copy.db"}},
};

/* Has main() seen to the signals that it survives? Before that even they end a program. */
static bool settled(pid_t pid)
{
	char path[64], line[256];
	unsigned long long caught = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "SigCgt:", 7) == 0)
			caught = strtoull(line + 7, NULL, 16);
	if (file)
		fclose(file);
	return caught >> (SIGXFSZ - 1) & caught >> (SIGPIPE - 1) & 1;
}

static void one_signal(struct soak *soak, size_t verb, size_t number, uint64_t usual_ns,
		       uint64_t before)
{
	char what[80];
	struct tree tree;
	int n = numbers[number].number;
	bool harmless = numbers[number].harmless, sent = false;
	snprintf(what, sizeof(what), "%s, %s", verbs[verb].words[0], strsignal(n));
	tree_start(soak, &tree, verbs[verb].words, NULL);
	if (!tree_watch(&tree, tree.began_ns + soak_below(soak, usual_ns)))
		sent = (!harmless || settled(tree.pid)) && kill(tree.pid, n) == 0;
	tree_outlive(soak, &tree, what);
	int exit_code = tree_exit(&tree);
	if (exit_code != 0 && !(sent && !harmless && exit_code == 128 + n))
		soak_fail(soak, "%s: exit status %d", what, exit_code);
	scene_judge(soak, before + file_lines("err", "["), what);
}

/* What the verbs work on; returns how many results it has. */
static uint64_t prepare(struct soak *soak)
{
	const struct scene *merge = scenes[4];
	soak_clear_folder();
	return merge->prepare();
}

static void signals(struct soak *soak)
{
	uint64_t usual_ns[ASSAY_COUNT_OF(verbs)];
	size_t n_verbs = ASSAY_COUNT_OF(verbs), first = soak_below(soak, n_verbs);
	for (size_t i = 0; i < n_verbs; i++) {
		struct tree tree;
		usual_ns[i] = 300000000;
		if (soak->brief)
			continue;
		prepare(soak);
		tree_start(soak, &tree, verbs[i].words, NULL);
		tree_outlive(soak, &tree, "without a fault");
		usual_ns[i] = tree.ended_ns - tree.began_ns;
		if (tree_exit(&tree) != 0)
			soak_fail(soak, "%s ends with %d without a fault", verbs[i].words[0],
				  tree_exit(&tree));
	}
	while (soak_trial(soak)) {
		size_t verb = (first + soak->done) % n_verbs;
		uint64_t before = prepare(soak);
		one_signal(soak, verb, soak_below(soak, ASSAY_COUNT_OF(numbers)), usual_ns[verb],
			   before);
	}
}

/* ---- a machine that sleeps ---- */

enum { FAR = 10, MOST_PAUSES = 3 };

/* A sample that is far worse than the others must be marked: it is not what the code takes. */
static void judge_samples(struct soak *soak, uint64_t *ret_marked)
{
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_result_list list;
	if (assay_store_open("results.db", ASSAY_STORE_READ, &store, &err) != ASSAY_OK ||
	    assay_store_results(store, 1, NULL, ASSAY_LOAD_SAMPLES, &list, &err) != ASSAY_OK) {
		soak_fail(soak, "suspended: %s", err.text);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		const struct assay_result *r = &list.results[i];
		for (size_t j = 0; r->primary && j < r->samples.n; j++) {
			double ratio = r->samples.values[j] / r->estimate.median;
			if (r->metric.better == ASSAY_HIGHER)
				ratio = 1 / ratio;
			*ret_marked += r->samples.flags[j] != 0;
			if (ratio > FAR && !r->samples.flags[j])
				soak_fail(soak, "%s: a sample %.3g times as bad is not marked",
					  r->name, ratio);
		}
	}
	assay_result_list_done(&list);
	assay_store_close(store);
}

static void suspend(struct soak *soak)
{
	static const char *const words[] = {"run",
					    "selftest/spin",
					    "selftest/spin_window",
					    "selftest/walk",
					    "-n",
					    "20",
					    "-t",
					    "40ms",
					    "--launches",
					    "2",
					    "--counters",
					    "none",
					    NULL};
	uint64_t marked = 0;
	while (soak_trial(soak)) {
		struct tree tree;
		soak_clear_folder();
		tree_start(soak, &tree, words, NULL);
		uint64_t at_ns = tree.began_ns + 300000000; /* then the first worker is about */
		for (int i = 0; i < MOST_PAUSES; i++) {
			at_ns += soak_below(soak, 400000000);
			if (tree_watch(&tree, at_ns))
				break;
			tree_signal(tree.pid, SIGSTOP);
			usleep((useconds_t)(50000 + soak_below(soak, 200000)));
			tree_go_on();
		}
		tree_outlive(soak, &tree, "suspended");
		if (tree_exit(&tree) != 0)
			soak_fail(soak, "suspended: exit status %d", tree_exit(&tree));
		scene_judge(soak, file_lines("err", "["), "suspended");
		judge_samples(soak, &marked);
	}
	snprintf(soak->note, sizeof(soak->note), "%" PRIu64 " samples marked", marked);
}

const struct campaign soak_signals = {
	.name = "signals",
	.brief = "14 signals at random moments of `run`, `report`, `export`, `merge` and `db`",
	.trials = 1000,
	.few = 4,
	.run = signals,
};
const struct campaign soak_suspend = {
	.name = "suspend",
	.brief = "everything stopped for a while in the middle of a run, and let go on",
	.trials = 100,
	.few = 1,
	.run = suspend,
};

/* SPDX-License-Identifier: MIT */
/*
 * promise: a gate under faults. One candidate is slower by a tenth: whatever happens, the gate must not end with 0. The
 * other is the same code: 0 may only come when every series was measured and compared.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/soak/calls.h"
#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/tree.h"
#include "tests/store/fixture.h"

enum harm {
	HARM_MEMORY,
	HARM_WORKER_MEMORY,
	HARM_FILES,
	HARM_CLOCK,
	HARM_KILL_WORKERS,
	HARM_SIGNAL,
	HARM_SUSPEND,
	HARM_FILE_SIZE,
	HARM_DAMAGE,
	HARM_MISSING,
	HARM_WRITER,
	HARMS
};
static const char *const harm_names[] = {"memory",       "a worker's memory", "files",
					 "clock",        "workers killed",    "a signal",
					 "suspended",    "file size",         "a damaged store",
					 "results gone", "another writer"};

enum gate {
	GATE_SLOWER,
	GATE_SAME,
	GATE_STORED,
	GATE_BUDGET,
	GATE_VANISHED,
	GATE_CRASHING,
	GATE_WRONG,
	GATES
};
static const char *const gate_names[] = {
	"slower build",         "same build",          "stored runs",       "budget",
	"a benchmark vanished", "a benchmark crashes", "an answer is wrong"};

struct material {
	char *base, *same, *slower, *other;
	unsigned char *store; /* two runs, the later one slower */
	size_t size;
	uint64_t usual_ns[GATES];
	uint64_t places[GATES][HARMS]; /* of those that strike at a call */
	size_t codes[256];
};

struct words {
	const char *list[24];
};

static struct words words_of(const struct material *m, enum gate gate)
{
	switch (gate) {
	case GATE_SLOWER:
		return (struct words){{"gate", "-n", "3", "-t", "300us", "--base", m->base,
				       "--cand", m->slower, "judged/steady", "judged/changing"}};
	case GATE_SAME:
		return (struct words){{"gate", "-n", "3", "-t", "300us", "--base", m->base,
				       "--cand", m->same, "judged/steady", "judged/changing"}};
	case GATE_STORED:
		return (struct words){{"gate", "--base", "@last~1", "--cand", "@last", "--ignore",
				       "0%", "--catch", "9%"}};
	case GATE_VANISHED:
		return (struct words){{"gate", "-n", "3", "-t", "300us", "--base", m->base,
				       "--cand", m->other, "judged/steady", "judged/veteran"}};
	case GATE_CRASHING:
		return (struct words){{"gate", "-n", "3", "-t", "300us", "--base", m->base,
				       "--cand", m->other, "judged/steady", "judged/fragile"}};
	case GATE_WRONG:
		return (struct words){{"gate", "-n", "3", "-t", "300us", "--base", m->base,
				       "--cand", m->other, "judged/steady", "judged/honest"}};
	default:
		return (struct words){{"gate", "--budget", "budget.yaml", "--load", m->slower, "-n",
				       "3", "-t", "300us", "--launches", "7"}};
	}
}

static void set_up(const struct material *m)
{
	static const char budget[] =
		"budgets:\n"
		"  changing: judged/changing/threads:1 <= 105 ns\n"
		"  steady: judged/steady/threads:1 <= 105 ns\n";
	soak_clear_folder();
	if (spit("budget.yaml", budget, sizeof(budget) - 1) != 0 ||
	    (m->store && spit("results.db", m->store, m->size) != 0))
		soak_broken("write what the gate is about");
}

/* ---- harm that is done to the store beforehand, or beside ---- */

/* Cut short, or overwritten in some places. */
static void damage(struct soak *soak, const struct material *m)
{
	size_t size = m->size;
	unsigned char *bytes = malloc(size);
	if (!bytes)
		soak_broken("out of memory");
	memcpy(bytes, m->store, size);
	if (soak_below(soak, 4) == 0)
		size = (size_t)soak_below(soak, size);
	for (uint64_t places = 1 + soak_below(soak, 3); places && size > 64; places--)
		memset(bytes + soak_below(soak, size - 64), (int)soak_below(soak, 256), 64);
	if (spit("results.db", bytes, size) != 0)
		soak_broken("write a damaged store");
	free(bytes);
}

/* Of the candidate's run a result or its samples are gone, as if they had never been stored. */
static void take_out(struct soak *soak)
{
	static const char *const sql[] = {
		"DELETE FROM result WHERE run = (SELECT max(id) FROM run) AND series IN"
		" (SELECT id FROM series WHERE name LIKE 'judged/changing%')",
		"DELETE FROM result WHERE run = (SELECT max(id) FROM run)",
		"DELETE FROM sample_set WHERE result IN"
		" (SELECT id FROM result WHERE run = (SELECT max(id) FROM run))",
		"UPDATE run SET status = 'interrupted' WHERE id = (SELECT max(id) FROM run);"
		"DELETE FROM result WHERE run = (SELECT max(id) FROM run) AND series IN"
		" (SELECT id FROM series WHERE name LIKE 'judged/changing%')",
	};
	sqlite3 *db;
	if (sqlite3_open("results.db", &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql[soak_below(soak, ASSAY_COUNT_OF(sql))], NULL, NULL, NULL) !=
		    SQLITE_OK)
		soak_broken("take results out of the store");
	sqlite3_close(db);
}

/* A process that writes runs into the same store until it is killed. */
static pid_t start_writer(void)
{
	pid_t pid = fork();
	if (pid < 0)
		soak_broken("fork");
	while (pid == 0) {
		struct assay_err err = {0};
		scenes[0]->play(&(struct scene_state){0}, &err);
	}
	return pid;
}

/* ---- one trial ---- */

/* Kill a worker now and then; the gate goes on. */
static void kill_workers(struct soak *soak, struct tree *tree)
{
	pid_t last = 0, child;
	unsigned left = 1 + (unsigned)soak_below(soak, 4);
	while (left && !tree_watch(tree, assay_now_ns() + soak_below(soak, 60000000)))
		if (tree_children(tree->pid, &child, 1) && child != last) {
			left--;
			last = child;
			kill(child, SIGKILL);
		}
}

static void disturb(struct soak *soak, struct tree *tree, enum harm harm, uint64_t usual_ns)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGKILL, SIGPIPE};
	if (harm == HARM_KILL_WORKERS) {
		kill_workers(soak, tree);
		return;
	}
	if (tree_watch(tree, tree->began_ns + soak_below(soak, usual_ns)))
		return;
	if (harm == HARM_SIGNAL) {
		kill(tree->pid, numbers[soak_below(soak, ASSAY_COUNT_OF(numbers))]);
		return;
	}
	tree_signal(tree->pid, SIGSTOP);
	usleep((useconds_t)(20000 + soak_below(soak, 200000)));
	tree_go_on();
}

static bool at_a_call(enum harm harm)
{
	return harm <= HARM_CLOCK;
}

static void calls_for(struct soak *soak, struct calls *calls, enum harm harm, uint64_t k)
{
	static const char *const kinds[] = {"memory", "memory", "files", "clock year-back"};
	char fault[64];
	snprintf(fault, sizeof(fault), "%s %" PRIu64, kinds[harm], k);
	calls_init(soak, calls, fault, harm == HARM_WORKER_MEMORY ? "worker" : "controller");
}

/* The exit status of the gate under the harm. */
static int play(struct soak *soak, struct material *m, enum gate gate, enum harm harm,
		const char *what)
{
	struct calls calls;
	struct tree tree;
	struct words words = words_of(m, gate);
	struct rlimit before, small = {0};
	bool by_call = at_a_call(harm);
	pid_t writer = harm == HARM_WRITER ? start_writer() : 0;
	if (harm == HARM_DAMAGE)
		damage(soak, m);
	if (harm == HARM_MISSING)
		take_out(soak);
	if (by_call)
		calls_for(soak, &calls, harm, 1 + soak_below(soak, m->places[gate][harm] + 1));
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 4096 + soak_below(soak, 400000);
	if (harm == HARM_FILE_SIZE)
		setrlimit(RLIMIT_FSIZE, &small);
	tree_start(soak, &tree, words.list, by_call ? calls.environment : NULL);
	setrlimit(RLIMIT_FSIZE, &before);
	if (!by_call && harm < HARM_FILE_SIZE)
		disturb(soak, &tree, harm, m->usual_ns[gate]);
	if (writer) { /* the tree waits for all that is a child of this process */
		tree_watch(&tree, UINT64_MAX);
		kill(writer, SIGKILL);
	}
	tree_outlive(soak, &tree, what);
	return tree_exit(&tree);
}

/* References such as @last change when others write; and what is measured now has no results to lose. */
static bool applies(enum harm harm, enum gate gate)
{
	if (harm == HARM_WRITER)
		return gate != GATE_STORED;
	return harm != HARM_MISSING || gate == GATE_STORED;
}

/* Did it pass, and may it have? */
static void judge(struct soak *soak, enum gate gate, int exit_code, const char *what)
{
	if (exit_code != 0)
		return;
	if (gate != GATE_SAME)
		soak_fail(soak, "%s: a false pass", what);
	else if (file_count("out", "PASS: none of 2 compared") != 1 ||
		 file_count("out", "In all: 2 ok") != 1)
		soak_fail(soak, "%s: it passes without having compared all", what);
}

static void one_gate(struct soak *soak, struct material *m)
{
	char what[100];
	enum gate gate = (enum gate)soak_below(soak, GATES);
	enum harm harm = (enum harm)soak_below(soak, HARMS);
	if ((ASSAY_SANITIZED && at_a_call(harm)) || !applies(harm, gate))
		harm = HARM_SIGNAL;
	snprintf(what, sizeof(what), "%s, %s", gate_names[gate], harm_names[harm]);
	set_up(m);
	int exit_code = play(soak, m, gate, harm, what);
	m->codes[exit_code & 255]++;
	judge(soak, gate, exit_code, what);
}

/* ---- what it is without faults ---- */

static void expect(struct soak *soak, struct material *m, enum gate gate, int expected)
{
	struct words words = words_of(m, gate);
	struct tree tree;
	char said[200];
	set_up(m);
	tree_start(soak, &tree, words.list, NULL);
	tree_outlive(soak, &tree, gate_names[gate]);
	m->usual_ns[gate] = tree.ended_ns - tree.began_ns;
	file_last("err", said, sizeof(said));
	if (tree_exit(&tree) != expected)
		soak_fail(soak, "%s: without a fault it ends with %d, not %d: %s", gate_names[gate],
			  tree_exit(&tree), expected, said);
	judge(soak, gate, tree_exit(&tree), gate_names[gate]);
}

static void count(struct soak *soak, struct material *m, enum gate gate, enum harm harm)
{
	struct calls calls;
	struct words words = words_of(m, gate);
	bool fired;
	set_up(m);
	calls_for(soak, &calls, harm, UINT64_MAX);
	tree_run(soak, words.list, calls.environment, "only counted");
	m->places[gate][harm] = calls_seen(&calls, &fired);
}

static void make_store(struct soak *soak, struct material *m)
{
	const char *const sides[] = {m->base, m->slower};
	for (size_t i = 0; i < 2; i++) {
		const char *const words[] = {
			"run",  "--load",        sides[i],          "-n", "5",
			"-t",   "300us",         "--launches",      "5",  "--counters",
			"none", "judged/steady", "judged/changing", NULL};
		if (tree_run(soak, words, NULL, "a run for the store") != 0)
			soak_broken("no run for the store");
	}
	m->store = slurp("results.db", &m->size);
	if (!m->store)
		soak_broken("read the store");
}

static void tell(struct soak *soak, const struct material *m)
{
	size_t used = (size_t)snprintf(soak->note, sizeof(soak->note), "exit codes");
	for (size_t i = 0; i < ASSAY_COUNT_OF(m->codes) && used < sizeof(soak->note) - 24; i++)
		if (m->codes[i])
			used += (size_t)snprintf(soak->note + used, sizeof(soak->note) - used,
						 " %zu: %zu,", i, m->codes[i]);
	soak->note[used - 1] = '\0';
}

static void gate(struct soak *soak)
{
	struct material m = {
		.base = soak_built(soak, "tests/cli/judged_base.so"),
		.same = soak_built(soak, "tests/cli/judged_same.so"),
		.slower = soak_built(soak, "tests/cli/judged_slower.so"),
		.other = soak_built(soak, "tests/cli/judged_other.so"),
	};
	static const int expected[] = {1, 0, 1, 1, 5, 5, 3};
	make_store(soak, &m);
	for (int i = soak->brief ? GATE_STORED : 0; i < (soak->brief ? GATE_VANISHED : GATES);
	     i++) {
		expect(soak, &m, (enum gate)i, expected[i]);
		for (int j = 0; at_a_call((enum harm)j) && !ASSAY_SANITIZED && !soak->brief; j++)
			count(soak, &m, (enum gate)i, (enum harm)j);
	}
	while (soak_trial(soak))
		one_gate(soak, &m);
	tell(soak, &m);
	free(m.base);
	free(m.same);
	free(m.slower);
	free(m.other);
	free(m.store);
}

const struct campaign soak_gate = {
	.name = "gate",
	.brief =
		"gates of a slower build, of the same build, of stored runs, of budgets, of benchmarks that vanished, crash or answer wrongly, under all of these harms, with damaged stores, without some results, beside other writers",
	.trials = 500,
	.few = 3,
	.run = gate,
};

/* SPDX-License-Identifier: MIT */
/* writers: 32 at once, some of them killed; and a day of runs, one a minute, with old ones dropped. */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/tree.h"
#include "tests/store/fixture.h"

enum { WRITERS = 32, READERS = 4, KILLED = 4 };

/* Shared by all processes of a round. */
struct board {
	volatile unsigned acknowledged[WRITERS];
	volatile int finished;
	char said[WRITERS + READERS][200];
};

static enum assay_code write_some(struct board *board, unsigned which, unsigned results,
				  struct assay_err *err)
{
	struct assay_store *store;
	struct assay_run_info info = sample_run(which);
	int64_t run;
	enum assay_code rc = assay_store_open("results.db", ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_begin_run(store, &info, &run, err);
	for (unsigned i = 0; i < results && rc == ASSAY_OK; i++) {
		struct sample s;
		sample_result(&s, i);
		rc = assay_store_add_result(store, run, &s.result, err);
		if (rc == ASSAY_OK)
			rc = assay_store_sync(store, err);
		if (rc == ASSAY_OK)
			board->acknowledged[which] = i + 1;
	}
	if (rc == ASSAY_OK)
		rc = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	assay_store_close(store);
	return rc;
}

/* Reads as long as others write; before there is a store there is nothing to read. */
static enum assay_code read_all(const struct board *board, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	while (!board->finished && rc == ASSAY_OK) {
		struct assay_store *store;
		struct assay_run_list runs = {0};
		usleep(5000);
		if (access("results.db", F_OK) != 0)
			continue;
		rc = assay_store_open("results.db", ASSAY_STORE_READ, &store, err);
		if (rc != ASSAY_OK)
			break;
		rc = assay_store_runs(store, "", &runs, err);
		if (rc == ASSAY_EUSAGE)
			rc = ASSAY_OK;
		else if (rc == ASSAY_OK)
			assay_run_list_done(&runs);
		assay_store_close(store);
	}
	return rc;
}

static pid_t start(struct board *board, unsigned which, unsigned results)
{
	pid_t pid = fork();
	if (pid < 0)
		soak_broken("fork");
	if (pid > 0)
		return pid;
	struct assay_err err = {0};
	enum assay_code rc =
		which < WRITERS ? write_some(board, which, results, &err) : read_all(board, &err);
	memcpy(board->said[which], err.text, sizeof(board->said[which]) - 1);
	_exit(rc == ASSAY_OK ? 0 : 1);
}

static void one_round(struct soak *soak, struct board *board, unsigned results)
{
	pid_t pids[WRITERS + READERS];
	bool killed[WRITERS + READERS] = {false};
	uint64_t acknowledged = 0;
	soak_clear_folder();
	memset(board, 0, sizeof(*board));
	for (unsigned i = 0; i < WRITERS + READERS; i++)
		pids[i] = start(board, i, results);
	for (unsigned i = 0; i < KILLED; i++) { /* one of them may hold the lock */
		unsigned which = (unsigned)soak_below(soak, WRITERS);
		usleep((useconds_t)soak_below(soak, 20000));
		kill(pids[which], SIGKILL);
		killed[which] = true;
	}
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		int status;
		if (i == WRITERS)
			board->finished = 1;
		if (waitpid(pids[i], &status, 0) != pids[i])
			soak_broken("wait");
		if (status != 0 && !killed[i])
			soak_fail(soak, "writer %u: %s", i, board->said[i]);
		if (i < WRITERS)
			acknowledged += board->acknowledged[i];
	}
	scene_judge(soak, acknowledged, "32 writers");
}

static void writers(struct soak *soak)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		soak_broken("no shared memory");
	while (soak_trial(soak))
		one_round(soak, board, soak->brief ? 2 : 20);
	snprintf(soak->note, sizeof(soak->note), "%d writers, %d readers, %d killed in each",
		 WRITERS, READERS, KILLED);
}

/* ---- a day ---- */

enum { KEEP_MINUTES = 120, RESULTS = 3, MINUTE_S = 60 };
#define MINUTE_NS (UINT64_C(1000000000) * MINUTE_S)

/* What must not grow. */
struct use {
	size_t rss_bytes, descriptors;
	uint64_t rows, file_bytes;
};

static struct use look(struct soak *soak)
{
	struct use use = {0};
	struct stat st;
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%*s %ld", &pages) != 1)
		soak_broken("read /proc/self/statm");
	fclose(file);
	use.rss_bytes = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
	DIR *folder = opendir("/proc/self/fd");
	while (folder && readdir(folder))
		use.descriptors++;
	if (folder)
		closedir(folder);
	int64_t rows = scene_count(soak, "a day");
	use.rows = rows > 0 ? (uint64_t)rows : 0;
	use.file_bytes = stat("results.db", &st) == 0 ? (uint64_t)st.st_size : 0;
	return use;
}

static enum assay_code one_minute(uint64_t started_ns, uint64_t number, struct assay_err *err)
{
	struct assay_store *store;
	struct assay_run_info info = sample_run(0);
	int64_t run;
	info.started_ns = started_ns;
	info.n_tags = 0;
	memcpy(info.uuid, &number, sizeof(number));
	enum assay_code rc = assay_store_open("results.db", ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_begin_run(store, &info, &run, err);
	for (unsigned i = 0; i < RESULTS && rc == ASSAY_OK; i++) {
		struct sample s;
		sample_result(&s, i);
		rc = assay_store_add_result(store, run, &s.result, err);
	}
	if (rc == ASSAY_OK)
		rc = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	assay_store_close(store);
	return rc;
}

static enum assay_code drop_before(uint64_t age_ns, struct assay_err *err)
{
	const struct assay_retention policy = {.keep_runs_ns = age_ns};
	struct assay_store *store;
	struct assay_swept swept;
	enum assay_code rc = assay_store_open("results.db", ASSAY_STORE_WRITE, &store, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_store_gc(store, &policy, &swept, err);
	assay_store_close(store);
	return rc;
}

/* As after the first quarter, so at the end. */
static void compare(struct soak *soak, const struct use *early, const struct use *late)
{
	if (late->descriptors != early->descriptors)
		soak_fail(soak, "%zu descriptors became %zu", early->descriptors,
			  late->descriptors);
	if (!ASSAY_SANITIZED && late->rss_bytes > early->rss_bytes + 1000000)
		soak_fail(soak, "%zu kB of memory became %zu", early->rss_bytes / 1000,
			  late->rss_bytes / 1000);
	if (late->rows != early->rows)
		soak_fail(soak, "%" PRIu64 " rows became %" PRIu64, early->rows, late->rows);
	if (late->file_bytes > early->file_bytes + early->file_bytes / 20)
		soak_fail(soak, "a store of %" PRIu64 " bytes became one of %" PRIu64,
			  early->file_bytes, late->file_bytes);
}

/* A controller that starts worker after worker: its memory, when a quarter is done and at the end. */
static void many_launches(struct soak *soak, const char *launches)
{
	const char *const words[] = {"run",        "selftest/empty", "-n",         "2",
				     "-t",         "300us",          "--launches", launches,
				     "--counters", "none",           NULL};
	struct tree tree;
	size_t early = 0;
	tree_start(soak, &tree, words, NULL);
	for (unsigned look_at = 0; !tree_watch(&tree, assay_now_ns() + 500000000); look_at++)
		if (look_at == 3)
			early = tree.rss_bytes;
	tree_outlive(soak, &tree, "many launches");
	if (tree_exit(&tree) != 0)
		soak_fail(soak, "%s launches: exit status %d", launches, tree_exit(&tree));
	if (!ASSAY_SANITIZED && early && tree.rss_bytes > early + 2000000)
		soak_fail(soak, "%s launches: %zu kB of memory became %zu", launches, early / 1000,
			  tree.rss_bytes / 1000);
}

static void day(struct soak *soak)
{
	struct use early = {0}, late = {0};
	struct assay_err err = {0};
	uint64_t minutes = soak->asked, every = minutes / 24 >= KEEP_MINUTES / 2 ? 60 : 10;
	uint64_t keep = every == 60 ? KEEP_MINUTES : 20;
	if (!soak->brief)
		many_launches(soak, "1000");
	soak_clear_folder();
	uint64_t now_ns = assay_wall_ns(), begin_ns = now_ns - minutes * MINUTE_NS;
	while (soak_trial(soak)) {
		uint64_t at_ns = begin_ns + soak->done * MINUTE_NS;
		enum assay_code rc = one_minute(at_ns, soak->done, &err);
		if (rc == ASSAY_OK && soak->done % every == 0)
			rc = drop_before(assay_wall_ns() - at_ns + keep * MINUTE_NS - MINUTE_NS / 2,
					 &err);
		if (rc != ASSAY_OK) {
			soak_fail(soak, "minute %" PRIu64 ": %s", soak->done, err.text);
			return;
		}
		if (soak->done % every != 0)
			continue;
		late = look(soak);
		if (soak->done >= minutes / 2 && early.rows == 0)
			early = late;
	}
	if (early.rows)
		compare(soak, &early, &late);
	struct assay_store_report report;
	soak_check_store(soak, "results.db", &report);
	snprintf(soak->note, sizeof(soak->note),
		 "at the end %" PRIu64 " rows, %" PRIu64 " kB of store, %zu descriptors, %zu MB",
		 late.rows, late.file_bytes / 1000, late.descriptors, late.rss_bytes / 1000000);
}

const struct campaign soak_writers = {
	.name = "writers",
	.brief = "32 processes write one store while others read it, and some are killed",
	.trials = 30,
	.few = 1,
	.run = writers,
};
const struct campaign soak_day = {
	.name = "day",
	.brief =
		"a run a minute for a day of 1,440, old ones dropped every hour; and 1,000 launches in one run",
	.trials = 1440,
	.few = 60,
	.run = day,
};

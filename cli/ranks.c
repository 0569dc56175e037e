/* SPDX-License-Identifier: MIT */
/*
 * ranks: the hidden verb behind `--launcher local`: starts N copies of a program on this machine, tells each which one
 * it is, and ends them all when one of them ends badly, as launchers of clusters do.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "harness/base/parse.h"
#include "harness/engine/argv.h"
#include "harness/engine/world.h"

extern char **environ;

enum {
	NUMBERS = 3,            /* variables that say which rank it is */
	FIRST_TO_FALL_MS = 300, /* before the others follow, so that it is plain who was first */
};

/* Our environment behind the three variables of rank `rank`. */
static enum assay_code compose(uint64_t rank, uint64_t n, struct assay_argv *ret,
			       struct assay_err *err)
{
	static const char *const names[NUMBERS] = {"_ASSAY_RANK", "_ASSAY_SIZE", "_ASSAY_LOCAL"};
	const uint64_t values[NUMBERS] = {rank, n, rank};
	enum assay_code code = ASSAY_OK;
	for (int i = 0; code == ASSAY_OK && i < NUMBERS; i++) {
		char text[48];
		snprintf(text, sizeof(text), "%s=%llu", names[i], (unsigned long long)values[i]);
		code = assay_argv_add(ret, text, err);
	}
	for (char **e = environ; code == ASSAY_OK && *e; e++)
		code = assay_argv_add(ret, *e, err);
	return code;
}

static enum assay_code start(uint64_t rank, uint64_t n, char **words, pid_t *ret,
			     struct assay_err *err)
{
	struct assay_argv environment = {0};
	enum assay_code code = compose(rank, n, &environment, err);
	int error = 0;
	if (code == ASSAY_OK)
		error = posix_spawnp(ret, words[0], NULL, NULL, words, environment.words);
	assay_argv_done(&environment);
	return error ? assay_fail(err, ASSAY_EIO, "start rank %llu ('%s'): %s",
				  (unsigned long long)rank, words[0], strerror(error))
		     : code;
}

static void end_all(const pid_t *pids, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
}

/* Wait for all; the first bad end is the answer, and the end of the others. */
static enum assay_code wait_for(pid_t *pids, uint64_t n, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	int status;
	for (pid_t pid; (pid = wait(&status)) > 0 || (pid < 0 && errno == EINTR);) {
		uint64_t rank = 0;
		while (rank < n && pids[rank] != pid)
			rank++;
		if (pid < 0 || rank == n)
			continue;
		pids[rank] = 0;
		if (status == 0 || code != ASSAY_OK)
			continue;
		if (WIFSIGNALED(status))
			code = assay_fail(err, ASSAY_EIO, "rank %llu was killed by signal %d (%s)",
					  (unsigned long long)rank, WTERMSIG(status),
					  strsignal(WTERMSIG(status)));
		else
			code = assay_fail(err, ASSAY_EIO, "rank %llu left with exit status %d",
					  (unsigned long long)rank, WEXITSTATUS(status));
		poll(NULL, 0, FIRST_TO_FALL_MS);
		end_all(pids, n);
	}
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	uint64_t n;
	(void)cli;
	(void)ret_exit;
	if (args->n_before != 1 || args->n_positional < 2)
		return assay_fail(err, ASSAY_EUSAGE, "wants N -- PROGRAM [ARG...]");
	enum assay_code code = assay_parse_u64(args->positional[0], 1, ASSAY_MAX_RANKS, &n, err);
	if (code != ASSAY_OK)
		return code;
	/* positional has room for one more than there are, and ends with NULL */
	ASSAY_AUTO_FREE pid_t *pids = calloc(n, sizeof(*pids));
	if (!pids)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %llu ranks",
				  (unsigned long long)n);
	for (uint64_t i = 0; code == ASSAY_OK && i < n; i++)
		code = start(i, n, args->positional + 1, &pids[i], err);
	if (code != ASSAY_OK)
		end_all(pids, n);
	struct assay_err second = {0};
	enum assay_code ended = wait_for(pids, n, &second);
	return code == ASSAY_OK && ended != ASSAY_OK ? assay_fail(err, ended, "%s", second.text)
						     : code;
}

const struct cli_verb cli_verb_ranks = {
	.name = "ranks",
	.usage = "N -- PROGRAM [ARG...]",
	.bare = true,
	.run = run,
};

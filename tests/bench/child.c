/* SPDX-License-Identifier: MIT */
/* child: posix_spawn with one pipe. */
#include "tests/bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/stats/estimate.h"

extern char **environ;

bool child_start(struct child *child, const char *const argv[], bool from_stderr)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], from_stderr ? 2 : 1);
	posix_spawn_file_actions_addopen(&actions, from_stderr ? 1 : 2, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(&child->pid, argv[0], &actions, NULL,
				 (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	child->lines = error ? NULL : fdopen(ends[0], "r");
	if (!child->lines)
		close(ends[0]);
	return child->lines != NULL;
}

int child_finish(struct child *child)
{
	char line[4096];
	int status;
	while (fgets(line, sizeof(line), child->lines))
		;
	fclose(child->lines);
	if (waitpid(child->pid, &status, 0) != child->pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int child_run(const char *const argv[])
{
	struct child child;
	return child_start(&child, argv, false) ? child_finish(&child) : -1;
}

double median_of(double *x, size_t n)
{
	assay_sort(x, n);
	return assay_median(x, n);
}

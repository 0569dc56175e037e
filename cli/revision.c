/* SPDX-License-Identifier: MIT */
/* revision: ask git, without a shell. */
#include "cli/revision.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Run argv, keep the first size - 1 bytes it prints. False unless it exits with status 0. */
static bool capture(const char *const argv[], char *text, size_t size)
{
	int ends[2];
	pid_t pid;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
				 environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	size_t n = 0;
	char rest[512];
	while (!error) {
		char *to = n + 1 < size ? text + n : rest;
		ssize_t got = read(ends[0], to, n + 1 < size ? size - 1 - n : sizeof(rest));
		if (got <= 0)
			break;
		if (to != rest)
			n += (size_t)got;
	}
	text[n] = '\0';
	close(ends[0]);
	int status = 0;
	return !error && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

bool revision_read(char commit[65], bool *dirty)
{
	const char *const head[] = {"git", "rev-parse", "--verify", "HEAD", NULL};
	const char *const diff[] = {"git", "status", "--porcelain", "--untracked-files=no", NULL};
	char changes[2];
	*dirty = false;
	if (!capture(head, commit, 65)) {
		commit[0] = '\0';
		return false;
	}
	commit[strspn(commit, "0123456789abcdef")] = '\0';
	*dirty = capture(diff, changes, sizeof(changes)) && changes[0];
	return true;
}

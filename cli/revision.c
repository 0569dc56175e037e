/* SPDX-License-Identifier: MIT */
/* revision: ask git, without a shell. */
#include "cli/revision.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/str.h"

extern char **environ;

/* Run argv, keep the first size - 1 bytes it prints. Its exit status, -1 when it had none. */
static int run(const char *const argv[], char *text, size_t size)
{
	int ends[2];
	pid_t pid;
	text[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
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
	return !error && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									      : -1;
}

static bool capture(const char *const argv[], char *text, size_t size)
{
	return run(argv, text, size) == 0;
}

/* The commit and state of the work tree that `folder` is in. */
static bool read_in(const char *folder, char commit[65], bool *dirty)
{
	const char *const head[] = {"git", "-C", folder, "rev-parse", "--verify", "HEAD", NULL};
	/* Status likes to refresh the index: killed in the middle of it, git leaves a lock in a repository that is not ours. */
	const char *const diff[] = {"git",         "--no-optional-locks",  "-C", folder, "status",
				    "--porcelain", "--untracked-files=no", NULL};
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

bool revision_read(char commit[65], bool *dirty)
{
	return read_in(".", commit, dirty);
}

static bool top_level(const char *folder, char *text, size_t size)
{
	const char *const ask[] = {"git", "-C", folder, "rev-parse", "--show-toplevel", NULL};
	return capture(ask, text, size);
}

void revision_of(const char *file, struct revision *ret, bool *ret_aside)
{
	char folder[PATH_MAX], its[PATH_MAX], ours[PATH_MAX];
	struct stat st;
	*ret = (struct revision){0};
	*ret_aside = false;
	/* A path like "-x" is no option after -C; one that does not fit is not looked into. */
	if (!assay_copy(folder, sizeof(folder), file) || stat(folder, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		char *slash = strrchr(folder, '/');
		if (slash)
			slash[slash == folder] = '\0'; /* "/x" lies in "/" */
		else
			assay_copy(folder, sizeof(folder), ".");
	}
	if (!read_in(folder, ret->commit, &ret->dirty))
		return;
	*ret_aside = !top_level(".", ours, sizeof(ours)) || !top_level(folder, its, sizeof(its)) ||
		     strcmp(ours, its) != 0;
}

void revision_author(char *name, size_t size)
{
	const char *const ask[] = {"git", "config", "user.name", NULL};
	char text[200];
	if (capture(ask, text, sizeof(text)) && text[strcspn(text, "\n")]) {
		text[strcspn(text, "\n")] = '\0';
		assay_copy(name, size, text);
		return;
	}
	struct passwd entry, *found = NULL;
	char buffer[2048];
	bool known = getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found;
	assay_copy(name, size, known ? found->pw_name : "");
}

/* What comes from a store is not to be read as an option. */
static bool plain_commit(const char *text)
{
	size_t n = strlen(text);
	return n >= 4 && n <= 64 && text[strspn(text, "0123456789abcdef")] == '\0';
}

enum assay_gate_contains revision_contains(void *context, const char *in, const char *change)
{
	const char *const ask[] = {"git", "merge-base", "--is-ancestor", change, in, NULL};
	char text[2];
	(void)context;
	if (!plain_commit(in) || !plain_commit(change))
		return ASSAY_CONTAINS_UNKNOWN;
	switch (run(ask, text, sizeof(text))) {
	case 0:
		return ASSAY_CONTAINS_YES;
	case 1:
		return ASSAY_CONTAINS_NO;
	default: /* 128: no repository, or a commit that is not in it */
		return ASSAY_CONTAINS_UNKNOWN;
	}
}

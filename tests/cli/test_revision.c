/* SPDX-License-Identifier: MIT */
/* What git says about commits, in a repository of two branches made here. */
#include "tests/t.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/revision.h"
#include "harness/base/str.h"

extern char **environ;

static char folder[T_PATH];

/* `git` with up to five words in the current folder; 0 when it succeeds. */
static int git(const char *a, const char *b, const char *c, const char *d, const char *e)
{
	const char *const argv[] = {"git", a, b, c, d, e, NULL};
	posix_spawn_file_actions_t quiet;
	pid_t pid;
	int status = -1;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int error =
		posix_spawnp(&pid, "git", &quiet, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&quiet);
	return error || waitpid(pid, &status, 0) != pid ? -1 : status;
}

static void commit(const char *message, char hash[65])
{
	bool dirty;
	assert_int_equal(git("commit", "--allow-empty", "-q", "-m", message), 0);
	assert_true(revision_read(hash, &dirty));
	assert_false(dirty);
}

static void ancestry_and_author(void **state)
{
	char base[65], change[65], aside[65], name[64];
	(void)state;
	assert_int_equal(git("config", "user.name", "Ann \"A\" O'Neill", NULL, NULL), 0);
	assert_int_equal(git("config", "user.email", "ann@example.org", NULL, NULL), 0);
	commit("base", base);
	commit("change", change);
	assert_int_equal(git("checkout", "-q", "-b", "aside", base), 0);
	commit("aside", aside);
	assert_int_equal(revision_contains(NULL, change, base), ASSAY_CONTAINS_YES);
	assert_int_equal(revision_contains(NULL, change, change), ASSAY_CONTAINS_YES);
	assert_int_equal(revision_contains(NULL, base, change), ASSAY_CONTAINS_NO);
	assert_int_equal(revision_contains(NULL, aside, change), ASSAY_CONTAINS_NO);
	change[10] = '\0'; /* abbreviated */
	assert_int_equal(revision_contains(NULL, base, change), ASSAY_CONTAINS_NO);
	/* Not in this repository, no commit, an option. */
	assert_int_equal(revision_contains(NULL, base, "0123456789abcdef0123456789abcdef01234567"),
			 ASSAY_CONTAINS_UNKNOWN);
	assert_int_equal(revision_contains(NULL, base, ""), ASSAY_CONTAINS_UNKNOWN);
	assert_int_equal(revision_contains(NULL, "--help", base), ASSAY_CONTAINS_UNKNOWN);
	revision_author(name, sizeof(name));
	assert_string_equal(name, "Ann \"A\" O'Neill");
}

static void work_trees(void **state)
{
	char head[65];
	struct revision r;
	bool dirty, aside;
	(void)state;
	assert_true(revision_read(head, &dirty));
	assert_int_equal(git("worktree", "add", "-q", "tree", "main"), 0);
	assert_int_equal(mkdir("build", 0755), 0);
	revision_of("build", &r, &aside);
	assert_string_equal(r.commit, head);
	assert_false(aside);
	revision_of("tree", &r, &aside);
	assert_true(aside && strcmp(r.commit, head) != 0 && strlen(r.commit) == strlen(head));
	char commit[65];
	assay_copy(commit, sizeof(commit), r.commit);
	revision_of("./tree/.git", &r, &aside); /* any file in it */
	assert_true(aside);
	assert_string_equal(r.commit, commit);
	revision_of("/", &r, &aside);
	assert_true(!aside && !r.commit[0]);
	revision_of("absent", &r, &aside);
	assert_true(!aside && !r.commit[0]);
}

/* A file that only looks changed is a reason for git to write the index anew, under a lock. */
static void the_repository_is_only_read(void **state)
{
	(void)state;
	const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
	struct stat before, after;
	char head[65];
	bool dirty;
	FILE *file = fopen("source", "w");
	assert_non_null(file);
	assert_int_equal(fputs("text\n", file) < 0 || fclose(file) != 0, 0);
	assert_int_equal(git("add", "source", NULL, NULL, NULL), 0);
	commit("a file", head);
	assert_int_equal(utimensat(AT_FDCWD, "source", long_ago, 0), 0);
	assert_int_equal(stat(".git/index", &before), 0);
	assert_true(revision_read(head, &dirty));
	assert_false(dirty);
	assert_int_equal(stat(".git/index", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

/* When git cannot be asked, no commit is known, and none is said to be in another. */
static void no_descriptors_left(void **state)
{
	(void)state;
	char head[65];
	bool dirty;
	struct rlimit whole, none;
	assert_true(revision_read(head, &dirty));
	assert_int_equal(revision_contains(NULL, head, head), ASSAY_CONTAINS_YES);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &whole), 0);
	none = whole;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	char text[65];
	memset(text, 'x', sizeof(text));
	bool known = revision_read(text, &dirty);
	enum assay_gate_contains contains = revision_contains(NULL, head, head);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &whole), 0);
	assert_false(known);
	assert_string_equal(text, "");
	assert_int_equal(contains, ASSAY_CONTAINS_UNKNOWN);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ancestry_and_author),
		cmocka_unit_test(work_trees),
		cmocka_unit_test(the_repository_is_only_read),
		cmocka_unit_test(no_descriptors_left),
	};
	if (!mkdtemp(t_path(folder, "revision")) || chdir(folder) != 0)
		return 1;
	setenv("GIT_CEILING_DIRECTORIES", "/tmp", 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	unsetenv("GIT_DIR");
	int rc = git("init", "-q", "-b", "main", ".") == 0
			 ? cmocka_run_group_tests(tests, NULL, NULL)
			 : 77; /* no git here: skipped */
	if (chdir("/") == 0)
		nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return rc;
}

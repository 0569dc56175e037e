/* SPDX-License-Identifier: MIT */
/* tree: this process is the subreaper, so that whatever a program leaves behind becomes its child and is seen. */
#include "tests/soak/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/reap.h"

extern char **environ;

enum {
	LOOK_US = 2000,
	END_MS = 120000, /* by then everything that is not stuck has ended */
	LEFT_MS = 2000,  /* what may still be there a moment after the end */
	PATIENT_MS =
		30000, /* the same of a guard, and of all in the short form, beside other tests */
	MOST_RSS_BYTES = 64 * 1000 * 1000,
};

static char **with(const char *const *extra)
{
	size_t n = 0, more = 0;
	while (environ[n])
		n++;
	while (extra && extra[more])
		more++;
	char **all = calloc(n + more + 1, sizeof(*all));
	if (!all)
		soak_broken("out of memory");
	memcpy(all, environ, n * sizeof(*all));
	for (size_t i = 0; i < more; i++)
		all[n + i] = (char *)extra[i];
	return all;
}

void tree_start(struct soak *soak, struct tree *tree, const char *const *words,
		const char *const *environment)
{
	char *argv[64] = {soak->assay};
	size_t n = 1;
	for (; *words && n < ASSAY_COUNT_OF(argv) - 1; words++)
		argv[n++] = (char *)*words;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_addopen(&actions, 2, "err", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ASSAY_AUTO_FREE char **env = with(environment);
	*tree = (struct tree){.began_ns = assay_now_ns()};
	errno = posix_spawn(&tree->pid, argv[0], &actions, NULL, argv, env);
	if (errno)
		soak_broken("start '%s'", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
}

static void note_memory(struct tree *tree)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%d/status", tree->pid);
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	text[n > 0 ? n : 0] = '\0';
	const char *line = strstr(text, "VmHWM:");
	size_t bytes = line ? (size_t)strtoul(line + 6, NULL, 10) * 1024 : 0;
	if (bytes > tree->rss_bytes)
		tree->rss_bytes = bytes;
}

bool tree_watch(struct tree *tree, uint64_t until_ns)
{
	for (unsigned look = 0;; look++) {
		if (look % 4 == 0)
			note_memory(tree);
		if (!tree->ended && waitpid(tree->pid, &tree->status, WNOHANG) == tree->pid) {
			tree->ended = true;
			tree->ended_ns = assay_now_ns();
		}
		if (tree->ended || assay_now_ns() >= until_ns)
			return tree->ended;
		usleep(LOOK_US);
	}
}

/* The names of this process's children, and whether one of them is anything but a guard (guard.c). */
static bool name_children(char *ret, size_t size)
{
	pid_t children[16];
	bool others = false;
	size_t n = tree_children(getpid(), children, ASSAY_COUNT_OF(children));
	assay_copy(ret, size, "");
	for (size_t i = 0; i < n; i++) {
		char path[64], name[32] = "?";
		snprintf(path, sizeof(path), "/proc/%d/comm", children[i]);
		FILE *file = fopen(path, "re");
		if (!file || !fgets(name, sizeof(name), file)) { /* just gone */
			if (file)
				fclose(file);
			continue;
		}
		fclose(file);
		name[strcspn(name, "\n")] = '\0';
		others |= strcmp(name, "assay-guard") != 0;
		size_t used = strlen(ret);
		snprintf(ret + used, size - used, "%s%s", used ? ", " : "", name);
	}
	return others;
}

/*
 * Whatever is left becomes this process's child, and must be gone soon. Not so the guard: it begins when all has
 * ended, looks at every process of the machine, and is given the time for it that a busy machine needs.
 */
static bool leaves_nothing(unsigned left_ms, char *names, size_t size)
{
	uint64_t began_ns = assay_now_ns();
	pid_t left;
	while ((left = waitpid(-1, NULL, WNOHANG)) >= 0) {
		uint64_t waited_ms = (assay_now_ns() - began_ns) / 1000000;
		if (left > 0)
			continue;
		if (waited_ms >= left_ms && (name_children(names, size) || waited_ms >= PATIENT_MS))
			return false;
		usleep(LOOK_US);
	}
	return true;
}

void tree_outlive(struct soak *soak, struct tree *tree, const char *what)
{
	char names[200];
	if (!tree_watch(tree, assay_now_ns() + END_MS * UINT64_C(1000000))) {
		soak_fail(soak, "%s: it did not end within %d s", what, END_MS / 1000);
		tree_signal(tree->pid, SIGKILL);
		waitpid(tree->pid, &tree->status, 0);
	}
	if (!leaves_nothing(soak->brief ? PATIENT_MS : LEFT_MS, names, sizeof(names))) {
		soak_fail(soak, "%s: it left processes behind: %s", what, names);
		assay_reap_tree(NULL, 5000);
	}
	if (tree->rss_bytes > soak->most_rss_bytes)
		soak->most_rss_bytes = tree->rss_bytes;
	if (!ASSAY_SANITIZED && tree->rss_bytes > MOST_RSS_BYTES)
		soak_fail(soak, "%s: the controller took %zu MB", what, tree->rss_bytes / 1000000);
}

int tree_exit(const struct tree *tree)
{
	return WIFSIGNALED(tree->status) ? 128 + WTERMSIG(tree->status) : WEXITSTATUS(tree->status);
}

int tree_run(struct soak *soak, const char *const *words, const char *const *environment,
	     const char *what)
{
	struct tree tree;
	tree_start(soak, &tree, words, environment);
	tree_outlive(soak, &tree, what);
	return tree_exit(&tree);
}

size_t tree_children(pid_t pid, pid_t *children, size_t capacity)
{
	char path[64], text[8192];
	size_t n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	text[got > 0 ? got : 0] = '\0';
	char *at = text, *end;
	for (long child; n < capacity && (child = strtol(at, &end, 10)) > 0; at = end)
		children[n++] = (pid_t)child;
	return n;
}

void tree_signal(pid_t pid, int number)
{
	pid_t children[64];
	kill(pid, number); /* first, so that it starts no more of them */
	size_t n = tree_children(pid, children, ASSAY_COUNT_OF(children));
	for (size_t i = 0; i < n; i++)
		tree_signal(children[i], number);
}

void tree_go_on(void)
{
	pid_t children[64];
	size_t n = tree_children(getpid(), children, ASSAY_COUNT_OF(children));
	for (size_t i = 0; i < n; i++)
		tree_signal(children[i], SIGCONT);
}

/* The whole of a text file, for free(); "" when there is none. */
static char *contents(const char *path)
{
	struct assay_str text = {0};
	char bytes[4096];
	FILE *file = fopen(path, "re");
	for (size_t n; file && (n = fread(bytes, 1, sizeof(bytes), file)) > 0;)
		assay_str_put(&text, bytes, n);
	if (file)
		fclose(file);
	char *copy = strdup(assay_str_text(&text));
	assay_str_done(&text);
	if (!copy)
		soak_broken("out of memory");
	return copy;
}

size_t file_lines(const char *path, const char *start)
{
	ASSAY_AUTO_FREE char *text = contents(path);
	size_t n = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *end = strchr(line, '\n');
		n += end && strncmp(line, start, strlen(start)) == 0; /* whole lines alone */
	}
	return n;
}

size_t file_count(const char *path, const char *text)
{
	ASSAY_AUTO_FREE char *all = contents(path);
	size_t n = 0;
	for (const char *at = all; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

void file_last(const char *path, char *ret, size_t size)
{
	ASSAY_AUTO_FREE char *text = contents(path);
	size_t n = strlen(text);
	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	const char *line = strrchr(text, '\n');
	assay_copy(ret, size, line ? line + 1 : text);
}

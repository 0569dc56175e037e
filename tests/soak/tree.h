/* SPDX-License-Identifier: MIT */
/* tree: a program with all that comes of it: started, watched, harmed, and looked after until nothing is left. */
#ifndef ASSAY_TESTS_SOAK_TREE_H
#define ASSAY_TESTS_SOAK_TREE_H

#include <signal.h>
#include <sys/types.h>

#include "tests/soak/soak.h"

struct tree {
	pid_t pid;
	bool ended;
	int status; /* as waitpid() gives it, once ended */
	uint64_t began_ns, ended_ns;
	size_t rss_bytes; /* the most it had when somebody looked */
};

/*
 * Start the program with the words after its name, NULL-terminated; its output goes to the files "out" and "err" of the
 * current folder. `environment`: more "NAME=VALUE", NULL-terminated, or NULL. This process adopts its orphans.
 */
void tree_start(struct soak *soak, struct tree *tree, const char *const *words,
		const char *const *environment);
/* Look until it has ended or `until_ns` has come; true when it has ended. Takes note of its memory. */
bool tree_watch(struct tree *tree, uint64_t until_ns);
/* Wait until it and all that came of it are gone: failures are written down, and what is left is killed. */
void tree_outlive(struct soak *soak, struct tree *tree, const char *what);
/* Its exit status, or 128 and its signal. */
int tree_exit(const struct tree *tree);
/* All three: the exit status. */
int tree_run(struct soak *soak, const char *const *words, const char *const *environment,
	     const char *what);

/* Children of `pid`, at most `capacity`; how many. */
size_t tree_children(pid_t pid, pid_t *children, size_t capacity);
/* `number` to the process and all its descendants. */
void tree_signal(pid_t pid, int number);

/*
 * After a SIGSTOP of a tree: SIGCONT to all that came of it, also to what lost its parent, which was not stopped yet, while
 * it was itself, such as a guard that is just being started. It is a child of this process by then.
 */
void tree_go_on(void);

/* Lines of a file that begin with `start`; 0 when there is none. */
size_t file_lines(const char *path, const char *start);
/* Times that `text` is in the file. */
size_t file_count(const char *path, const char *text);
/* Its last line, or "": for messages. */
void file_last(const char *path, char *ret, size_t size);

#endif

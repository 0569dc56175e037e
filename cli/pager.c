/* SPDX-License-Identifier: MIT */
/* pager: a process that shows what we print, page by page. */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/engine/argv.h"

extern char **environ;

/* What a pager of ours needs to know: colours pass through, one page is no reason to stay. */
static void set_environment(void)
{
	struct winsize size;
	char columns[16];
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	/* Tables are cut to the terminal, which standard output no longer is. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		snprintf(columns, sizeof(columns), "%d", size.ws_col);
		setenv(PAGER_COLUMNS, columns, 1);
	}
}

/* Set before the handler, which has no other way to know it. */
static volatile sig_atomic_t behind_us;

/* Ctrl-C is meant for the pager, too, which stays: whoever ends before it gives the terminal to two readers at once. */
static void outlast_pager(int number)
{
	close(STDOUT_FILENO);
	while (waitpid((pid_t)behind_us, NULL, 0) < 0 && errno == EINTR)
		;
	_exit(128 + number);
}

static void wait_when_interrupted(pid_t pager)
{
	struct sigaction action = {.sa_handler = outlast_pager};
	behind_us = (sig_atomic_t)pager;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
}

pid_t pager_start(const char *program)
{
	struct assay_argv argv;
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid = 0;
	if (!program)
		program = getenv("PAGER");
	if (!program)
		program = "less";
	if (!isatty(STDOUT_FILENO) || assay_argv_split(program, &argv, NULL) != ASSAY_OK)
		return 0;
	if (strcmp(argv.words[0], "cat") == 0 || pipe2(ends, O_CLOEXEC) != 0) {
		assay_argv_done(&argv);
		return 0;
	}
	set_environment();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	if (posix_spawnp(&pid, argv.words[0], &actions, NULL, argv.words, environ) != 0)
		pid = 0;
	if (pid) {
		dup2(ends[1], STDOUT_FILENO);
		wait_when_interrupted(pid);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	close(ends[1]);
	assay_argv_done(&argv);
	return pid;
}

void pager_wait(pid_t pager)
{
	if (pager <= 0)
		return;
	fflush(stdout);
	close(STDOUT_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
}

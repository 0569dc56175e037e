/* SPDX-License-Identifier: MIT */
/* gnuplot_run: one process of gnuplot in a private folder, watched, and its files read back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "reports/gnuplot.h"

/* Two hundred figures take a fifth of a second: who needs longer is stuck. */
static const uint64_t DEADLINE_NS = 30000000000u;

enum { PATH_SIZE = 512 };

static const char *path_in(const char *folder, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%.440s/%.63s", folder, name);
	return path;
}

static enum assay_code make_folder(char folder[PATH_SIZE], struct assay_err *err)
{
	const char *parent = getenv("TMPDIR");
	if (!parent || parent[0] != '/' || strlen(parent) > 400)
		parent = "/tmp";
	snprintf(folder, PATH_SIZE, "%s/assay-figures-XXXXXX", parent);
	if (!mkdtemp(folder))
		return assay_fail(err, ASSAY_SKIP, "no folder for figures in %s: %s", parent,
				  strerror(errno));
	return ASSAY_OK;
}

static void remove_folder(const char *folder, size_t n)
{
	char path[PATH_SIZE], name[32];
	unlink(path_in(folder, "script", path));
	unlink(path_in(folder, "stderr", path));
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%zu.svg", i);
		unlink(path_in(folder, name, path));
	}
	rmdir(folder);
}

static enum assay_code write_script(const char *folder, const char *script, struct assay_err *err)
{
	char path[PATH_SIZE];
	FILE *file = fopen(path_in(folder, "script", path), "wxe");
	bool written = file && fputs(script, file) >= 0;
	if (file && fclose(file) != 0)
		written = false;
	return written ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP, "write %s: %s", path, strerror(errno));
}

static enum assay_code read_file(const char *folder, const char *name, struct assay_str *to,
				 struct assay_err *err)
{
	char path[PATH_SIZE], part[65536];
	FILE *file = fopen(path_in(folder, name, path), "re");
	if (!file)
		return assay_fail(err, ASSAY_SKIP, "gnuplot left no %s", name);
	for (size_t n; (n = fread(part, 1, sizeof(part), file)) > 0;)
		assay_str_put(to, part, n);
	bool failed = ferror(file);
	fclose(file);
	if (failed)
		return assay_fail(err, ASSAY_SKIP, "read %s: %s", path, strerror(errno));
	return to->failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for a figure") : ASSAY_OK;
}

/* ---- signals that end the process: held back while the folder stands, for they would leave it behind ---- */

static void hold_signals(sigset_t *ret_held, sigset_t *ret_before)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigemptyset(ret_held);
	for (size_t i = 0; i < ASSAY_COUNT_OF(ends); i++) {
		struct sigaction action;
		/* One that is ignored (nohup) would stay pending, and is nobody's wish to stop. */
		if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(ret_held, ends[i]);
	}
	pthread_sigmask(SIG_BLOCK, ret_held, ret_before);
}

static bool asked_to_end(const sigset_t *held)
{
	sigset_t pending;
	sigemptyset(&pending);
	sigpending(&pending);
	sigandset(&pending, &pending, held);
	return !sigisemptyset(&pending);
}

static int describe_child(posix_spawn_file_actions_t *actions, const char *folder)
{
	int rc = posix_spawn_file_actions_addchdir_np(actions, folder);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, 2, "stderr",
						      O_WRONLY | O_CREAT | O_EXCL, 0600);
	return rc;
}

/* Starts with the signals that the caller had before it held some back. */
static int start(const char *program, const posix_spawn_file_actions_t *actions,
		 const sigset_t *before, pid_t *ret_pid)
{
	/* -d: neither the system's nor the user's start-up file. */
	char *const argv[] = {(char *)"gnuplot", (char *)"-d", (char *)"script", NULL};
	char *const environment[] = {(char *)"LC_ALL=C.UTF-8", (char *)"PATH=/usr/bin:/bin", NULL};
	posix_spawnattr_t attr;
	int rc = posix_spawnattr_init(&attr);
	if (rc != 0)
		return rc;
	posix_spawnattr_setsigmask(&attr, before);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(ret_pid, program ? program : "gnuplot", actions, &attr, argv,
			  environment);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static enum assay_code spawn(const char *program, const char *folder, const sigset_t *before,
			     pid_t *ret_pid, struct assay_err *err)
{
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);
	if (rc == 0) {
		rc = describe_child(&actions, folder);
		if (rc == 0)
			rc = start(program, &actions, before, ret_pid);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (rc == ENOENT)
		return assay_fail(err, ASSAY_SKIP,
				  "%s is not installed (Debian: apt install gnuplot-nox)",
				  program ? program : "gnuplot");
	if (rc != 0)
		return assay_fail(err, ASSAY_SKIP, "start %s: %s", program ? program : "gnuplot",
				  strerror(rc));
	return ASSAY_OK;
}

static enum assay_code await(pid_t pid, const sigset_t *held, struct assay_err *err)
{
	static const struct timespec pause = {.tv_nsec = 2000000};
	uint64_t deadline = assay_now_ns() + DEADLINE_NS;
	int status = 0;
	pid_t got;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		bool ending = asked_to_end(held);
		if (ending || assay_now_ns() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			if (ending)
				return assay_fail(err, ASSAY_SKIP, "interrupted while drawing");
			return assay_fail(err, ASSAY_SKIP, "gnuplot did not end within %d s",
					  (int)(DEADLINE_NS / 1000000000u));
		}
		nanosleep(&pause, NULL);
	}
	if (got < 0)
		return assay_fail(err, ASSAY_SKIP, "wait for gnuplot: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return assay_fail(err, ASSAY_SKIP, "gnuplot died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return assay_fail(err, ASSAY_SKIP, "gnuplot gave up with status %d",
				  WEXITSTATUS(status));
	return ASSAY_OK;
}

/* What it said on stderr is added to the reason; saying anything is a failure. */
static enum assay_code complaints(const char *folder, enum assay_code rc, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	if (read_file(folder, "stderr", &said, NULL) != ASSAY_OK || said.length == 0)
		return rc;
	char text[200];
	assay_sanitise(text, sizeof(text), said.text);
	if (rc == ASSAY_OK)
		return assay_fail(err, ASSAY_SKIP, "gnuplot complained: %s", text);
	struct assay_err first = *err;
	return assay_fail(err, rc, "%s: %s", first.text, text);
}

static enum assay_code collect(const char *folder, struct assay_str *files, size_t n,
			       enum assay_code rc, struct assay_err *err)
{
	for (size_t i = 0; i < n; i++) {
		char name[32];
		struct assay_err own = {0};
		snprintf(name, sizeof(name), "%zu.svg", i);
		enum assay_code code = read_file(folder, name, &files[i], &own);
		if (code == ASSAY_OK && !assay_svg_complete(assay_str_text(&files[i]))) {
			assay_str_clear(&files[i]);
			code = assay_fail(&own, ASSAY_SKIP, "gnuplot left %s unfinished", name);
		}
		if (code != ASSAY_OK && rc == ASSAY_OK)
			rc = assay_fail(err, code, "%s", own.text);
	}
	return rc;
}

enum assay_code assay_gnuplot_run(const char *program, const char *script, struct assay_str *files,
				  size_t n, struct assay_err *err)
{
	char folder[PATH_SIZE];
	struct assay_err own = {0};
	sigset_t held, before;
	pid_t pid;
	hold_signals(&held, &before);
	enum assay_code rc = make_folder(folder, &own);
	if (rc == ASSAY_OK) {
		rc = write_script(folder, script, &own);
		if (rc == ASSAY_OK)
			rc = spawn(program, folder, &before, &pid, &own);
		if (rc == ASSAY_OK) {
			rc = complaints(folder, await(pid, &held, &own), &own);
			rc = collect(folder, files, n, rc, &own);
		}
		remove_folder(folder, n);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == ASSAY_OK ? rc : assay_fail(err, rc, "%s", own.text);
}

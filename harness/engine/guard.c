/* SPDX-License-Identifier: MIT */
/*
 * guard: a worker dies with its controller, because the kernel says so; what the worker started does not. A
 * controller that is killed can clean up nothing, so somebody else must: a process that sleeps on a
 * pipe whose other end the kernel closes. It is no descendant of the controller, which reaps those.
 */
#include "harness/engine/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/engine/pen.h"
#include "harness/engine/reap.h"
#include "harness/engine/worker.h"

#define VARIABLE "_ASSAY_GUARDED"

enum { PATIENCE_MS = 5000 };

/*
 * Everything but descriptor 0. One call does it since Linux 5.9, unless the filter of an older container runtime refuses
 * it; else one by one.
 */
static void close_the_rest(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 1, ~0u, 0) == 0)
		return;
#endif
	DIR *open_ones = opendir("/proc/self/fd");
	for (struct dirent *entry; open_ones && (entry = readdir(open_ones));) {
		long fd = strtol(entry->d_name, NULL, 10); /* 0 for "." and ".." */
		if (fd > 0 && fd != dirfd(open_ones))
			close((int)fd);
	}
	if (open_ones)
		closedir(open_ones);
}

/*
 * Nothing that is sent to the controller's terminal or group may end the guard before its time. `kept` is the
 * controller's end of the pipe: a guard that held it as well would wait for itself.
 */
static void step_aside(int fd, int kept)
{
	setsid();
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	prctl(PR_SET_NAME, "assay-guard");
	dup2(fd, 0);
	close(kept);
	close_the_rest();
	if (chdir("/") != 0)
		return; /* only keeps a folder from being unmounted */
}

static _Noreturn void stand_guard(int fd, int kept, const char *mark, const struct assay_pen *pen)
{
	char nothing;
	step_aside(fd, kept);
	while (read(0, &nothing, 1) < 0 && errno == EINTR)
		;
	assay_pen_remove(pen, PATIENCE_MS);
	assay_reap_marked(mark, PATIENCE_MS);
	_exit(0);
}

/* Twice, so that it is nobody's child whom the controller would wait for and reap. */
static enum assay_code start(int fd, int kept, const char *mark, const struct assay_pen *pen,
			     struct assay_err *err)
{
	pid_t pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			stand_guard(fd, kept, mark, pen);
		_exit(pid < 0);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && status == 0
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_EIO, "start the guard of this run: %s",
				    strerror(pid < 0 ? errno : EAGAIN));
}

/* Guards may stand inside one another: a command that is measured may be a controller too. */
static enum assay_code put_mark(char mark[20], struct assay_err *err)
{
	uint64_t token;
	if (getrandom(&token, sizeof(token), 0) != sizeof(token))
		return assay_fail(err, ASSAY_EIO, "get a random number: %s", strerror(errno));
	snprintf(mark, 20, ":%016" PRIx64, token);
	const char *outer = getenv(VARIABLE);
	ASSAY_AUTO_FREE char *all = NULL;
	if (asprintf(&all, "%s%s", outer ? outer : "", mark) < 0) {
		all = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	return setenv(VARIABLE, all, 1) == 0 ? ASSAY_OK
					     : assay_fail(err, ASSAY_ENOMEM, "out of memory");
}

enum assay_code assay_guard_start(struct assay_err *err)
{
	int ends[2], already = 0;
	char mark[20];
	struct assay_pen pen;
	prctl(PR_GET_CHILD_SUBREAPER, &already);
	if (already)
		return ASSAY_OK;
	enum assay_code rc = put_mark(mark, err);
	if (rc != ASSAY_OK)
		return rc;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	/* Above the descriptors that workers get; ours until the kernel closes it. */
	int kept = fcntl(ends[1], F_DUPFD_CLOEXEC, ASSAY_WORKER_ERRORS + 1);
	close(ends[1]);
	if (kept < 0) {
		close(ends[0]);
		return assay_fail(err, ASSAY_EIO, "make a pipe: %s", strerror(errno));
	}
	assay_pen_make(&pen);
	rc = start(ends[0], kept, mark, &pen, err);
	close(ends[0]);
	if (rc != ASSAY_OK) {
		assay_pen_remove(&pen, 0);
		close(kept);
		return rc;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return ASSAY_OK;
}

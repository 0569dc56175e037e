/* SPDX-License-Identifier: MIT */
/* viewer: xdg-open in a session of its own, heard for a moment in case it fails. */
#include "cli/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/attr.h"

extern char **environ;

/* Looks at whether it has ended, 10 ms apart. */
enum { LOOKS = 200 };

/* In a session of its own, so that it outlives ours, and silent: our streams carry our output. */
static int start(const char *path, pid_t *ret)
{
	char *const argv[] = {(char *)"xdg-open", (char *)path, NULL}; /* neither is written to */
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	int rc = posix_spawnp(ret, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

enum assay_code viewer_open(const char *path, struct assay_err *err)
{
	static const struct timespec moment = {.tv_nsec = 10000000};
	ASSAY_AUTO_FREE char *whole = realpath(path, NULL); /* never begins with a dash */
	pid_t pid;
	int status = 0;
	if (!whole)
		return assay_fail(err, ASSAY_EIO, "open '%s': %s", path, strerror(errno));
	int rc = start(whole, &pid);
	if (rc != 0)
		return assay_fail(err, ASSAY_EENV,
				  "xdg-open cannot be started (%s): open '%s' by hand",
				  strerror(rc), whole);
	for (int i = 0; i < LOOKS; i++) {
		if (waitpid(pid, &status, WNOHANG) != 0)
			break;
		nanosleep(&moment, NULL);
	}
	if (status == 0) /* all is well, or it goes on to run */
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EENV,
			  "xdg-open does not know how to show it: open '%s' by hand", whole);
}

/* SPDX-License-Identifier: MIT */
/* pen: the files of a control group, as the kernel's cgroup-v2 document describes them. */
#include "harness/engine/pen.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "harness/machine/facts.h"
#include "harness/machine/proc.h"

#define VARIABLE   "_ASSAY_PEN"
#define MOST_TASKS "16384"
enum { LOOK_AGAIN_US = 2000 };

static bool put(const char *folder, const char *file, const char *text)
{
	char path[ASSAY_PEN_BYTES + 32];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	ASSAY_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Our own group, under which we may make others or not. */
static bool find_own(char path[ASSAY_PEN_BYTES])
{
	struct proc_why why;
	ASSAY_AUTO_FREE char *mounts = proc_read("", "/proc/self/mounts", &why);
	ASSAY_AUTO_FREE char *groups = proc_read("", "/proc/self/cgroup", &why);
	ASSAY_AUTO_FREE char *mount = mounts ? facts_cgroup_mount(mounts, NULL) : NULL;
	ASSAY_AUTO_FREE char *own = groups ? facts_cgroup_path(groups, NULL) : NULL;
	if (!mount || !own)
		return false;
	int n = snprintf(path, ASSAY_PEN_BYTES, "%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
	return n > 0 && n < ASSAY_PEN_BYTES;
}

void assay_pen_make(char path[ASSAY_PEN_BYTES])
{
	char own[ASSAY_PEN_BYTES];
	uint64_t chance;
	*path = '\0';
	unsetenv(VARIABLE); /* what we inherited is somebody else's, with us inside perhaps */
	if (!find_own(own) || getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return;
	int n = snprintf(path, ASSAY_PEN_BYTES, "%s/assay-%016" PRIx64, own, chance);
	if (n < 0 || n >= ASSAY_PEN_BYTES || mkdir(path, 0755) != 0) {
		*path = '\0';
		return;
	}
	put(path, "pids.max", MOST_TASKS); /* is there where the group above shares that out */
	if (setenv(VARIABLE, path, 1) != 0) {
		rmdir(path);
		*path = '\0';
	}
}

void assay_pen_enter(void)
{
	const char *path = getenv(VARIABLE);
	if (path)
		put(path, "cgroup.procs", "0");
	unsetenv(VARIABLE);
}

/* Before Linux 5.14: what is frozen starts nothing more. */
static void kill_frozen(const char *path)
{
	char name[ASSAY_PEN_BYTES + 32];
	int pid;
	put(path, "cgroup.freeze", "1");
	snprintf(name, sizeof(name), "%s/cgroup.procs", path);
	FILE *file = fopen(name, "re");
	while (file && fscanf(file, "%d", &pid) == 1)
		if (pid > 1 && pid != getpid())
			kill(pid, SIGKILL);
	if (file)
		fclose(file);
	put(path, "cgroup.freeze", "0");
}

static void kill_all(const char *path)
{
	if (!put(path, "cgroup.kill", "1"))
		kill_frozen(path);
}

void assay_pen_clear(void)
{
	const char *path = getenv(VARIABLE);
	if (path)
		kill_all(path);
}

bool assay_pen_holds(void)
{
	const char *path = getenv(VARIABLE);
	char name[ASSAY_PEN_BYTES + 32], text[256];
	if (!path)
		return false;
	snprintf(name, sizeof(name), "%s/cgroup.events", path);
	ASSAY_AUTO_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "populated 1") != NULL;
}

/* Groups that were made inside it, by a controller among its workers, are in the way of removing it. */
static int remove_inner(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DP)
		rmdir(path);
	return 0;
}

void assay_pen_remove(const char *path, unsigned patience_ms)
{
	uint64_t until = assay_now_ns() + patience_ms * UINT64_C(1000000);
	while (*path && access(path, F_OK) == 0) {
		kill_all(path);
		nftw(path, remove_inner, 8, FTW_DEPTH | FTW_PHYS);
		if (assay_now_ns() > until)
			return;
		usleep(LOOK_AGAIN_US);
	}
}

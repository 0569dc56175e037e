/* SPDX-License-Identifier: MIT */
/* pen: the files of control groups, as the kernel's cgroup-v2 and cgroup-v1/pids documents describe them. */
#include "harness/engine/pen.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
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

#define GROUP "_ASSAY_PEN"
#define TASKS "_ASSAY_PEN_TASKS"
enum { LOOK_AGAIN_US = 2000, HASTEN_AFTER_NS = 20000000, MOST_TASKS = 4096, TASKS_PER_CPU = 16 };

static int open_in(const char *folder, const char *file, int flags)
{
	char path[ASSAY_PEN_BYTES + 32];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return open(path, flags | O_CLOEXEC);
}

static bool put(const char *folder, const char *file, const char *text)
{
	ASSAY_AUTO_CLOSE int fd = open_in(folder, file, O_WRONLY);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The beginning of a file; "" when there is none. */
static void get(const char *folder, const char *file, char *ret, size_t size)
{
	ASSAY_AUTO_CLOSE int fd = open_in(folder, file, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, ret, size - 1) : -1;
	ret[n > 0 ? n : 0] = '\0';
}

unsigned long assay_pen_most_tasks(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	return cpus > MOST_TASKS / TASKS_PER_CPU ? (unsigned long)cpus * TASKS_PER_CPU : MOST_TASKS;
}

static void limit_tasks(const char *folder, unsigned long most)
{
	char text[24];
	snprintf(text, sizeof(text), "%lu", most);
	put(folder, "pids.max", text);
}

/* Our own group of a hierarchy, under which we may make others or not. */
static bool find_own(const char *controller, char path[ASSAY_PEN_BYTES])
{
	struct proc_why why;
	ASSAY_AUTO_FREE char *mounts = proc_read("", "/proc/self/mounts", &why);
	ASSAY_AUTO_FREE char *groups = proc_read("", "/proc/self/cgroup", &why);
	ASSAY_AUTO_FREE char *mount = mounts ? facts_cgroup_mount(mounts, controller) : NULL;
	ASSAY_AUTO_FREE char *own = groups ? facts_cgroup_path(groups, controller) : NULL;
	if (!mount || !own)
		return false;
	int n = snprintf(path, ASSAY_PEN_BYTES, "%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
	return n > 0 && n < ASSAY_PEN_BYTES;
}

/* A group of that hierarchy for the pen; "" where none is to be had. */
static void make_group(const char *controller, uint64_t chance, const char *variable,
		       char path[ASSAY_PEN_BYTES])
{
	char own[ASSAY_PEN_BYTES];
	*path = '\0';
	if (!find_own(controller, own))
		return;
	int n = snprintf(path, ASSAY_PEN_BYTES, "%s/assay-%016" PRIx64, own, chance);
	if (n < 0 || n >= ASSAY_PEN_BYTES || mkdir(path, 0755) != 0) {
		*path = '\0';
	} else if (setenv(variable, path, 1) != 0) {
		rmdir(path);
		*path = '\0';
	}
}

static bool counts_tasks(const char *folder)
{
	char path[ASSAY_PEN_BYTES + 32];
	snprintf(path, sizeof(path), "%s/pids.max", folder);
	return *folder && access(path, F_OK) == 0;
}

void assay_pen_make(struct assay_pen *ret)
{
	uint64_t chance;
	*ret = (struct assay_pen){0};
	unsetenv(GROUP); /* what we inherited is somebody else's, with us inside perhaps */
	unsetenv(TASKS);
	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return;
	make_group(NULL, chance, GROUP, ret->group);
	if (!counts_tasks(ret->group)) /* it does where the group above shares that out */
		make_group("pids", chance, TASKS, ret->tasks);
	const char *counting = *ret->tasks ? ret->tasks : ret->group;
	if (counts_tasks(counting))
		limit_tasks(counting, assay_pen_most_tasks());
}

void assay_pen_enter(void)
{
	static const char *const variables[] = {TASKS, GROUP};
	for (size_t i = 0; i < ASSAY_COUNT_OF(variables); i++) {
		const char *path = getenv(variables[i]);
		if (path)
			put(path, "cgroup.procs", "0");
		unsetenv(variables[i]);
	}
}

/* Each process of the group, but not this one, until `act` says no. */
static void for_each(const char *path, bool (*act)(pid_t pid))
{
	char name[ASSAY_PEN_BYTES + 32];
	int pid;
	snprintf(name, sizeof(name), "%s/cgroup.procs", path);
	FILE *file = fopen(name, "re");
	while (file && fscanf(file, "%d", &pid) == 1)
		if (pid > 1 && pid != getpid() && !act(pid))
			break;
	if (file)
		fclose(file);
}

static bool kill_one(pid_t pid)
{
	kill(pid, SIGKILL);
	return true;
}

static bool hasten_one(pid_t pid)
{
	const struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
	return sched_setscheduler(pid, SCHED_RR, &lowest) == 0 || errno == ESRCH;
}

/* Before Linux 5.14, and version 1: what is frozen, or has no task to spare, starts nothing more. */
static void kill_each(const char *path)
{
	bool counting = counts_tasks(path);
	put(path, "cgroup.freeze", "1");
	if (counting)
		limit_tasks(path, 0);
	for_each(path, kill_one);
	if (counting)
		limit_tasks(path, assay_pen_most_tasks());
	put(path, "cgroup.freeze", "0");
}

static void kill_all(const char *group, const char *tasks)
{
	if (group && *group && !put(group, "cgroup.kill", "1"))
		kill_each(group);
	else if ((!group || !*group) && tasks && *tasks)
		kill_each(tasks);
}

void assay_pen_clear(void)
{
	kill_all(getenv(GROUP), getenv(TASKS));
}

void assay_pen_hasten(void)
{
	const char *group = getenv(GROUP), *tasks = getenv(TASKS);
	if (group || tasks)
		for_each(group ? group : tasks, hasten_one);
}

bool assay_pen_holds(void)
{
	const char *group = getenv(GROUP), *tasks = getenv(TASKS);
	char text[256] = "";
	if (group)
		get(group, "cgroup.events", text, sizeof(text));
	else if (tasks)
		get(tasks, "cgroup.procs", text, sizeof(text));
	return group ? strstr(text, "populated 1") != NULL : *text != '\0';
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

static bool is_there(const char *path)
{
	return *path && access(path, F_OK) == 0;
}

void assay_pen_remove(const struct assay_pen *pen, unsigned patience_ms)
{
	uint64_t began = assay_now_ns(), until = began + patience_ms * UINT64_C(1000000);
	unsetenv(GROUP);
	unsetenv(TASKS);
	while (is_there(pen->group) || is_there(pen->tasks)) {
		kill_all(pen->group, pen->tasks);
		if (*pen->group)
			nftw(pen->group, remove_inner, 8, FTW_DEPTH | FTW_PHYS);
		if (*pen->tasks)
			nftw(pen->tasks, remove_inner, 8, FTW_DEPTH | FTW_PHYS);
		if (assay_now_ns() > until)
			return;
		if (assay_now_ns() > began + HASTEN_AFTER_NS)
			for_each(*pen->group ? pen->group : pen->tasks, hasten_one);
		usleep(LOOK_AGAIN_US);
	}
}

/* The group that counts tasks, NULL: none. */
static const char *counting_group(void)
{
	const char *group = getenv(GROUP), *tasks = getenv(TASKS);
	return tasks ? tasks : group;
}

uint64_t assay_pen_refusals(void)
{
	const char *folder = counting_group();
	char text[256] = "";
	if (folder)
		get(folder, "pids.events", text, sizeof(text));
	return strncmp(text, "max ", 4) == 0 ? strtoull(text + 4, NULL, 10) : 0;
}

void assay_pen_explain(uint64_t before, char *reason, size_t size)
{
	char most[32];
	if (assay_pen_refusals() <= before)
		return;
	get(counting_group(), "pids.max", most, sizeof(most));
	most[strcspn(most, "\n")] = '\0';
	size_t used = strlen(reason);
	snprintf(reason + used, size - used, "; it reached the limit of %s processes and threads",
		 most);
}

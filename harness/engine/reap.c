/* SPDX-License-Identifier: MIT */
/* reap: /proc is walked because a session can be left, but parentage cannot. */
#include "harness/engine/reap.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "harness/engine/pen.h"

enum {
	MAX_PROCESSES = 65536,
	MOST_PATIENCES = 10,
	LOOK_US = 2000,
	HASTEN_AFTER_NS = 20000000,      /* few are gone at once, if at all */
	PID_LIMIT = 4 * 1024 * 1024 + 1, /* the kernel's own upper bound */
};

struct process {
	pid_t pid, parent;
	char state;
	unsigned long long started; /* in ticks since the machine started */
};

/* From /proc/PID/stat, where the name may hold anything: so seek its end. */
static int read_process(const char *folder, struct process *ret)
{
	char path[64], text[512];
	snprintf(path, sizeof(path), "/proc/%.20s/stat", folder);
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *end = strrchr(text, ')');
	int parent;
	if (!end || sscanf(end + 1,
			   " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			   "%*s %llu",
			   &ret->state, &parent, &ret->started) != 3)
		return 0;
	ret->pid = (pid_t)strtol(text, NULL, 10);
	ret->parent = parent;
	return ret->pid > 0 && ret->pid < PID_LIMIT && parent >= 0 && parent < PID_LIMIT;
}

static size_t read_processes(struct process *processes, size_t capacity)
{
	size_t n = 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return 0;
	for (struct dirent *entry; n < capacity && (entry = readdir(dir));)
		if (isdigit((unsigned char)entry->d_name[0]))
			n += (size_t)read_process(entry->d_name, &processes[n]);
	closedir(dir);
	return n;
}

struct found {
	int living, moving; /* moving: not stopped, so that it may still start others */
};

static void hit(const struct process *p, int number, struct found *found)
{
	if (p->state == 'Z')
		return;
	kill(p->pid, number);
	found->living++;
	found->moving += p->state != 'T' && p->state != 't';
}

/* Mark all descendants of the marked ones in `doomed`, by process id, and send `number` to those that live. */
static void hit_descendants(const struct process *processes, size_t n, int number, char *doomed,
			    struct found *found)
{
	for (int changed = 1; changed;) { /* twice at most unless process ids wrapped around */
		changed = 0;
		for (size_t i = 0; i < n; i++) {
			const struct process *p = &processes[i];
			if (doomed[p->pid] || !doomed[p->parent])
				continue;
			doomed[p->pid] = 1;
			changed = 1;
			hit(p, number, found);
		}
	}
}

/*
 * What forks without end takes the place of what is killed for ever, but not of what is stopped: so all are stopped
 * first, for a part of the patience at most. Hundreds that have been killed still need a processor each to be gone: the
 * patience is with those that do not become fewer, up to a limit.
 */
struct hunt {
	uint64_t stop_until_ns, deadline_ns, limit_ns, patience_ns;
	int number, least;
};

static struct hunt hunt_begin(unsigned patience_ms)
{
	uint64_t now = assay_now_ns(), patience_ns = patience_ms * UINT64_C(1000000);
	return (struct hunt){
		.stop_until_ns = now + patience_ns / 3,
		.deadline_ns = now + patience_ns,
		.limit_ns = now + MOST_PATIENCES * patience_ns,
		.patience_ns = patience_ns,
		.number = SIGSTOP,
		.least = MAX_PROCESSES,
	};
}

/* After each look at all processes; true when it is over, with some still there. */
static bool hunt_over(struct hunt *hunt, const struct found *found)
{
	uint64_t now = assay_now_ns();
	if (found->living < hunt->least) {
		hunt->least = found->living;
		hunt->deadline_ns = now + hunt->patience_ns;
	}
	if (hunt->number == SIGSTOP && (!found->moving || now > hunt->stop_until_ns))
		hunt->number = SIGKILL;
	else if (now > hunt->deadline_ns || now > hunt->limit_ns)
		return true;
	else
		usleep(LOOK_US);
	return false;
}

/* Returns how many have ended since the last time; *ret_none: no child is left, and so, to a subreaper, no descendant. */
static int collect(struct assay_leader *leader, bool *ret_none)
{
	int n = 0, status;
	pid_t pid;
	for (; (pid = waitpid(-1, &status, WNOHANG)) > 0; n++)
		if (leader && pid == leader->pid) {
			leader->exited = true;
			leader->wait_status = status;
		}
	*ret_none = pid < 0 && errno == ECHILD;
	return n;
}

/*
 * What is in the pen has been killed as a whole and can start nothing more: thousands of them need a processor each to be
 * gone, which a search through /proc would only take from them. True when no child is left.
 */
static bool outwait_pen(struct assay_leader *leader, unsigned patience_ms)
{
	const uint64_t began_ns = assay_now_ns(), patience_ns = patience_ms * UINT64_C(1000000);
	uint64_t now = began_ns, deadline_ns = now + patience_ns;
	uint64_t limit_ns = now + MOST_PATIENCES * patience_ns;
	bool none = false, hastened = false;
	while (!none && now < deadline_ns && now < limit_ns && assay_pen_holds()) {
		usleep(LOOK_US);
		now = assay_now_ns();
		if (collect(leader, &none))
			deadline_ns = now + patience_ns;
		if (!hastened && now > began_ns + HASTEN_AFTER_NS) {
			assay_pen_hasten();
			hastened = true;
		}
	}
	return none;
}

static int hunt_tree(struct assay_leader *leader, unsigned patience_ms)
{
	ASSAY_AUTO_FREE struct process *processes = calloc(MAX_PROCESSES, sizeof(*processes));
	ASSAY_AUTO_FREE char *doomed = calloc(PID_LIMIT, 1);
	if (!processes || !doomed)
		return -1;
	for (struct hunt hunt = hunt_begin(patience_ms);;) {
		struct found found = {0};
		bool none;
		size_t n = read_processes(processes, MAX_PROCESSES);
		memset(doomed, 0, PID_LIMIT);
		doomed[getpid()] = 1;
		hit_descendants(processes, n, hunt.number, doomed, &found);
		collect(leader, &none);
		if (none)
			return 0;
		if (hunt_over(&hunt, &found))
			return found.living;
		assay_pen_clear(); /* one may have been on its way in */
	}
}

int assay_exit_fd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

int assay_reap_tree(struct assay_leader *leader, unsigned patience_ms)
{
	bool none;
	assay_pen_clear();
	if (leader && leader->pid > 1) {
		kill(-leader->pid, SIGKILL);
		if (!leader->exited)
			kill(leader->pid, SIGKILL);
	}
	collect(leader, &none);
	if (none || outwait_pen(leader, patience_ms)) /* the former nearly always */
		return 0;
	int left = hunt_tree(leader, patience_ms);
	while (left < 0 && leader && !leader->exited)
		leader->exited = waitpid(leader->pid, &leader->wait_status, 0) == leader->pid ||
				 errno == ECHILD;
	return left;
}

/* Does one of the variables that the process was started with hold `mark`? */
static bool carries(pid_t pid, const char *mark)
{
	enum { CHUNK = 1 << 16, MOST = 1 << 22 };
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSAY_AUTO_FREE char *text = fd >= 0 ? malloc(CHUNK) : NULL;
	size_t have = 0, length = strlen(mark), seen = 0;
	for (ssize_t n; text && seen < MOST && (n = read(fd, text + have, CHUNK - have)) > 0;) {
		seen += (size_t)n;
		have += (size_t)n;
		if (memmem(text, have, mark, length))
			return true;
		size_t keep = have < length ? have : length - 1; /* it may lie across two reads */
		memmove(text, text + have - keep, keep);
		have = keep;
	}
	return false;
}

int assay_reap_marked(const char *mark, unsigned patience_ms)
{
	ASSAY_AUTO_FREE struct process *processes = calloc(MAX_PROCESSES, sizeof(*processes));
	ASSAY_AUTO_FREE char *doomed = calloc(PID_LIMIT, 1);
	struct process self = {0};
	if (!processes || !doomed || !read_process("self", &self))
		return -1;
	for (struct hunt hunt = hunt_begin(patience_ms);;) {
		struct found found = {0};
		size_t n = read_processes(processes, MAX_PROCESSES);
		memset(doomed, 0, PID_LIMIT);
		for (size_t i = 0; i < n; i++) {
			const struct process *p = &processes[i];
			/* The environment of each process on a busy machine is much to read. */
			if (p->pid == getpid() || p->state == 'Z' || p->started < self.started ||
			    !carries(p->pid, mark))
				continue;
			doomed[p->pid] = 1;
			hit(p, hunt.number, &found);
		}
		hit_descendants(processes, n, hunt.number, doomed, &found);
		if (found.living == 0 || hunt_over(&hunt, &found))
			return found.living;
	}
}

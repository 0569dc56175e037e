/* SPDX-License-Identifier: MIT */
/* facts_limits: what confines this process: cgroup, container, resource limits, capabilities. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/machine/facts.h"

/* Is `word` one of the comma-separated words of list[n]? */
static bool listed(const char *list, size_t n, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = list; at < list + n;) {
		size_t rest = (size_t)(list + n - at);
		const char *comma = memchr(at, ',', rest);
		size_t here = comma ? (size_t)(comma - at) : rest;
		if (here == length && memcmp(at, word, length) == 0)
			return true;
		at += here + 1;
	}
	return false;
}

/* Lines are "hierarchy:controllers:path"; version 2 has "0::path". */
char *facts_cgroup_path(const char *cgroup, const char *controller)
{
	for (const char *line = cgroup; *line;) {
		size_t n = strcspn(line, "\n");
		const char *first = memchr(line, ':', n);
		size_t left = first ? n - (size_t)(first + 1 - line) : 0;
		const char *second = first ? memchr(first + 1, ':', left) : NULL;
		if (second) {
			size_t names = (size_t)(second - first - 1);
			bool hit = controller ? listed(first + 1, names, controller) : names == 0;
			if (hit)
				return strndup(second + 1, n - (size_t)(second + 1 - line));
		}
		line += n + (line[n] == '\n');
	}
	return NULL;
}

/* Lines are "device folder type options ...". */
char *facts_cgroup_mount(const char *mounts, const char *controller)
{
	for (const char *line = mounts; *line;) {
		size_t n = strcspn(line, "\n");
		char folder[256], type[32], options[512];
		bool parsed = sscanf(line, "%*s %255s %31s %511s", folder, type, options) == 3;
		if (parsed && !controller && strcmp(type, "cgroup2") == 0)
			return strdup(folder);
		if (parsed && controller && strcmp(type, "cgroup") == 0 &&
		    listed(options, strlen(options), controller))
			return strdup(folder);
		line += n + (line[n] == '\n');
	}
	return NULL;
}

/*
 * One file of this process's group. Inside a container the path in /proc/self/cgroup is often the
 * host's and does not exist: then the mount's root is our group.
 */
static char *group_file(const struct fact_files *files, const char *controller, const char *name,
			struct proc_why *why)
{
	if (!files->mounts || !files->cgroup)
		return fact_none(why, "no control groups here");
	ASSAY_AUTO_FREE char *mount = facts_cgroup_mount(files->mounts, controller);
	ASSAY_AUTO_FREE char *path = facts_cgroup_path(files->cgroup, controller);
	if (!mount || !path) {
		snprintf(why->text, sizeof(why->text), "no cgroup %s here",
			 controller ? controller : "version 2");
		return NULL;
	}
	struct assay_str full = {0};
	assay_str_add(&full, "%s%s/%s", mount, strcmp(path, "/") == 0 ? "" : path, name);
	char *value = proc_read(files->root, assay_str_text(&full), why);
	if (!value) {
		assay_str_clear(&full);
		assay_str_add(&full, "%s/%s", mount, name);
		value = proc_read(files->root, assay_str_text(&full), why);
	}
	assay_str_done(&full);
	return value;
}

static FACT_READER(cgroup_version)
{
	if (!files->mounts)
		return fact_none(why, "no /proc/self/mounts here");
	ASSAY_AUTO_FREE char *old = facts_cgroup_mount(files->mounts, "cpu");
	ASSAY_AUTO_FREE char *new = facts_cgroup_mount(files->mounts, NULL);
	if (!old && !new)
		return fact_none(why, "no control groups are mounted");
	return strdup(old && new ? "1 and 2" : old ? "1" : "2");
}

/* What one group says of a limit: infinite when it sets none, NaN when it has no such file. */
typedef double (*limit_fn)(const struct fact_files *files, const char *folder,
			   struct proc_why *why);

static char *read_in(const struct fact_files *files, const char *folder, const char *name,
		     struct proc_why *why)
{
	ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
	assay_str_add(&path, "%s/%s", folder, name);
	return proc_read(files->root, assay_str_text(&path), why);
}

static double quota_of(const struct fact_files *files, const char *folder, struct proc_why *why)
{
	ASSAY_AUTO_FREE char *max = read_in(files, folder, "cpu.max", why);
	if (!max)
		return NAN;
	char *period;
	double quota = strtod(max, &period); /* "max 100000" gives 0 */
	return quota > 0 ? quota / strtod(period, NULL) : INFINITY;
}

static double old_quota_of(const struct fact_files *files, const char *folder, struct proc_why *why)
{
	ASSAY_AUTO_FREE char *quota = read_in(files, folder, "cpu.cfs_quota_us", why);
	ASSAY_AUTO_FREE char *period =
		quota ? read_in(files, folder, "cpu.cfs_period_us", why) : NULL;
	if (!period)
		return NAN;
	double quota_us = strtod(quota, NULL); /* -1: none */
	return quota_us > 0 ? quota_us / strtod(period, NULL) : INFINITY;
}

static double memory_of(const struct fact_files *files, const char *folder, struct proc_why *why)
{
	ASSAY_AUTO_FREE char *max = read_in(files, folder, "memory.max", why);
	return !max ? NAN : strcmp(max, "max") == 0 ? INFINITY : strtod(max, NULL);
}

static double old_memory_of(const struct fact_files *files, const char *folder,
			    struct proc_why *why)
{
	ASSAY_AUTO_FREE char *limit = read_in(files, folder, "memory.limit_in_bytes", why);
	double bytes = limit ? strtod(limit, NULL) : NAN;
	return bytes > 9e18 ? INFINITY : bytes; /* none is the largest multiple of a page */
}

/*
 * The least limit of this process's group and of all groups above it: each holds for everything below, and what sets one
 * is often a slice or a pod a level or two up. NaN: no group has such a file.
 */
static double least_limit(const struct fact_files *files, const char *controller, limit_fn limit,
			  struct proc_why *why)
{
	if (!files->mounts || !files->cgroup) {
		fact_none(why, "no control groups here");
		return NAN;
	}
	ASSAY_AUTO_FREE char *mount = facts_cgroup_mount(files->mounts, controller);
	ASSAY_AUTO_FREE char *path = facts_cgroup_path(files->cgroup, controller);
	if (!mount || !path)
		return NAN;
	ASSAY_AUTO(assay_str_done) struct assay_str folder = {0};
	assay_str_add(&folder, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
	double least = NAN;
	while (!folder.failed) {
		least = fmin(least, limit(files, folder.text, why)); /* the other one of NaN */
		if (folder.length <= strlen(mount))
			break;
		folder.length = (size_t)(strrchr(folder.text, '/') - folder.text);
		folder.text[folder.length] = '\0';
	}
	return least;
}

/* Does version 2 hold this process? Its root has no files of limits, nor have groups where nobody asked for any. */
static bool is_grouped(const struct fact_files *files)
{
	ASSAY_AUTO_FREE char *mount =
		files->mounts ? facts_cgroup_mount(files->mounts, NULL) : NULL;
	ASSAY_AUTO_FREE char *path = files->cgroup ? facts_cgroup_path(files->cgroup, NULL) : NULL;
	return mount && path;
}

static FACT_READER(cpu_quota)
{
	char text[32];
	double cpus = least_limit(files, NULL, quota_of, why);
	if (isnan(cpus))
		cpus = least_limit(files, "cpu", old_quota_of, why);
	if (isnan(cpus) && !is_grouped(files))
		return fact_none(why, "no control group holds this process");
	if (!isfinite(cpus))
		return strdup("unlimited");
	snprintf(text, sizeof(text), "%.2f CPUs", cpus);
	return strdup(text);
}

static FACT_READER(memory_limit)
{
	char text[32];
	double bytes = least_limit(files, NULL, memory_of, why);
	if (isnan(bytes))
		bytes = least_limit(files, "memory", old_memory_of, why);
	if (isnan(bytes) && !is_grouped(files))
		return fact_none(why, "no control group holds this process");
	if (!isfinite(bytes))
		return strdup("max");
	snprintf(text, sizeof(text), "%.0f", bytes);
	return strdup(text);
}

static FACT_READER(group_cpus)
{
	char *value = group_file(files, NULL, "cpuset.cpus.effective", why);
	return value ? value : group_file(files, "cpuset", "cpuset.cpus", why);
}

static FACT_READER(throttled)
{
	ASSAY_AUTO_FREE char *stat = group_file(files, NULL, "cpu.stat", why);
	char *value = stat ? proc_field(stat, "throttled_usec", ' ') : NULL;
	if (value)
		return value;
	ASSAY_AUTO_FREE char *old = group_file(files, "cpu", "cpu.stat", why);
	value = old ? proc_field(old, "throttled_time", ' ') : NULL; /* in ns */
	if (!value)
		return fact_none(why, "this control group counts no throttling");
	char text[24];
	snprintf(text, sizeof(text), "%llu", strtoull(value, NULL, 10) / 1000);
	free(value);
	return strdup(text);
}

static FACT_READER(container)
{
	static const struct {
		const char *path, *name;
	} marks[] = {
		{"/.dockerenv", "docker"},
		{"/run/.containerenv", "podman"},
		{"/var/run/secrets/kubernetes.io", "kubernetes"},
	};
	ASSAY_AUTO_FREE char *named = proc_read_line(files->root, "/run/systemd/container", why);
	if (named && named[0])
		return strdup(named);
	for (size_t i = 0; i < ASSAY_COUNT_OF(marks); i++) {
		char path[256];
		snprintf(path, sizeof(path), "%.200s%s", files->root, marks[i].path);
		if (access(path, F_OK) == 0)
			return strdup(marks[i].name);
	}
	return strdup("none seen");
}

static FACT_READER(status_field)
{
	if (!files->status)
		return fact_none(why, "no /proc/self/status here");
	char *value = proc_field(files->status, argument, ':');
	if (!value)
		snprintf(why->text, sizeof(why->text), "/proc/self/status has no '%s'", argument);
	return value;
}

static void add_limit(struct assay_str *text, const char *name, int resource)
{
	struct rlimit limit;
	char value[24];
	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return;
	bool endless = limit.rlim_cur == RLIM_INFINITY;
	assay_str_add(text, "%s%s %s", text->length ? ", " : "", name,
		      endless ? "unlimited"
			      : assay_format_size(limit.rlim_cur, value, sizeof(value)));
}

static FACT_READER(resource_limits)
{
	struct assay_str text = {0};
	add_limit(&text, "memlock", RLIMIT_MEMLOCK);
	add_limit(&text, "stack", RLIMIT_STACK);
	add_limit(&text, "address-space", RLIMIT_AS);
	add_limit(&text, "files", RLIMIT_NOFILE);
	add_limit(&text, "processes", RLIMIT_NPROC);
	add_limit(&text, "cpu-seconds", RLIMIT_CPU);
	return text.text ? text.text : fact_none(why, strerror(errno));
}

const struct fact_row fact_rows_limits[] = {
	{"cgroup.version", true, cgroup_version, NULL},
	{"cgroup.cpu_quota", true, cpu_quota, NULL},
	{"cgroup.cpus", true, group_cpus, NULL},
	{"cgroup.memory_max", true, memory_limit, NULL},
	{"cgroup.throttled_us", false, throttled, NULL},
	{"container.kind", true, container, NULL},
	{"process.affinity", true, status_field, "Cpus_allowed_list"},
	{"process.memory_nodes", true, status_field, "Mems_allowed_list"},
	{"process.capabilities", true, status_field, "CapEff"},
	{"process.seccomp", true, status_field, "Seccomp"},
	{"process.limits", true, resource_limits, NULL},
	{0},
};

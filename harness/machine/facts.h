/* SPDX-License-Identifier: MIT */
/* facts: the readers behind the environment record. Each gives a value or says why there is none. */
#ifndef ASSAY_MACHINE_FACTS_H
#define ASSAY_MACHINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/machine/environment.h"
#include "harness/machine/proc.h"

/* Files that several readers look into, read once. NULL texts could not be read. */
struct fact_files {
	const char *root; /* "" or a folder with a copy of /proc and /sys */
	char *cpuinfo, *meminfo, *status, *cmdline, *mounts, *cgroup;
};

/* A reader: malloc'd value, or NULL and *why. `argument` is the row's. */
#define FACT_READER(name) \
	char *name(const struct fact_files *files, const char *argument, struct proc_why *why)

struct fact_row {
	const char *key;
	bool stable; /* part of the environment's identity */
	char *(*read)(const struct fact_files *files, const char *argument, struct proc_why *why);
	const char *argument;
};

/* Rows by topic; each array ends with a { 0 } row. */
extern const struct fact_row fact_rows_cpu[];
extern const struct fact_row fact_rows_kernel[];
extern const struct fact_row fact_rows_limits[];
extern const struct fact_row fact_rows_process[];

/* Readers that several topics share: first line of the file `argument`; the same, but what stands
 * in brackets; field `argument` of /proc/cpuinfo. */
FACT_READER(fact_line);
FACT_READER(fact_selected);
FACT_READER(fact_cpuinfo);

/* Set *why to `text` and return NULL: `return fact_none(why, "no DMI here");` */
char *fact_none(struct proc_why *why, const char *text);

/* Like assay_environment_read, from a folder with a copy of /proc and /sys instead of this machine;
 * what only system calls know is read from this process all the same. */
enum assay_code environment_read_from(const char *root, struct assay_environment *ret,
				      struct assay_err *err);

/* Value of a fact, or NULL. */
const char *environment_value(const struct assay_environment *environment, const char *key);

/* Parsers of single lines, apart for their tests. */
/* Those words of a kernel command line that change how fast things run; malloc'd, "" none. */
char *facts_kernel_parameters(const char *cmdline);
/* Path of this process in a cgroup hierarchy, from /proc/self/cgroup; `controller` NULL: version
 * 2. malloc'd, NULL when it is in none. */
char *facts_cgroup_path(const char *cgroup, const char *controller);
/* Where a hierarchy is mounted, from /proc/self/mounts. malloc'd, NULL when it is not. */
char *facts_cgroup_mount(const char *mounts, const char *controller);
/* Configured speed of the memory modules in MT/s from the SMBIOS table of n bytes; 0 unknown. */
unsigned facts_dimm_speed(const unsigned char *table, size_t n);

#endif

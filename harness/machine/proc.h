/* SPDX-License-Identifier: MIT */
/* proc: small text files of /proc and /sys: their content, or in words why there is none. */
#ifndef ASSAY_MACHINE_PROC_H
#define ASSAY_MACHINE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why something could not be read; complete enough to show. */
struct proc_why {
	char text[160];
};

/*
 * The content of root + path without trailing white space, at most 256 KiB; malloc'd. NULL: *why
 * says the reason. `root` is "" for this machine, or a folder that holds a copy of /proc and /sys.
 */
char *proc_read(const char *root, const char *path, struct proc_why *why);

/* The same, cut at the end of the first line. */
char *proc_read_line(const char *root, const char *path, struct proc_why *why);

/* A file that holds one decimal number, perhaps with a K, M or G behind it (sysfs cache sizes). */
bool proc_read_u64(const char *root, const char *path, uint64_t *ret, struct proc_why *why);

/*
 * The value of the first line "key <separator> value" of `text`, white space trimmed on both
 * sides; malloc'd, NULL when no line has the key. For /proc/cpuinfo, meminfo, status, os-release.
 */
char *proc_field(const char *text, const char *key, char separator);

/* `always [madvise] never` gives `madvise`; text without brackets comes back whole. malloc'd. */
char *proc_selected(const char *text);

/* "some avg10=1.23 ..." of a pressure file: avg10 of the line that starts with `line`; NaN none. */
double proc_pressure_avg10(const char *text, const char *line);

/* Ticks of the "cpu" line of /proc/stat, added up over all CPUs. */
struct proc_ticks {
	uint64_t total;
	uint64_t steal;
};
bool proc_stat_ticks(const char *text, struct proc_ticks *ret);

/* Names in the folder root + path that start with `prefix`, sorted; each malloc'd, and the array. */
char **proc_list(const char *root, const char *path, const char *prefix, size_t *ret_n,
		 struct proc_why *why);
void proc_list_free(char **names, size_t n);

#endif

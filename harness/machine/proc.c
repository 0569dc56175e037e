/* SPDX-License-Identifier: MIT */
/* proc: reading and taking apart the small text files of /proc and /sys. */
#include "harness/machine/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"

enum { MOST_BYTES = 256 * 1024 };

static void explain(struct proc_why *why, const char *path, int error)
{
	if (!why)
		return;
	if (error == ENOENT || error == ENOTDIR)
		snprintf(why->text, sizeof(why->text), "no %s here", path);
	else
		snprintf(why->text, sizeof(why->text), "%s: %s", path, strerror(error));
}

/* /proc and /sys say nothing about their length: read until the end. Returns bytes, -1 on error. */
static ssize_t read_all(int fd, char *buffer, size_t capacity)
{
	size_t n = 0;
	while (n < capacity) {
		ssize_t got = read(fd, buffer + n, capacity - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static char *read_trimmed(int fd, int *ret_error)
{
	char *text = malloc(MOST_BYTES + 1);
	ssize_t n = text ? read_all(fd, text, MOST_BYTES) : -1;
	if (n < 0) {
		*ret_error = text ? errno : ENOMEM;
		free(text);
		return NULL;
	}
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = '\0';
	char *fitted = realloc(text, (size_t)n + 1);
	return fitted ? fitted : text;
}

char *proc_read(const char *root, const char *path, struct proc_why *why)
{
	char full[PATH_MAX];
	int length = snprintf(full, sizeof(full), "%s%s", root, path);
	if (length < 0 || (size_t)length >= sizeof(full)) {
		explain(why, path, ENAMETOOLONG);
		return NULL;
	}
	ASSAY_AUTO_CLOSE int fd = open(full, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	char *text = fd < 0 ? NULL : read_trimmed(fd, &error);
	if (!text)
		explain(why, path, error);
	return text;
}

char *proc_read_line(const char *root, const char *path, struct proc_why *why)
{
	char *text = proc_read(root, path, why);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

bool proc_read_u64(const char *root, const char *path, uint64_t *ret, struct proc_why *why)
{
	ASSAY_AUTO_FREE char *text = proc_read_line(root, path, why);
	if (!text)
		return false;
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	bool whole = *end == '\0' || (shift && end[1] == '\0');
	if (!isdigit((unsigned char)text[0]) || errno || !whole || value > UINT64_MAX >> shift) {
		if (why)
			snprintf(why->text, sizeof(why->text), "%s holds '%.40s', not a number",
				 path, text);
		return false;
	}
	*ret = (uint64_t)value << shift;
	return true;
}

char *proc_field(const char *text, const char *key, char separator)
{
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0)
			continue;
		const char *after = line + length;
		if (separator != ' ')
			after += strspn(after, " \t");
		if (*after != separator)
			continue;
		after++;
		after += strspn(after, " \t");
		size_t n = strcspn(after, "\n");
		while (n > 0 && isspace((unsigned char)after[n - 1]))
			n--;
		return strndup(after, n);
	}
	return NULL;
}

char *proc_selected(const char *text)
{
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;
	return close ? strndup(open + 1, (size_t)(close - open - 1)) : strdup(text);
}

double proc_pressure_avg10(const char *text, const char *line)
{
	char start[32];
	snprintf(start, sizeof(start), "%s avg10=", line);
	const char *at = strstr(text, start);
	if (!at)
		return NAN;
	const char *number = at + strlen(start);
	char *end;
	double value = strtod(number, &end);
	return end == number ? NAN : value;
}

bool proc_stat_ticks(const char *text, struct proc_ticks *ret)
{
	/* cpu user nice system idle iowait irq softirq steal guest guest_nice; the last two are
	 * already inside user and nice. */
	enum { STEAL = 7, LAST = 8 };
	if (strncmp(text, "cpu ", 4) != 0)
		return false;
	const char *cursor = text + 4;
	*ret = (struct proc_ticks){0};
	for (int i = 0; i < LAST; i++) {
		char *end;
		unsigned long long ticks = strtoull(cursor, &end, 10);
		if (end == cursor)
			return i > STEAL; /* kernels before 2.6.11 do not know steal */
		ret->total += ticks;
		if (i == STEAL)
			ret->steal = ticks;
		cursor = end;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Append a copy of `name`; false when out of memory. */
static bool append(char ***names, size_t *n, const char *name)
{
	char **grown = realloc(*names, (*n + 1) * sizeof(*grown));
	if (!grown)
		return false;
	*names = grown;
	grown[*n] = strdup(name);
	if (!grown[*n])
		return false;
	(*n)++;
	return true;
}

char **proc_list(const char *root, const char *path, const char *prefix, size_t *ret_n,
		 struct proc_why *why)
{
	char full[PATH_MAX];
	snprintf(full, sizeof(full), "%s%s", root, path);
	DIR *dir = opendir(full);
	if (!dir) {
		explain(why, path, errno);
		return NULL;
	}
	char **names = calloc(1, sizeof(*names));
	size_t n = 0;
	bool ok = names != NULL;
	for (struct dirent *entry; ok && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			ok = append(&names, &n, entry->d_name);
	closedir(dir);
	if (!ok) {
		explain(why, path, ENOMEM);
		proc_list_free(names, n);
		return NULL;
	}
	qsort(names, n, sizeof(*names), by_name);
	*ret_n = n;
	return names;
}

void proc_list_free(char **names, size_t n)
{
	if (!names)
		return;
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

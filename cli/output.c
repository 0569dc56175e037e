/* SPDX-License-Identifier: MIT */
/*
 * output: a file without a name, so that nothing is left of it however we end; when it is complete and on the disk it gets
 * one beside its final place, and is renamed. Where the file system knows no such files it has that name from the start.
 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum assay_code cannot_write(const char *path, int why, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EIO, "cannot write '%s': %s", path, strerror(why));
}

static enum assay_code open_in_place(struct output *output, const char *path, struct assay_err *err)
{
	output->out = fopen(path, "ae");
	return output->out ? ASSAY_OK : cannot_write(path, errno, err);
}

static bool is_stdout(const char *path)
{
	static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
	for (size_t i = 0; path && i < ASSAY_COUNT_OF(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return !path;
}

/* A file may be replaced by another; a pipe or a device must not, nor one of the system's names for what is open. */
static bool is_replaceable(const char *path, const struct stat *target)
{
	struct stat itself;
	bool system = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
	bool link = lstat(path, &itself) == 0 && S_ISLNK(itself.st_mode);
	return S_ISREG(target->st_mode) && !(system && link);
}

/* Where a file that is open can be reached by a name. */
static const char *name_of_open(int fd, char name[32])
{
	snprintf(name, 32, "/proc/self/fd/%d", fd);
	return name;
}

/* In the folder of `path`; < 0: not possible there. */
static int open_nameless(const char *path)
{
	char name[32], *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) : -1;
	free(copy);
	if (fd >= 0 && access(name_of_open(fd, name), F_OK) != 0) { /* it could never get a name */
		close(fd);
		return -1;
	}
	return fd;
}

/* Replaces the six X at the end of `name`. */
static bool give_name(int fd, char *name)
{
	enum { TRIES = 1000, DIGITS = 6 };
	char *end = name + strlen(name) - DIGITS, self[32];
	for (unsigned i = 0; i < TRIES; i++) {
		snprintf(end, DIGITS + 1, "%06u", ((unsigned)getpid() + i) % 1000000);
		if (linkat(AT_FDCWD, name_of_open(fd, self), AT_FDCWD, name, AT_SYMLINK_FOLLOW) ==
		    0)
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

enum assay_code output_open(struct output *output, const char *path, struct assay_err *err)
{
	*output = (struct output){.out = stdout};
	if (is_stdout(path))
		return ASSAY_OK;
	output->path = path;
	struct stat st;
	bool there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode))
		return assay_fail(err, ASSAY_EIO, "cannot write '%s': it is a folder", path);
	if (there && !is_replaceable(path, &st))
		return open_in_place(output, path, err);
	output->target = there ? realpath(path, NULL) : strdup(path);
	if (!output->target)
		return cannot_write(path, errno, err);
	if (asprintf(&output->temporary, "%s.XXXXXX", output->target) < 0) {
		free(output->target);
		*output = (struct output){0};
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	int fd = open_nameless(output->target);
	output->named = fd < 0;
	if (output->named)
		fd = mkostemp(output->temporary, O_CLOEXEC);
	output->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (output->out)
		return ASSAY_OK;
	enum assay_code code = cannot_write(path, errno, err);
	if (fd >= 0) {
		close(fd);
		if (output->named)
			unlink(output->temporary);
	}
	free(output->temporary);
	free(output->target);
	*output = (struct output){0};
	return code;
}

enum assay_code output_open_growing(struct output *output, const char *path, struct assay_err *err)
{
	*output = (struct output){.path = path, .out = fopen(path, "we")};
	return output->out ? ASSAY_OK : cannot_write(path, errno, err);
}

/* Give the file the rights an ordinary new file has, not those of a temporary one. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static enum assay_code finish_stdout(enum assay_code code, struct assay_err *err)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);
	if (code == ASSAY_OK && failed)
		return assay_fail(err, ASSAY_EIO, "cannot write to stdout: %s", strerror(errno));
	return code;
}

enum assay_code output_close(struct output *output, enum assay_code code, struct assay_err *err)
{
	FILE *out = output->out;
	if (!output->path)
		return finish_stdout(code, err);
	bool replaces = output->temporary != NULL;
	bool failed = fflush(out) != 0 || ferror(out);
	failed = failed || (replaces && set_mode(fileno(out)) != 0);
	failed = failed || (replaces && code == ASSAY_OK && fsync(fileno(out)) != 0);
	if (replaces && code == ASSAY_OK && !failed && !output->named)
		failed = !(output->named = give_name(fileno(out), output->temporary));
	int why = errno; /* of the first that failed, not of what follows */
	if (fclose(out) != 0 && !failed) {
		failed = true;
		why = errno;
	}
	if (replaces && code == ASSAY_OK && !failed &&
	    rename(output->temporary, output->target) != 0) {
		failed = true;
		why = errno;
	}
	if (code == ASSAY_OK && failed)
		code = cannot_write(output->path, why, err);
	if (output->named && code != ASSAY_OK)
		unlink(output->temporary);
	free(output->temporary);
	free(output->target);
	*output = (struct output){0};
	return code;
}

enum assay_code output_check(const char *path, struct assay_err *err)
{
	struct output output;
	struct assay_err ignored = {0};
	struct stat st;
	if (!is_stdout(path) && stat(path, &st) == 0 && !S_ISDIR(st.st_mode) &&
	    !is_replaceable(path, &st))
		return access(path, W_OK) == 0 ? ASSAY_OK /* opening a pipe would wait or end it */
					       : assay_fail(err, ASSAY_EIO, "cannot write '%s': %s",
							    path, strerror(errno));
	enum assay_code code = output_open(&output, path, err);
	if (code == ASSAY_OK && output.path) /* any failure drops the file again */
		output_close(&output, ASSAY_EBUG, &ignored);
	return code;
}

/* SPDX-License-Identifier: MIT */
/* unborn: locked by flock(), because SQLite's own locks are those of fcntl(). */
#include "harness/store/unborn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/store/filesystem.h"

#define MARK ".new-"
enum { DIGITS = 16 };

static const char *const companions[] = {"-journal", "-wal", "-shm"};

static enum assay_code make_once(const char *path, struct store_unborn *ret, struct assay_err *err)
{
	uint64_t chance = 0;
	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return assay_fail(err, ASSAY_EIO, "no random bytes: %s", strerror(errno));
	if (asprintf(&ret->name, "%s" MARK "%0*" PRIx64, path, DIGITS, chance) < 0)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	ret->fd = open(ret->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (ret->fd >= 0)
		return ASSAY_OK;
	int why = errno;
	free(ret->name);
	return assay_fail(err, ASSAY_ESTORE, "cannot create '%s': %s", path, strerror(why));
}

/* Between its making and its lock somebody may have swept it away: then it has no name any more. */
static bool hold(const struct store_unborn *unborn)
{
	struct stat st;
	/* Over a network the lock would stand in the way of SQLite's; nobody sweeps there. */
	bool local = store_path_local(unborn->name);
	while (local && flock(unborn->fd, LOCK_EX) != 0 && errno == EINTR)
		;
	return fstat(unborn->fd, &st) != 0 || st.st_nlink > 0;
}

enum assay_code store_unborn_make(const char *path, struct store_unborn *ret, struct assay_err *err)
{
	for (;;) {
		enum assay_code code = make_once(path, ret, err);
		if (code != ASSAY_OK || hold(ret))
			return code;
		close(ret->fd);
		free(ret->name);
	}
}

static void remove_all(const char *path)
{
	unlink(path);
	for (size_t i = 0; i < ASSAY_COUNT_OF(companions); i++) {
		ASSAY_AUTO_FREE char *beside = NULL;
		if (asprintf(&beside, "%s%s", path, companions[i]) < 0)
			beside = NULL;
		else
			unlink(beside);
	}
}

void store_unborn_drop(struct store_unborn *unborn)
{
	remove_all(unborn->name);
	close(unborn->fd);
	free(unborn->name);
}

/* Length of the name that a maker of `base` gave, without what SQLite adds; 0: it is something else. */
static size_t given(const char *name, const char *base)
{
	size_t n = strlen(base);
	if (strncmp(name, base, n) != 0 || strncmp(name + n, MARK, sizeof(MARK) - 1) != 0)
		return 0;
	n += sizeof(MARK) - 1;
	if (strspn(name + n, "0123456789abcdef") != DIGITS)
		return 0;
	return n + DIGITS;
}

/* Its maker was killed after it had given it the name that it was to have. */
static bool is_born(const char *name, const char *path)
{
	struct stat own, whole;
	return lstat(name, &own) == 0 && stat(path, &whole) == 0 && own.st_dev == whole.st_dev &&
	       own.st_ino == whole.st_ino;
}

static void sweep_one(const char *name, const char *path)
{
	if (is_born(name, path)) { /* not opened: closing it would drop SQLite's locks */
		remove_all(name);
		return;
	}
	ASSAY_AUTO_CLOSE int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 ? errno == ENOENT : flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_all(name);
}

void store_unborn_sweep(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	ASSAY_AUTO_FREE char *folder = strndup(path, (size_t)(base - path)); /* with its slash */
	const char *where = folder && *folder ? folder : ".";
	DIR *dir = folder && store_path_local(where) ? opendir(where) : NULL;
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t n = given(entry->d_name, base);
		ASSAY_AUTO_FREE char *name = NULL;
		if (n && asprintf(&name, "%s%.*s", folder, (int)n, entry->d_name) < 0)
			name = NULL;
		if (name)
			sweep_one(name, path);
	}
	closedir(dir);
}

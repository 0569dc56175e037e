/* SPDX-License-Identifier: MIT */
/*
 * vfs: a shim over SQLite's default way to the disk. Names that the store itself gives and takes (link, rename, unlink)
 * come here through the linker's --wrap.
 */
#include "tests/soak/vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "tests/soak/soak.h"
#include "tests/store/fixture.h"

int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_rename(const char *from, const char *to);
int __real_statfs64(const char *path, struct statfs *ret);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_rename(const char *from, const char *to);
int __wrap_statfs64(const char *path, struct statfs *ret);

/* The wrapped functions have no argument to find it by. */
static struct shim *installed;

struct shim_file {
	sqlite3_file base;
	struct shim *shim;
	unsigned file;
	bool sync_folder; /* its first sync makes the folder's names durable, as SQLite's own does */
	sqlite3_file *real;
};

/* ---- recording ---- */

static struct shim_event *append(struct shim *shim, enum shim_kind kind)
{
	if (shim->n == shim->capacity) {
		shim->capacity = shim->capacity ? 2 * shim->capacity : 256;
		shim->events = realloc(shim->events, shim->capacity * sizeof(*shim->events));
		if (!shim->events)
			soak_broken("out of memory for a recording");
	}
	struct shim_event *event = &shim->events[shim->n++];
	*event = (struct shim_event){.kind = kind};
	return event;
}

static void name_of(char ret[96], const char *path)
{
	const char *slash = strrchr(path, '/');
	assay_copy(ret, 96, slash ? slash + 1 : path);
}

/* The number of the file at `path`: one of its inode's present life; new ones get the next. */
static unsigned number_of(struct shim *shim, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		soak_broken("look at '%s'", path);
	for (size_t i = 0; i < shim->n_live; i++)
		if (shim->live[i].inode == st.st_ino)
			return shim->live[i].file;
	if (shim->n_live == ASSAY_COUNT_OF(shim->live))
		soak_broken("too many files in a recording");
	shim->live[shim->n_live].inode = st.st_ino;
	return shim->live[shim->n_live++].file = shim->files++;
}

static void did_name(struct shim *shim, const char *path)
{
	if (!shim->recording)
		return;
	unsigned file = number_of(shim, path);
	struct shim_event *event = append(shim, SHIM_DID_NAME);
	event->file = file;
	name_of(event->name, path);
}

/* Before the name goes: with its last name an inode's life ends. */
static void will_unname(struct shim *shim, const char *path)
{
	struct stat st;
	if (!shim->recording || stat(path, &st) != 0 || st.st_nlink > 1)
		return;
	for (size_t i = 0; i < shim->n_live; i++)
		if (shim->live[i].inode == st.st_ino)
			shim->live[i] = shim->live[--shim->n_live];
}

static void did_unname(struct shim *shim, const char *path)
{
	if (shim->recording)
		name_of(append(shim, SHIM_DID_UNNAME)->name, path);
}

void shim_acknowledge(struct shim *shim, uint64_t results)
{
	append(shim, SHIM_DID_ACKNOWLEDGE)->offset = results;
}

void shim_adopt(struct shim *shim, const char *path)
{
	size_t size;
	unsigned char *bytes = slurp(path, &size);
	if (!bytes)
		soak_broken("read '%s'", path);
	did_name(shim, path);
	struct shim_event *event = append(shim, SHIM_DID_WRITE);
	event->file = number_of(shim, path);
	event->bytes = bytes;
	event->size = size;
	append(shim, SHIM_DID_SYNC)->file = number_of(shim, path);
	append(shim, SHIM_DID_SYNC_NAMES);
}

void shim_forget(struct shim *shim)
{
	for (size_t i = 0; i < shim->n; i++)
		free(shim->events[i].bytes);
	free(shim->events);
	shim->events = NULL;
	shim->n = shim->capacity = shim->n_live = shim->files = 0;
}

/* ---- failing ---- */

static bool fails(struct shim *shim, enum shim_op op)
{
	if (!(shim->failing & op) || (++shim->seen != shim->at && !(shim->for_ever && shim->fired)))
		return false;
	return shim->fired = true;
}

static int error_of(const struct shim *shim, int io_error)
{
	return shim->harm == SHIM_EIO ? io_error : SQLITE_FULL;
}

/* ---- the methods of a file ---- */

static struct shim_file *of(sqlite3_file *file)
{
	return (struct shim_file *)file;
}

static int do_close(sqlite3_file *file)
{
	return of(file)->real->pMethods->xClose(of(file)->real);
}

static int do_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset)
{
	return of(file)->real->pMethods->xRead(of(file)->real, to, n, offset);
}

static int do_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset)
{
	struct shim_file *f = of(file);
	int part = n;
	bool failing = fails(f->shim, SHIM_WRITE);
	if (failing && f->shim->harm == SHIM_SHORT)
		part = n / 2;
	else if (failing)
		return error_of(f->shim, SQLITE_IOERR_WRITE);
	int rc = f->real->pMethods->xWrite(f->real, from, part, offset);
	if (failing)
		return SQLITE_FULL;
	if (rc == SQLITE_OK && f->shim->recording) {
		struct shim_event *event = append(f->shim, SHIM_DID_WRITE);
		event->file = f->file;
		event->offset = (uint64_t)offset;
		event->size = (size_t)n;
		event->bytes = malloc((size_t)n);
		if (!event->bytes)
			soak_broken("out of memory for a recording");
		memcpy(event->bytes, from, (size_t)n);
	}
	return rc;
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim_file *f = of(file);
	if (fails(f->shim, SHIM_TRUNCATE))
		return error_of(f->shim, SQLITE_IOERR_TRUNCATE);
	int rc = f->real->pMethods->xTruncate(f->real, size);
	if (rc == SQLITE_OK && f->shim->recording) {
		struct shim_event *event = append(f->shim, SHIM_DID_TRUNCATE);
		event->file = f->file;
		event->offset = (uint64_t)size;
	}
	return rc;
}

static int do_sync(sqlite3_file *file, int flags)
{
	struct shim_file *f = of(file);
	if (fails(f->shim, SHIM_SYNC))
		return error_of(f->shim, SQLITE_IOERR_FSYNC);
	int rc = f->shim->lazy ? SQLITE_OK : f->real->pMethods->xSync(f->real, flags);
	if (rc == SQLITE_OK && f->shim->recording) {
		append(f->shim, SHIM_DID_SYNC)->file = f->file;
		if (f->sync_folder)
			append(f->shim, SHIM_DID_SYNC_NAMES);
		f->sync_folder = false;
	}
	return rc;
}

static int do_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return of(file)->real->pMethods->xFileSize(of(file)->real, ret);
}

static int do_lock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int do_unlock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int do_check_lock(sqlite3_file *file, int *ret)
{
	return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, ret);
}

static int do_control(sqlite3_file *file, int op, void *argument)
{
	return of(file)->real->pMethods->xFileControl(of(file)->real, op, argument);
}

static int do_sector(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int do_device(sqlite3_file *file)
{
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int do_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
	return of(file)->real->pMethods->xShmMap(of(file)->real, region, size, extend, ret);
}

static int do_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return of(file)->real->pMethods->xShmLock(of(file)->real, offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *file)
{
	of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int do_shm_unmap(sqlite3_file *file, int remove)
{
	return of(file)->real->pMethods->xShmUnmap(of(file)->real, remove);
}

/* Version 2: no mapped reads or writes, which nobody would see. */
static const sqlite3_io_methods methods = {
	2,         do_close,   do_read,     do_write,       do_truncate,  do_sync,
	do_size,   do_lock,    do_unlock,   do_check_lock,  do_control,   do_sector,
	do_device, do_shm_map, do_shm_lock, do_shm_barrier, do_shm_unmap,
};

/* ---- the methods of the way to the disk ---- */

static sqlite3_vfs *real_vfs(sqlite3_vfs *vfs)
{
	return *(sqlite3_vfs **)(vfs + 1);
}

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
	struct shim_file *f = of(file);
	struct shim *shim = vfs->pAppData;
	bool made = name && access(name, F_OK) != 0;
	f->base.pMethods = NULL;
	f->shim = shim;
	f->real = (sqlite3_file *)(f + 1);
	if ((flags & SQLITE_OPEN_CREATE) && fails(shim, SHIM_OPEN))
		return SQLITE_CANTOPEN;
	int rc = real_vfs(vfs)->xOpen(real_vfs(vfs), name, f->real, flags, ret);
	if (rc != SQLITE_OK)
		return rc;
	f->base.pMethods = &methods;
	f->sync_folder = made && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL));
	if (shim->recording && name) {
		if (made)
			did_name(shim, name);
		f->file = number_of(shim, name);
	}
	return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct shim *shim = vfs->pAppData;
	if (fails(shim, SHIM_DELETE))
		return SQLITE_IOERR_DELETE;
	will_unname(shim, name);
	int rc = real_vfs(vfs)->xDelete(real_vfs(vfs), name, shim->lazy ? 0 : sync_folder);
	if (rc == SQLITE_OK && shim->recording) {
		did_unname(shim, name);
		if (sync_folder)
			append(shim, SHIM_DID_SYNC_NAMES);
	}
	return rc;
}

int __wrap_link(const char *from, const char *to)
{
	int rc = __real_link(from, to);
	if (rc == 0 && installed)
		did_name(installed, to);
	return rc;
}

int __wrap_unlink(const char *path)
{
	if (installed)
		will_unname(installed, path);
	int rc = __real_unlink(path);
	if (rc == 0 && installed)
		did_unname(installed, path);
	return rc;
}

int __wrap_rename(const char *from, const char *to)
{
	int rc = __real_rename(from, to);
	if (rc == 0 && installed && installed->recording) {
		did_name(installed, to);
		did_unname(installed, from);
	}
	return rc;
}

/* By the name that it has in a program with large files, which all of ours are. */
int __wrap_statfs64(const char *path, struct statfs *ret)
{
	int rc = __real_statfs64(path, ret);
	if (rc == 0 && installed && installed->remote)
		ret->f_type = 0x6969; /* NFS */
	return rc;
}

void shim_install(struct shim *shim)
{
	sqlite3_initialize();
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	sqlite3_vfs *vfs = calloc(1, sizeof(*vfs) + sizeof(sqlite3_vfs *));
	if (!real || !vfs)
		soak_broken("SQLite has no way to the disk");
	*vfs = *real;
	*(sqlite3_vfs **)(vfs + 1) = real;
	vfs->zName = "soak";
	vfs->pNext = NULL;
	vfs->pAppData = shim;
	vfs->szOsFile = (int)sizeof(struct shim_file) + real->szOsFile;
	vfs->xOpen = do_open;
	vfs->xDelete = do_delete;
	if (sqlite3_vfs_register(vfs, 1) != SQLITE_OK)
		soak_broken("SQLite refuses the shim");
	installed = shim;
}

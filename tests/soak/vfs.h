/* SPDX-License-Identifier: MIT */
/* vfs: SQLite's way to the disk with a hand on it: operations fail when told, and are written down in order. */
#ifndef ASSAY_TESTS_SOAK_VFS_H
#define ASSAY_TESTS_SOAK_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can fail; each is one bit of shim.failing. */
enum shim_op { SHIM_WRITE = 1, SHIM_SYNC = 2, SHIM_TRUNCATE = 4, SHIM_DELETE = 8, SHIM_OPEN = 16 };

enum shim_harm { SHIM_EIO, SHIM_FULL, SHIM_SHORT }; /* short: half of the write reaches the file */

/* What was done, in order. */
enum shim_kind {
	SHIM_DID_WRITE,    /* `bytes` at `offset` of `file` */
	SHIM_DID_TRUNCATE, /* `file` to `offset` */
	SHIM_DID_SYNC,     /* of the content of `file` */
	SHIM_DID_NAME,     /* `name` is `file` from now on */
	SHIM_DID_UNNAME,   /* there is no `name` any more */
	SHIM_DID_SYNC_NAMES,
	SHIM_DID_ACKNOWLEDGE, /* whoever asks from now on finds at least `offset` results */
};
struct shim_event {
	enum shim_kind kind;
	unsigned file; /* a number per inode and life */
	uint64_t offset;
	size_t size;
	unsigned char *bytes;
	char name[96]; /* without its folder */
};

struct shim {
	/* Failing: of the operations in `failing`, the one with number `at` from 1, and with `for_ever` all after it. */
	unsigned failing;
	uint64_t at, seen;
	enum shim_harm harm;
	bool for_ever, fired;
	bool lazy;   /* syncs are not passed on: images need not survive us */
	bool remote; /* files are said to be on a network file system */
	/* Recording. */
	bool recording;
	struct shim_event *events;
	size_t n, capacity;
	struct {
		unsigned long inode;
		unsigned file;
	} live[64];
	size_t n_live;
	unsigned files;
};

/* Put it between SQLite and its own way to the disk, for the rest of this process; once. */
void shim_install(struct shim *shim);
/* Write down that `results` are acknowledged. */
void shim_acknowledge(struct shim *shim, uint64_t results);
/* Write down that the file at `path` is there, content and name on the disk. */
void shim_adopt(struct shim *shim, const char *path);
/* Forget what was written down. */
void shim_forget(struct shim *shim);

#endif

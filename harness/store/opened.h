/* SPDX-License-Identifier: MIT */
/*
 * opened: the files that this process has open as stores. A process that closes any descriptor of a file loses all its
 * locks on that file [fcntl(2)], SQLite's among them; another process then takes itself for the last user, and removes
 * the log that we write to. So whoever would look into a store with open() and read() asks here first.
 * Any thread may call these.
 */
#ifndef ASSAY_STORE_OPENED_H
#define ASSAY_STORE_OPENED_H

#include <stdbool.h>
#include <sys/stat.h>

struct store_opened {
	dev_t device;
	ino_t inode;
	struct store_opened *next;
};

/* From enter to leave the file at `path` counts as open. The entry is the caller's and must not move meanwhile. */
void store_opened_enter(struct store_opened *entry, const char *path);
/* Once its connection is closed; nothing happens for an entry that was never entered. */
void store_opened_leave(struct store_opened *entry);
/* Whether the file that stat() told of is open as a store. */
bool store_opened_has(const struct stat *file);

#endif

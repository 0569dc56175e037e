/* SPDX-License-Identifier: MIT */
/*
 * unborn: a store that is being made has a name of its own beside the one that it will have, and its maker holds a lock
 * on it. One that nobody holds was left by a process that was killed.
 */
#ifndef ASSAY_STORE_UNBORN_H
#define ASSAY_STORE_UNBORN_H

#include "harness/base/err.h"

struct store_unborn {
	char *name;
	int fd; /* holds the lock: closed after SQLite has closed the file, whose own locks go with it */
};

/*
 * An empty file of our own beside `path`. In a folder that others can write they may not know its name before, nor have
 * put a link there. ASSAY_ESTORE when it cannot be made; then there is nothing to drop.
 */
enum assay_code store_unborn_make(const char *path, struct store_unborn *ret,
				  struct assay_err *err);
/* Remove it with all that SQLite may have left beside it, and let it go. */
void store_unborn_drop(struct store_unborn *unborn);

/*
 * Remove what killed makers of `path` left. Only on a local file system: elsewhere a lock may be one that this machine
 * does not see. What cannot be removed stays; it is in nobody's way.
 */
void store_unborn_sweep(const char *path);

#endif

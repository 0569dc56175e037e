/* SPDX-License-Identifier: MIT */
/* filesystem: may a store use write-ahead logging here; names taken, never replaced. */
#ifndef ASSAY_STORE_FILESYSTEM_H
#define ASSAY_STORE_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Is `magic` (statfs f_type) a file system known to be local? Unknown ones are not. */
bool store_filesystem_local(uint64_t magic);
/* The same for the file system that holds `path`; false when that cannot be told. */
bool store_path_local(const char *path);

/*
 * Give the file `from` the name `to` unless something has it: 0, or -1 with errno, then EEXIST. `from` may remain
 * as a second name.
 */
int store_take_name(const char *from, const char *to);

/* Wait until the name `path` itself is on the disk, which is when its folder is. Where that cannot be asked for: nothing. */
void store_sync_folder(const char *path);

#endif

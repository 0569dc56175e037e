/* SPDX-License-Identifier: MIT */
/* snapshot: the state of a computation in one file, and what a death in the middle of writing it leaves behind. */
#ifndef ASSAY_SUITES_SCALING_SNAPSHOT_H
#define ASSAY_SUITES_SCALING_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

enum snapshot_way {
	SNAPSHOT_REPLACE, /* beside it, to the disk, then renamed, then the folder to the disk: survives anything */
	SNAPSHOT_UNSYNCED, /* renamed without waiting for the disk: survives the process, not the machine */
	SNAPSHOT_IN_PLACE, /* over the old one: a death in the middle leaves neither; found out when it is read */
};

/* Write data[size] as state number `step`. When it returns ASSAY_OK it can be read, as far as the way goes. ASSAY_EIO: the
 * old one is as it was, and nothing is beside it, unless it was written in place. */
enum assay_code snapshot_write(const char *path, enum snapshot_way way, uint64_t step,
			       const void *data, size_t size, struct assay_err *err);
/*
 * Read it back: exactly `size` bytes and *ret_step. ASSAY_EIO: no such file; ASSAY_EPARSE: it is torn, of another size, or none of
 * ours; `data` is undefined then.
 */
enum assay_code snapshot_read(const char *path, uint64_t *ret_step, void *data, size_t size,
			      struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * mapped: mappings of files whose loss is an error and not the end of the process. When a page of one cannot be
 * had any more (the file was cut, its disk is gone), the kernel sends SIGBUS; the whole mapping then becomes one of
 * zeros, and is marked as lost.
 */
#ifndef ASSAY_SUITES_CACHE_MAPPED_H
#define ASSAY_SUITES_CACHE_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"

struct mapped;

/* Map all of bytes[`bytes`] of an open file, shared; it may end before. ASSAY_EIO when the system refuses, or there are
 * 64 already. Threads may do so at the same time. */
enum assay_code mapped_new(int fd, size_t bytes, struct mapped **ret, char **ret_at,
			   struct assay_err *err);
void mapped_free(struct mapped *mapped);
/* What has been read since it was last false is what the file has; what has been written may be nowhere once it is true. */
bool mapped_is_lost(const struct mapped *mapped);

#endif

/* SPDX-License-Identifier: MIT */
/* file_map: a pass through a file by mapping it. */
#ifndef ASSAY_SUITES_MEMORY_FILE_MAP_H
#define ASSAY_SUITES_MEMORY_FILE_MAP_H

#include "suites/memory/memory.h"

/* A file_reader's pass over a mapping made with `flags` beside MAP_SHARED, e.g. MAP_POPULATE. A file that has
 * become shorter than pass->size is refused before it is touched. */
enum assay_code file_map_pass(const struct file_pass *pass, int flags, uint64_t *ret_sum,
			      struct assay_err *err);

#endif

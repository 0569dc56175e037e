/* SPDX-License-Identifier: MIT */
/* file_copy: a pass through a file by copying piece after piece into one buffer. */
#ifndef ASSAY_SUITES_MEMORY_FILE_COPY_H
#define ASSAY_SUITES_MEMORY_FILE_COPY_H

#include "suites/memory/memory.h"

/* All of to[piece] from the file `fd` at `offset`. ASSAY_EIO also when the file ends early. */
typedef enum assay_code (*file_copy_fn)(int fd, void *to, size_t piece, uint64_t offset,
					struct assay_err *err);

/* A file_reader's pass with `copy` for each piece. */
enum assay_code file_copy_pass(const struct file_pass *pass, file_copy_fn copy, uint64_t *ret_sum,
			       struct assay_err *err);

#endif

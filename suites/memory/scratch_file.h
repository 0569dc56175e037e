/* SPDX-License-Identifier: MIT */
/* scratch_file: a file of random words that is gone when it is closed, and what its words come to. */
#ifndef ASSAY_SUITES_MEMORY_SCRATCH_FILE_H
#define ASSAY_SUITES_MEMORY_SCRATCH_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct scratch_file {
	int fd;
	char path[32]; /* as this process can open it: it has no name in any folder */
	uint64_t size;
	uint64_t sum; /* of all 64-bit words, modulo 2^64 */
};

/*
 * Make a file of `size` bytes, a multiple of 4096, in TMPDIR or /tmp. ASSAY_SKIP when there is no room for
 * it, ASSAY_EIO for other refusals. Free with scratch_file_done().
 */
enum assay_code scratch_file_make(struct scratch_file *file, uint64_t size, uint64_t seed,
				  struct assay_err *err);
/* Write the file back and have the kernel forget what it holds of it in memory. ASSAY_SKIP when it refuses,
 * or holds some of it all the same. */
enum assay_code scratch_file_drop_cache(const struct scratch_file *file, struct assay_err *err);
void scratch_file_done(struct scratch_file *file);

/* The sum of the 64-bit words of bytes[n], n a multiple of 8. */
uint64_t scratch_file_sum(const void *bytes, size_t n);

#endif

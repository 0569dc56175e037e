/* SPDX-License-Identifier: MIT */
/* file_mmap_populate: the file mapped with all pages at once. */
#include <sys/mman.h>

#include "suites/memory/file_map.h"

static enum assay_code pass_mapped(const struct file_pass *pass, uint64_t *ret_sum,
				   struct assay_err *err)
{
	return file_map_pass(pass, MAP_POPULATE, ret_sum, err);
}

static const struct file_reader ops = {pass_mapped};

const struct assay_subject assay_subject_memory_file_mmap_populate = {
	.interface = MEMORY_FILE_READER,
	.brief = "mapped with all pages at once",
	.ops = &ops,
};

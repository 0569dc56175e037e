/* SPDX-License-Identifier: MIT */
/* file_null: reads nothing: the cost of the call. */
#include "suites/memory/memory.h"

static enum assay_code pass_none(const struct file_pass *pass, uint64_t *ret_sum,
				 struct assay_err *err)
{
	(void)err;
	*ret_sum = pass->size;
	return ASSAY_OK;
}

static const struct file_reader ops = {pass_none, .is_null = true};

const struct assay_subject assay_subject_memory_file_null = {
	.interface = MEMORY_FILE_READER,
	.brief = "reads nothing: the cost of the call",
	.ops = &ops,
	.is_null = true,
};

/* SPDX-License-Identifier: MIT */
/* file_copy: open, copy and add up, close. */
#include "suites/memory/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "suites/memory/scratch_file.h"

enum assay_code file_copy_pass(const struct file_pass *pass, file_copy_fn copy, uint64_t *ret_sum,
			       struct assay_err *err)
{
	void *buffer = aligned_alloc(4096, pass->piece);
	int fd = open(pass->path, O_RDONLY | O_CLOEXEC);
	enum assay_code code = ASSAY_OK;
	uint64_t sum = 0;

	if (!buffer)
		code = assay_fail(err, ASSAY_ENOMEM, "no memory for a piece of %zu bytes",
				  pass->piece);
	else if (fd < 0)
		code = assay_fail(err, ASSAY_EIO, "open %s: %s", pass->path, strerror(errno));
	for (size_t i = 0; code == ASSAY_OK && i < pass->n; i++) {
		code = copy(fd, buffer, pass->piece, pass->offsets[i], err);
		sum += scratch_file_sum(buffer, pass->piece);
	}
	if (fd >= 0)
		close(fd);
	free(buffer);
	*ret_sum = sum;
	return code;
}

/* SPDX-License-Identifier: MIT */
/* file_pread: pread() into a buffer. */
#include <errno.h>
#include <unistd.h>

#include "suites/memory/file_copy.h"

static enum assay_code copy(int fd, void *to, size_t piece, uint64_t offset, struct assay_err *err)
{
	for (size_t done = 0; done < piece;) {
		ssize_t got = pread(fd, (char *)to + done, piece - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return assay_fail(err, ASSAY_EIO, "pread: %s",
					  got ? strerror(errno) : "the file ends early");
		done += (size_t)got;
	}
	return ASSAY_OK;
}

static enum assay_code pass_pread(const struct file_pass *pass, uint64_t *ret_sum,
				  struct assay_err *err)
{
	return file_copy_pass(pass, copy, ret_sum, err);
}

static const struct file_reader ops = {pass_pread};

const struct assay_subject assay_subject_memory_file_pread = {
	.interface = MEMORY_FILE_READER,
	.brief = "pread() into one buffer",
	.ops = &ops,
};

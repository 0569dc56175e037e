/* SPDX-License-Identifier: MIT */
/* file_read: read() into a buffer, with a seek where the order asks for one. */
#include <errno.h>
#include <unistd.h>

#include "suites/memory/file_copy.h"

static enum assay_code copy(int fd, void *to, size_t piece, uint64_t offset, struct assay_err *err)
{
	if (lseek(fd, 0, SEEK_CUR) != (off_t)offset && lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return assay_fail(err, ASSAY_EIO, "seek: %s", strerror(errno));
	for (size_t done = 0; done < piece;) {
		ssize_t got = read(fd, (char *)to + done, piece - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return assay_fail(err, ASSAY_EIO, "read: %s",
					  got ? strerror(errno) : "the file ends early");
		done += (size_t)got;
	}
	return ASSAY_OK;
}

static enum assay_code pass_read(const struct file_pass *pass, uint64_t *ret_sum,
				 struct assay_err *err)
{
	return file_copy_pass(pass, copy, ret_sum, err);
}

static const struct file_reader ops = {pass_read};

const struct assay_subject assay_subject_memory_file_read = {
	.interface = MEMORY_FILE_READER,
	.brief = "read() into one buffer",
	.ops = &ops,
};

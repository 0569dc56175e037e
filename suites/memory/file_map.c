/* SPDX-License-Identifier: MIT */
/* file_map: map, add up, unmap. */
#include "suites/memory/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites/memory/scratch_file.h"

enum assay_code file_map_pass(const struct file_pass *pass, int flags, uint64_t *ret_sum,
			      struct assay_err *err)
{
	int fd = open(pass->path, O_RDONLY | O_CLOEXEC);
	struct stat state;
	uint64_t sum = 0;

	if (fd < 0)
		return assay_fail(err, ASSAY_EIO, "open %s: %s", pass->path, strerror(errno));
	if (fstat(fd, &state) != 0 || (uint64_t)state.st_size < pass->size) {
		close(fd);
		return assay_fail(err, ASSAY_EIO, "map %s: the file ends early", pass->path);
	}
	char *bytes = mmap(NULL, pass->size, PROT_READ, MAP_SHARED | flags, fd, 0);
	int error = errno;
	close(fd);
	if (bytes == MAP_FAILED)
		return assay_fail(err, ASSAY_EIO, "map %s: %s", pass->path, strerror(error));
	for (size_t i = 0; i < pass->n; i++)
		sum += scratch_file_sum(bytes + pass->offsets[i], pass->piece);
	munmap(bytes, pass->size);
	*ret_sum = sum;
	return ASSAY_OK;
}

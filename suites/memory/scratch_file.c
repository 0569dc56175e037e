/* SPDX-License-Identifier: MIT */
/* scratch_file: making it, and adding it up. */
#include "suites/memory/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/rng.h"

enum { CHUNK_WORDS = 8192 };

/* Pages of a file that was dropped and are in memory all the same: more, and it was not. */
#define HELD_MOST 0.05

uint64_t scratch_file_sum(const void *bytes, size_t n)
{
	const uint64_t *word = bytes;
	uint64_t sum = 0;

	for (size_t i = 0; i < n / sizeof(*word); i++)
		sum += word[i];
	return sum;
}

static enum assay_code refused(const char *what, uint64_t size, struct assay_err *err)
{
	enum assay_code code =
		errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ASSAY_SKIP : ASSAY_EIO;

	return assay_fail(err, code, "%s a file of %llu bytes in %s: %s", what,
			  (unsigned long long)size, getenv("TMPDIR") ? "TMPDIR" : "/tmp",
			  strerror(errno));
}

static enum assay_code fill(struct scratch_file *file, uint64_t seed, struct assay_err *err)
{
	uint64_t words[CHUNK_WORDS], state = seed;

	for (uint64_t at = 0; at < file->size;) {
		uint64_t n = file->size - at < sizeof(words) ? file->size - at : sizeof(words);
		for (size_t i = 0; i < n / sizeof(*words); i++)
			words[i] = assay_splitmix(&state);
		file->sum += scratch_file_sum(words, n);
		for (uint64_t done = 0; done < n;) {
			ssize_t wrote = write(file->fd, (char *)words + done, n - done);
			if (wrote < 0 && errno == EINTR)
				continue;
			if (wrote <= 0)
				return refused("write", file->size, err);
			done += (uint64_t)wrote;
		}
		at += n;
	}
	return ASSAY_OK;
}

enum assay_code scratch_file_make(struct scratch_file *file, uint64_t size, uint64_t seed,
				  struct assay_err *err)
{
	const char *folder = getenv("TMPDIR");
	char name[512];

	*file = (struct scratch_file){.fd = -1, .size = size};
	if ((size_t)snprintf(name, sizeof(name), "%s/assay-XXXXXX",
			     folder && *folder ? folder : "/tmp") >= sizeof(name))
		return assay_fail(err, ASSAY_EIO, "the name in TMPDIR is too long");
	file->fd = mkostemp(name, O_CLOEXEC);
	if (file->fd < 0)
		return refused("make", size, err);
	unlink(name);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	enum assay_code code = fill(file, seed, err);
	if (code != ASSAY_OK)
		scratch_file_done(file);
	return code;
}

/* The share of the file's pages that are in memory. */
static enum assay_code held_share(const struct scratch_file *file, double *ret,
				  struct assay_err *err)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), held = 0;
	size_t n = (size_t)((file->size + page_bytes - 1) / page_bytes);
	ASSAY_AUTO_FREE unsigned char *in_memory = malloc(n);
	if (!in_memory)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a map of %zu pages", n);
	void *at = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
	if (at == MAP_FAILED)
		return refused("map", file->size, err);
	bool told = mincore(at, file->size, in_memory) == 0;
	int error = errno;
	munmap(at, file->size);
	if (!told)
		return assay_fail(err, ASSAY_SKIP,
				  "the kernel does not say what it holds of a file: %s",
				  strerror(error));
	for (size_t i = 0; i < n; i++)
		held += in_memory[i] & 1;
	*ret = (double)held / (double)n;
	return ASSAY_OK;
}

enum assay_code scratch_file_drop_cache(const struct scratch_file *file, struct assay_err *err)
{
	/* Only pages that are on the disk can be dropped. */
	if (fdatasync(file->fd) != 0)
		return refused("write back", file->size, err);
	int error = posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (error)
		return assay_fail(err, ASSAY_SKIP, "drop a file from memory: %s", strerror(error));
	double held = 0;
	enum assay_code code = held_share(file, &held, err);
	if (code == ASSAY_OK && held > HELD_MOST)
		return assay_fail(
			err, ASSAY_SKIP,
			"%.0f %% of the file stay in memory, as all of one on tmpfs does; "
			"set TMPDIR to a folder on a disk",
			100 * held);
	return code;
}

void scratch_file_done(struct scratch_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

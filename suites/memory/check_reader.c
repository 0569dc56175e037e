/* SPDX-License-Identifier: MIT */
/* check_reader: the oracle of file readers: the sum of a file in any order, and files that are not all there. */
#include <unistd.h>

#include "harness/base/rng.h"
#include "suites/memory/memory.h"
#include "suites/memory/scratch_file.h"

enum { PIECE = 4096, PIECES = 37 };

static enum assay_code check_file(const struct file_reader *reader, struct scratch_file *file,
				  uint64_t seed, struct assay_err *err)
{
	uint64_t offsets[PIECES], sum = 0;
	struct file_pass pass = {file->path, file->size, offsets, PIECES, PIECE};
	uint32_t order[PIECES];
	struct assay_rng rng;

	assay_rng_init(&rng, seed);
	for (uint32_t i = 0; i < PIECES; i++)
		order[i] = i;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < PIECES; i++)
			offsets[i] = (uint64_t)order[i] * PIECE;
		enum assay_code code = reader->pass(&pass, &sum, err);
		if (code != ASSAY_OK)
			return assay_fail(err, ASSAY_ECHECK, "a file could not be read: %s",
					  err->text);
		if (sum != file->sum)
			return assay_fail(err, ASSAY_ECHECK,
					  "the words of a file come to %llx, not %llx",
					  (unsigned long long)file->sum, (unsigned long long)sum);
		assay_rng_shuffle(&rng, order, PIECES);
	}
	/* Half of it is gone: an error, and no crash. */
	if (ftruncate(file->fd, PIECE * (PIECES / 2)) != 0)
		return assay_fail(err, ASSAY_EIO, "truncate: %m");
	if (reader->pass(&pass, &sum, NULL) == ASSAY_OK)
		return assay_fail(err, ASSAY_ECHECK, "half a file was read as a whole one");
	pass.path = "/proc/self/nothing";
	if (reader->pass(&pass, &sum, NULL) == ASSAY_OK)
		return assay_fail(err, ASSAY_ECHECK, "a file that is not there was read");
	return ASSAY_OK;
}

enum assay_code memory_check_reader(const struct file_reader *reader, uint64_t seed,
				    struct assay_err *err)
{
	struct scratch_file file;

	if (reader->is_null)
		return ASSAY_OK;
	enum assay_code code = scratch_file_make(&file, (uint64_t)PIECES * PIECE, seed, err);
	if (code == ASSAY_OK) {
		code = check_file(reader, &file, seed, err);
		scratch_file_done(&file);
	}
	return assay_context(err, code, "seed %llu", (unsigned long long)seed);
}

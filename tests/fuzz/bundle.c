/* SPDX-License-Identifier: MIT */
/*
 * bundle: of any file it is said whether it is a bundle, and one that is has the digest of its bytes: cut short or made
 * longer by a byte it is none any more, and with one bit changed it is damaged.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "harness/store/merge.h"
#include "tests/fuzz/fuzz.h"

static enum assay_code verify(const uint8_t *data, size_t size, bool *ret_bundle)
{
	char path[64];
	uint8_t digest[32];
	struct assay_err err = {0};
	int fd = memfd_create("bundle", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	enum assay_code code = assay_bundle_verify(path, ret_bundle, digest, &err);
	must(code == ASSAY_OK || (code == ASSAY_ESTORE && err.text[0]));
	close(fd);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool bundle = false;
	enum assay_code code = verify(data, size, &bundle);
	if (code != ASSAY_OK || !bundle)
		return 0;
	uint8_t *other = malloc(size + 1);
	must(other);
	memcpy(other, data, size);
	other[size] = 'x';
	must(verify(other, size + 1, &bundle) == ASSAY_OK && !bundle);
	must(verify(other, size - 1, &bundle) == ASSAY_OK && !bundle);
	other[0] ^= 1;
	must(verify(other, size, &bundle) == ASSAY_ESTORE || !bundle);
	free(other);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* toolkit: the folders that toolkits are installed in. */
#include "suites/gpu/toolkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/attr.h"

bool toolkit_find(const char *name, int major, char *path, size_t size)
{
	const char *const folders[] = {getenv("CUDA_HOME"), getenv("CUDA_PATH"), "/usr/local/cuda"};
	static const char *const below[] = {"", "/lib64", "/lib"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(folders); i++)
		for (size_t k = 0; folders[i] && k < ASSAY_COUNT_OF(below); k++) {
			int length = snprintf(path, size, "%s%s/%s.so.%d", folders[i], below[k],
					      name, major);
			if (length > 0 && (size_t)length < size && access(path, R_OK) == 0)
				return true;
		}
	return false;
}

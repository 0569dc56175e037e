/* SPDX-License-Identifier: MIT */
/* glibc: malloc and free of the C library this program runs on. */
#include <malloc.h>
#include <stdlib.h>

#include "suites/memory/memory.h"

static void release(void *ptr, size_t size)
{
	(void)size;
	free(ptr);
}

static void trim(void)
{
	malloc_trim(0);
}

static const struct allocator ops = {
	.alloc = malloc,
	.release = release,
	.trim = trim,
	.keeps_content = true,
};

const struct assay_subject assay_subject_memory_glibc = {
	.brief = "malloc and free of the C library",
	.ops = &ops,
};

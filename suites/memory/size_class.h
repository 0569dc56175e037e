/* SPDX-License-Identifier: MIT */
/*
 * size_class: which sizes share blocks: multiples of 16 up to SIZE_STEPPED, then four to each doubling, so
 * that no block is more than a quarter larger than what is in it, and 15 bytes.
 */
#ifndef ASSAY_SUITES_MEMORY_SIZE_CLASS_H
#define ASSAY_SUITES_MEMORY_SIZE_CLASS_H

#include <stddef.h>

enum {
	SIZE_STEP = 16,
	SIZE_STEPPED = 1024,
	SIZE_LARGEST = 8192, /* above there is no class */
	SIZE_CLASSES = 77,   /* class 0 is unused but by size 0 */
};

/* Class of a size above SIZE_STEPPED, up to SIZE_LARGEST. */
static inline size_t size_class_wide(size_t size)
{
	unsigned log2 = 63u - (unsigned)__builtin_clzl(size - 1); /* 10, 11, 12 */

	return 65u + (log2 - 10u) * 4u + ((size - 1) >> (log2 - 2u) & 3u);
}

static inline size_t size_class_of(size_t size)
{
	return size > SIZE_STEPPED ? size_class_wide(size) : (size + SIZE_STEP - 1) / SIZE_STEP;
}

/* Bytes of a block of `class`. */
static inline size_t size_class_bytes(size_t class)
{
	if (class == 0)
		return SIZE_STEP;
	if (class <= SIZE_STEPPED / SIZE_STEP)
		return (size_t) class * SIZE_STEP;
	size_t above = class - 65u;
	return (size_t)(5u + above % 4u) << (8u + above / 4u);
}

#endif

/* SPDX-License-Identifier: MIT */
/* lz4: LZ4 at its default, opened at run time. */
#include "suites/memory/lz4_library.h"

/* Filled once by probe(), before any thread starts. */
static struct lz4_library lz4;

static enum assay_code probe(struct assay_err *err)
{
	return lz4_open(&lz4, err);
}

static size_t compress(void *to, size_t capacity, const void *from, size_t n)
{
	return lz4_compress(&lz4, to, capacity, from, n);
}

static bool expand(void *to, size_t n, const void *from, size_t bytes)
{
	return lz4_expand(&lz4, to, n, from, bytes);
}

static const struct codec ops = {compress, expand};

const struct assay_subject assay_subject_memory_lz4 = {
	.interface = MEMORY_CODEC,
	.brief = "LZ4 at its default",
	.ops = &ops,
	.probe = probe,
};

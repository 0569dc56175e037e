/* SPDX-License-Identifier: MIT */
/* auto_select: ours: our transform, LZ4 or neither, by a look at samples. */
#include "suites/memory/auto_codec.h"
#include "suites/memory/lz4_library.h"

/* Filled once by probe(), before any thread starts; without LZ4 there is no general codec. */
static struct lz4_library lz4;
static const struct codec *general;

static size_t lz4_here(void *to, size_t capacity, const void *from, size_t n)
{
	return lz4_compress(&lz4, to, capacity, from, n);
}

static bool lz4_back(void *to, size_t n, const void *from, size_t bytes)
{
	return lz4_expand(&lz4, to, n, from, bytes);
}

static enum assay_code probe(struct assay_err *err)
{
	static const struct codec with_lz4 = {lz4_here, lz4_back};
	struct assay_err why = {0};

	(void)err;
	if (lz4_open(&lz4, &why) == ASSAY_OK)
		general = &with_lz4;
	return ASSAY_OK;
}

static size_t compress(void *to, size_t capacity, const void *from, size_t n)
{
	return auto_compress(general, to, capacity, from, n);
}

static bool expand(void *to, size_t n, const void *from, size_t bytes)
{
	return auto_expand(general, to, n, from, bytes);
}

static const struct codec ops = {compress, expand};

const struct assay_subject assay_subject_memory_auto_select = {
	.interface = MEMORY_CODEC,
	.brief = "ours: delta, LZ4 or stored, by a look at samples",
	.ops = &ops,
	.probe = probe,
};

/* SPDX-License-Identifier: MIT */
/* read_null: copies a record that others may be writing; what calls and copying cost. */
#include <stdatomic.h>
#include <stdlib.h>

#include "suites/concurrency/reading.h"

struct reading {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint64_t words[READING_WORDS];
};

static enum assay_code null_create(unsigned threads, struct reading **ret, struct assay_err *err)
{
	struct reading *r = aligned_alloc(_Alignof(struct reading), sizeof(*r));
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "read_null: no memory");
	memset(r, 0, sizeof(*r));
	*ret = r;
	return ASSAY_OK;
}

static void null_read(struct reading *r, unsigned thread, struct record *ret)
{
	for (int i = 0; i < READING_WORDS; i++)
		ret->words[i] = atomic_load_explicit(&r->words[i], memory_order_relaxed);
}

static void null_write(struct reading *r, unsigned thread, const struct record *record)
{
	for (int i = 0; i < READING_WORDS; i++)
		atomic_store_explicit(&r->words[i], record->words[i], memory_order_relaxed);
}

static void null_destroy(struct reading *r)
{
	free(r);
}

static const struct reading_ops ops = {
	.create = null_create,
	.read = null_read,
	.write = null_write,
	.destroy = null_destroy,
	.protects_nothing = true,
};

const struct assay_subject assay_subject_concurrency_read_null = {
	.interface = READING_INTERFACE,
	.brief = "copies without any care: the cost of calls and copying",
	.ops = &ops,
	.is_null = true,
};

/* SPDX-License-Identifier: MIT */
/* seqlock: ours: readers copy, and copy again when a writer was at work; see seqlock.h. */
#include "suites/concurrency/seqlock.h"

#include <stdlib.h>

struct reading {
	_Alignas(2 * ASSAY_CACHE_LINE) struct seqlock inner;
};

static void seq_write(struct reading *r, unsigned thread, const struct record *record)
{
	seqlock_write(&r->inner, record);
}

static enum assay_code seq_create(unsigned threads, struct reading **ret, struct assay_err *err)
{
	struct reading *r = aligned_alloc(_Alignof(struct reading), sizeof(*r));
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "seqlock: no memory");
	memset(r, 0, sizeof(*r));
	struct record first = record_of(0);
	seq_write(r, 0, &first);
	*ret = r;
	return ASSAY_OK;
}

static void seq_read(struct reading *r, unsigned thread, struct record *ret)
{
	seqlock_read(&r->inner, ret);
}

static void seq_destroy(struct reading *r)
{
	free(r);
}

static const struct reading_ops ops = {
	.create = seq_create,
	.read = seq_read,
	.write = seq_write,
	.destroy = seq_destroy,
};

const struct assay_subject assay_subject_concurrency_seqlock = {
	.interface = READING_INTERFACE,
	.brief = "readers copy, and again when a writer was at work",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/* read_mutex: the record under the C library's mutex. */
#include <pthread.h>
#include <stdlib.h>

#include "suites/concurrency/reading.h"

struct reading {
	_Alignas(2 * ASSAY_CACHE_LINE) pthread_mutex_t lock;
	struct record record;
};

static enum assay_code locked_create(unsigned threads, struct reading **ret, struct assay_err *err)
{
	struct reading *r = aligned_alloc(_Alignof(struct reading), sizeof(*r));
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "read_mutex: no memory");
	r->record = record_of(0);
	pthread_mutex_init(&r->lock, NULL);
	*ret = r;
	return ASSAY_OK;
}

static void locked_read(struct reading *r, unsigned thread, struct record *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = r->record;
	pthread_mutex_unlock(&r->lock);
}

static void locked_write(struct reading *r, unsigned thread, const struct record *record)
{
	pthread_mutex_lock(&r->lock);
	r->record = *record;
	pthread_mutex_unlock(&r->lock);
}

static void locked_destroy(struct reading *r)
{
	if (r)
		pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct reading_ops ops = {
	.create = locked_create,
	.read = locked_read,
	.write = locked_write,
	.destroy = locked_destroy,
};

const struct assay_subject assay_subject_concurrency_read_mutex = {
	.interface = READING_INTERFACE,
	.brief = "under the C library's mutex",
	.ops = &ops,
};

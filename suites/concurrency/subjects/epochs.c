/* SPDX-License-Identifier: MIT */
/* epochs: ours: readers follow a pointer within an epoch, writers replace it and wait; see reader_epochs.h. */
#include "suites/concurrency/reader_epochs.h"

#include <pthread.h>
#include <stdlib.h>

#include "suites/concurrency/reading.h"

struct reading {
	struct epochs epochs;
	_Atomic(struct record *) record;
	struct record records[2];
	_Alignas(2 * ASSAY_CACHE_LINE) pthread_mutex_t writers;
	unsigned spare; /* of the records: which no reader can have */
	unsigned threads;
	struct epoch_reader readers[];
};

static enum assay_code epochs_probe(struct assay_err *err)
{
	return fence_everywhere_prepare()
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP,
				    "this kernel has no membarrier(2) for one process");
}

static void epochs_destroy(struct reading *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->writers);
	free(r);
}

static enum assay_code epochs_create(unsigned threads, struct reading **ret, struct assay_err *err)
{
	size_t bytes = sizeof(struct reading) + threads * sizeof(struct epoch_reader);
	struct reading *r = aligned_alloc(_Alignof(struct reading), bytes);
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "epochs: no memory");
	memset(r, 0, bytes);
	r->records[0] = record_of(0);
	r->record = &r->records[0];
	r->spare = 1;
	r->epochs.now = 1;
	r->threads = threads;
	pthread_mutex_init(&r->writers, NULL);
	*ret = r;
	return ASSAY_OK;
}

static void epochs_read(struct reading *r, unsigned thread, struct record *ret)
{
	reader_enter(&r->epochs, &r->readers[thread]);
	/* acquire: the record is written before it is published */
	*ret = *atomic_load_explicit(&r->record, memory_order_acquire);
	reader_leave(&r->readers[thread]);
}

static void epochs_write(struct reading *r, unsigned thread, const struct record *record)
{
	pthread_mutex_lock(&r->writers);
	r->records[r->spare] = *record;
	/* release: the record is written before it is published */
	atomic_store_explicit(&r->record, &r->records[r->spare], memory_order_release);
	r->spare = !r->spare;
	readers_wait(&r->epochs, r->readers, r->threads);
	pthread_mutex_unlock(&r->writers);
}

static const struct reading_ops ops = {
	.create = epochs_create,
	.read = epochs_read,
	.write = epochs_write,
	.destroy = epochs_destroy,
};

const struct assay_subject assay_subject_concurrency_epochs = {
	.interface = READING_INTERFACE,
	.brief = "readers announce their epoch without a fence, writers wait",
	.ops = &ops,
	.probe = epochs_probe,
};

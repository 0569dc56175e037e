/* SPDX-License-Identifier: MIT */
/*
 * urcu_reading: a record behind a pointer under liburcu, for the subjects that are its flavours. Included after the
 * flavour's header, whose names it uses; QUIESCENT() is what a reader must say after each read.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_SUBJECTS_URCU_READING_H
#define ASSAY_SUITES_CONCURRENCY_SUBJECTS_URCU_READING_H

#include "suites/concurrency/reading.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#include <pthread.h>
#include <stdlib.h>

struct reading {
	_Alignas(2 * ASSAY_CACHE_LINE) struct record *record;
	struct record records[2];
	_Alignas(2 * ASSAY_CACHE_LINE) pthread_mutex_t writers;
	unsigned spare; /* of the records: which no reader can have */
};

static void rcu_destroy(struct reading *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->writers);
	free(r);
}

static enum assay_code rcu_create(unsigned threads, struct reading **ret, struct assay_err *err)
{
	struct reading *r = aligned_alloc(_Alignof(struct reading), sizeof(*r));
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "liburcu: no memory");
	memset(r, 0, sizeof(*r));
	r->records[0] = record_of(0);
	r->record = &r->records[0];
	r->spare = 1;
	pthread_mutex_init(&r->writers, NULL);
	*ret = r;
	return ASSAY_OK;
}

static void rcu_enter(struct reading *r, unsigned thread)
{
	rcu_register_thread();
}

static void rcu_leave(struct reading *r, unsigned thread)
{
	rcu_unregister_thread();
}

static void rcu_read(struct reading *r, unsigned thread, struct record *ret)
{
	rcu_read_lock();
	*ret = *rcu_dereference(r->record);
	rcu_read_unlock();
	QUIESCENT();
}

static void rcu_write(struct reading *r, unsigned thread, const struct record *record)
{
	/* who waits for the lock must not be waited for by who holds it */
	OFFLINE();
	pthread_mutex_lock(&r->writers);
	ONLINE();
	r->records[r->spare] = *record;
	rcu_set_pointer(&r->record, &r->records[r->spare]);
	r->spare = !r->spare;
	synchronize_rcu();
	pthread_mutex_unlock(&r->writers);
}

static const struct reading_ops ops = {
	.create = rcu_create,
	.enter = rcu_enter,
	.leave = rcu_leave,
	.read = rcu_read,
	.write = rcu_write,
	.destroy = rcu_destroy,
};
#else
static const struct reading_ops ops; /* never called: probe() says so */
#endif

#if ASSAY_TSAN
#define URCU_WATCHED 1
#elif defined(__has_feature)
#define URCU_WATCHED __has_feature(thread_sanitizer)
#else
#define URCU_WATCHED 0
#endif

static enum assay_code urcu_probe(struct assay_err *err)
{
#ifdef ASSAY_HAVE_URCU_FLAVOURS
	if (URCU_WATCHED)
		return assay_fail(err, ASSAY_SKIP,
				  "ThreadSanitizer does not see how liburcu synchronises");
	return ASSAY_OK;
#else
	return assay_fail(err, ASSAY_SKIP,
			  "built without liburcu; install liburcu-dev and build again");
#endif
}

#endif

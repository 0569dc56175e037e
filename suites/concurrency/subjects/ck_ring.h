/* SPDX-License-Identifier: MIT */
/* ck_ring: a queue over Concurrency Kit's ring, for the subjects that use it in its two ways. */
#ifndef ASSAY_SUITES_CONCURRENCY_SUBJECTS_CK_RING_H
#define ASSAY_SUITES_CONCURRENCY_SUBJECTS_CK_RING_H

#include "suites/concurrency/queue.h"

#ifdef ASSAY_HAVE_CK
#include <ck_ring.h>
#include <stdlib.h>

struct queue {
	_Alignas(2 * ASSAY_CACHE_LINE) ck_ring_t ring;
	_Alignas(2 * ASSAY_CACHE_LINE) ck_ring_buffer_t buffer[];
};

static inline enum assay_code ck_create(size_t capacity, unsigned threads, struct queue **ret,
					struct assay_err *err)
{
	/* one place of its ring stays free */
	size_t places = 2 * capacity;
	size_t bytes = sizeof(struct queue) + places * sizeof(ck_ring_buffer_t);
	size_t unit = _Alignof(struct queue);
	struct queue *q = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "ck_ring: no memory for %zu items", capacity);
	memset(q, 0, bytes);
	ck_ring_init(&q->ring, (unsigned)places);
	*ret = q;
	return ASSAY_OK;
}

static inline void ck_destroy(struct queue *q)
{
	free(q);
}
#endif

#endif

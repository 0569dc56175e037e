/* SPDX-License-Identifier: MIT */
/* ck_mpmc: ck_ring of Concurrency Kit, a peer, for any number of threads. */
#include "suites/concurrency/subjects/ck_probe.h"
#include "suites/concurrency/subjects/ck_ring.h"

#ifdef ASSAY_HAVE_CK
static bool ring_put(struct queue *q, unsigned thread, uint64_t item)
{
	return ck_ring_enqueue_mpmc(&q->ring, q->buffer, (void *)(uintptr_t)item);
}

static bool ring_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	void *item;
	bool taken = ck_ring_dequeue_mpmc(&q->ring, q->buffer, &item);
	if (taken)
		*ret = (uintptr_t)item;
	return taken;
}

static const struct queue_ops ops = {
	.create = ck_create,
	.put = ring_put,
	.take = ring_take,
	.destroy = ck_destroy,
};
#else
static const struct queue_ops ops; /* never called: probe() says so */
#endif

const struct assay_subject assay_subject_concurrency_ck_mpmc = {
	.interface = QUEUE_INTERFACE,
	.brief = "ck_ring of Concurrency Kit, for any number of threads",
	.ops = &ops,
	.probe = ck_probe,
};

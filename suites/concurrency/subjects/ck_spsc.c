/* SPDX-License-Identifier: MIT */
/* ck_spsc: ck_ring of Concurrency Kit, a peer, for one producer and one consumer. */
#include "suites/concurrency/subjects/ck_probe.h"
#include "suites/concurrency/subjects/ck_ring.h"

#ifdef ASSAY_HAVE_CK
static bool ring_put(struct queue *q, unsigned thread, uint64_t item)
{
	return ck_ring_enqueue_spsc(&q->ring, q->buffer, (void *)(uintptr_t)item);
}

static bool ring_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	void *item;
	bool taken = ck_ring_dequeue_spsc(&q->ring, q->buffer, &item);
	if (taken)
		*ret = (uintptr_t)item;
	return taken;
}

static const struct queue_ops ops = {
	.create = ck_create,
	.put = ring_put,
	.take = ring_take,
	.destroy = ck_destroy,
	.one_to_one = true,
};
#else
static const struct queue_ops ops; /* never called: probe() says so */
#endif

const struct assay_subject assay_subject_concurrency_ck_spsc = {
	.interface = QUEUE_INTERFACE,
	.brief = "ck_ring of Concurrency Kit, for one producer and one consumer",
	.ops = &ops,
	.probe = ck_probe,
};

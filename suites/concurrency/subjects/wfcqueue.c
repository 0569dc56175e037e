/* SPDX-License-Identifier: MIT */
/*
 * wfcqueue: liburcu's linked queue, wait-free for those who put, a lock for those who take; a peer. It links
 * the caller's own nodes. Here all nodes are made beforehand, as many as the queue may hold; who takes
 * keeps a few for its own puts and gives the rest back through liburcu's stack, where a thread without
 * any takes a few.
 */
#include "suites/concurrency/queue.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* inline, as its fast users have it */
#endif
#include <stdlib.h>
#include <urcu/wfcqueue.h>
#include <urcu/wfstack.h>

enum { KEEP = 32 };

struct node {
	union {
		struct cds_wfcq_node in_queue;
		struct cds_wfs_node in_stack;
		struct node *in_hand;
	};
	uint64_t item;
};

/* A thread's own free nodes. */
struct hand {
	_Alignas(2 * ASSAY_CACHE_LINE) struct node *first;
	unsigned n;
};

struct queue {
	_Alignas(2 * ASSAY_CACHE_LINE) struct cds_wfcq_head head;
	_Alignas(2 * ASSAY_CACHE_LINE) struct cds_wfcq_tail tail;
	_Alignas(2 * ASSAY_CACHE_LINE) struct cds_wfs_stack free;
	struct hand *hands;
	struct node *nodes;
};

static void wfc_destroy(struct queue *q)
{
	if (!q)
		return;
	cds_wfcq_destroy(&q->head, &q->tail);
	cds_wfs_destroy(&q->free);
	free(q->hands);
	free(q->nodes);
	free(q);
}

static enum assay_code wfc_create(size_t capacity, unsigned threads, struct queue **ret,
				  struct assay_err *err)
{
	size_t nodes = capacity + threads * (KEEP + 1);
	struct queue *q = aligned_alloc(_Alignof(struct queue), sizeof(*q));
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "wfcqueue: no memory");
	memset(q, 0, sizeof(*q));
	cds_wfcq_init(&q->head, &q->tail);
	cds_wfs_init(&q->free);
	q->hands = aligned_alloc(_Alignof(struct hand), threads * sizeof(*q->hands));
	q->nodes = calloc(nodes, sizeof(*q->nodes));
	if (!q->hands || !q->nodes) {
		wfc_destroy(q);
		return assay_fail(err, ASSAY_ENOMEM, "wfcqueue: no memory for %zu items", capacity);
	}
	memset(q->hands, 0, threads * sizeof(*q->hands));
	for (size_t i = 0; i < nodes; i++) {
		cds_wfs_node_init(&q->nodes[i].in_stack);
		cds_wfs_push(&q->free, &q->nodes[i].in_stack);
	}
	*ret = q;
	return ASSAY_OK;
}

/* Take some from the stack, but leave the rest to others: there are as many nodes as the queue may hold
 * beside those that may be in hands. */
static void refill(struct queue *q, struct hand *hand)
{
	cds_wfs_pop_lock(&q->free);
	while (hand->n < KEEP) {
		struct cds_wfs_node *popped = __cds_wfs_pop_blocking(&q->free);
		if (!popped)
			break;
		struct node *node = caa_container_of(popped, struct node, in_stack);
		node->in_hand = hand->first;
		hand->first = node;
		hand->n++;
	}
	cds_wfs_pop_unlock(&q->free);
}

static bool wfc_put(struct queue *q, unsigned thread, uint64_t item)
{
	struct hand *hand = &q->hands[thread];
	if (!hand->first)
		refill(q, hand);
	struct node *node = hand->first;
	if (!node)
		return false;
	hand->first = node->in_hand;
	hand->n--;
	node->item = item;
	cds_wfcq_node_init(&node->in_queue);
	cds_wfcq_enqueue(&q->head, &q->tail, &node->in_queue);
	return true;
}

static bool wfc_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	struct hand *hand = &q->hands[thread];
	struct cds_wfcq_node *taken = cds_wfcq_dequeue_blocking(&q->head, &q->tail);
	if (!taken)
		return false;
	struct node *node = caa_container_of(taken, struct node, in_queue);
	*ret = node->item;
	if (hand->n < KEEP) {
		node->in_hand = hand->first;
		hand->first = node;
		hand->n++;
	} else {
		cds_wfs_node_init(&node->in_stack);
		cds_wfs_push(&q->free, &node->in_stack);
	}
	return true;
}

static const struct queue_ops ops = {
	.create = wfc_create,
	.put = wfc_put,
	.take = wfc_take,
	.destroy = wfc_destroy,
};
#else
static const struct queue_ops ops; /* never called: probe() says so */
#endif

static enum assay_code probe(struct assay_err *err)
{
#if defined(ASSAY_HAVE_URCU_FLAVOURS) && ASSAY_TSAN
	return assay_fail(err, ASSAY_SKIP, "ThreadSanitizer does not see how liburcu synchronises");
#elif defined(ASSAY_HAVE_URCU_FLAVOURS)
	return ASSAY_OK;
#else
	return assay_fail(err, ASSAY_SKIP,
			  "built without liburcu; install liburcu-dev and build again");
#endif
}

const struct assay_subject assay_subject_concurrency_wfcqueue = {
	.interface = QUEUE_INTERFACE,
	.brief = "liburcu's linked queue, wait-free to put, a lock to take",
	.ops = &ops,
	.probe = probe,
};

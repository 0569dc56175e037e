/* SPDX-License-Identifier: MIT */
/* queue_null: takes every item and gives a constant; what the harness and two calls cost. */
#include "suites/concurrency/queue.h"

struct queue {
	char nothing;
};

static enum assay_code null_create(size_t capacity, unsigned threads, struct queue **ret,
				   struct assay_err *err)
{
	static struct queue queue; /* never written: there is no state to keep */
	*ret = &queue;
	return ASSAY_OK;
}

static bool null_put(struct queue *q, unsigned thread, uint64_t item)
{
	return true;
}

static bool null_take(struct queue *q, unsigned thread, uint64_t *ret)
{
	*ret = 1;
	return true;
}

static void null_destroy(struct queue *q)
{
}

static const struct queue_ops ops = {
	.create = null_create,
	.put = null_put,
	.take = null_take,
	.destroy = null_destroy,
	.keeps_nothing = true,
};

const struct assay_subject assay_subject_concurrency_queue_null = {
	.interface = QUEUE_INTERFACE,
	.brief = "keeps nothing: the cost of the calls",
	.ops = &ops,
	.is_null = true,
};

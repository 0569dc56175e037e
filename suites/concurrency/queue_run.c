/* SPDX-License-Identifier: MIT */
/* queue_run: sets up a queue, and sees that nothing was lost. */
#include "suites/concurrency/queue_run.h"

#include <stdlib.h>

static bool prepare_parts(struct queue_run *q, uint64_t seed)
{
	q->parts = aligned_alloc(_Alignof(struct queue_part), q->threads * sizeof(*q->parts));
	if (!q->parts || !shares_init(&q->shares, q->threads))
		return false;
	for (unsigned i = 0; i < q->threads; i++)
		q->parts[i] = (struct queue_part){
			.next = ((uint64_t)i + 1) << 40,
			.think = {.random = (uint32_t)seed + i, .turns = q->turns},
		};
	return true;
}

void queue_run_setup(struct assay_run *run, double filled, double think_ns)
{
	struct queue_run *q = calloc(1, sizeof(*q));
	struct assay_err err = {0};
	if (!assay_check(run, q, "out of memory"))
		return;
	assay_set_state(run, q);
	q->ops = assay_subject(run);
	q->threads = assay_threads(run);
	q->turns = think_turns(think_ns);
	if (!assay_check(run, prepare_parts(q, assay_seed(run)), "out of memory"))
		return;
	enum assay_code code = q->ops->create(QUEUE_RUN_CAPACITY, q->threads, &q->queue, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text))
		return;
	for (uint64_t i = 1; i <= (uint64_t)(filled * QUEUE_RUN_CAPACITY); i++)
		if (assay_check(run, q->ops->put(q->queue, 0, i), "full after %llu items",
				(unsigned long long)i))
			q->put_sum += i;
}

void queue_run_teardown(struct assay_run *run)
{
	struct queue_run *q = assay_state(run);
	if (!q)
		return;
	if (q->queue && !q->ops->keeps_nothing) {
		uint64_t put = q->put_sum, taken = 0, item;
		for (unsigned i = 0; i < q->threads; i++) {
			put += q->parts[i].put_sum;
			taken += q->parts[i].taken_sum;
		}
		while (q->ops->take(q->queue, 0, &item))
			taken += item;
		assay_check(run, put == taken, "what was taken does not add up to what was put");
	}
	if (q->queue)
		q->ops->destroy(q->queue);
	shares_done(&q->shares);
	free(q->parts);
	free(q);
}

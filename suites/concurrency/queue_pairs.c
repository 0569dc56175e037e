/* SPDX-License-Identifier: MIT */
/*
 * queue_pairs: every thread puts and then takes, `batch` items at a time, again and again; one operation is
 * one item put and one taken.
 */
#include "suites/concurrency/queue_run.h"

static void setup(struct assay_run *run)
{
	const struct queue_ops *ops = assay_subject(run);
	if (ops->one_to_one && assay_threads(run) > 1) {
		assay_skip(run, "one thread may put and one may take; here each does both");
		return;
	}
	queue_run_setup(run, assay_axis(run, "fill"), assay_axis(run, "think"));
	assay_set_ops_per_iteration(run, (uint64_t)assay_axis(run, "batch"));
}

static void one_by_one(struct assay_run *run, struct queue_run *q, struct queue_part *part,
		       uint64_t *missed)
{
	const struct queue_ops *ops = q->ops;
	struct queue *queue = q->queue;
	unsigned me = assay_thread(run);
	struct think thinking = part->think;
	uint64_t next = part->next, put_sum = 0, taken_sum = 0, misses = 0;

	ASSAY_LOOP (run) {
		uint64_t item = 0;
		if (ops->put(queue, me, next))
			put_sum += next++;
		think(&thinking);
		misses += !ops->take(queue, me, &item);
		taken_sum += item;
		think(&thinking);
	}
	part->think = thinking;
	part->next = next;
	part->put_sum += put_sum;
	part->taken_sum += taken_sum;
	*missed = misses;
}

static void in_batches(struct assay_run *run, struct queue_run *q, struct queue_part *part,
		       size_t batch, uint64_t *missed)
{
	uint64_t in[QUEUE_RUN_BATCH_MAX], out[QUEUE_RUN_BATCH_MAX];
	unsigned me = assay_thread(run);

	ASSAY_LOOP (run) {
		for (size_t i = 0; i < batch; i++)
			in[i] = part->next + i;
		size_t put = queue_put_many(q->ops, q->queue, me, in, batch);
		for (size_t i = 0; i < put; i++)
			part->put_sum += in[i];
		part->next += put;
		think(&part->think);
		size_t got = queue_take_many(q->ops, q->queue, me, out, batch);
		for (size_t i = 0; i < got; i++)
			part->taken_sum += out[i];
		*missed += batch - got;
		think(&part->think);
	}
}

static void body(struct assay_run *run)
{
	struct queue_run *q = assay_state(run);
	unsigned me = assay_thread(run);
	struct queue_part *part = &q->parts[me];
	size_t batch = (size_t)assay_axis(run, "batch");
	uint64_t missed = 0, before = part->next;
	if (batch < 1 || batch > QUEUE_RUN_BATCH_MAX) {
		assay_skip(run, "batch must be 1 to %d", QUEUE_RUN_BATCH_MAX);
		return;
	}
	if (batch == 1)
		one_by_one(run, q, part, &missed);
	else
		in_batches(run, q, part, batch, &missed);
	assay_discount(run, missed);
	shares_report(&q->shares, run, me, part->next - before);
}

const struct assay_bench assay_bench_concurrency_queue_pairs = {
	.brief = "every thread puts an item and takes one",
	.source =
		"the pairwise benchmark of Yang & Mellor-Crummey, \"A wait-free queue as fast as "
		"fetch-and-add\", PPoPP 2016",
	.body = body,
	.setup = setup,
	.teardown = queue_run_teardown,
	.axes = ASSAY_AXES({"fill", "share", "0,0.5", "0"}, {"think", "ns", "0,100", "0"},
			   {"batch", "items", "1,16", "1"}),
	.subjects = QUEUE_INTERFACE,
	.threads = "1..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
};

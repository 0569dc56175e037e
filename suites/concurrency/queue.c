/* SPDX-License-Identifier: MIT */
/*
 * queue: some threads put, the others take, `batch` items at a time, as fast as they can; one operation is one
 * item that has come out.
 */
#include "harness/base/clock.h"
#include "suites/concurrency/queue_run.h"

static void setup(struct assay_run *run)
{
	const struct queue_ops *ops = assay_subject(run);
	double batch = assay_axis(run, "batch");
	if (assay_threads(run) < 2)
		assay_skip(run, "one thread puts and another takes; there is only one");
	else if (ops->one_to_one && assay_threads(run) > 2)
		assay_skip(run, "one thread may put and one may take");
	else if (batch < 1 || batch > QUEUE_RUN_BATCH_MAX)
		assay_skip(run, "batch must be 1 to %d", QUEUE_RUN_BATCH_MAX);
	else
		queue_run_setup(run, 0, assay_axis(run, "think"));
	assay_set_ops_per_iteration(run, batch < 1 ? 1 : (uint64_t)batch);
	struct queue_run *q = assay_state(run);
	if (q) /* who takes, counts */
		q->shares.threads = q->threads - q->threads / 2;
}

static void produce(struct assay_run *run, struct queue_run *q, struct queue_part *part,
		    size_t batch)
{
	const struct queue_ops *ops = q->ops;
	struct queue *queue = q->queue;
	unsigned me = assay_thread(run);
	struct think thinking = part->think;
	uint64_t items[QUEUE_RUN_BATCH_MAX], next = part->next, turns = 0;

	ASSAY_LOOP (run) {
		for (size_t i = 0; i < batch; i++)
			items[i] = next + i;
		size_t put = batch == 1 ? ops->put(queue, me, next)
					: queue_put_many(ops, queue, me, items, batch);
		next += put;
		turns++;
		if (put == 0)
			assay_cpu_relax();
		think(&thinking);
	}
	/* the sum of the items from part->next to next - 1 */
	for (; part->next < next; part->next++)
		part->put_sum += part->next;
	part->think = thinking;
	assay_discount(run, turns * batch); /* counted where they come out */
}

static uint64_t consume(struct assay_run *run, struct queue_run *q, struct queue_part *part,
			size_t batch)
{
	const struct queue_ops *ops = q->ops;
	struct queue *queue = q->queue;
	unsigned me = assay_thread(run);
	struct think thinking = part->think;
	uint64_t items[QUEUE_RUN_BATCH_MAX] = {0}, sum = 0, taken = 0, turns = 0;

	ASSAY_LOOP (run) {
		size_t got = batch == 1 ? ops->take(queue, me, items)
					: queue_take_many(ops, queue, me, items, batch);
		for (size_t i = 0; i < got; i++)
			sum += items[i];
		taken += got;
		turns++;
		if (got == 0)
			assay_cpu_relax();
		think(&thinking);
	}
	part->taken_sum += sum;
	part->think = thinking;
	assay_discount(run, turns * batch - taken);
	return taken;
}

static void body(struct assay_run *run)
{
	struct queue_run *q = assay_state(run);
	unsigned me = assay_thread(run), producers = q->threads / 2;
	struct queue_part *part = &q->parts[me];
	size_t batch = (size_t)assay_axis(run, "batch");
	if (me < producers)
		produce(run, q, part, batch);
	else
		shares_report(&q->shares, run, me - producers, consume(run, q, part, batch));
}

const struct assay_bench assay_bench_concurrency_queue = {
	.brief = "half of the threads put, the others take",
	.source =
		"the producer and consumer test of FastForward [Giacomoni, Moseley & "
		"Vachharajani, PPoPP 2008]",
	.body = body,
	.setup = setup,
	.teardown = queue_run_teardown,
	.axes = ASSAY_AXES({"think", "ns", "0,100", "0"}, {"batch", "items", "1,16", "1"}),
	.subjects = QUEUE_INTERFACE,
	.threads = "2..ncores",
	.mode = ASSAY_CONTENDED,
	.unit = "op/s",
	.thorough = true,
};

/* SPDX-License-Identifier: MIT */
/*
 * queue_latency: how long an item is under way from one thread to another that waits for it. The producer puts
 * one item, which is the time, then thinks.
 */
#include "harness/base/clock.h"
#include "suites/concurrency/queue_run.h"

enum { PRODUCER, CONSUMER };

static void setup(struct assay_run *run)
{
	const struct queue_ops *ops = assay_subject(run);
	if (ops->keeps_nothing)
		assay_skip(run, "items do not come out, there is nothing to be timed");
	else
		queue_run_setup(run, 0, assay_axis(run, "think"));
}

static void produce(struct assay_run *run, struct queue_run *q, struct queue_part *part)
{
	unsigned me = assay_thread(run);
	ASSAY_LOOP (run) {
		uint64_t stamp = assay_op_begin(run);
		while (!q->ops->put(q->queue, me, stamp))
			assay_cpu_relax();
		part->put_sum += stamp;
		think(&part->think);
	}
}

static void consume(struct assay_run *run, struct queue_run *q, struct queue_part *part)
{
	unsigned me = assay_thread(run);
	ASSAY_LOOP (run) {
		uint64_t stamp;
		while (!q->ops->take(q->queue, me, &stamp))
			assay_cpu_relax();
		assay_op_end(run, stamp);
		part->taken_sum += stamp;
	}
}

static void body(struct assay_run *run)
{
	struct queue_run *q = assay_state(run);
	struct queue_part *part = &q->parts[assay_thread(run)];
	if (assay_role(run) == PRODUCER)
		produce(run, q, part);
	else
		consume(run, q, part);
}

const struct assay_bench assay_bench_concurrency_queue_latency = {
	.brief = "time from a put to the take by another thread that waits for it",
	.body = body,
	.setup = setup,
	.teardown = queue_run_teardown,
	.axes = ASSAY_AXES({"think", "ns", "0,1000,10000", "1000"}),
	.subjects = QUEUE_INTERFACE,
	.roles = ASSAY_ROLES({"producer", 1}, {"consumer", 1, .counts = true}),
	.mode = ASSAY_LATENCY,
	.thorough = true,
};

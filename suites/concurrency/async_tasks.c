/* SPDX-License-Identifier: MIT */
/*
 * async_tasks: many asynchronous tasks on one thread's event loop, each of which gets one of a few permits,
 * waits for a descriptor and gives the permit back. One operation is one task, from begin to end.
 *
 * Half of them begin at once, the others one by one as tasks end, with random priorities: so urgent ones come
 * while others hold the permits. What is waited for is an eventfd that the task itself has
 * written to: a full way through the kernel, and no second thread that would be measured too. With
 * `order:fifo` the same loop does not look at priorities: what they are worth, and what they cost.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/loop.h"

enum { PRIORITIES = 4, PERMITS_MOST = 512 };

enum stage { NEW, PERMITTED, READABLE, ENDED };

struct batch;

struct async {
	struct loop_task task;
	struct batch *batch;
	enum stage stage;
	int fd;
	uint64_t begun_ns, ended_ns;
};

struct batch {
	enum loop_order order;
	size_t n, permits, begun;
	struct async *tasks;
	struct loop_semaphore semaphore;
	int fds[PERMITS_MOST]; /* one for each permit */
	size_t free_fds;
	uint64_t wrong;
};

static void begin_next(struct loop *loop, struct batch *b)
{
	struct async *a = &b->tasks[b->begun++];
	a->stage = NEW;
	a->begun_ns = assay_now_ns();
	loop_begin(loop, &a->task);
}

static void step(struct loop *loop, struct loop_task *task)
{
	struct async *a = (struct async *)task;
	struct batch *b = a->batch;
	eventfd_t value = 0;
	switch (a->stage++) {
	case NEW:
		loop_acquire(loop, task, &b->semaphore);
		return;
	case PERMITTED:
		b->wrong += b->free_fds == 0; /* more permits given than there are */
		a->fd = b->fds[--b->free_fds];
		b->wrong += eventfd_write(a->fd, task->priority + 1) != 0;
		loop_until_readable(loop, task, a->fd);
		return;
	default:
		b->wrong += eventfd_read(a->fd, &value) != 0 || value != task->priority + 1;
		b->fds[b->free_fds++] = a->fd;
		loop_release(loop, task, &b->semaphore);
		a->ended_ns = assay_now_ns();
		if (b->begun < b->n)
			begin_next(loop, b);
		loop_end(loop, task, 0);
	}
}

static void teardown(struct assay_run *run)
{
	struct batch *b = assay_state(run);
	if (!b)
		return;
	for (size_t i = 0; i < b->free_fds; i++)
		close(b->fds[i]);
	loop_semaphore_done(&b->semaphore);
	free(b->tasks);
	free(b);
}

static void setup(struct assay_run *run)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct assay_rng rng;
	if (!assay_check(run, b, "out of memory"))
		return;
	assay_set_state(run, b);
	b->n = (size_t)assay_axis(run, "tasks");
	b->permits = (size_t)assay_axis(run, "permits");
	b->order = assay_axis(run, "order") == 0 ? LOOP_BY_PRIORITY : LOOP_FIFO;
	if (b->n < 1 || b->permits < 1 || b->permits > PERMITS_MOST) {
		assay_skip(run, "from one task on, and with 1 to %d permits", PERMITS_MOST);
		return;
	}
	b->tasks = calloc(b->n, sizeof(*b->tasks));
	if (!assay_check(run, b->tasks, "out of memory"))
		return;
	assay_rng_init(&rng, assay_seed(run));
	for (size_t i = 0; i < b->n; i++)
		b->tasks[i] = (struct async){
			.task = {.step = step,
				 .priority = (unsigned)assay_rng_below(&rng, PRIORITIES)},
			.batch = b};
	while (b->free_fds < b->permits) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0) {
			assay_skip(run, "%zu descriptors could be opened, not %zu; raise ulimit -n",
				   b->free_fds, b->permits);
			return;
		}
		b->fds[b->free_fds++] = fd;
	}
	assay_set_ops_per_iteration(run, b->n);
}

/* Each task once, from begin to end. */
static enum assay_code run_batch(struct batch *b, struct loop_counts *counts, struct assay_err *err)
{
	struct loop *loop;
	enum assay_code code = loop_new(b->order, &loop, err);
	if (code != ASSAY_OK)
		return code;
	b->semaphore.permits = (unsigned)b->permits;
	for (b->begun = 0; b->begun < (b->n + 1) / 2;)
		begin_next(loop, b);
	code = loop_run(loop, err);
	*counts = loop_counts(loop);
	loop_free(loop);
	for (size_t i = 0; i < b->n; i++)
		b->wrong += b->tasks[i].stage != ENDED;
	b->wrong += b->free_fds != b->permits || b->semaphore.permits != b->permits;
	return code;
}

/* Mean time from begin to end of tasks of one priority; 0 when there are none. */
static double mean_ns(const struct batch *b, unsigned priority)
{
	double sum = 0;
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (b->tasks[i].task.priority == priority) {
			sum += (double)(b->tasks[i].ended_ns - b->tasks[i].begun_ns);
			n++;
		}
	return n ? sum / (double)n : 0;
}

static void body(struct assay_run *run)
{
	struct batch *b = assay_state(run);
	struct loop_counts counts = {0};
	struct assay_err err = {0};
	enum assay_code code = ASSAY_OK;

	b->wrong = 0;
	ASSAY_LOOP (run)
		if (code == ASSAY_OK)
			code = run_batch(b, &counts, &err);
	if (!assay_check(run, code == ASSAY_OK, "%s", err.text) ||
	    !assay_check(run, b->wrong == 0, "%llu times a task or a permit went wrong",
			 (unsigned long long)b->wrong) ||
	    !assay_check(run, b->order == LOOP_FIFO || counts.inversions == 0,
			 "%llu steps before a more urgent one that was ready",
			 (unsigned long long)counts.inversions))
		return;
	assay_metric(run, "inversions", "ratio", ASSAY_LOWER,
		     (double)counts.inversions / (double)counts.steps);
	assay_metric(run, "blocked", "ratio", ASSAY_LOWER, (double)counts.blocked / (double)b->n);
	assay_metric(run, "urgent", "ns", ASSAY_LOWER, mean_ns(b, PRIORITIES - 1));
	assay_metric(run, "patient", "ns", ASSAY_LOWER, mean_ns(b, 0));
}

const struct assay_bench assay_bench_concurrency_async_tasks = {
	.brief = "asynchronous tasks with priorities and permits, on one event loop",
	.claim = "S0.concurrent",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"tasks", "count", "100,1000", "100"},
			   {"permits", "count", "8,200", "8"}, {"order", "name", "priority,fifo"}),
	.thorough = true,
};

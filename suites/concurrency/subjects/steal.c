/* SPDX-License-Identifier: MIT */
/*
 * steal: a work-stealing pool whose tasks live on the stacks of those who fork them.
 *
 * fork pushes a pointer; join takes it back and calls it, unless a thief was faster: then it helps
 * the thief by stealing from it in turn ["leapfrogging", Wagner & Calder, PPoPP 1993], which only
 * ever adds descendants of the awaited task to the stack. Nothing is allocated per task. A worker
 * keeps its newest few tasks out of the thieves' sight, where taking one back needs no atomic
 * exchange, until a thief that found nothing asks (`alarm`) or there are more. Threads without work
 * spin for about what a sleep and a wake-up cost, then sleep; a push makes a system call only when
 * somebody has asked this worker to be woken.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/deque.h"
#include "suites/concurrency/futex.h"

#define SPIN_NS    50000
#define PAUSES_MAX 31
#define HIDDEN     8 /* tasks; of a tree it is the lowest levels, where nearly all tasks are */

/* What others want of a worker: tasks to steal; and besides, to be woken once there are any. */
#define HUNGRY 1u
#define ASLEEP 2u

/* A task's state: 0 until stolen; then the thief's address with WAITING or'ed in once the joiner
 * sleeps; DONE once the thief is through. A task that its own worker took back is not looked at. */
#define WAITING 1u
#define DONE    2u

struct worker {
	struct deque deque;
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint32_t alarm;
	struct executor *executor;
	uint32_t random;
	pthread_t thread;
};

struct executor {
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic uint32_t epoch; /* sleepers wait for a change */
	_Atomic bool stopping;
	unsigned threads;
	uint64_t spin_ns;
	struct worker workers[];
};

/* How long a thread has looked for work in vain. */
struct patience {
	uint64_t since_ns;
	unsigned pauses;
};

/* Wait a little, longer each time, so that polling does not slow the polled; false: time to sleep. */
static bool wait_a_little(struct patience *patience, uint64_t spin_ns)
{
	uint64_t now_ns = assay_now_ns();
	if (patience->pauses == 0)
		patience->since_ns = now_ns;
	if (patience->pauses < PAUSES_MAX)
		patience->pauses = 2 * patience->pauses + 1;
	if (now_ns - patience->since_ns >= spin_ns)
		return false;
	for (unsigned i = 0; i < patience->pauses; i++)
		assay_cpu_relax();
	return true;
}

static void wake_all(struct executor *executor)
{
	/* release: who sees the new epoch sees what it is about */
	atomic_fetch_add_explicit(&executor->epoch, 1, memory_order_release);
	futex_wake(&executor->epoch, INT32_MAX);
}

/* Answer the alarm, if there is anything to give away. */
static __attribute__((noinline)) void ring(struct worker *w)
{
	deque_open(&w->deque);
	if (deque_is_empty(&w->deque))
		return;
	/* seq_cst: the alarm is off before sleepers look for work again and, finding none, set it */
	if (atomic_exchange_explicit(&w->alarm, 0, memory_order_seq_cst) & ASLEEP)
		wake_all(w->executor);
}

static void run_stolen(struct worker *w, struct task *task)
{
	/* relaxed: workers exist for as long as anyone can see their address */
	atomic_fetch_or_explicit(&task->state, (uintptr_t)w, memory_order_relaxed);
	task->run(w, task);
	/* release: the joiner sees what the task wrote; acquire: in one order with its WAITING.
	 * Once DONE is stored the task's memory may be gone: only `before` is looked at. */
	uintptr_t before = atomic_exchange_explicit(&task->state, DONE, memory_order_acq_rel);
	if (before & WAITING)
		wake_all(w->executor);
}

static bool run_one_of(struct worker *w, struct worker *victim)
{
	struct task *task = deque_steal(&victim->deque);
	if (task) {
		run_stolen(w, task);
		return true;
	}
	/* relaxed: nothing else is read because of it, and who gives up spinning says so again */
	if (!atomic_load_explicit(&victim->alarm, memory_order_relaxed))
		atomic_fetch_or_explicit(&victim->alarm, HUNGRY, memory_order_relaxed);
	return false;
}

/* Sleep until the task is done or its thief has something to help with. */
static void sleep_on_task(struct worker *w, struct task *task, struct worker *thief)
{
	/* acquire: read before asking to be woken, so that no wake-up falls in between */
	uint32_t epoch = atomic_load_explicit(&w->executor->epoch, memory_order_acquire);
	/* seq_cst: set before the thief's deque is looked at; see steal_join */
	atomic_fetch_or_explicit(&thief->alarm, ASLEEP, memory_order_seq_cst);
	uintptr_t before = atomic_fetch_or_explicit(&task->state, WAITING, memory_order_acq_rel);
	if (before & DONE || !deque_is_empty(&thief->deque))
		return;
	futex_wait(&w->executor->epoch, epoch);
}

static __attribute__((noinline)) void wait_for(struct worker *w, struct task *task)
{
	struct patience patience = {0};
	for (;;) {
		/* acquire: what the thief wrote before DONE */
		uintptr_t state = atomic_load_explicit(&task->state, memory_order_acquire);
		if (state & DONE)
			return;
		struct worker *thief = (struct worker *)(state & ~(uintptr_t)WAITING);
		if (thief && run_one_of(w, thief))
			patience.pauses = 0;
		else if (wait_a_little(&patience, w->executor->spin_ns))
			continue;
		else if (thief)
			sleep_on_task(w, task, thief);
		else /* between taking the task and leaving its name, the thief lost its CPU */
			sched_yield();
	}
}

/* The fork that has to look at what others see of the deque. */
static __attribute__((noinline)) void fork_shown(struct worker *w, struct task *task)
{
	if (!deque_push(&w->deque, task)) {
		task->run(w, task);
		atomic_store_explicit(&task->state, DONE, memory_order_relaxed);
	} else if (atomic_load_explicit(&w->alarm, memory_order_relaxed)) {
		ring(w);
	}
}

/* In all three: relaxed, for an alarm that is set just now may be missed, and is seen by the next
 * fork or join. Both leave all that is rare to others in their place, and so need no frame. */
static void steal_fork(struct worker *w, struct task *task)
{
	/* relaxed: published by the push */
	atomic_store_explicit(&task->state, 0, memory_order_relaxed);
	if (__builtin_expect(!deque_push_hidden(&w->deque, task), 0))
		fork_shown(w, task);
	else if (__builtin_expect(atomic_load_explicit(&w->alarm, memory_order_relaxed), 0))
		ring(w);
}

/* The join of a task that may have been stolen, or while somebody waits for tasks. */
static __attribute__((noinline)) void join_shown(struct worker *w, struct task *task)
{
	bool ours = deque_drop_hidden(&w->deque);
	if (!ours)
		ours = deque_take_shown(&w->deque);
	/* seq_cst: after the exchange in deque_take_shown, so that either a sleeper's last look at the
	 * deque saw what is still in it, or its alarm is seen here */
	if (atomic_load_explicit(&w->alarm, memory_order_seq_cst))
		ring(w);
	if (ours)
		task->run(w, task);
	else
		wait_for(w, task);
}

static void steal_join(struct worker *w, struct task *task)
{
	/* acquire: what a thief wrote before DONE */
	if (atomic_load_explicit(&task->state, memory_order_acquire) & DONE)
		return;
	/* What is taken is `task`: later forks have been joined, and steals go oldest first. */
	if (__builtin_expect(!atomic_load_explicit(&w->alarm, memory_order_relaxed), 1) &&
	    __builtin_expect(deque_drop_hidden(&w->deque), 1))
		task->run(w, task);
	else
		join_shown(w, task);
}

/* Try every other worker once, from a random one on. */
static bool run_one_of_any(struct worker *w)
{
	struct executor *executor = w->executor;
	w->random = w->random * 1664525u + 1013904223u; /* Knuth & Lewis; the high bits are used */
	unsigned first = (unsigned)((uint64_t)w->random * executor->threads >> 32);
	for (unsigned i = 0; i < executor->threads; i++) {
		struct worker *victim = &executor->workers[(first + i) % executor->threads];
		if (victim != w && run_one_of(w, victim))
			return true;
	}
	return false;
}

/* Sleep until some worker has pushed, or the pool stops. */
static void sleep_idle(struct worker *w)
{
	struct executor *executor = w->executor;
	/* acquire, then seq_cst: as in sleep_on_task, for all workers */
	uint32_t epoch = atomic_load_explicit(&executor->epoch, memory_order_acquire);
	for (unsigned i = 0; i < executor->threads; i++)
		atomic_fetch_or_explicit(&executor->workers[i].alarm, ASLEEP, memory_order_seq_cst);
	for (unsigned i = 0; i < executor->threads; i++)
		if (!deque_is_empty(&executor->workers[i].deque))
			return;
	if (!atomic_load_explicit(&executor->stopping, memory_order_seq_cst))
		futex_wait(&executor->epoch, epoch);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct patience patience = {0};
	/* relaxed: nothing else is read because of it */
	while (!atomic_load_explicit(&w->executor->stopping, memory_order_relaxed)) {
		if (run_one_of_any(w))
			patience.pauses = 0;
		else if (!wait_a_little(&patience, w->executor->spin_ns))
			sleep_idle(w);
	}
	return NULL;
}

static void steal_run(struct executor *executor, struct task *root)
{
	root->run(&executor->workers[0], root);
}

/* Stop the `started` threads after worker 0. */
static void halt(struct executor *executor, unsigned started)
{
	/* seq_cst: before the epoch changes, see sleep_idle */
	atomic_store_explicit(&executor->stopping, true, memory_order_seq_cst);
	wake_all(executor);
	for (unsigned i = 1; i <= started; i++)
		pthread_join(executor->workers[i].thread, NULL);
	free(executor);
}

static void steal_stop(struct executor *executor)
{
	if (executor)
		halt(executor, executor->threads - 1);
}

/* A thread on `cpu`, or wherever the caller may run when it is negative; 0 or an errno. */
static int start_worker(struct worker *w, int cpu)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);
	if (error)
		return error;
	if (cpu >= 0) {
		cpu_set_t *set = CPU_ALLOC(cpu + 1);
		size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
		error = set ? 0 : ENOMEM;
		if (set) {
			CPU_ZERO_S(bytes, set);
			CPU_SET_S(cpu, bytes, set);
			error = pthread_attr_setaffinity_np(&attributes, bytes, set);
			CPU_FREE(set);
		}
	}
	if (!error)
		error = pthread_create(&w->thread, &attributes, work, w);
	pthread_attr_destroy(&attributes);
	return error;
}

/* Different CPUs among those given, or that the caller may use when they are not given. */
static unsigned usable_cpus(unsigned threads, const int *cpus)
{
	unsigned distinct = 0;
	for (unsigned i = 0; i < threads; i++) {
		if (cpus[i] < 0) {
			cpu_set_t set;
			return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
		}
		unsigned before = 0;
		while (before < i && cpus[before] != cpus[i])
			before++;
		distinct += before == i;
	}
	return distinct;
}

static enum assay_code steal_start(unsigned threads, const int *cpus, struct executor **ret,
				   struct assay_err *err)
{
	size_t bytes = sizeof(struct executor) + threads * sizeof(struct worker);
	struct executor *executor = aligned_alloc(_Alignof(struct executor), bytes);
	if (!executor)
		return assay_fail(err, ASSAY_ENOMEM, "steal: no memory for %u workers", threads);
	memset(executor, 0, bytes);
	executor->threads = threads;
	/* who spins while another waits for the same CPU delays the one it waits for */
	executor->spin_ns = usable_cpus(threads, cpus) < threads ? 0 : SPIN_NS;
	for (unsigned i = 0; i < threads; i++) {
		executor->workers[i].executor = executor;
		/* enough in sight for each of the others; alone, all the deque holds is hidden */
		executor->workers[i].deque.keep = threads - 1;
		executor->workers[i].deque.hidden = threads == 1 ? 2 * DEQUE_SLOTS : HIDDEN;
		executor->workers[i].random = i * 0x9e3779b9u + 1;
	}
	for (unsigned i = 1; i < threads; i++) {
		int error = start_worker(&executor->workers[i], cpus[i]);
		if (error) {
			halt(executor, i - 1);
			return assay_fail(err, ASSAY_EENV, "steal: start thread %u on CPU %d: %s",
					  i, cpus[i], strerror(error));
		}
	}
	*ret = executor;
	return ASSAY_OK;
}

static const struct executor_ops ops = {
	.start = steal_start,
	.run = steal_run,
	.fork = steal_fork,
	.join = steal_join,
	.stop = steal_stop,
};

const struct assay_subject assay_subject_concurrency_steal = {
	.brief = "work-stealing pool, Chase-Lev deques, tasks on the stack",
	.ops = &ops,
};

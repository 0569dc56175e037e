/* SPDX-License-Identifier: MIT */
/* steal: starting and stopping, sleeping and waking, and refusal of a CPU that is not there. */
#include <dirent.h>
#include <sched.h>
#include <time.h>

#include "harness/base/clock.h"
#include "suites/concurrency/concurrency.h"
#include "tests/t.h"

extern const struct assay_subject assay_subject_concurrency_steal;

static const int anywhere[8] = {-1, -1, -1, -1, -1, -1, -1, -1};

static unsigned threads_of_process(void)
{
	DIR *dir = opendir("/proc/self/task");
	assert_non_null(dir);
	unsigned n = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* A joined thread may be listed for a moment yet: the count once it is `want` or 100 ms are over. */
static unsigned settled(unsigned want)
{
	for (int i = 0; i < 100 && threads_of_process() != want; i++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	return threads_of_process();
}

static void starts_and_stops_without_a_trace(void **state)
{
	const struct executor_ops *ops = assay_subject_concurrency_steal.ops;
	unsigned before = 0;
	for (unsigned i = 0; i < 100; i++) {
		struct executor *executor;
		struct assay_err err = {0};
		assert_ok(ops->start(1 + (i + 1) % 8, anywhere, &executor, &err));
		ops->stop(executor);
		if (i == 0) /* a sanitizer starts a thread of its own with our first */
			before = settled(0);
	}
	assert_int_equal(settled(before), before);
	ops->stop(NULL);
}

static void a_cpu_that_is_not_there_is_refused(void **state)
{
	const struct executor_ops *ops = assay_subject_concurrency_steal.ops;
	const int cpus[3] = {0, 0, 999999};
	struct executor *executor;
	struct assay_err err = {0};
	assert_fails(ops->start(3, cpus, &executor, &err), ASSAY_EENV, "CPU 999999");
}

/* The root forks one task and refuses to run it itself: somebody else must. */
struct handover {
	struct task task;
	const struct executor_ops *ops;
	_Atomic bool taken;
	bool done;
};

static void take_over(struct worker *worker, struct task *task)
{
	struct handover *child = (struct handover *)task;
	atomic_store(&child->taken, true);
	/* long enough for the root, which waits in join by now, to fall asleep */
	nanosleep(&(struct timespec){0, 500000}, NULL);
	child->done = true;
}

static void hand_over(struct worker *worker, struct task *task)
{
	struct handover *root = (struct handover *)task;
	struct handover child = {.task.run = take_over};
	root->ops->fork(worker, &child.task);
	uint64_t deadline_ns = assay_now_ns() + 20000000000u;
	while (!atomic_load(&child.taken) && assay_now_ns() < deadline_ns)
		sched_yield();
	root->taken = atomic_load(&child.taken);
	root->ops->join(worker, &child.task);
	root->done = child.done;
}

/* Whether the others spin or sleep when the fork comes, they take it; and the joiner wakes up. */
static void sleepers_wake_for_work_and_for_its_end(void **state)
{
	const struct executor_ops *ops = assay_subject_concurrency_steal.ops;
	for (unsigned threads = 2; threads <= 4; threads++) {
		struct executor *executor;
		struct assay_err err = {0};
		assert_ok(ops->start(threads, anywhere, &executor, &err));
		for (int i = 0; i < 20; i++) {
			struct handover root = {.task.run = hand_over, .ops = ops};
			nanosleep(&(struct timespec){0, i * 50000}, NULL);
			ops->run(executor, &root.task);
			assert_true(root.taken);
			assert_true(root.done);
		}
		ops->stop(executor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_and_stops_without_a_trace),
		cmocka_unit_test(a_cpu_that_is_not_there_is_refused),
		cmocka_unit_test(sleepers_wake_for_work_and_for_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* loop: who runs before whom, permits, timers, posts from other threads, errors of tasks. */
#include "suites/concurrency/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "tests/t.h"

enum { TASKS = 24 };

/* Writes its number down and ends; shared by most tests. */
struct noted {
	struct loop_task task;
	struct record *record;
	unsigned number;
	int stage, fd;
};

struct record {
	struct loop_semaphore semaphore;
	unsigned order[TASKS], n, holding, most_holding;
};

static void note(struct noted *t)
{
	assert_true(t->record->n < TASKS);
	t->record->order[t->record->n++] = t->number;
}

static void note_and_end(struct loop *loop, struct loop_task *task)
{
	note((struct noted *)task);
	loop_end(loop, task, 0);
}

static struct loop *loop_of(enum loop_order order)
{
	struct loop *loop;
	struct assay_err err = {0};
	assert_ok(loop_new(order, &loop, &err));
	return loop;
}

static void run_to_the_end(struct loop *loop)
{
	struct assay_err err = {0};
	assert_ok(loop_run(loop, &err));
}

/* Priorities 0, 1, 2, 0, 1, 2, ... of six tasks that are ready at the same time. */
static struct loop_counts run_six(enum loop_order order, struct record *record)
{
	struct loop *loop = loop_of(order);
	struct noted tasks[6];
	for (unsigned i = 0; i < 6; i++) {
		tasks[i] = (struct noted){.task = {.step = note_and_end, .priority = i % 3},
					  .record = record,
					  .number = i};
		loop_begin(loop, &tasks[i].task);
	}
	run_to_the_end(loop);
	struct loop_counts counts = loop_counts(loop);
	loop_free(loop);
	return counts;
}

static void assert_order(const struct record *record, const unsigned *expected, unsigned n)
{
	assert_int_equal(record->n, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(record->order[i], expected[i]);
}

static void the_urgent_go_first_equals_in_turn(void **state)
{
	struct record record = {0};
	struct loop_counts counts = run_six(LOOP_BY_PRIORITY, &record);
	assert_order(&record, (const unsigned[]){2, 5, 1, 4, 0, 3}, 6);
	assert_int_equal(counts.inversions, 0);
	assert_int_equal(counts.steps, 6);
	assert_int_equal(counts.ended, 6);
}

static void fifo_has_inversions_and_they_are_counted(void **state)
{
	struct record record = {0};
	struct loop_counts counts = run_six(LOOP_FIFO, &record);
	assert_order(&record, (const unsigned[]){0, 1, 2, 3, 4, 5}, 6);
	assert_int_equal(counts.inversions, 4); /* all but the two of priority 2 */
}

/* Takes a permit, holds it for a step that waits for a descriptor, gives it back. */
static void hold(struct loop *loop, struct loop_task *task)
{
	struct noted *t = (struct noted *)task;
	struct record *r = t->record;
	eventfd_t value;
	switch (t->stage++) {
	case 0:
		loop_acquire(loop, task, &r->semaphore);
		return;
	case 1:
		note(t);
		r->holding++;
		if (r->holding > r->most_holding)
			r->most_holding = r->holding;
		assert_int_equal(eventfd_write(t->fd, 1), 0);
		loop_until_readable(loop, task, t->fd);
		return;
	default:
		assert_int_equal(eventfd_read(t->fd, &value), 0);
		r->holding--;
		loop_release(loop, task, &r->semaphore);
		loop_end(loop, task, 0);
	}
}

static void permits_are_kept_and_go_to_the_urgent(void **state)
{
	struct record record = {.semaphore.permits = 2};
	struct loop *loop = loop_of(LOOP_FIFO);
	struct noted tasks[TASKS];
	for (unsigned i = 0; i < TASKS; i++) {
		tasks[i] = (struct noted){
			.task = {.step = hold, .priority = i % 4}, .record = &record, .number = i};
		tasks[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(tasks[i].fd >= 0);
		loop_begin(loop, &tasks[i].task);
	}
	run_to_the_end(loop);
	assert_int_equal(record.n, TASKS);
	assert_int_equal(record.most_holding, 2);
	assert_int_equal(record.holding, 0);
	assert_int_equal(record.semaphore.permits, 2);
	struct loop_counts counts = loop_counts(loop);
	assert_int_equal(counts.waits, TASKS - 2);
	assert_true(counts.blocked > 0); /* tasks 0 and 1, of priorities 0 and 1, had the permits */
	loop_free(loop);

	record.n = 0;
	loop = loop_of(LOOP_BY_PRIORITY);
	for (unsigned i = 0; i < TASKS; i++) {
		tasks[i].stage = 0;
		loop_begin(loop, &tasks[i].task);
	}
	run_to_the_end(loop);
	for (unsigned i = 1; i < TASKS;
	     i++) /* all wait from the begin on, so they go by priority */
		assert_true(record.order[i] % 4 <= record.order[i - 1] % 4);
	loop_free(loop);
	loop_semaphore_done(&record.semaphore);
	for (unsigned i = 0; i < TASKS; i++)
		close(tasks[i].fd);
}

/* First step: sleep, the longer the lower the number. */
static void sleep_then_note(struct loop *loop, struct loop_task *task)
{
	struct noted *t = (struct noted *)task;
	if (t->stage++ == 0)
		loop_after(loop, task, (6 - t->number) * 3000000ull);
	else
		note_and_end(loop, task);
}

static void timers_ripen_in_their_order(void **state)
{
	struct record record = {0};
	struct loop *loop = loop_of(LOOP_FIFO);
	struct noted tasks[4];
	for (unsigned i = 0; i < 4; i++) {
		tasks[i] = (struct noted){
			.task.step = sleep_then_note, .record = &record, .number = i};
		loop_begin(loop, &tasks[i].task);
	}
	run_to_the_end(loop);
	assert_order(&record, (const unsigned[]){3, 2, 1, 0}, 4);
	loop_free(loop);
}

/* A task that stays until others have been posted by two threads. */
enum { POSTERS = 2, POSTS = 500 };

struct posts {
	struct loop_task keeper;
	struct loop *loop;
	struct loop_task tasks[POSTERS][POSTS];
	_Atomic unsigned posters;
	unsigned ended;
};

static struct posts posts;

static void end_posted(struct loop *loop, struct loop_task *task)
{
	posts.ended++;
	loop_end(loop, task, 0);
}

static void keep(struct loop *loop, struct loop_task *task)
{
	if (posts.ended < POSTERS * POSTS)
		loop_after(loop, task, 100000);
	else
		loop_end(loop, task, 0);
}

static void *post_all(void *argument)
{
	unsigned self = atomic_fetch_add(&posts.posters, 1);
	for (size_t i = 0; i < POSTS; i++) {
		posts.tasks[self][i].step = end_posted;
		loop_post(posts.loop, &posts.tasks[self][i]);
	}
	return NULL;
}

static void others_may_post(void **state)
{
	pthread_t threads[POSTERS];
	memset(&posts, 0, sizeof(posts));
	posts.loop = loop_of(LOOP_BY_PRIORITY);
	posts.keeper.step = keep;
	loop_begin(posts.loop, &posts.keeper);
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_all, NULL), 0);
	run_to_the_end(posts.loop);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(posts.ended, POSTERS * POSTS);
	loop_free(posts.loop);
}

static void end_with_an_error(struct loop *loop, struct loop_task *task)
{
	loop_end(loop, task, (int)task->priority);
}

static void errors_of_tasks_are_kept(void **state)
{
	struct loop *loop = loop_of(LOOP_FIFO);
	struct loop_task tasks[5];
	for (unsigned i = 0; i < 5; i++) {
		tasks[i] = (struct loop_task){.step = end_with_an_error, .priority = i % 4};
		loop_begin(loop, &tasks[i]);
	}
	run_to_the_end(loop);
	struct loop_counts counts = loop_counts(loop);
	assert_int_equal(counts.ended, 5);
	assert_int_equal(counts.failed, 3);
	assert_int_equal(counts.first_error, 1);
	loop_free(loop);
}

static void wait_for_no_descriptor(struct loop *loop, struct loop_task *task)
{
	loop_until_readable(loop, task, -1);
}

static void a_descriptor_that_cannot_be_watched_is_said(void **state)
{
	struct loop *loop = loop_of(LOOP_FIFO);
	struct loop_task task = {.step = wait_for_no_descriptor};
	struct assay_err err = {0};
	loop_begin(loop, &task);
	assert_fails(loop_run(loop, &err), ASSAY_EIO, "Bad file descriptor");
	loop_free(loop);
	loop_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_urgent_go_first_equals_in_turn),
		cmocka_unit_test(fifo_has_inversions_and_they_are_counted),
		cmocka_unit_test(permits_are_kept_and_go_to_the_urgent),
		cmocka_unit_test(timers_ripen_in_their_order),
		cmocka_unit_test(others_may_post),
		cmocka_unit_test(errors_of_tasks_are_kept),
		cmocka_unit_test(a_descriptor_that_cannot_be_watched_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

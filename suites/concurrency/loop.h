/* SPDX-License-Identifier: MIT */
/*
 * loop: an event loop on epoll for tasks with priorities, on one thread, with counting semaphores.
 *
 * A task is a step function that is called whenever what it waited for has come; the step says what to wait
 * for next, or ends the task. Of those that are ready the one with the highest priority runs, of equals the one
 * that has been ready for longest. Between any 16 steps the kernel is asked what else is ready, so that
 * low ones cannot keep out a high one that is only just ready.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_LOOP_H
#define ASSAY_SUITES_CONCURRENCY_LOOP_H

#include <stdbool.h>

#include "harness/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define LOOP_PRIORITIES 8

struct loop;

/* Usually the first member of a larger struct; the caller's, and not to be moved until it has ended. */
struct loop_task {
	void (*step)(struct loop *loop, struct loop_task *task);
	unsigned priority;      /* below LOOP_PRIORITIES; higher is more urgent */
	uint64_t major, minor;  /* the loop's: place in the heap it is in */
	struct loop_task *next; /* the loop's */
};

/* A heap of tasks, the smallest (major, minor) first. */
struct loop_heap {
	struct loop_task **tasks;
	size_t n, room;
};

/* Permits, and the tasks that wait for one, the most urgent first. Zero-initialise with `permits`. */
struct loop_semaphore {
	unsigned permits;
	unsigned held[LOOP_PRIORITIES]; /* by tasks of this priority */
	struct loop_heap waiting;
};

enum loop_order { LOOP_BY_PRIORITY, LOOP_FIFO };

struct loop_counts {
	uint64_t steps;
	uint64_t inversions; /* steps taken while a more urgent task was ready */
	uint64_t waits;      /* for a permit */
	uint64_t blocked;    /* of these: while a less urgent task held one */
	uint64_t ended, failed;
	int first_error; /* of a task's own */
};

/* LOOP_FIFO: priorities are not looked at, but inversions are counted. */
enum assay_code loop_new(enum loop_order order, struct loop **ret, struct assay_err *err);
void loop_free(struct loop *loop);

/*
 * Before loop_run() or in a step, on the loop's thread. loop_begin() makes a new task ready; the others
 * say what the stepping task waits for, one of them in each step, or loop_end() with 0 or an error of its own.
 */
void loop_begin(struct loop *loop, struct loop_task *task);
void loop_again(struct loop *loop, struct loop_task *task);
void loop_until_readable(struct loop *loop, struct loop_task *task, int fd);
void loop_after(struct loop *loop, struct loop_task *task, uint64_t ns);
/* Until it has a permit, which it then holds until loop_release(). */
void loop_acquire(struct loop *loop, struct loop_task *task, struct loop_semaphore *semaphore);
void loop_release(struct loop *loop, struct loop_task *task, struct loop_semaphore *semaphore);
void loop_end(struct loop *loop, struct loop_task *task, int error);
/* Frees what waiting took. No task may wait. */
void loop_semaphore_done(struct loop_semaphore *semaphore);

/* Any thread: as loop_begin(), while loop_run() runs or will run and some task has yet to end. */
void loop_post(struct loop *loop, struct loop_task *task);

/* Until all tasks have ended. ASSAY_EIO: a descriptor cannot be watched, or no memory; tasks are left. */
enum assay_code loop_run(struct loop *loop, struct assay_err *err);
struct loop_counts loop_counts(const struct loop *loop);

#endif

/* SPDX-License-Identifier: MIT */
/* loop: heaps, epoll and the order of steps. */
#include "suites/concurrency/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/clock.h"

enum { STEPS_BETWEEN_LOOKS = 16, EVENTS = 64 };

struct loop {
	enum loop_order order;
	int epoll_fd, wake_fd;
	struct loop_heap ready, timers;
	unsigned ready_by_priority[LOOP_PRIORITIES];
	uint64_t sequence, alive;
	struct loop_counts counts;
	int broken; /* errno of what must not fail */
	pthread_mutex_t lock;
	struct loop_task *posted; /* under the lock */
};

static bool before(const struct loop_task *a, const struct loop_task *b)
{
	return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

/* False: no memory. */
static bool heap_add(struct loop_heap *heap, struct loop_task *task)
{
	if (heap->n == heap->room) {
		size_t room = heap->room ? 2 * heap->room : 64;
		struct loop_task **grown = realloc(heap->tasks, room * sizeof(*grown));
		if (!grown)
			return false;
		heap->tasks = grown;
		heap->room = room;
	}
	size_t at = heap->n++;
	for (; at > 0 && before(task, heap->tasks[(at - 1) / 2]); at = (at - 1) / 2)
		heap->tasks[at] = heap->tasks[(at - 1) / 2];
	heap->tasks[at] = task;
	return true;
}

static struct loop_task *heap_take(struct loop_heap *heap)
{
	struct loop_task *first = heap->tasks[0], *last = heap->tasks[--heap->n];
	size_t at = 0;
	for (size_t child; (child = 2 * at + 1) < heap->n; at = child) {
		if (child + 1 < heap->n && before(heap->tasks[child + 1], heap->tasks[child]))
			child++;
		if (!before(heap->tasks[child], last))
			break;
		heap->tasks[at] = heap->tasks[child];
	}
	heap->tasks[at] = last;
	return first;
}

static void add(struct loop *loop, struct loop_heap *heap, struct loop_task *task, uint64_t major)
{
	task->major = major;
	task->minor = loop->sequence++;
	if (!heap_add(heap, task))
		loop->broken = ENOMEM;
}

/* The first place in a heap for the most urgent. */
static uint64_t urgency(const struct loop *loop, const struct loop_task *task)
{
	return loop->order == LOOP_FIFO ? 0 : LOOP_PRIORITIES - task->priority;
}

void loop_again(struct loop *loop, struct loop_task *task)
{
	loop->ready_by_priority[task->priority]++;
	add(loop, &loop->ready, task, urgency(loop, task));
}

void loop_begin(struct loop *loop, struct loop_task *task)
{
	loop->alive++;
	loop_again(loop, task);
}

void loop_until_readable(struct loop *loop, struct loop_task *task, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = task};
	/* known from an earlier wait, mostly */
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0 &&
	    (errno != ENOENT || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0))
		loop->broken = errno;
}

void loop_after(struct loop *loop, struct loop_task *task, uint64_t ns)
{
	add(loop, &loop->timers, task, assay_now_ns() + ns);
}

void loop_acquire(struct loop *loop, struct loop_task *task, struct loop_semaphore *semaphore)
{
	if (semaphore->permits > 0) {
		semaphore->permits--;
		semaphore->held[task->priority]++;
		loop_again(loop, task);
		return;
	}
	bool blocked = false;
	for (unsigned p = 0; p < task->priority; p++)
		blocked |= semaphore->held[p] > 0;
	loop->counts.waits++;
	loop->counts.blocked += blocked;
	add(loop, &semaphore->waiting, task, urgency(loop, task));
}

void loop_release(struct loop *loop, struct loop_task *task, struct loop_semaphore *semaphore)
{
	semaphore->held[task->priority]--;
	if (semaphore->waiting.n == 0) {
		semaphore->permits++;
		return;
	}
	struct loop_task *next = heap_take(&semaphore->waiting);
	semaphore->held[next->priority]++;
	loop_again(loop, next);
}

void loop_end(struct loop *loop, struct loop_task *task, int error)
{
	loop->alive--;
	loop->counts.ended++;
	if (!error)
		return;
	if (loop->counts.failed++ == 0)
		loop->counts.first_error = error;
}

void loop_semaphore_done(struct loop_semaphore *semaphore)
{
	free(semaphore->waiting.tasks);
	semaphore->waiting = (struct loop_heap){0};
}

void loop_post(struct loop *loop, struct loop_task *task)
{
	pthread_mutex_lock(&loop->lock);
	bool wake = !loop->posted;
	task->next = loop->posted;
	loop->posted = task;
	/* under the lock: the loop, which takes the list under it, cannot be gone yet. Only a full
	 * counter could refuse, and then the loop wakes up anyway. */
	if (wake)
		eventfd_write(loop->wake_fd, 1);
	pthread_mutex_unlock(&loop->lock);
}

static void take_posted(struct loop *loop)
{
	eventfd_t ignored;
	pthread_mutex_lock(&loop->lock);
	eventfd_read(loop->wake_fd, &ignored);
	struct loop_task *task = loop->posted, *oldest = NULL;
	loop->posted = NULL;
	pthread_mutex_unlock(&loop->lock);
	while (task) { /* the list has the newest first */
		struct loop_task *next = task->next;
		task->next = oldest;
		oldest = task;
		task = next;
	}
	while (oldest) {
		struct loop_task *next = oldest->next;
		loop_begin(loop, oldest);
		oldest = next;
	}
}

static void ripen_timers(struct loop *loop)
{
	if (loop->timers.n == 0)
		return;
	uint64_t now_ns = assay_now_ns();
	while (loop->timers.n > 0 && loop->timers.tasks[0]->major <= now_ns)
		loop_again(loop, heap_take(&loop->timers));
}

/* In ms, rounded up so that nobody is called too early; -1: for ever. */
static int patience(const struct loop *loop)
{
	if (loop->ready.n > 0)
		return 0;
	if (loop->timers.n == 0)
		return -1;
	uint64_t now_ns = assay_now_ns(), at_ns = loop->timers.tasks[0]->major;
	uint64_t ms = at_ns > now_ns ? (at_ns - now_ns + 999999) / 1000000 : 0;
	return ms > 1000 ? 1000 : (int)ms;
}

/* Whatever has become ready since; waits when there is nothing else to do. */
static void look(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(loop->epoll_fd, events, EVENTS, patience(loop));
	if (n < 0 && errno != EINTR)
		loop->broken = errno;
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			loop_again(loop, events[i].data.ptr);
		else
			take_posted(loop);
	}
	ripen_timers(loop);
}

static void step(struct loop *loop)
{
	struct loop_task *task = heap_take(&loop->ready);
	loop->ready_by_priority[task->priority]--;
	loop->counts.steps++;
	for (unsigned p = task->priority + 1; p < LOOP_PRIORITIES; p++)
		if (loop->ready_by_priority[p]) {
			loop->counts.inversions++;
			break;
		}
	task->step(loop, task);
}

enum assay_code loop_run(struct loop *loop, struct assay_err *err)
{
	while (loop->alive > 0 && !loop->broken) {
		for (int i = 0; i < STEPS_BETWEEN_LOOKS && loop->ready.n > 0 && !loop->broken; i++)
			step(loop);
		if (loop->alive > 0 && !loop->broken)
			look(loop);
	}
	if (loop->broken)
		return assay_fail(err, ASSAY_EIO, "event loop: %s", strerror(loop->broken));
	return ASSAY_OK;
}

struct loop_counts loop_counts(const struct loop *loop)
{
	return loop->counts;
}

enum assay_code loop_new(enum loop_order order, struct loop **ret, struct assay_err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an event loop");
	loop->order = order;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&loop->lock, NULL);
	struct epoll_event event = {.events = EPOLLIN};
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) != 0) {
		enum assay_code code =
			assay_fail(err, ASSAY_EIO, "event loop: %s", strerror(errno));
		loop_free(loop);
		return code;
	}
	*ret = loop;
	return ASSAY_OK;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop->ready.tasks);
	free(loop->timers.tasks);
	free(loop);
}

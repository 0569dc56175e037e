/* SPDX-License-Identifier: MIT */
/* adaptive: the pool. */
#include "suites/concurrency/adaptive.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "harness/base/clock.h"

enum { RETRY_WINDOWS = 100 };

enum slot_state { FREE, RUNNING, ENDED };

struct slot {
	struct adaptive *pool;
	pthread_t thread;
	enum slot_state state;
};

struct adaptive {
	struct adaptive_limits limits;
	cpu_set_t set;
	bool placed;
	pthread_mutex_t lock;
	pthread_cond_t work, done; /* jobs wait; all are through */
	struct job *first, **last;
	uint64_t waiting, unfinished, failed;
	unsigned idle, waiters;
	bool stopping;
	/* sums of threads and of busy threads over time, up to `summed_ns`, since `window_ns` */
	uint64_t summed_ns, window_ns, window_busy_ns, window_threads_ns, retry_ns;
	struct adaptive_state state;
	struct slot slots[ADAPTIVE_MOST];
};

/* All below are called with the lock held, but for the functions of the interface. */

static bool grows(const struct adaptive *p)
{
	return p->state.threads < p->limits.most;
}

static void sum_up(struct adaptive *p, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - p->summed_ns;
	p->window_busy_ns += passed_ns * (p->state.threads - p->idle);
	p->window_threads_ns += passed_ns * p->state.threads;
	p->state.threads_ns += passed_ns * p->state.threads;
	p->summed_ns = now_ns;
}

static void *work(void *argument);

/* 0, or an errno. */
static int add_thread(struct adaptive *p)
{
	pthread_attr_t attributes;
	struct slot *slot = p->slots;
	while (slot->state == RUNNING)
		slot++;
	if (slot->state == ENDED)
		pthread_join(slot->thread, NULL); /* it has given up the lock and is about to end */
	slot->state = FREE;
	slot->pool = p;
	int error = pthread_attr_init(&attributes);
	if (error)
		return error;
	if (p->placed)
		error = pthread_attr_setaffinity_np(&attributes, sizeof(p->set), &p->set);
	if (!error)
		error = pthread_create(&slot->thread, &attributes, work, slot);
	pthread_attr_destroy(&attributes);
	if (error) {
		p->state.refused++;
		return error;
	}
	slot->state = RUNNING;
	p->state.threads++;
	p->state.started++;
	if (p->state.threads > p->state.peak)
		p->state.peak = p->state.threads;
	return 0;
}

static void grow(struct adaptive *p, uint64_t now_ns)
{
	uint64_t more = p->state.threads;
	if (more > p->limits.most - p->state.threads)
		more = p->limits.most - p->state.threads;
	if (more > p->waiting)
		more = p->waiting;
	for (; more > 0; more--)
		if (add_thread(p) != 0) {
			p->retry_ns = now_ns + RETRY_WINDOWS * p->limits.window_ns;
			return;
		}
}

/* At the end of a window: was it a busy one? */
static void look_at_window(struct adaptive *p)
{
	uint64_t now_ns = assay_now_ns();
	if (now_ns - p->window_ns < p->limits.window_ns)
		return;
	sum_up(p, now_ns);
	bool busy = (double)p->window_busy_ns >= p->limits.trigger * (double)p->window_threads_ns;
	p->window_ns = now_ns;
	p->window_busy_ns = p->window_threads_ns = 0;
	if (busy && p->waiting && now_ns >= p->retry_ns)
		grow(p, now_ns);
}

static struct timespec after(uint64_t ns)
{
	uint64_t at_ns = assay_now_ns() + ns;
	return (struct timespec){(time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000)};
}

/* False: this thread is one too many. */
static bool wait_for_work(struct adaptive *p)
{
	bool fixed = p->limits.least == p->limits.most, timed_out = false;
	struct timespec until = {0};
	if (!fixed) {
		sum_up(p, assay_now_ns());
		until = after(p->limits.idle_ns);
	}
	p->idle++;
	while (!p->first && !p->stopping && !timed_out)
		timed_out = fixed ? pthread_cond_wait(&p->work, &p->lock) != 0
				  : pthread_cond_timedwait(&p->work, &p->lock, &until) != 0;
	if (!fixed)
		sum_up(p, assay_now_ns());
	p->idle--;
	return p->first || (!p->stopping && (!timed_out || p->state.threads <= p->limits.least));
}

static struct job *next_job(struct adaptive *p)
{
	struct job *job = p->first;
	p->first = job->next;
	if (!p->first)
		p->last = &p->first;
	p->waiting--;
	return job;
}

static void run_next(struct adaptive *p)
{
	struct job *job = next_job(p);
	pthread_mutex_unlock(&p->lock);
	bool ok = job_run(job);
	pthread_mutex_lock(&p->lock);
	p->failed += !ok;
	if (--p->unfinished == 0 && p->waiters)
		pthread_cond_broadcast(&p->done);
	if (p->first && grows(p))
		look_at_window(p);
}

static void *work(void *argument)
{
	struct slot *slot = argument;
	struct adaptive *p = slot->pool;
	pthread_mutex_lock(&p->lock);
	while (p->first || wait_for_work(p))
		if (p->first)
			run_next(p);
	p->state.threads--;
	slot->state = ENDED;
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void adaptive_submit(struct adaptive *p, struct job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&p->lock);
	*p->last = job;
	p->last = &job->next;
	p->waiting++;
	p->unfinished++;
	bool wake = p->idle > 0;
	if (!wake && grows(p))
		look_at_window(p);
	pthread_mutex_unlock(&p->lock);
	if (wake)
		pthread_cond_signal(&p->work);
}

size_t adaptive_wait(struct adaptive *p)
{
	pthread_mutex_lock(&p->lock);
	p->waiters++;
	while (p->unfinished) {
		if (!p->first || !grows(p)) {
			pthread_cond_wait(&p->done, &p->lock);
			continue;
		}
		struct timespec until = after(p->limits.window_ns);
		pthread_cond_timedwait(&p->done, &p->lock, &until);
		look_at_window(p);
	}
	p->waiters--;
	size_t failed = p->failed;
	p->failed = 0;
	pthread_mutex_unlock(&p->lock);
	return failed;
}

void adaptive_look(struct adaptive *p, struct adaptive_state *ret)
{
	pthread_mutex_lock(&p->lock);
	sum_up(p, assay_now_ns());
	*ret = p->state;
	pthread_mutex_unlock(&p->lock);
}

static void init_sync(struct adaptive *p)
{
	pthread_condattr_t attributes;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &attributes);
	pthread_cond_init(&p->done, &attributes);
	pthread_condattr_destroy(&attributes);
}

enum assay_code adaptive_start(const struct adaptive_limits *limits, const cpu_set_t *set,
			       struct adaptive **ret, struct assay_err *err)
{
	if (limits->least < 1 || limits->least > limits->most || limits->most > ADAPTIVE_MOST)
		return assay_fail(err, ASSAY_EUSAGE,
				  "a pool of %u to %u threads: 1 to %d are possible", limits->least,
				  limits->most, ADAPTIVE_MOST);
	struct adaptive *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a pool of threads");
	p->limits = *limits;
	p->placed = set != NULL;
	if (set)
		p->set = *set;
	p->last = &p->first;
	init_sync(p);
	p->summed_ns = p->window_ns = assay_now_ns();
	pthread_mutex_lock(&p->lock);
	int error = 0;
	while (!error && p->state.threads < limits->least)
		error = add_thread(p);
	pthread_mutex_unlock(&p->lock);
	if (error) {
		adaptive_stop(p);
		return assay_fail(err, ASSAY_EENV, "start one of %u threads: %s", limits->least,
				  strerror(error));
	}
	*ret = p;
	return ASSAY_OK;
}

void adaptive_stop(struct adaptive *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	/* no thread is added any more: nothing waits, and nobody submits */
	for (size_t i = 0; i < ADAPTIVE_MOST; i++) {
		pthread_mutex_lock(&p->lock);
		bool used = p->slots[i].state != FREE;
		pthread_mutex_unlock(&p->lock);
		if (used)
			pthread_join(p->slots[i].thread, NULL);
	}
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

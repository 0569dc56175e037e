/* SPDX-License-Identifier: MIT */
/* gang: start threads, hand them commands, gather what a batch took. */
#include "harness/engine/gang.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/machine/placement.h"

#define SPINS_BEFORE_YIELD 20000u

void gang_fail(struct gang *gang, enum assay_status status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	pthread_mutex_lock(&gang->lock);
	if (gang->status == ASSAY_STATUS_OK) {
		gang->status = status;
		vsnprintf(gang->reason, sizeof(gang->reason), fmt, args);
	}
	pthread_mutex_unlock(&gang->lock);
	va_end(args);
	atomic_store_explicit(&gang->stop, true, memory_order_relaxed);
}

bool gang_counts(const struct gang *gang, unsigned role)
{
	return !gang->bench->roles || gang->bench->roles[role].counts;
}

static void arrive_for_the_missing(struct assay_run *run)
{
	struct gang *gang = run->gang;
	if (gang->n_threads > 1 &&
	    atomic_fetch_add_explicit(&gang->arrived, 1, memory_order_acq_rel) + 1 ==
		    gang->n_threads)
		atomic_store_explicit(&gang->start_at_ns, assay_now_ns(), memory_order_release);
}

/* Not inlined: in a call stack it is the frame below which the benchmark's own begin. */
static ASSAY_NOIPA void run_body(struct assay_run *run)
{
	struct gang *gang = run->gang;
	run->loop = LOOP_IDLE;
	run->queued = false;
	run->ops = run->discounted = 0;
	run->begin_ns = run->end_ns = run->begin_cpu_ns = run->end_cpu_ns = 0;
	run->involuntary = run->voluntary = 0;
	if (gang->events)
		counting_open(run, gang->events);
	if (gang->bench->prepare)
		gang->bench->prepare(run, gang->n);
	gang->bench->body(run);
	assay_queue_done(run);
	if (gang->events)
		counting_close(run);
	if (run->loop == LOOP_ENDED)
		return;
	/* A thread that never reached the start would keep the others waiting for it. */
	if (run->loop == LOOP_IDLE)
		arrive_for_the_missing(run);
	gang_fail(gang, ASSAY_STATUS_FAILED, "%s",
		  run->loop == LOOP_IDLE ? "the body returned without running ASSAY_LOOP"
					 : "the body left ASSAY_LOOP early; a loop must run to its "
					   "end");
}

static void obey(struct assay_run *run)
{
	struct gang *gang = run->gang;
	const struct assay_bench *bench = gang->bench;
	switch (gang->command) {
	case GANG_BATCH:
		run_body(run);
		break;
	case GANG_THREAD_SETUP:
		if (bench->thread_setup)
			bench->thread_setup(run);
		break;
	case GANG_THREAD_TEARDOWN:
		if (bench->thread_teardown)
			bench->thread_teardown(run);
		break;
	case GANG_QUIT:
		break;
	}
}

static void pin(struct assay_run *run)
{
	struct gang *gang = run->gang;
	struct assay_err err = {0};
	if (gang->cpus && assay_pin_thread(gang->cpus[run->thread], &err) != ASSAY_OK)
		gang_fail(gang, ASSAY_STATUS_FAILED, "pin thread %u: %s", run->thread, err.text);
}

static void *follow(void *argument)
{
	struct assay_run *run = argument;
	struct gang *gang = run->gang;
	unsigned generation = 0;
	pin(run);
	for (;;) {
		unsigned spins = 0;
		while (atomic_load_explicit(&gang->released, memory_order_acquire) == generation) {
			assay_cpu_relax();
			if (++spins > SPINS_BEFORE_YIELD)
				sched_yield();
		}
		generation++;
		bool quit = gang->command == GANG_QUIT;
		obey(run);
		atomic_fetch_add_explicit(&gang->finished, 1, memory_order_release);
		if (quit)
			return NULL;
	}
}

/* The leader is thread 0: it releases the others, does its own share, and waits for them. */
static void command(struct gang *gang, enum gang_command what)
{
	gang->command = what;
	atomic_store_explicit(&gang->arrived, 0, memory_order_relaxed);
	atomic_store_explicit(&gang->start_at_ns, 0, memory_order_relaxed);
	atomic_store_explicit(&gang->finished, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&gang->released, 1, memory_order_release);
	obey(&gang->runs[0]);
	unsigned spins = 0;
	while (atomic_load_explicit(&gang->finished, memory_order_acquire) + 1 < gang->n_threads) {
		assay_cpu_relax();
		if (++spins > SPINS_BEFORE_YIELD)
			sched_yield();
	}
}

static enum assay_code allocate_runs(struct gang *gang, struct assay_err *err)
{
	size_t bytes = gang->n_threads * sizeof(struct assay_run);
	gang->runs = aligned_alloc(_Alignof(struct assay_run), bytes);
	if (!gang->runs)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %u threads",
				  gang->n_threads);
	memset(gang->runs, 0, bytes);
	for (unsigned i = 0; i < gang->n_threads; i++) {
		struct assay_run *run = &gang->runs[i];
		run->gang = gang;
		run->thread = i;
		run->chunk = 1;
		unsigned below = 0;
		for (const struct assay_role *r = gang->bench->roles; r && r->name; r++) {
			below += r->threads;
			if (i >= below)
				run->role++;
		}
		if (gang->bench->mode != ASSAY_LATENCY)
			continue;
		run->histogram = calloc(1, sizeof(*run->histogram));
		run->batch_histogram = calloc(1, sizeof(*run->batch_histogram));
		if (!run->histogram || !run->batch_histogram)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for histograms");
	}
	return ASSAY_OK;
}

enum assay_code gang_init(struct gang *gang, struct assay_case *c, const unsigned *cpus,
			  uint64_t seed, const struct assay_source *const *sources,
			  const struct gang_world *world, struct assay_err *err)
{
	memset(gang, 0, sizeof(*gang));
	gang->c = c;
	gang->bench = c->bench->bench;
	gang->ops = c->subject ? c->subject->subject->ops : NULL;
	gang->seed = seed;
	gang->cpus = cpus;
	gang->pinned = cpus != NULL;
	gang->sources = sources;
	gang->world = world;
	gang->bytes_per_op = gang->bench->bytes_per_op;
	gang->flops_per_op = gang->bench->flops_per_op;
	gang->ops_per_iteration = 1;
	gang->n_threads = gang->bench->own_threads ? 1 : c->threads;
	gang->elapsed_ns = NAN;
	pthread_mutex_init(&gang->lock, NULL);
	enum assay_code rc = allocate_runs(gang, err);
	if (rc != ASSAY_OK)
		return rc;
	pin(&gang->runs[0]);
	for (unsigned i = 1; i < gang->n_threads; i++) {
		int error = pthread_create(&gang->runs[i].id, NULL, follow, &gang->runs[i]);
		if (error) {
			gang->n_threads = i;
			return assay_fail(err, ASSAY_EIO, "start thread %u: %s", i,
					  strerror(error));
		}
		gang->runs[i].started = true;
	}
	if (gang_ok(gang) && gang->bench->setup)
		gang->bench->setup(&gang->runs[0]);
	if (gang_ok(gang))
		command(gang, GANG_THREAD_SETUP);
	return ASSAY_OK;
}

void gang_done(struct gang *gang)
{
	if (gang->runs) {
		command(gang, GANG_THREAD_TEARDOWN);
		if (gang->bench->teardown)
			gang->bench->teardown(&gang->runs[0]);
		command(gang, GANG_QUIT);
	}
	for (unsigned i = 0; gang->runs && i < gang->n_threads; i++) {
		if (gang->runs[i].started)
			pthread_join(gang->runs[i].id, NULL);
		free(gang->runs[i].histogram);
		free(gang->runs[i].batch_histogram);
	}
	free(gang->runs);
	assay_gpu_trace_done(&gang->trace);
	pthread_mutex_destroy(&gang->lock);
}

static void gather(const struct gang *gang, struct gang_batch *ret)
{
	uint64_t first_begin = UINT64_MAX, last_begin = 0, first_end = UINT64_MAX, last_end = 0;
	*ret = (struct gang_batch){0};
	for (unsigned i = 0; i < gang->n_threads; i++) {
		const struct assay_run *run = &gang->runs[i];
		double busy = (double)(run->end_ns - run->begin_ns);
		first_begin = run->begin_ns < first_begin ? run->begin_ns : first_begin;
		last_begin = run->begin_ns > last_begin ? run->begin_ns : last_begin;
		first_end = run->end_ns < first_end ? run->end_ns : first_end;
		last_end = run->end_ns > last_end ? run->end_ns : last_end;
		ret->cpu_ns += (double)(run->end_cpu_ns - run->begin_cpu_ns);
		ret->busy_ns += busy;
		ret->involuntary += run->involuntary;
		ret->voluntary += run->voluntary;
		if (!gang_counts(gang, run->role))
			continue;
		uint64_t ops = run->ops * gang->ops_per_iteration - run->discounted;
		ret->ops += ops;
		ret->ops_per_thread = run->ops;
		if (busy > 0)
			ret->rate += (double)ops * 1e9 / busy;
	}
	ret->begin_ns = first_begin;
	ret->end_ns = last_end;
	ret->wall_ns = (double)(last_end - first_begin);
	double shared = first_end > last_begin ? (double)(first_end - last_begin) : 0;
	ret->overlap = ret->wall_ns > 0 ? shared / ret->wall_ns : 0;
}

/*
 * A stop looks like a switch of the thread's own will. What ends it stays pending, because a worker blocks it: taken
 * here, so that the next batch does not see it again.
 */
static bool was_stopped(void)
{
	sigset_t let_go_on;
	sigemptyset(&let_go_on);
	sigaddset(&let_go_on, SIGCONT);
	return sigtimedwait(&let_go_on, NULL, &(struct timespec){0}) == SIGCONT;
}

void gang_batch(struct gang *gang, uint64_t n, uint64_t window_ns, struct gang_batch *ret)
{
	gang->n = n;
	gang->window_ns = window_ns;
	gang->elapsed_ns = NAN;
	for (size_t i = 0; i < gang->n_metrics; i++)
		gang->metrics[i].set = false;
	for (unsigned i = 0; i < gang->n_threads; i++)
		if (gang->runs[i].batch_histogram)
			memset(gang->runs[i].batch_histogram, 0, sizeof(struct assay_histogram));
	command(gang, GANG_BATCH);
	gather(gang, ret);
	ret->stopped = was_stopped();
	if (!isnan(gang->elapsed_ns))
		ret->wall_ns = gang->elapsed_ns;
}

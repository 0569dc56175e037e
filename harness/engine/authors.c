/* SPDX-License-Identifier: MIT */
/* authors: the functions of bench.h that a running benchmark calls. */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/gang.h"

/* Time from the last arrival to the common start: long enough for every spinner to see it. */
#define START_DELAY_NS 2000u
/* Spinning longer than this without all having arrived means too few CPUs: let others run. */
#define SPINS_BEFORE_YIELD 20000u

/* From the total before to the difference since: call with 0 in both fields, then once more. */
static void count_switches(struct assay_run *run)
{
	struct rusage usage;
	getrusage(run->gang->bench->own_threads ? RUSAGE_SELF : RUSAGE_THREAD, &usage);
	run->involuntary = usage.ru_nivcsw - run->involuntary;
	run->voluntary = usage.ru_nvcsw - run->voluntary;
}

static uint64_t cpu_ns(const struct gang *gang)
{
	return gang->bench->own_threads ? assay_process_cpu_ns() : assay_thread_cpu_ns();
}

/* All threads leave here at the same instant: the last to arrive sets a deadline, all spin to it. */
static void start_together(struct gang *gang)
{
	if (gang->n_threads == 1)
		return;
	if (atomic_fetch_add_explicit(&gang->arrived, 1, memory_order_acq_rel) + 1 ==
	    gang->n_threads)
		atomic_store_explicit(&gang->start_at_ns, assay_now_ns() + START_DELAY_NS,
				      memory_order_release);
	uint64_t start;
	unsigned spins = 0;
	while (!(start = atomic_load_explicit(&gang->start_at_ns, memory_order_acquire))) {
		assay_cpu_relax();
		if (++spins > SPINS_BEFORE_YIELD)
			sched_yield();
	}
	while (assay_now_ns() < start)
		assay_cpu_relax();
}

uint64_t assay_begin(struct assay_run *run)
{
	struct gang *gang = run->gang;
	if (run->loop != LOOP_IDLE) {
		gang_fail(gang, ASSAY_STATUS_FAILED, "the body entered ASSAY_LOOP twice");
		return 0;
	}
	run->loop = LOOP_RUNNING;
	count_switches(run);
	start_together(gang);
	if (gang->events) /* not before: a thread that waits for the others spins */
		counting_start(run);
	run->begin_cpu_ns = cpu_ns(gang);
	if (gang->hooks.begin)
		gang->hooks.begin(gang->hooks.context);
	run->begin_ns = assay_now_ns();
	if (gang->hooks.enter)
		gang->hooks.enter(gang->hooks.context);
	return gang->bench->mode == ASSAY_CONTENDED ? run->chunk : gang->n;
}

/* CONTENDED: one more chunk while the window lasts. */
static bool window_goes_on(struct assay_run *run)
{
	const struct gang *gang = run->gang;
	run->ops += run->chunk;
	return assay_now_ns() - run->begin_ns < gang->window_ns &&
	       !atomic_load_explicit(&gang->stop, memory_order_relaxed);
}

/* Those who count alone count devices: what the processor does while it waits for one is not theirs to leave out. */
static bool goes_on(const struct assay_run *run)
{
	return run->queued && run->gang->only;
}

void assay_queue_begins(struct assay_run *run)
{
	run->queued = true;
}

void assay_queue_done(struct assay_run *run)
{
	if (goes_on(run) && run->gang->events && run->loop == LOOP_ENDED)
		counting_stop(run);
	run->queued = false;
}

uint64_t assay_next(struct assay_run *run, uint64_t left)
{
	struct gang *gang = run->gang;
	if (left == 0 && gang->bench->mode == ASSAY_CONTENDED && window_goes_on(run))
		return run->chunk;
	if (gang->hooks.leave)
		gang->hooks.leave(gang->hooks.context);
	run->end_ns = assay_now_ns();
	if (gang->hooks.end)
		gang->hooks.end(gang->hooks.context);
	run->end_cpu_ns = cpu_ns(gang);
	count_switches(run);
	if (gang->events && !goes_on(run))
		counting_stop(run);
	if (gang->bench->mode != ASSAY_CONTENDED)
		run->ops = gang->n - left;
	if (left) /* by break; by return or goto assay_next() is not reached at all */
		gang_fail(gang, ASSAY_STATUS_FAILED,
			  "the body left ASSAY_LOOP early; a loop must run to its end");
	run->loop = LOOP_ENDED;
	return 0;
}

const void *assay_subject(const struct assay_run *run)
{
	return run->gang->ops;
}

static const struct assay_case_param *find_param(struct assay_run *run, const char *name)
{
	const struct assay_case *c = run->gang->c;
	for (size_t i = 0; i < c->n_params; i++)
		if (strcmp(c->params[i].name, name) == 0)
			return &c->params[i];
	gang_fail(run->gang, ASSAY_STATUS_FAILED, "the benchmark asked for an axis '%s' it has not",
		  name);
	return NULL;
}

double assay_axis(struct assay_run *run, const char *name)
{
	const struct assay_case_param *param = find_param(run, name);
	return param ? param->value : 0;
}

const char *assay_axis_text(struct assay_run *run, const char *name)
{
	const struct assay_case_param *param = find_param(run, name);
	return param ? param->text : "";
}

unsigned assay_thread(const struct assay_run *run)
{
	return run->thread;
}

unsigned assay_threads(const struct assay_run *run)
{
	return run->gang->c->threads;
}

unsigned assay_role(const struct assay_run *run)
{
	return run->role;
}

int assay_cpu(const struct assay_run *run, unsigned thread)
{
	const struct gang *gang = run->gang;
	return gang->cpus && thread < gang->c->threads ? (int)gang->cpus[thread] : -1;
}

unsigned assay_world_rank(const struct assay_run *run)
{
	return run->gang->world ? run->gang->world->rank : 0;
}

unsigned assay_world_size(const struct assay_run *run)
{
	return run->gang->world ? run->gang->world->size : 1;
}

enum assay_code assay_world_max(struct assay_run *run, uint64_t *value, struct assay_err *err)
{
	const struct gang_world *world = run->gang->world;
	return world ? world->max(world->context, value, err) : ASSAY_OK;
}

uint64_t assay_seed(const struct assay_run *run)
{
	return run->gang->seed;
}

void assay_set_state(struct assay_run *run, void *state)
{
	run->gang->state = state;
}

void *assay_state(const struct assay_run *run)
{
	return run->gang->state;
}

void assay_set_thread_state(struct assay_run *run, void *state)
{
	run->thread_state = state;
}

void *assay_thread_state(const struct assay_run *run)
{
	return run->thread_state;
}

void assay_set_bytes_per_op(struct assay_run *run, double bytes)
{
	run->gang->bytes_per_op = bytes;
}

void assay_set_flops_per_op(struct assay_run *run, double flops)
{
	run->gang->flops_per_op = flops;
}

void assay_set_ops_per_iteration(struct assay_run *run, uint64_t ops)
{
	run->gang->ops_per_iteration = ops;
	if (!ops)
		gang_fail(run->gang, ASSAY_STATUS_FAILED, "an iteration of no operations");
}

void assay_discount(struct assay_run *run, uint64_t ops)
{
	run->discounted += ops;
	if (run->loop != LOOP_ENDED || run->discounted > run->ops * run->gang->ops_per_iteration)
		gang_fail(run->gang, ASSAY_STATUS_FAILED,
			  "%llu operations discounted, more than the loop had",
			  (unsigned long long)run->discounted);
}

uint64_t assay_op_begin(struct assay_run *run)
{
	(void)run;
	return assay_now_ns();
}

void assay_op_end(struct assay_run *run, uint64_t stamp)
{
	uint64_t ns = assay_now_ns() - stamp;
	if (run->batch_histogram)
		assay_histogram_add(run->batch_histogram, ns);
}

void assay_set_elapsed_ns(struct assay_run *run, double ns)
{
	struct gang *gang = run->gang;
	pthread_mutex_lock(&gang->lock);
	if (!(gang->elapsed_ns >= ns)) /* the slowest thread counts; NaN at first */
		gang->elapsed_ns = ns;
	pthread_mutex_unlock(&gang->lock);
}

/* The slot of a metric, made on first use; NULL when there is no room. Under the lock. */
static struct gang_metric *metric_slot(struct gang *gang, const char *name, const char *unit,
				       enum assay_better better)
{
	for (size_t i = 0; i < gang->n_metrics; i++)
		if (strcmp(gang->metrics[i].name, name) == 0)
			return &gang->metrics[i];
	if (gang->n_metrics == GANG_MAX_METRICS)
		return NULL;
	struct gang_metric *metric = &gang->metrics[gang->n_metrics++];
	assay_copy(metric->name, sizeof(metric->name), name);
	assay_copy(metric->unit, sizeof(metric->unit), unit);
	metric->better = better;
	return metric;
}

void assay_metric(struct assay_run *run, const char *name, const char *unit,
		  enum assay_better better, double value)
{
	struct gang *gang = run->gang;
	if (!assay_name_valid(name) || strlen(unit) > 15) {
		gang_fail(gang, ASSAY_STATUS_FAILED, "metric name or unit is not valid");
		return;
	}
	pthread_mutex_lock(&gang->lock);
	struct gang_metric *metric = metric_slot(gang, name, unit, better);
	if (metric) {
		metric->value = value;
		metric->set = true;
	}
	pthread_mutex_unlock(&gang->lock);
	if (!metric)
		gang_fail(gang, ASSAY_STATUS_FAILED, "more than %d metrics", GANG_MAX_METRICS);
}

/* The slot of a stated counter, made on first use; NULL when there is no room. Under the lock. */
static struct assay_count *stated_slot(struct gang *gang, const char *name)
{
	for (size_t i = 0; i < gang->n_stated; i++)
		if (strcmp(gang->stated[i].event, name) == 0)
			return &gang->stated[i];
	if (gang->n_stated == GANG_MAX_STATED)
		return NULL;
	struct assay_count *count = &gang->stated[gang->n_stated++];
	*count = (struct assay_count){.quality = ASSAY_EXACT};
	assay_copy(count->event, sizeof(count->event), name);
	assay_copy(count->source, sizeof(count->source), ASSAY_SOURCE_STATED);
	return count;
}

void assay_counter(struct assay_run *run, const char *name, uint64_t value)
{
	struct gang *gang = run->gang;
	if (!assay_name_valid(name) || value > UINT64_C(1) << 53) {
		gang_fail(gang, ASSAY_STATUS_FAILED, "counter name or value is not valid");
		return;
	}
	pthread_mutex_lock(&gang->lock);
	struct assay_count *count = stated_slot(gang, name);
	if (count) {
		count->value = (double)value;
		count->raw = value;
	}
	pthread_mutex_unlock(&gang->lock);
	if (!count)
		gang_fail(gang, ASSAY_STATUS_FAILED, "more than %d counters", GANG_MAX_STATED);
}

static void fail_formatted(struct gang *gang, enum assay_status status, const char *fmt,
			   va_list args) ASSAY_PRINTF(3, 0);
static void fail_formatted(struct gang *gang, enum assay_status status, const char *fmt,
			   va_list args)
{
	char text[sizeof(gang->reason)];
	vsnprintf(text, sizeof(text), fmt, args);
	gang_fail(gang, status, "%s", text);
}

bool assay_check(struct assay_run *run, bool ok, const char *fmt, ...)
{
	if (ok)
		return true;
	va_list args;
	va_start(args, fmt);
	fail_formatted(run->gang, ASSAY_STATUS_FAILED, fmt, args);
	va_end(args);
	return false;
}

void assay_skip(struct assay_run *run, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fail_formatted(run->gang, ASSAY_STATUS_SKIPPED, fmt, args);
	va_end(args);
}

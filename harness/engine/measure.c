/* SPDX-License-Identifier: MIT */
/* measure: the sampling loops. */
#include "harness/engine/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"

enum {
	SAMPLE_MIN_NS = 50 * 1000,       /* below this the edges of a batch show */
	SAMPLE_MIN_TICKS = 1000,         /* and the clock's resolution */
	WINDOW_MIN_NS = 300 * 1000,      /* CONTENDED */
	WINDOW_MAX_NS = 5 * 1000 * 1000, /* longer ones rarely pass without a switch */
	CHUNK_NS = 2000,                 /* between two looks at the clock in a window */
	WARM_BATCHES = 2,
	FAR_TOO_LONG = 10,    /* times what a batch is to take */
	MOST_CHOSEN = 3,      /* times that a size is chosen */
	SAMPLES_AT_LEAST = 5, /* even when one operation takes longer than all the time */
	ATTEMPTS_PER_WINDOW = 3,
	COUNTED_ATTEMPTS = 10,
};
#define PREEMPTED_CPU_RATIO 0.9 /* CPU time under this share of wall time, nothing having blocked */
#define OVERLAP_MIN         0.95
#define MAX_OPS             (1ull << 40)

struct assay_metric_info assay_primary_metric(const struct assay_bench *bench,
					      const struct assay_subject *subject)
{
	static const struct assay_metric_info known[] = {
		{"time", "ns/op", ASSAY_LOWER},     {"rate", "op/s", ASSAY_HIGHER},
		{"bandwidth", "B/s", ASSAY_HIGHER}, {"flops", "flop/s", ASSAY_HIGHER},
		{"latency", "ns", ASSAY_LOWER},     {"frequency", "Hz", ASSAY_HIGHER},
	};
	const char *unit = bench->unit;
	if (!unit)
		unit = bench->mode == ASSAY_LATENCY     ? "ns"
		       : bench->mode == ASSAY_CONTENDED ? "op/s"
							: "ns/op";
	bool work = strcmp(unit, "B/s") == 0 || strcmp(unit, "flop/s") == 0;
	if (subject && subject->is_null && work)
		return known[0];
	struct assay_metric_info info = {"time", unit, ASSAY_LOWER};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strcmp(known[i].unit, unit) == 0)
			info = known[i];
	if (bench->better != ASSAY_BETTER_BY_UNIT)
		info.better = bench->better;
	return info;
}

static unsigned counting_threads(const struct gang *gang)
{
	unsigned n = 0;
	for (unsigned i = 0; i < gang->n_threads; i++)
		n += gang_counts(gang, gang->runs[i].role);
	return n;
}

/* Operations per second of a batch: the sum of overlapping rates in a window, else joint completion. */
static double batch_rate(const struct gang *gang, const struct gang_batch *batch)
{
	if (gang->bench->mode == ASSAY_CONTENDED)
		return batch->rate;
	return batch->wall_ns > 0 ? (double)batch->ops * 1e9 / batch->wall_ns : NAN;
}

static double latency_value(const struct gang *gang)
{
	struct assay_histogram *all = calloc(1, sizeof(*all));
	if (!all)
		return NAN;
	for (unsigned i = 0; i < gang->n_threads; i++)
		if (gang_counts(gang, gang->runs[i].role))
			assay_histogram_merge(all, gang->runs[i].batch_histogram);
	double median = assay_histogram_quantile(all, 0.5);
	free(all);
	return median;
}

/* The sample in the primary metric's unit. ns/op is per thread: what one thread sees. */
static double batch_value(const struct gang *gang, const struct gang_batch *batch)
{
	if (gang->bench->mode == ASSAY_LATENCY)
		return latency_value(gang);
	const struct assay_subject_entry *subject = gang->c->subject;
	const char *unit =
		assay_primary_metric(gang->bench, subject ? subject->subject : NULL).unit;
	double rate = batch_rate(gang, batch);
	if (strcmp(unit, "op/s") == 0)
		return rate;
	if (strcmp(unit, "Hz") == 0)
		return rate / counting_threads(gang);
	if (strcmp(unit, "B/s") == 0)
		return rate * gang->bytes_per_op;
	if (strcmp(unit, "flop/s") == 0)
		return rate * gang->flops_per_op;
	return 1e9 * counting_threads(gang) / rate;
}

static unsigned batch_flags(const struct gang *gang, const struct gang_batch *batch)
{
	bool lost_cpu = !gang->bench->own_threads && batch->voluntary == 0 &&
			batch->cpu_ns < PREEMPTED_CPU_RATIO * batch->busy_ns;
	unsigned flags = 0;
	if (batch->involuntary > 0 || lost_cpu || batch->stopped)
		flags |= ASSAY_SAMPLE_PREEMPTED;
	if (gang->bench->mode == ASSAY_CONTENDED && gang->n_threads > 1 &&
	    (batch->overlap < OVERLAP_MIN || batch->involuntary > 0))
		flags |= ASSAY_SAMPLE_REJECTED;
	return flags;
}

/* Hand one batch to the sink, and what the body reported about it. */
static bool deliver(struct gang *gang, const struct gang_batch *batch,
		    const struct measure_sink *sink)
{
	unsigned flags = batch_flags(gang, batch);
	if (!sink->sample(sink->context, batch, batch_value(gang, batch), flags))
		return false;
	for (size_t i = 0; i < gang->n_metrics; i++)
		if (gang->metrics[i].set && !sink->metric(sink->context, &gang->metrics[i], flags))
			return false;
	return true;
}

static uint64_t sample_target_ns(const struct assay_effort *effort)
{
	uint64_t target = effort->time_ns / (effort->samples ? effort->samples : 1);
	uint64_t ticks = SAMPLE_MIN_TICKS * assay_clock_tick_ns();
	if (target < ticks)
		target = ticks;
	return target < SAMPLE_MIN_NS ? SAMPLE_MIN_NS : target;
}

/* A rank that failed meets nobody any more: its status ends the launch, and says why. */
static bool meet(const struct gang *gang, const struct measure_sink *sink,
		 enum measure_meeting what, uint64_t *value)
{
	return gang_ok(gang) && (!sink->meet || sink->meet(sink->context, what, value));
}

/* How long a thread was busy; or, where a loop only queues what a device then does, how long that took. */
static double batch_took_ns(const struct gang *gang, const struct gang_batch *batch)
{
	double loop_ns = batch->busy_ns / gang->n_threads;
	return isnan(gang->elapsed_ns) ? loop_ns : fmax(loop_ns, gang->elapsed_ns);
}

/* How many operations to try next when n of them took took_ns; 0: n will do. */
static uint64_t next_trial(uint64_t n, double took_ns, uint64_t target_ns, uint64_t limit)
{
	if (took_ns >= 0.8 * (double)target_ns || n == limit)
		return 0;
	double factor = took_ns > 0 ? (double)target_ns / took_ns : 10;
	factor = factor > 10 ? 10 : factor < 1.25 ? 1.25 : factor;
	uint64_t next = (uint64_t)((double)n * factor) + 1;
	return next < limit ? next : limit;
}

static uint64_t most_ops(const struct assay_bench *bench)
{
	if (bench->mode == ASSAY_ONCE)
		return 1;
	return bench->max_ops ? bench->max_ops : MAX_OPS;
}

/*
 * Grow n until one batch takes about `target_ns`; the trials are the warm-up. Ranks do the same trials, because those of
 * a collective operation wait for each other.
 */
static uint64_t choose_n(struct gang *gang, const struct assay_driver *driver, uint64_t target_ns,
			 const struct measure_sink *sink)
{
	const uint64_t limit = most_ops(gang->bench);
	uint64_t n = 1;
	for (;;) {
		struct gang_batch batch;
		driver->batch(gang, n, 0, &batch);
		uint64_t next = next_trial(n, batch_took_ns(gang, &batch), target_ns, limit);
		if (!meet(gang, sink, MEASURE_MEET_TRIAL, &next) || next == 0)
			return n;
		n = next;
	}
}

static uint64_t batch_size(struct gang *gang, const struct assay_driver *driver,
			   const struct assay_effort *effort, const struct measure_sink *sink)
{
	const uint64_t limit = most_ops(gang->bench);
	if (gang->bench->mode == ASSAY_ONCE)
		return 1;
	if (effort->batch)
		return effort->batch < limit ? effort->batch : limit;
	return choose_n(gang, driver, sample_target_ns(effort), sink);
}

/* Enough: all samples taken; or, when operations are long, the time is up and a few are there. */
static bool enough(const struct assay_effort *effort, unsigned taken, uint64_t began_ns)
{
	if (taken >= effort->samples)
		return true;
	return taken >= SAMPLES_AT_LEAST && assay_now_ns() - began_ns > 2 * effort->time_ns;
}

/* Is there to be another batch? All ranks get the same answer: one that has enough ends it for all. */
static bool go_on(const struct gang *gang, const struct measure_sink *sink, bool has_enough)
{
	uint64_t stop = has_enough;
	return meet(gang, sink, MEASURE_MEET_BATCH, &stop) && !stop;
}

/*
 * Warm-up with batches of n. Where one takes far longer than it should, the trials saw another mode of what is measured,
 * such as a hand-over that finds the other thread awake, and batches of seconds would follow: n is chosen anew.
 * Ranks keep what they agreed on.
 */
static uint64_t warm_up(struct gang *gang, const struct assay_driver *driver, uint64_t n,
			uint64_t target_ns, const struct measure_sink *sink)
{
	unsigned chosen = 1;
	for (int i = 0; i < WARM_BATCHES && gang_ok(gang); i++) {
		struct gang_batch batch;
		driver->batch(gang, n, 0, &batch);
		bool far_too_long =
			batch_took_ns(gang, &batch) > FAR_TOO_LONG * (double)target_ns && n > 1;
		if (!far_too_long || sink->meet || chosen == MOST_CHOSEN)
			continue;
		chosen++;
		n = choose_n(gang, driver, target_ns, sink);
		i = -1;
	}
	return n;
}

static uint64_t measure_batches(struct gang *gang, const struct assay_driver *driver,
				const struct assay_effort *effort, const struct measure_sink *sink)
{
	bool once = gang->bench->mode == ASSAY_ONCE;
	uint64_t n = batch_size(gang, driver, effort, sink);
	struct gang_batch batch;
	if (!meet(gang, sink, MEASURE_MEET_SIZE, &n))
		return n;
	if (!once)
		n = warm_up(gang, driver, n, effort->batch ? UINT64_MAX : sample_target_ns(effort),
			    sink);
	uint64_t began = assay_now_ns();
	for (unsigned taken = 0; go_on(gang, sink, enough(effort, taken, began)); taken++) {
		driver->batch(gang, n, 0, &batch);
		if (!gang_ok(gang) || !deliver(gang, &batch, sink))
			break;
		for (unsigned i = 0; i < gang->n_threads; i++)
			if (gang->runs[i].histogram)
				assay_histogram_merge(gang->runs[i].histogram,
						      gang->runs[i].batch_histogram);
	}
	return n;
}

/* Iterations between two looks at the clock, from what a window of single steps achieves. */
static void choose_chunk(struct gang *gang, const struct assay_driver *driver, uint64_t window_ns)
{
	for (int round = 0; round < 3 && gang_ok(gang); round++) {
		struct gang_batch batch;
		driver->batch(gang, 1, window_ns, &batch);
		for (unsigned i = 0; i < gang->n_threads; i++) {
			struct assay_run *run = &gang->runs[i];
			double per_op =
				run->ops ? (double)(run->end_ns - run->begin_ns) / (double)run->ops
					 : CHUNK_NS;
			run->chunk = per_op < CHUNK_NS ? (uint64_t)(CHUNK_NS / per_op) : 1;
		}
	}
}

static uint64_t measure_windows(struct gang *gang, const struct assay_driver *driver,
				const struct assay_effort *effort, const struct measure_sink *sink)
{
	uint64_t window = effort->time_ns / (effort->samples ? effort->samples : 1);
	window = window < WINDOW_MIN_NS ? WINDOW_MIN_NS : window;
	window = window > WINDOW_MAX_NS ? WINDOW_MAX_NS : window;
	choose_chunk(gang, driver, window);
	uint64_t ops = 0;
	unsigned valid = 0;
	unsigned attempts = effort->samples * ATTEMPTS_PER_WINDOW;
	for (unsigned i = 0; go_on(gang, sink, valid >= effort->samples || i >= attempts); i++) {
		struct gang_batch batch;
		driver->batch(gang, 1, window, &batch);
		if (!gang_ok(gang) || !deliver(gang, &batch, sink))
			break;
		valid += !(batch_flags(gang, &batch) & ASSAY_SAMPLE_REJECTED);
		ops = batch.ops_per_thread;
	}
	return ops;
}

void assay_measure(struct gang *gang, const struct assay_driver *driver,
		   const struct assay_effort *effort, const struct measure_sink *sink,
		   uint64_t *ret_n)
{
	*ret_n = gang->bench->mode == ASSAY_CONTENDED ? measure_windows(gang, driver, effort, sink)
						      : measure_batches(gang, driver, effort, sink);
}

/* Add one thread's count to the sum; one thread without a number leaves none for all. */
static void add_count(struct assay_count *sum, const struct assay_count *one)
{
	if (sum->quality == ASSAY_UNAVAILABLE)
		return;
	if (one->quality == ASSAY_UNAVAILABLE) {
		*sum = *one;
		return;
	}
	sum->value += one->value;
	sum->raw += one->raw;
	sum->enabled_ns += one->enabled_ns;
	sum->running_ns += one->running_ns;
	if (one->quality == ASSAY_SCALED)
		sum->quality = ASSAY_SCALED;
}

static size_t count_events(const struct gang *gang)
{
	size_t n = 0;
	while (n < GANG_MAX_EVENTS && gang->runs[0].counts[n].event[0])
		n++;
	return n;
}

/* One thread that must see the same once more is enough. */
static bool wants_more(const struct gang *gang)
{
	bool more = false;
	for (unsigned i = 0; i < gang->n_threads; i++)
		more |= gang->runs[i].recount;
	return more;
}

/* The sums over all threads of what this pass added, per operation: those that are there already stay. */
static void gather(const struct gang *gang, const struct gang_batch *batch,
		   struct assay_count *counts, size_t n)
{
	for (size_t e = 0; e < n; e++) {
		if (counts[e].quality != ASSAY_UNAVAILABLE)
			continue;
		counts[e] = gang->runs[0].counts[e];
		for (unsigned i = 1; i < gang->n_threads; i++)
			add_count(&counts[e], &gang->runs[i].counts[e]);
		if (counts[e].quality == ASSAY_UNAVAILABLE)
			continue;
		if (!assay_count_is_level(&counts[e]))
			counts[e].value = batch->ops ? counts[e].value / (double)batch->ops : NAN;
		if (gang->bench->own_threads && gang->c->threads > 1 && !counts[e].reason[0])
			assay_copy(counts[e].reason, sizeof(counts[e].reason), ASSAY_PARTIAL_COUNT);
	}
}

/* So many operations, if a batch may have them, that a region of theirs is as long as the source needs it. */
static uint64_t long_enough(const struct gang *gang, const struct assay_source *source, uint64_t n,
			    const struct gang_batch *batch)
{
	double took_ns = batch_took_ns(gang, batch);
	double times = took_ns > 0 ? ceil((double)source->shortest_ns / took_ns) : 1;
	return times > 1 ? (uint64_t)fmin((double)n * times, (double)most_ops(gang->bench)) : n;
}

/* How many batches of n it may be; more where one cannot be as long as the source needs it, also if the first was slow. */
static unsigned most_batches(const struct gang *gang, const struct assay_source *source, uint64_t n,
			     const struct gang_batch *batch)
{
	enum { MOST_BATCHES = 64, MOST_SHORT = 1 << 16, SLOW = 32 };
	double took_ns = batch->ops_per_thread ? batch_took_ns(gang, batch) * (double)n /
							 (double)batch->ops_per_thread
					       : 0;
	double batches = took_ns > 0 ? SLOW * (double)source->shortest_ns / took_ns : 0;
	return (unsigned)fmin(fmax(batches, MOST_BATCHES), MOST_SHORT);
}

/* A source that counts alone gets its pass, of as many batches as it asks for. */
static void count_alone(struct gang *gang, const struct assay_source *source, uint64_t n,
			struct gang_batch *batch)
{
	uint64_t window_ns =
		source->shortest_ns > WINDOW_MAX_NS ? source->shortest_ns : WINDOW_MAX_NS;
	gang->only = source;
	n = long_enough(gang, source, n, batch);
	gang->recounts = most_batches(gang, source, n, batch);
	do {
		gang->recounts--;
		gang_batch(gang, n, window_ns, batch);
	} while (wants_more(gang));
	gang->only = NULL;
}

size_t assay_measure_counted(struct gang *gang, uint64_t n, const char *const *events,
			     struct assay_count *ret)
{
	struct gang_batch batch;
	gang->events = events;
	n = n ? n : 1;
	/* Counts of threads that did not run side by side are not those of threads that do. */
	for (int i = 0; i < COUNTED_ATTEMPTS; i++) {
		gang_batch(gang, n, WINDOW_MAX_NS, &batch);
		if (!(batch_flags(gang, &batch) & ASSAY_SAMPLE_REJECTED))
			break;
	}
	size_t count = count_events(gang);
	memset(ret, 0, count * sizeof(*ret));
	gather(gang, &batch, ret, count);
	const struct gang_batch common = batch;
	for (size_t s = 0; gang_ok(gang) && gang->sources[s]; s++) {
		const struct assay_source *source = gang->sources[s];
		if (!source->alone)
			continue;
		if (counting_wanted(&gang->runs[0], source)) {
			batch = common;
			count_alone(gang, source, n, &batch);
		}
		gather(gang, &batch, ret, count);
	}
	gang->events = NULL;
	return count;
}

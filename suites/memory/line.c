/* SPDX-License-Identifier: MIT */
/* line: how far apart two threads' data must lie so that they do not take it from each other. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/machine/placement.h"
#include "harness/machine/topology.h"
#include "suites/memory/chase.h"

enum { SMALLEST = 8, LARGEST = 256, DISTANCES = 6, WINDOWS = 9, ATTEMPTS = 60, STEPS = 1000 };

/* The two threads meet at each window: `go` counts them, `done` those that the other has finished. */
struct neighbours {
	_Alignas(2 * LARGEST) _Atomic uint64_t words[4 * LARGEST / sizeof(uint64_t)];
	_Alignas(2 * LARGEST) atomic_uint go;
	_Alignas(2 * LARGEST) atomic_uint done;
	atomic_bool stop;
	_Atomic size_t distance;
	pthread_t id;
	bool started;
	int cpu;
	struct assay_err err;
	uint64_t declared;
};

/* Locked: a plain store would wait for its line in the store buffer and hide that it is away. */
static void increment(_Atomic uint64_t *word)
{
	for (int i = 0; i < STEPS; i++)
		atomic_fetch_add_explicit(word, 1, memory_order_relaxed);
}

static void *other_side(void *argument)
{
	struct neighbours *n = argument;
	unsigned window = 0;

	if (n->cpu >= 0)
		assay_pin_thread((unsigned)n->cpu, &n->err);
	for (;;) {
		while (atomic_load_explicit(&n->go, memory_order_acquire) == window)
			if (atomic_load_explicit(&n->stop, memory_order_relaxed))
				return NULL;
		window++;
		/* Beyond the other's end, so that it never runs alone. */
		while (atomic_load_explicit(&n->done, memory_order_acquire) < window)
			increment(
				&n->words[atomic_load_explicit(&n->distance, memory_order_relaxed) /
					  sizeof(uint64_t)]);
	}
}

static void setup(struct assay_run *run)
{
	struct neighbours *n = aligned_alloc(_Alignof(struct neighbours), sizeof(*n));
	struct assay_topology *topology = NULL;
	struct assay_machine_shape shape;
	struct assay_err err = {0};

	assay_set_state(run, n);
	if (!assay_check(run, n != NULL, "no memory"))
		return;
	memset(n, 0, sizeof(*n));
	enum assay_code code = assay_topology_load(NULL, &topology, &err);
	if (code == ASSAY_OK) {
		assay_topology_shape(topology, &shape);
		n->declared = shape.line_bytes;
		assay_topology_free(topology);
	}
	n->cpu = assay_cpu(run, 1);
	if (code == ASSAY_OK) {
		int error = pthread_create(&n->id, NULL, other_side, n);
		if (error)
			code = assay_fail(&err, ASSAY_EIO, "start a thread: %s", strerror(error));
		n->started = error == 0;
	}
	memory_settle(run, code, &err);
}

static void teardown(struct assay_run *run)
{
	struct neighbours *n = assay_state(run);

	if (!n)
		return;
	atomic_store(&n->stop, true);
	if (n->started)
		pthread_join(n->id, NULL);
	free(n);
}

static int by_value(const void *left, const void *right)
{
	double l = *(const double *)left, r = *(const double *)right;

	return (l > r) - (l < r);
}

/*
 * Median of the windows in nanoseconds per increment; NaN when there were too few. Not the least, and only
 * of windows in which the other thread came along: alone, every distance is good.
 */
static double time_at(struct neighbours *n, size_t distance)
{
	_Atomic uint64_t *theirs = &n->words[distance / sizeof(uint64_t)];
	double ns[WINDOWS];
	size_t taken = 0;

	atomic_store(&n->distance, distance);
	for (int i = 0; i < ATTEMPTS && taken < WINDOWS; i++) {
		atomic_fetch_add_explicit(&n->go, 1, memory_order_release);
		increment(&n->words[0]); /* while the other begins */
		uint64_t before = atomic_load(theirs), began = assay_now_ns();
		increment(&n->words[0]);
		double window = (double)(assay_now_ns() - began) / STEPS;
		if (atomic_load(theirs) - before > STEPS / 2)
			ns[taken++] = window;
		atomic_fetch_add_explicit(&n->done, 1, memory_order_release);
	}
	qsort(ns, taken, sizeof(*ns), by_value);
	return taken == WINDOWS ? ns[WINDOWS / 2] : NAN;
}

/* The least distance that is as good as the largest, where the smallest is bad; 0 when that is not seen. */
static size_t line_of(const double *ns)
{
	double apart = ns[DISTANCES - 1];

	if (!(ns[0] >= 2 * apart))
		return 0;
	for (int i = 0; i < DISTANCES; i++)
		if (ns[i] < 2 * apart)
			return (size_t)SMALLEST << i;
	return 0;
}

static void body(struct assay_run *run)
{
	struct neighbours *n = assay_state(run);
	double ns[DISTANCES];

	ASSAY_LOOP (run)
		for (int i = 0; i < DISTANCES; i++)
			ns[i] = time_at(n, (size_t)SMALLEST << i);
	if (!assay_check(run, n->err.code == ASSAY_OK, "%s", n->err.text))
		return;
	size_t line = line_of(ns);
	if (line)
		assay_metric(run, "line", "B", ASSAY_LOWER, (double)line);
	if (n->declared)
		assay_metric(run, "declared", "B", ASSAY_LOWER, (double)n->declared);
	if (!isnan(ns[0]))
		assay_metric(run, "shared", "ns", ASSAY_LOWER, ns[0]);
	if (!isnan(ns[DISTANCES - 1]))
		assay_metric(run, "apart", "ns", ASSAY_LOWER, ns[DISTANCES - 1]);
}

const struct assay_bench assay_bench_memory_line = {
	.brief = "the coherence line as two threads feel it, beside what the system declares",
	.source = "lmbench line, by false sharing instead of by prefetch",
	.body = body,
	.setup = setup,
	.teardown = teardown,
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "2",
	.own_threads = true,
	.mode = ASSAY_ONCE,
};

/* SPDX-License-Identifier: MIT */
/*
 * gang: the threads of one launch and the batches they run together. This is the worker's side of
 * bench.h: struct assay_run is one thread's view, struct gang what they share.
 */
#ifndef ASSAY_ENGINE_GANG_H
#define ASSAY_ENGINE_GANG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/engine/case.h"
#include "harness/engine/histogram.h"
#include "harness/gpu_trace.h"
#include "harness/result.h"

enum { GANG_MAX_METRICS = 16, GANG_MAX_EVENTS = 32, GANG_MAX_STATED = 16 };

struct gang;

/* A figure the body reported for this batch. */
struct gang_metric {
	char name[64];
	char unit[16];
	enum assay_better better;
	double value;
	bool set;
};

enum loop_state {
	LOOP_IDLE, /* body not entered its loop yet */
	LOOP_RUNNING,
	LOOP_ENDED,
};

/* Where a driver takes over the edges of the timed loop; NULL members: the gang's own stamps. */
struct loop_hooks {
	void (*begin)(void *context);
	void (*end)(void *context);
	void (*enter)(void *context); /* inside all clocks, at the very loop */
	void (*leave)(void *context);
	void *context;
};

struct assay_run {
	struct gang *gang;
	unsigned thread, role;
	void *thread_state;
	enum loop_state loop;
	uint64_t chunk;            /* CONTENDED: iterations between two looks at the clock */
	uint64_t ops;              /* turns of the loop in this batch */
	uint64_t discounted;       /* operations of them that did nothing */
	uint64_t begin_ns, end_ns; /* own stamps around the loop */
	uint64_t begin_cpu_ns, end_cpu_ns;
	long involuntary, voluntary;             /* context switches during the batch */
	struct assay_histogram *histogram;       /* LATENCY only */
	struct assay_histogram *batch_histogram; /* LATENCY: this batch alone */
	struct assay_count counts[GANG_MAX_EVENTS];
	void **counting; /* one state per source while a counted pass runs, be it of several batches */
	bool recount;    /* a source wants the batch once more */
	bool queued;     /* a device goes on after the loop, and those who count alone with it */
	pthread_t id;
	bool started;
} __attribute__((aligned(2 * ASSAY_CACHE_LINE)));

/* The processes that measure one case together, of which this is one; see assay_world_max() in bench.h. */
struct gang_world {
	unsigned rank, size;
	enum assay_code (*max)(void *context, uint64_t *value, struct assay_err *err);
	void *context;
};

/* What a batch asks of the threads. */
enum gang_command { GANG_BATCH, GANG_THREAD_SETUP, GANG_THREAD_TEARDOWN, GANG_QUIT };

struct gang {
	struct assay_case *c;
	const struct assay_bench *bench;
	const void *ops; /* of the subject */
	uint64_t seed;
	const struct gang_world *world; /* NULL: alone */
	void *state;
	double bytes_per_op, flops_per_op;
	uint64_t ops_per_iteration;

	unsigned n_threads;   /* of the harness: 1 when the subject owns the threads */
	const unsigned *cpus; /* c->threads CPU numbers, or NULL: not pinned */
	bool pinned;
	struct assay_run *runs;

	/* The batch at hand, written by the leader before it releases the others. */
	enum gang_command command;
	uint64_t n;                /* iterations per thread */
	uint64_t window_ns;        /* CONTENDED */
	const char *const *events; /* count these instead of believing the stamps; NULL: timed */
	const struct assay_source *const *sources;
	const struct assay_source *only; /* the one whose pass it is; NULL: all that share one */
	unsigned recounts;               /* batches that `only` may still have after this one */
	struct assay_gpu_trace trace;    /* what sources recorded; under the lock */
	struct loop_hooks hooks;

	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic unsigned released; /* generation of the command */
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic unsigned finished; /* threads done with it */
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic unsigned arrived;  /* at the loop's start */
	_Atomic uint64_t start_at_ns;                     /* deadline set by the last to arrive */
	_Alignas(2 * ASSAY_CACHE_LINE) _Atomic bool stop; /* somebody failed: end all loops */

	/* Outcome; the first failure wins. */
	pthread_mutex_t lock;
	enum assay_status status;
	char reason[512];
	double elapsed_ns; /* stated by the body, or NaN */
	struct gang_metric metrics[GANG_MAX_METRICS];
	size_t n_metrics;
	struct assay_count stated[GANG_MAX_STATED]; /* by assay_counter() */
	size_t n_stated;
};

/* The times of one finished batch. */
struct gang_batch {
	double wall_ns; /* first begin to last end, or what the body or driver stated */
	double cpu_ns;  /* all threads added up */
	double busy_ns; /* wall time of all threads added up */
	double rate;    /* counted operations per second, each thread over its own time */
	double overlap; /* share of the whole window in which all threads ran; 1 for one thread */
	uint64_t ops;   /* of threads that count */
	uint64_t ops_per_thread; /* turns of the loop */
	long involuntary, voluntary;
	bool stopped; /* the process was, and was let go on; where SIGCONT is blocked */
	uint64_t begin_ns, end_ns; /* first begin and last end, CLOCK_MONOTONIC */
};

/*
 * Start the threads (pinned, read back) for case `c`; `cpus` and `world` may be NULL. Then setup and
 * thread_setup run. ASSAY_OK also when the benchmark skipped or failed: look at gang->status.
 */
enum assay_code gang_init(struct gang *gang, struct assay_case *c, const unsigned *cpus,
			  uint64_t seed, const struct assay_source *const *sources,
			  const struct gang_world *world, struct assay_err *err);
void gang_done(struct gang *gang);

/* Run one batch of n iterations per thread (CONTENDED: a window of window_ns). */
void gang_batch(struct gang *gang, uint64_t n, uint64_t window_ns, struct gang_batch *ret);

/* Mark the launch; only the first call has an effect. Thread-safe. */
void gang_fail(struct gang *gang, enum assay_status status, const char *fmt, ...)
	ASSAY_PRINTF(3, 4);
static inline bool gang_ok(const struct gang *gang)
{
	return gang->status == ASSAY_STATUS_OK;
}
/* Does this thread's role count? */
bool gang_counts(const struct gang *gang, unsigned role);

/*
 * Counters around the loop, on the calling thread; see counting.c. open() does nothing while they are open: close()
 * leaves them so, and sets run->recount, when a source must see the same once more.
 */
void counting_open(struct assay_run *run, const char *const *events);
/* Is there something left for this source to count, and can it? Says why not in what it would count. */
bool counting_wanted(struct assay_run *run, const struct assay_source *source);
void counting_start(struct assay_run *run);
void counting_stop(struct assay_run *run);
void counting_close(struct assay_run *run);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * bench.h: all that the author of a benchmark, a subject or a plug-in includes.
 *
 * A benchmark is one file that ends in one `const struct assay_bench`; its name comes from its
 * path. A subject is one implementation under test: one file that ends in one
 * `const struct assay_subject`. docs/adding-a-benchmark.md walks through both.
 */
#ifndef ASSAY_BENCH_H
#define ASSAY_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/err.h"

/* Bumped whenever a struct below changes; a plug-in built against another number is refused. */
#define ASSAY_ABI 2

/* The running case, one per thread. Opaque; valid only inside the functions of a benchmark. */
struct assay_run;

enum assay_mode {
	ASSAY_RATE,      /* batches of equal n, joint completion over threads; the default */
	ASSAY_CONTENDED, /* threads run side by side for fixed windows; only true overlap counts */
	ASSAY_LATENCY,   /* every operation is stamped by the body and goes into a histogram */
	ASSAY_ONCE,      /* cold single shots: one operation per sample, no warm-up */
};

enum assay_better {
	ASSAY_BETTER_BY_UNIT, /* lower for times, higher for rates */
	ASSAY_LOWER,
	ASSAY_HIGHER,
};

/*
 * One dimension of the space a benchmark spans. `values` is a list such as "16,256,4Ki" or a range
 * such as "4Ki..1Gi:x2" (factor), "1..9:+2" (step), "1..ncores"; fractions such as "0.8,0.99"
 * as well. Names known in it: `ncores`, `npus`, `l1`, `l2`, `llc` (bytes), also scaled: "4*llc";
 * `pustride`, the step with which "1..npus:+pustride" takes at most 8 of them.
 * With unit "name" the values are words, and assay_axis() gives the position in this list. With unit
 * "text" they are texts of any kind but commas, such as names of files: assay_axis_text() gives the
 * text, assay_axis() its position in this list or -1.
 */
struct assay_axis {
	const char *name;
	const char *unit;
	const char *values;
	const char *quick; /* what profile `quick` takes instead; NULL: the same */
};
#define ASSAY_AXES(...) ((const struct assay_axis[]){__VA_ARGS__, {0}})

/* Threads that do different things. `counts`: their operations are the ones reported. */
struct assay_role {
	const char *name;
	unsigned threads;
	bool counts;
};
#define ASSAY_ROLES(...) ((const struct assay_role[]){__VA_ARGS__, {0}})

/* A benchmark's interface when it takes no subject. */
#define ASSAY_NO_SUBJECT ""

/*
 * One benchmark. Only `brief` and `body` are required. The functions are called in this order,
 * in a fresh process for each launch of each case:
 *
 *   setup                     once, on the first thread
 *     thread_setup            on each thread, pinned: first touch belongs here
 *       prepare(n), body      for each batch of n operations; only the ASSAY_LOOP of body is timed
 *     thread_teardown
 *   teardown
 */
struct assay_bench {
	const char *brief;  /* one line, lower case, no full stop */
	const char *source; /* where the method comes from: paper, URL; may be NULL */
	const char *claim;  /* id of a published claim this answers; may be NULL */
	void (*body)(struct assay_run *run);
	void (*setup)(struct assay_run *run);           /* may be NULL */
	void (*teardown)(struct assay_run *run);        /* may be NULL; also after a failed setup */
	void (*thread_setup)(struct assay_run *run);    /* may be NULL */
	void (*thread_teardown)(struct assay_run *run); /* may be NULL */
	void (*prepare)(struct assay_run *run, uint64_t n); /* may be NULL; untimed, per thread */
	const struct assay_axis *axes;                      /* may be NULL */
	const char *
		subjects; /* interface of its subjects; NULL: the suite's; ASSAY_NO_SUBJECT: none */
	const char *threads;            /* values as in an axis; NULL: "1" */
	const struct assay_role *roles; /* fixes the number of threads; may be NULL */
	bool own_threads; /* the subject starts the threads: body runs on one, assay_threads() says T */
	enum assay_mode mode;
	const char *
		unit; /* "ns/op" (default), "op/s" (default when CONTENDED), "B/s", "flop/s", "Hz" */
	enum assay_better better;
	double bytes_per_op; /* bytes that one operation of one thread moves, 0: not stated */
	double flops_per_op;
	uint64_t
		max_ops; /* most operations in one batch (0: no limit), e.g. what prepare() can hold */
	unsigned version; /* raise when a change makes old results incomparable */
	bool thorough;    /* profile quick leaves it out unless a pattern names it */
};

/*
 * One implementation under test. `ops` points at the const vtable of its suite's interface; the
 * body gets it from assay_subject().
 */
struct assay_subject {
	const char *interface; /* NULL: the suite's own */
	const char *brief;
	const char *version; /* of a peer's library when known at build time; may be NULL */
	const void *ops;
	/* Is it usable here? ASSAY_OK, or ASSAY_SKIP with the reason in err. Called once per worker
	 * before anything else, and may load libraries. NULL: always usable. */
	enum assay_code (*probe)(struct assay_err *err);
	/* "NAME=VALUE" pairs that must be in the environment before the worker starts; may be NULL. */
	const char *const *environment;
	/* Neither is ever ranked, and each is known by its name as well, which ends in null or bound. */
	bool is_null;  /* the cost of the harness itself: shown as a floor */
	bool is_bound; /* a physical or theoretical limit */
};

/* A suite: a folder of benchmarks that share a default subject interface and an oracle. */
struct assay_suite {
	const char *brief;
	const char *interface; /* default interface of its subjects; NULL: none */
	bool hidden;           /* measured and listed only when a pattern names it */
	/*
	 * The oracle: drive `subject` (never NULL) against a plain reference with random operations from
	 * `seed`. ASSAY_OK, or ASSAY_ECHECK with what differed. A subject that fails is never timed.
	 */
	enum assay_code (*check)(const struct assay_subject *subject, uint64_t seed,
				 struct assay_err *err);
};

/* What a plug-in exports under the symbol `assay_plugin`. Arrays end with a { 0 } entry. */
struct assay_plugin {
	unsigned abi;      /* ASSAY_ABI */
	const char *suite; /* name of the plug-in's suite, [a-z0-9_]+ */
	const struct assay_suite *description;
	const struct assay_plugin_bench {
		const char *name;
		const struct assay_bench *bench;
	} * benches;
	const struct assay_plugin_subject {
		const char *name;
		const struct assay_subject *subject;
	} * subjects; /* may be NULL */
};

/*
 * The timed loop, exactly once per body: `ASSAY_LOOP (run) operation();`. It counts down in a
 * register, two instructions per iteration. Read accessors into locals before it. Leaving it by
 * break, return or goto is detected and reported as a failure. (Two nested loops, so that the inner
 * one is entered only with a count known to be positive; the outer one asks what comes next.)
 */
#define ASSAY_LOOP(run)                                                 \
	for (uint64_t assay_left_ = assay_begin(run); assay_left_ != 0; \
	     assay_left_ = assay_next(run, assay_left_))                \
		for (; assay_left_ != 0; --assay_left_)
/* What ASSAY_LOOP calls: the first count of iterations; and, after `left` remained undone (not 0
 * only when the loop was left early), the next count, 0 to end. */
ASSAY_API uint64_t assay_begin(struct assay_run *run);
ASSAY_API uint64_t assay_next(struct assay_run *run, uint64_t left);

/* The ops of the subject under test; NULL when the benchmark takes none. */
ASSAY_API const void *assay_subject(const struct assay_run *run);
/* Value of an axis: a number in the axis' unit, or the position of a word. Unknown name: the case
 * fails with a message, and 0. */
ASSAY_API double assay_axis(struct assay_run *run, const char *name);
/* The word, number or text of an axis as it was asked for; valid as long as the run. */
ASSAY_API const char *assay_axis_text(struct assay_run *run, const char *name);
/* This thread's number from 0, how many there are, and the number within its role. */
ASSAY_API unsigned assay_thread(const struct assay_run *run);
ASSAY_API unsigned assay_threads(const struct assay_run *run);
/* Index of this thread's role in the benchmark's `roles`, 0 when there are none. */
ASSAY_API unsigned assay_role(const struct assay_run *run);
/* CPU that thread `thread` was given, or -1 when it is not pinned. For subjects with own threads. */
ASSAY_API int assay_cpu(const struct assay_run *run, unsigned thread);
/* A seed for workload data: the same for all threads of a launch, different between launches. */
ASSAY_API uint64_t assay_seed(const struct assay_run *run);

/*
 * Ranks: with --launcher a case is measured by several processes together, each of which runs setup() and the same
 * batches, with as many operations. Which one this is, and how many there are; 0 of 1 for one that is alone.
 */
ASSAY_API unsigned assay_world_rank(const struct assay_run *run);
ASSAY_API unsigned assay_world_size(const struct assay_run *run);
/*
 * In setup(), on every rank, as often on each: all bring a number, wait for each other, and get the largest. Enough to
 * tell each other where one can be reached. ASSAY_EIO: the launch is over.
 */
ASSAY_API enum assay_code assay_world_max(struct assay_run *run, uint64_t *value,
					  struct assay_err *err);

/* A pointer shared by all threads of the launch, set in setup(). */
ASSAY_API void assay_set_state(struct assay_run *run, void *state);
ASSAY_API void *assay_state(const struct assay_run *run);
/* A pointer of this thread alone, set in thread_setup(). */
ASSAY_API void assay_set_thread_state(struct assay_run *run, void *state);
ASSAY_API void *assay_thread_state(const struct assay_run *run);

/* State bytes or flops per operation when they depend on an axis. In setup(). */
ASSAY_API void assay_set_bytes_per_op(struct assay_run *run, double bytes);
ASSAY_API void assay_set_flops_per_op(struct assay_run *run, double flops);
/* State in setup() that one iteration of ASSAY_LOOP is `ops` operations, such as the requests of a
 * trace that is replayed whole: all rates and times are then those of one operation. ops > 0. */
ASSAY_API void assay_set_ops_per_iteration(struct assay_run *run, uint64_t ops);

/* After the loop: `ops` of this thread's operations in this batch found nothing to do, such as an empty
 * queue, and are not counted. At most as many as the loop had. */
ASSAY_API void assay_discount(struct assay_run *run, uint64_t ops);

/* LATENCY mode: stamp an operation's start, and file its duration. About 50 ns the pair. */
ASSAY_API uint64_t assay_op_begin(struct assay_run *run);
ASSAY_API void assay_op_end(struct assay_run *run, uint64_t stamp);

/*
 * Replace the time of this batch by one the body knows better, e.g. from a device's own events.
 * Call after the loop, on every batch or on none.
 */
ASSAY_API void assay_set_elapsed_ns(struct assay_run *run, double ns);

/*
 * Before the loop: it only puts work into a device's queue, which goes on when the loop has ended. Counters of devices
 * go on with it, until assay_queue_done() or, without that, the end of the body. For bodies of one thread.
 */
ASSAY_API void assay_queue_begins(struct assay_run *run);
ASSAY_API void assay_queue_done(struct assay_run *run);

/*
 * A further figure of this batch beside the time: name as in assay_name_valid(), a base unit such
 * as "ratio", "B", "ns". After the loop; one value per batch becomes one
 * sample; when several threads report it, the last one stands.
 */
ASSAY_API void assay_metric(struct assay_run *run, const char *name, const char *unit,
			    enum assay_better better, double value);

/*
 * An exact whole number that belongs to the case and not to its time: misses, bytes written. It goes
 * among the counters of every result of the case, as it is, not per operation. Name as in
 * assay_name_valid(), value at most 2^53. The last one stated stands.
 */
ASSAY_API void assay_counter(struct assay_run *run, const char *name, uint64_t value);

/*
 * The oracle inside a body, outside the timed loop: a wrong answer makes the case "failed", never
 * "slow". Returns `ok`, so that `if (!assay_check(run, ...)) return;` reads well.
 */
ASSAY_API bool assay_check(struct assay_run *run, bool ok, const char *fmt, ...) ASSAY_PRINTF(3, 4);
/* The case cannot run here, and why. In setup(); the first reason counts. */
ASSAY_API void assay_skip(struct assay_run *run, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* Value barriers: the compiler must produce the value in a register and may not guess it later. */
static inline __attribute__((always_inline)) void assay_keep_bytes_(void *value, size_t size)
{
	uint64_t word = 0;
	if (size <= sizeof(word)) {
		memcpy(&word, value, size);
		__asm__ volatile("" : "+r"(word) : : "memory");
		memcpy(value, &word, size);
	} else {
		__asm__ volatile("" : : "r"(value) : "memory");
	}
}
#if defined(__x86_64__)
#define ASSAY_FLOAT_REGISTER_ "+x"
#elif defined(__aarch64__)
#define ASSAY_FLOAT_REGISTER_ "+w"
#else
#define ASSAY_FLOAT_REGISTER_ "+m"
#endif
static inline __attribute__((always_inline)) void assay_keep_float_(void *value, size_t size)
{
	(void)size;
	__asm__ volatile("" : ASSAY_FLOAT_REGISTER_(*(float *)value) : : "memory");
}
static inline __attribute__((always_inline)) void assay_keep_double_(void *value, size_t size)
{
	(void)size;
	__asm__ volatile("" : ASSAY_FLOAT_REGISTER_(*(double *)value) : : "memory");
}
/* assay_keep(x): evaluate x, hide the result from the optimiser, and yield it. */
#define assay_keep(x)                                                             \
	({                                                                        \
		__auto_type assay_kept_ = (x);                                    \
		_Generic(assay_kept_, float                                       \
			 : assay_keep_float_, double                              \
			 : assay_keep_double_, default                            \
			 : assay_keep_bytes_)(&assay_kept_, sizeof(assay_kept_)); \
		assay_kept_;                                                      \
	})
/* All memory may have changed: stores before stay, loads after are real. */
static inline __attribute__((always_inline)) void assay_clobber(void)
{
	__asm__ volatile("" : : : "memory");
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * breaker: a circuit breaker: calls to a service that keeps failing are refused for a while instead of
 * made. Closed: calls pass and their outcomes are watched; open: all are refused; half-open, after a wait:
 * a few pass, and what becomes of them closes or opens it again.
 *
 * Semantics of resilience4j (sliding windows, slow calls, half-open judged by rate) and, where asked
 * for, of gobreaker (fixed intervals, consecutive failures, half-open ended by the first failure). A
 * result that comes after the state has changed belongs to an older generation and changes nothing.
 *
 * Thread-safe: a passing call reads one word; outcomes are filed under a mutex. Times are passed in, in
 * nanoseconds of any clock: when it steps back, the breaker's own time stands still for that call and
 * goes on from there, so that no wait becomes longer by the step.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_BREAKER_H
#define ASSAY_SUITES_CONCURRENCY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/err.h"

enum breaker_window_kind {
	BREAKER_COUNT,    /* the last `size` calls */
	BREAKER_TIME,     /* the calls of the last `size` whole seconds, the present one included */
	BREAKER_INTERVAL, /* all since the state changed; forgotten each `interval_ns`, 0: never */
};

enum breaker_outcome { BREAKER_SUCCESS, BREAKER_FAILURE, BREAKER_IGNORED };
enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

#define BREAKER_SIZE_MAX 4096
#define BREAKER_REFUSED  0

/* breaker_defaults() has those of resilience4j. */
struct breaker_config {
	enum breaker_window_kind window;
	uint32_t size;          /* calls or seconds, 1 to BREAKER_SIZE_MAX */
	uint64_t interval_ns;   /* BREAKER_INTERVAL */
	uint32_t minimum_calls; /* no rate is judged below */
	double failure_ratio;   /* opens at this share of failures, above 0; > 1: never */
	double slow_ratio;      /* the same of slow calls, whatever their outcome; > 1: never */
	uint64_t slow_ns;       /* a call that takes longer is slow */
	uint32_t consecutive;   /* opens at more consecutive failures than this; 0: not looked at */
	uint64_t open_ns;       /* how long it stays open */
	uint32_t permits;       /* calls let through when half-open */
	bool strict;            /* half-open: the first failure opens it; else the rate decides */
};

/* What was seen, in the window or while half-open. */
struct breaker_counts {
	uint32_t calls, success, failed, slow;
	uint64_t total_ns;
};

/* Since the state or the interval changed, as gobreaker keeps them. */
struct breaker_tally {
	uint32_t requests, success, failed, success_run, failed_run, ignored;
};

struct breaker_view {
	enum breaker_state state;
	struct breaker_counts counts; /* of what was judged last */
	double failure_percent;       /* -1: fewer calls than the minimum */
	struct breaker_tally tally;
	uint64_t refused; /* ever */
};

struct breaker;

struct breaker_config breaker_defaults(void);
/* ASSAY_EUSAGE names what makes no sense; ASSAY_ENOMEM. */
enum assay_code breaker_new(const struct breaker_config *config, uint64_t now_ns,
			    struct breaker **ret, struct assay_err *err);
void breaker_free(struct breaker *b);

/* A ticket for a call that may be made, BREAKER_REFUSED when it may not. Hand it back by breaker_report. */
uint64_t breaker_allow(struct breaker *b, uint64_t now_ns);
/* What became of it, and how long it took. */
void breaker_report(struct breaker *b, uint64_t ticket, enum breaker_outcome outcome,
		    uint64_t now_ns, uint64_t took_ns);
/* As it stands at that time; a wait that is over makes it half-open. */
void breaker_look(struct breaker *b, uint64_t now_ns, struct breaker_view *ret);

/*
 * A call through a breaker, tried again after failures. Waits between tries double from `pause_ns` to
 * `pause_most_ns`, each drawn at random from the upper half, so that callers do not return together.
 */
struct breaker_retry {
	uint32_t tries; /* at least 1 */
	uint64_t pause_ns, pause_most_ns;
	uint64_t seed;
};
/* What the call needs from outside; tests and simulations have their own time. */
struct breaker_call {
	enum breaker_outcome (*call)(void *context);
	void (*fallback)(void *context); /* may be NULL; when no try succeeded */
	uint64_t (*now_ns)(void *context);
	void (*pause)(void *context, uint64_t ns);
	void *context;
};
enum breaker_answer { BREAKER_ANSWERED, BREAKER_FELL_BACK, BREAKER_GAVE_UP };
/* An outcome BREAKER_IGNORED is an error of the caller's own: answered, and not tried again. */
enum breaker_answer breaker_run(struct breaker *b, const struct breaker_retry *retry,
				const struct breaker_call *call);

#endif

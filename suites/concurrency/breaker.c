/* SPDX-License-Identifier: MIT */
/*
 * breaker: the state machine. A ticket is the generation in which a call began, its lowest two bits the
 * state; the generation changes with the state and with each new interval.
 */
#include "suites/concurrency/breaker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/concurrency/breaker_window.h"

#define STATE_BITS 3u
#define GENERATION 4u

struct breaker {
	_Atomic uint64_t word; /* generation and state; what allow() reads while closed */
	_Atomic uint64_t refused;
	/* whether closed needs the time: only intervals run out without any outcome */
	bool timed;
	struct breaker_config config;
	pthread_mutex_t lock; /* of all below */
	struct breaker_window window, trial;
	bool trial_judged; /* counts on show are those of the trial */
	struct breaker_tally tally;
	uint32_t in_flight;  /* half-open: permits given and not yet reported */
	uint64_t until_ns;   /* open: the wait's end; closed: the interval's; UINT64_MAX: none */
	uint64_t seen_ns;    /* the latest own time */
	uint64_t shifted_ns; /* own time minus the clock's, which grows when the clock steps back */
};

struct breaker_config breaker_defaults(void)
{
	return (struct breaker_config){.window = BREAKER_COUNT,
				       .size = 100,
				       .minimum_calls = 100,
				       .failure_ratio = 0.5,
				       .slow_ratio = 1,
				       .slow_ns = 60000000000u,
				       .open_ns = 60000000000u,
				       .permits = 10};
}

static uint64_t own_time(struct breaker *b, uint64_t now_ns)
{
	uint64_t own = now_ns + b->shifted_ns;
	if (own < b->seen_ns) {
		b->shifted_ns += b->seen_ns - own;
		own = b->seen_ns;
	}
	b->seen_ns = own;
	return own;
}

static enum breaker_state state_of(uint64_t word)
{
	return (enum breaker_state)(word & STATE_BITS);
}

/* Also when the state is the same and only a new interval begins. */
static void enter(struct breaker *b, enum breaker_state state, uint64_t own_ns)
{
	uint64_t word = atomic_load_explicit(&b->word, memory_order_relaxed);
	b->tally = (struct breaker_tally){0};
	b->in_flight = 0;
	b->until_ns = UINT64_MAX;
	if (state == BREAKER_OPEN)
		b->until_ns = own_ns + b->config.open_ns;
	else if (state == BREAKER_CLOSED && b->config.interval_ns)
		b->until_ns = own_ns + b->config.interval_ns;
	if (state == BREAKER_HALF_OPEN)
		breaker_window_clear(&b->trial);
	if (state == BREAKER_CLOSED)
		breaker_window_clear(&b->window);
	if (state != BREAKER_OPEN)
		b->trial_judged = state == BREAKER_HALF_OPEN;
	/* release: whoever is let in by the new word sees what it stands for; the mutex does the rest */
	atomic_store_explicit(&b->word, ((word & ~(uint64_t)STATE_BITS) + GENERATION) | state,
			      memory_order_release);
}

/* Waits and intervals that are over. Returns the state then. */
static enum breaker_state move(struct breaker *b, uint64_t own_ns)
{
	enum breaker_state state = state_of(atomic_load_explicit(&b->word, memory_order_relaxed));
	if (own_ns < b->until_ns)
		return state;
	state = state == BREAKER_OPEN ? BREAKER_HALF_OPEN : BREAKER_CLOSED;
	enter(b, state, own_ns);
	return state;
}

static uint64_t allow_slowly(struct breaker *b, uint64_t now_ns)
{
	pthread_mutex_lock(&b->lock);
	enum breaker_state state = move(b, own_time(b, now_ns));
	uint64_t ticket = BREAKER_REFUSED;
	bool full = b->in_flight + b->trial.sum.calls >= b->config.permits;
	if (state == BREAKER_CLOSED || (state == BREAKER_HALF_OPEN && !full)) {
		b->tally.requests++;
		b->in_flight++;
		ticket = atomic_load_explicit(&b->word, memory_order_relaxed);
	}
	pthread_mutex_unlock(&b->lock);
	if (ticket == BREAKER_REFUSED)
		atomic_fetch_add_explicit(&b->refused, 1, memory_order_relaxed);
	return ticket;
}

uint64_t breaker_allow(struct breaker *b, uint64_t now_ns)
{
	/* acquire: with enter(); a state that is just changing is seen one call late at most */
	uint64_t word = atomic_load_explicit(&b->word, memory_order_acquire);
	if (__builtin_expect(state_of(word) == BREAKER_CLOSED && !b->timed, 1))
		return word;
	return allow_slowly(b, now_ns);
}

static bool too_many(const struct breaker_config *c, const struct breaker_counts *counts,
		     uint32_t minimum)
{
	double calls = counts->calls;
	return counts->calls >= minimum && calls > 0 &&
	       (counts->failed >= c->failure_ratio * calls ||
		counts->slow >= c->slow_ratio * calls);
}

static void judge_closed(struct breaker *b, uint64_t own_ns)
{
	const struct breaker_config *c = &b->config;
	if (too_many(c, &b->window.sum, c->minimum_calls) ||
	    (c->consecutive && b->tally.failed_run > c->consecutive))
		enter(b, BREAKER_OPEN, own_ns);
}

static void judge_half_open(struct breaker *b, uint64_t own_ns)
{
	const struct breaker_config *c = &b->config;
	if (c->strict && b->trial.sum.failed)
		enter(b, BREAKER_OPEN, own_ns);
	else if (b->trial.sum.calls >= c->permits)
		enter(b, too_many(c, &b->trial.sum, 1) ? BREAKER_OPEN : BREAKER_CLOSED, own_ns);
}

static void count(struct breaker_tally *t, bool failed)
{
	t->success += !failed;
	t->failed += failed;
	t->success_run = failed ? 0 : t->success_run + 1;
	t->failed_run = failed ? t->failed_run + 1 : 0;
}

static void file(struct breaker *b, uint64_t ticket, enum breaker_outcome outcome, uint64_t own_ns,
		 uint64_t took_ns)
{
	bool half_open = state_of(ticket) == BREAKER_HALF_OPEN;
	if (half_open || b->timed)
		b->in_flight--;
	else
		b->tally.requests++; /* allow() counts only where it takes the lock anyway */
	if (outcome == BREAKER_IGNORED) {
		b->tally.ignored++;
		return;
	}
	bool failed = outcome == BREAKER_FAILURE;
	count(&b->tally, failed);
	breaker_window_add(half_open ? &b->trial : &b->window, own_ns, failed,
			   took_ns > b->config.slow_ns, took_ns);
	if (half_open)
		judge_half_open(b, own_ns);
	else
		judge_closed(b, own_ns);
}

void breaker_report(struct breaker *b, uint64_t ticket, enum breaker_outcome outcome,
		    uint64_t now_ns, uint64_t took_ns)
{
	pthread_mutex_lock(&b->lock);
	uint64_t own_ns = own_time(b, now_ns);
	move(b, own_ns);
	if (ticket == atomic_load_explicit(&b->word, memory_order_relaxed))
		file(b, ticket, outcome, own_ns, took_ns);
	pthread_mutex_unlock(&b->lock);
}

void breaker_look(struct breaker *b, uint64_t now_ns, struct breaker_view *ret)
{
	pthread_mutex_lock(&b->lock);
	uint64_t own_ns = own_time(b, now_ns);
	ret->state = move(b, own_ns);
	if (ret->state == BREAKER_CLOSED)
		breaker_window_move(&b->window, own_ns);
	ret->counts = b->trial_judged ? b->trial.sum : b->window.sum;
	ret->tally = b->tally;
	uint32_t minimum = b->config.minimum_calls;
	if (b->trial_judged && b->config.permits < minimum)
		minimum = b->config.permits;
	bool judged = ret->counts.calls && ret->counts.calls >= minimum;
	ret->failure_percent = judged ? 100.0 * ret->counts.failed / ret->counts.calls : -1;
	pthread_mutex_unlock(&b->lock);
	ret->refused = atomic_load_explicit(&b->refused, memory_order_relaxed);
}

static enum assay_code check_config(const struct breaker_config *c, struct assay_err *err)
{
	if (c->window != BREAKER_INTERVAL && (c->size < 1 || c->size > BREAKER_SIZE_MAX))
		return assay_fail(err, ASSAY_EUSAGE, "a window of %u: from 1 to %d", c->size,
				  BREAKER_SIZE_MAX);
	if (c->window == BREAKER_COUNT && c->minimum_calls > c->size)
		return assay_fail(err, ASSAY_EUSAGE,
				  "at least %u calls in a window of %u: it would never open",
				  c->minimum_calls, c->size);
	if (c->permits < 1)
		return assay_fail(err, ASSAY_EUSAGE, "no permits when half-open: at least 1");
	if (!(c->failure_ratio > 0 && c->slow_ratio > 0))
		return assay_fail(err, ASSAY_EUSAGE, "ratios %g and %g: above 0", c->failure_ratio,
				  c->slow_ratio);
	return ASSAY_OK;
}

enum assay_code breaker_new(const struct breaker_config *config, uint64_t now_ns,
			    struct breaker **ret, struct assay_err *err)
{
	enum assay_code rc = check_config(config, err);
	if (rc != ASSAY_OK)
		return rc;
	struct breaker *b = calloc(1, sizeof(*b));
	if (!b)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a breaker");
	b->config = *config;
	b->timed = config->window == BREAKER_INTERVAL;
	b->seen_ns = now_ns;
	pthread_mutex_init(&b->lock, NULL);
	rc = breaker_window_init(&b->window, config->window, config->size, err);
	if (rc == ASSAY_OK)
		rc = breaker_window_init(&b->trial, BREAKER_INTERVAL, 0, err);
	if (rc != ASSAY_OK) {
		breaker_free(b);
		return rc;
	}
	b->window.second = now_ns / 1000000000u;
	enter(b, BREAKER_CLOSED, now_ns);
	*ret = b;
	return ASSAY_OK;
}

void breaker_free(struct breaker *b)
{
	if (!b)
		return;
	breaker_window_done(&b->window);
	breaker_window_done(&b->trial);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static bool try_once(struct breaker *b, const struct breaker_call *call)
{
	uint64_t began_ns = call->now_ns(call->context);
	uint64_t ticket = breaker_allow(b, began_ns);
	if (ticket == BREAKER_REFUSED)
		return false;
	enum breaker_outcome outcome = call->call(call->context);
	uint64_t now_ns = call->now_ns(call->context);
	breaker_report(b, ticket, outcome, now_ns, now_ns > began_ns ? now_ns - began_ns : 0);
	return outcome != BREAKER_FAILURE;
}

enum breaker_answer breaker_run(struct breaker *b, const struct breaker_retry *retry,
				const struct breaker_call *call)
{
	uint64_t pause_ns = retry->pause_ns, random = retry->seed;
	for (uint32_t i = 0; i < retry->tries; i++) {
		if (i > 0) {
			uint64_t half = pause_ns / 2;
			call->pause(call->context,
				    pause_ns - (half ? assay_splitmix(&random) % half : 0));
			pause_ns = pause_ns < retry->pause_most_ns / 2 ? 2 * pause_ns
								       : retry->pause_most_ns;
		}
		if (try_once(b, call))
			return BREAKER_ANSWERED;
	}
	if (!call->fallback)
		return BREAKER_GAVE_UP;
	call->fallback(call->context);
	return BREAKER_FELL_BACK;
}

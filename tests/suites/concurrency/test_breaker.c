/* SPDX-License-Identifier: MIT */
/* breaker: random calls against a plain window; clock steps; late results; threads; retry and fallback. */
#include <pthread.h>

#include "harness/base/rng.h"
#include "suites/concurrency/breaker.h"
#include "tests/t.h"

#define SECOND 1000000000u

static struct breaker *make(struct breaker_config config)
{
	struct breaker *b = NULL;
	struct assay_err err = {0};
	assert_ok(breaker_new(&config, SECOND, &b, &err));
	return b;
}

static struct breaker_config small(void)
{
	struct breaker_config config = breaker_defaults();
	config.size = config.minimum_calls = 10;
	config.open_ns = 5u * (uint64_t)SECOND;
	config.permits = 2;
	return config;
}

static void fail_until_open(struct breaker *b, uint64_t now_ns)
{
	for (int i = 0; i < 10; i++)
		breaker_report(b, breaker_allow(b, now_ns), BREAKER_FAILURE, now_ns, 0);
	assert_int_equal(breaker_allow(b, now_ns), BREAKER_REFUSED);
}

/* The last ten outcomes, looked at anew after each call. */
static void the_window_is_the_last_calls(void **state)
{
	struct breaker *b = make(small());
	struct assay_rng rng;
	bool failed[4000];
	size_t n = 0;
	assay_rng_init(&rng, 3);
	for (uint64_t now_ns = SECOND; n < 4000; n++) {
		uint64_t ticket = breaker_allow(b, now_ns);
		assert_int_not_equal(ticket, BREAKER_REFUSED);
		failed[n] = assay_rng_below(&rng, 4) == 0;
		breaker_report(b, ticket, failed[n] ? BREAKER_FAILURE : BREAKER_SUCCESS, now_ns, 0);
		size_t bad = 0;
		for (size_t i = n < 9 ? 0 : n - 9; i <= n; i++)
			bad += failed[i];
		struct breaker_view view;
		breaker_look(b, now_ns, &view);
		assert_int_equal(view.counts.failed, bad);
		assert_int_equal(view.state, n >= 9 && bad >= 5 ? BREAKER_OPEN : BREAKER_CLOSED);
		if (view.state == BREAKER_OPEN)
			break;
	}
	assert_in_range(n, 10, 3999);
	breaker_free(b);
}

/* Open for five seconds, the clock steps back an hour: still five seconds. */
static void a_clock_that_steps_back_prolongs_nothing(void **state)
{
	uint64_t hour_ns = 3600u * (uint64_t)SECOND, now_ns = 2 * hour_ns;
	struct breaker_config config = small();
	config.window = BREAKER_TIME;
	struct breaker *b = make(config);
	fail_until_open(b, now_ns);
	now_ns -= hour_ns;
	assert_int_equal(breaker_allow(b, now_ns), BREAKER_REFUSED);
	assert_int_equal(breaker_allow(b, now_ns + 4u * (uint64_t)SECOND), BREAKER_REFUSED);
	assert_int_not_equal(breaker_allow(b, now_ns + 5u * (uint64_t)SECOND), BREAKER_REFUSED);
	breaker_free(b);
}

static void a_clock_that_leaps_forgets_the_window(void **state)
{
	struct breaker_config config = small();
	struct breaker_view view;
	config.window = BREAKER_TIME;
	struct breaker *b = make(config);
	for (int i = 0; i < 9; i++)
		breaker_report(b, breaker_allow(b, SECOND), BREAKER_FAILURE, SECOND, 0);
	uint64_t later_ns = UINT64_MAX / 2;
	breaker_report(b, breaker_allow(b, later_ns), BREAKER_FAILURE, later_ns, 0);
	breaker_look(b, later_ns, &view);
	assert_int_equal(view.state, BREAKER_CLOSED);
	assert_int_equal(view.counts.calls, 1);
	breaker_free(b);
}

static void late_results_change_nothing(void **state)
{
	struct breaker *b = make(small());
	uint64_t now_ns = SECOND, late = breaker_allow(b, now_ns);
	struct breaker_view view;
	fail_until_open(b, now_ns);
	now_ns += 5u * (uint64_t)SECOND;
	uint64_t trial = breaker_allow(b, now_ns);
	assert_int_not_equal(trial, BREAKER_REFUSED);
	breaker_report(b, late, BREAKER_FAILURE, now_ns, 0);
	breaker_report(b, late, BREAKER_FAILURE, now_ns, 0);
	breaker_look(b, now_ns, &view);
	assert_int_equal(view.state, BREAKER_HALF_OPEN);
	assert_int_equal(view.counts.calls, 0);
	breaker_report(b, trial, BREAKER_SUCCESS, now_ns, 0);
	breaker_report(b, breaker_allow(b, now_ns), BREAKER_SUCCESS, now_ns, 0);
	breaker_look(b, now_ns, &view);
	assert_int_equal(view.state, BREAKER_CLOSED);
	breaker_free(b);
}

static void senseless_configurations_are_refused(void **state)
{
	struct breaker *b;
	struct assay_err err = {0};
	struct breaker_config config = small();
	config.size = 0;
	assert_fails(breaker_new(&config, 0, &b, &err), ASSAY_EUSAGE, "from 1");
	config = small();
	config.minimum_calls = 11;
	assert_fails(breaker_new(&config, 0, &b, &err), ASSAY_EUSAGE, "never open");
	config = small();
	config.failure_ratio = 0;
	assert_fails(breaker_new(&config, 0, &b, &err), ASSAY_EUSAGE, "above 0");
	config = small();
	config.permits = 0;
	assert_fails(breaker_new(&config, 0, &b, &err), ASSAY_EUSAGE, "permits");
}

struct crowd {
	struct breaker *b;
	_Atomic uint64_t made, refused;
};

enum { CALLS = 20000, THREADS = 4 };

static void *make_calls(void *arg)
{
	struct crowd *crowd = arg;
	for (uint64_t i = 0; i < CALLS; i++) {
		uint64_t now_ns = SECOND + i * 1000000;
		uint64_t ticket = breaker_allow(crowd->b, now_ns);
		if (ticket == BREAKER_REFUSED) {
			crowd->refused++;
			continue;
		}
		crowd->made++;
		breaker_report(crowd->b, ticket, i % 4000 < 100 ? BREAKER_FAILURE : BREAKER_SUCCESS,
			       now_ns, 0);
	}
	return NULL;
}

/* Every call is made or refused, once; run under ThreadSanitizer for the rest. */
static void threads_share_one(void **state)
{
	struct breaker_config config = small();
	config.open_ns = SECOND / 10;
	struct crowd crowd = {.b = make(config)};
	pthread_t threads[THREADS];
	struct breaker_view view;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_calls, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	breaker_look(crowd.b, SECOND + CALLS * 1000000ul, &view);
	assert_int_equal(crowd.made + crowd.refused, THREADS * CALLS);
	assert_int_equal(view.refused, crowd.refused);
	assert_true(crowd.refused > 0);
	breaker_free(crowd.b);
}

struct service {
	uint64_t now_ns, paused_ns[8];
	unsigned calls, pauses, fallbacks, failures; /* it fails so often, then no more */
	enum breaker_outcome fault;
};

static enum breaker_outcome serve(void *context)
{
	struct service *s = context;
	return s->calls++ < s->failures ? s->fault : BREAKER_SUCCESS;
}

static void fall_back(void *context)
{
	((struct service *)context)->fallbacks++;
}

static uint64_t time_of(void *context)
{
	return ((struct service *)context)->now_ns;
}

static void pass(void *context, uint64_t ns)
{
	struct service *s = context;
	s->paused_ns[s->pauses++ % 8] = ns;
	s->now_ns += ns;
}

static void retries_pause_longer_each_time(void **state)
{
	struct breaker *b = make(small());
	struct breaker_retry retry = {5, 1000, 3000, 1};
	struct service s = {.now_ns = SECOND, .failures = 4, .fault = BREAKER_FAILURE};
	struct breaker_call call = {serve, fall_back, time_of, pass, &s};
	assert_int_equal(breaker_run(b, &retry, &call), BREAKER_ANSWERED);
	assert_int_equal(s.calls, 5);
	assert_int_equal(s.pauses, 4);
	const uint64_t whole[] = {1000, 2000, 3000, 3000};
	for (int i = 0; i < 4; i++)
		assert_in_range(s.paused_ns[i], whole[i] / 2, whole[i]);
	s = (struct service){.now_ns = SECOND, .failures = 100, .fault = BREAKER_FAILURE};
	assert_int_equal(breaker_run(b, &retry, &call), BREAKER_FELL_BACK);
	assert_int_equal(s.fallbacks, 1);
	/* 9 of 10 have failed: it is open, and no further call is made */
	s = (struct service){.now_ns = SECOND, .failures = 100, .fault = BREAKER_FAILURE};
	call.fallback = NULL;
	assert_int_equal(breaker_run(b, &retry, &call), BREAKER_GAVE_UP);
	assert_int_equal(s.calls, 0);
	breaker_free(b);
}

/* A caller's own error says nothing about the service. */
static void own_errors_are_not_tried_again(void **state)
{
	struct breaker *b = make(small());
	struct breaker_retry retry = {5, 1000, 3000, 1};
	struct breaker_view view;
	struct service s = {.now_ns = SECOND, .failures = 100, .fault = BREAKER_IGNORED};
	struct breaker_call call = {serve, fall_back, time_of, pass, &s};
	for (int i = 0; i < 20; i++)
		assert_int_equal(breaker_run(b, &retry, &call), BREAKER_ANSWERED);
	assert_int_equal(s.calls, 20);
	breaker_look(b, s.now_ns, &view);
	assert_int_equal(view.counts.calls, 0);
	breaker_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_is_the_last_calls),
		cmocka_unit_test(a_clock_that_steps_back_prolongs_nothing),
		cmocka_unit_test(a_clock_that_leaps_forgets_the_window),
		cmocka_unit_test(late_results_change_nothing),
		cmocka_unit_test(senseless_configurations_are_refused),
		cmocka_unit_test(threads_share_one),
		cmocka_unit_test(retries_pause_longer_each_time),
		cmocka_unit_test(own_errors_are_not_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

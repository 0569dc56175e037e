/* SPDX-License-Identifier: MIT */
/* locks: every lock and every way to wake passes its oracle, those with a planted fault fail it. */
#include "suites/concurrency/lock.h"
#include "suites/concurrency/wake_cost.h"
#include "suites/concurrency/waking.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_lock_null;
extern const struct assay_subject assay_subject_concurrency_mutex;
extern const struct assay_subject assay_subject_concurrency_mutex_adaptive;
extern const struct assay_subject assay_subject_concurrency_pthread_spin;
extern const struct assay_subject assay_subject_concurrency_pthread_rwlock;
extern const struct assay_subject assay_subject_concurrency_ck_fas;
extern const struct assay_subject assay_subject_concurrency_ck_ticket;
extern const struct assay_subject assay_subject_concurrency_ck_mcs;
extern const struct assay_subject assay_subject_concurrency_ck_rwlock;
extern const struct assay_subject assay_subject_concurrency_futex;
extern const struct assay_subject assay_subject_concurrency_futex_spin;
extern const struct assay_subject assay_subject_concurrency_futex_park;
extern const struct assay_subject assay_subject_concurrency_event;
extern const struct assay_subject assay_subject_concurrency_event_spin;
extern const struct assay_subject assay_subject_concurrency_event_park;
extern const struct assay_subject assay_subject_concurrency_wake_semaphore;
extern const struct assay_subject assay_subject_concurrency_wake_condition;
extern const struct assay_subject assay_subject_concurrency_wake_eventfd;

static const struct assay_subject *const subjects[] = {
	&assay_subject_concurrency_lock_null,      &assay_subject_concurrency_mutex,
	&assay_subject_concurrency_mutex_adaptive, &assay_subject_concurrency_pthread_spin,
	&assay_subject_concurrency_pthread_rwlock, &assay_subject_concurrency_ck_fas,
	&assay_subject_concurrency_ck_ticket,      &assay_subject_concurrency_ck_mcs,
	&assay_subject_concurrency_ck_rwlock,      &assay_subject_concurrency_futex,
	&assay_subject_concurrency_futex_spin,     &assay_subject_concurrency_futex_park,
	&assay_subject_concurrency_event,          &assay_subject_concurrency_event_spin,
	&assay_subject_concurrency_event_park,     &assay_subject_concurrency_wake_semaphore,
	&assay_subject_concurrency_wake_condition, &assay_subject_concurrency_wake_eventfd,
};

static void all_pass_or_say_why_not(void **state)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++) {
		struct assay_err err = {0};
		enum assay_code code = subjects[i]->probe ? subjects[i]->probe(&err) : ASSAY_OK;
		if (code == ASSAY_SKIP) {
			print_message("# %s: %s\n", subjects[i]->brief, err.text);
			assert_true(strlen(err.text) > 10);
			continue;
		}
		assert_ok(assay_suite_concurrency.check(subjects[i], 7919, &err));
	}
}

static void no_lock(struct lock *lock, struct lock_place *place)
{
}

/* Threads that happen to run one after the other do no harm without a lock: try until they meet. */
static void assert_caught(const struct assay_subject *faulty, const char *says)
{
	struct assay_err err = {0};
	for (uint64_t seed = 1; seed <= 200; seed++)
		if (assay_suite_concurrency.check(faulty, seed, &err) == ASSAY_ECHECK &&
		    strstr(err.text, says))
			return;
	fail_msg("200 seeds, and no word of '%s'", says);
}

static void planted_faults_are_caught(void **state)
{
	if (ASSAY_TSAN)
		return; /* it would rightly report the race */
	const struct lock_ops *sound = assay_subject_concurrency_pthread_rwlock.ops;
	struct lock_ops ops = *sound;
	struct assay_subject faulty = {.interface = LOCK_INTERFACE, .ops = &ops};
	ops.acquire = ops.release = no_lock;
	ops.acquire_shared = ops.release_shared = NULL;
	assert_caught(&faulty, "counted");
	ops = *sound;
	ops.acquire_shared = ops.release_shared = no_lock;
	assert_caught(&faulty, "half changed");
}

static void wait_not(struct waking *w)
{
}

static void waits_that_end_too_early_are_caught(void **state)
{
	struct waking_ops ops =
		*(const struct waking_ops *)assay_subject_concurrency_wake_semaphore.ops;
	struct assay_subject faulty = {.interface = WAKING_INTERFACE, .ops = &ops};
	struct assay_err err = {0};
	ops.wait = wait_not;
	assert_fails(assay_suite_concurrency.check(&faulty, 3, &err), ASSAY_ECHECK,
		     "without a wake");
}

static void waking_costs_something_unless_there_is_one_processor(void **state)
{
	assert_int_equal(wake_cost_pauses(0, 0), 0);
	uint32_t pauses = wake_cost_pauses(-1, -1);
	assert_true(pauses == 0 || (pauses > 5 && pauses < 100 * 1000 * 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pass_or_say_why_not),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(waits_that_end_too_early_are_caught),
		cmocka_unit_test(waking_costs_something_unless_there_is_one_processor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

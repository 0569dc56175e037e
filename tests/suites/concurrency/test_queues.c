/* SPDX-License-Identifier: MIT */
/* queues: every queue passes the oracle with many seeds, and queues with a planted fault fail it. */
#include "suites/concurrency/queue.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_queue_null;
extern const struct assay_subject assay_subject_concurrency_queue_bound;
extern const struct assay_subject assay_subject_concurrency_spsc_ring;
extern const struct assay_subject assay_subject_concurrency_claim_ring;
extern const struct assay_subject assay_subject_concurrency_vyukov;
extern const struct assay_subject assay_subject_concurrency_mutex_ring;
extern const struct assay_subject assay_subject_concurrency_ck_spsc;
extern const struct assay_subject assay_subject_concurrency_ck_mpmc;
extern const struct assay_subject assay_subject_concurrency_wfcqueue;

static const struct assay_subject *const subjects[] = {
	&assay_subject_concurrency_queue_null, &assay_subject_concurrency_queue_bound,
	&assay_subject_concurrency_spsc_ring,  &assay_subject_concurrency_claim_ring,
	&assay_subject_concurrency_vyukov,     &assay_subject_concurrency_mutex_ring,
	&assay_subject_concurrency_ck_spsc,    &assay_subject_concurrency_ck_mpmc,
	&assay_subject_concurrency_wfcqueue,
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
		for (uint64_t seed = 1; seed <= 2; seed++)
			assert_ok(assay_suite_concurrency.check(subjects[i], seed * 7919, &err));
	}
}

static const struct queue_ops *sound(void)
{
	return assay_subject_concurrency_mutex_ring.ops;
}

static bool put_nothing(struct queue *q, unsigned thread, uint64_t item)
{
	return item % 61 == 0 || sound()->put(q, thread, item);
}

static bool put_twice(struct queue *q, unsigned thread, uint64_t item)
{
	return sound()->put(q, thread, item) &&
	       (item % 61 != 0 || sound()->put(q, thread, item) || true);
}

static bool put_never(struct queue *q, unsigned thread, uint64_t item)
{
	return false;
}

static bool take_another(struct queue *q, unsigned thread, uint64_t *ret)
{
	bool taken = sound()->take(q, thread, ret);
	*ret += taken && *ret % 61 == 0;
	return taken;
}

/* The newest of what can be taken first. */
static size_t take_backwards(struct queue *q, unsigned thread, uint64_t *ret, size_t n)
{
	n = sound()->take_many(q, thread, ret, n);
	for (size_t i = 0; i < n / 2; i++) {
		uint64_t swapped = ret[i];
		ret[i] = ret[n - 1 - i];
		ret[n - 1 - i] = swapped;
	}
	return n;
}

static void assert_caught(struct queue_ops ops, const char *part)
{
	struct assay_subject faulty = {.interface = QUEUE_INTERFACE, .ops = &ops};
	struct assay_err err = {0};
	assert_fails(assay_suite_concurrency.check(&faulty, 3, &err), ASSAY_ECHECK, part);
}

static void planted_faults_are_caught(void **state)
{
	struct queue_ops ops = *sound();
	ops.put = put_never;
	assert_caught(ops, "with room for");
	ops.put = put_nothing;
	assert_caught(ops, "taken");
	ops.put = put_twice;
	assert_caught(ops, "taken");
	ops = *sound();
	ops.take = take_another;
	assert_caught(ops, "was next");
	ops = *sound();
	ops.take_many = take_backwards;
	assert_caught(ops, "was next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pass_or_say_why_not),
		cmocka_unit_test(planted_faults_are_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* reading: every way to read passes the oracle, and ways with a planted fault fail it. */
#include "suites/concurrency/reading.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_read_null;
extern const struct assay_subject assay_subject_concurrency_read_mutex;
extern const struct assay_subject assay_subject_concurrency_read_rwlock;
extern const struct assay_subject assay_subject_concurrency_seqlock;
extern const struct assay_subject assay_subject_concurrency_epochs;
extern const struct assay_subject assay_subject_concurrency_urcu_memb;
extern const struct assay_subject assay_subject_concurrency_urcu_mb;
extern const struct assay_subject assay_subject_concurrency_urcu_qsbr;
extern const struct assay_subject assay_subject_concurrency_urcu_bp;

static const struct assay_subject *const subjects[] = {
	&assay_subject_concurrency_read_null,   &assay_subject_concurrency_read_mutex,
	&assay_subject_concurrency_read_rwlock, &assay_subject_concurrency_seqlock,
	&assay_subject_concurrency_epochs,      &assay_subject_concurrency_urcu_memb,
	&assay_subject_concurrency_urcu_mb,     &assay_subject_concurrency_urcu_qsbr,
	&assay_subject_concurrency_urcu_bp,
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

static const struct reading_ops *sound(void)
{
	return assay_subject_concurrency_read_mutex.ops;
}

static void write_half(struct reading *r, unsigned thread, const struct record *record)
{
	struct record half = *record;
	half.words[READING_WORDS - 1]++;
	sound()->write(r, thread, &half);
}

static void write_nothing(struct reading *r, unsigned thread, const struct record *record)
{
}

static void assert_caught(struct reading_ops ops, const char *part)
{
	struct assay_subject faulty = {.interface = READING_INTERFACE, .ops = &ops};
	struct assay_err err = {0};
	assert_fails(assay_suite_concurrency.check(&faulty, 3, &err), ASSAY_ECHECK, part);
}

static void planted_faults_are_caught(void **state)
{
	struct reading_ops ops = *sound();
	ops.write = write_half;
	assert_caught(ops, "records were torn");
	ops.write = write_nothing;
	assert_caught(ops, "older than");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pass_or_say_why_not),
		cmocka_unit_test(planted_faults_are_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

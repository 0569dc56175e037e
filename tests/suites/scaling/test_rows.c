/* SPDX-License-Identifier: MIT */
/* test_rows: rows shared out over teams, ways of computing kernels, and detectors of drift: right, and caught when not. */
#include <math.h>
#include <stdlib.h>

#include "suites/scaling/drift.h"
#include "suites/scaling/kernel_way.h"
#include "suites/scaling/row_work.h"
#include "suites/table.h"
#include "tests/t.h"

static const struct assay_subject *subject(const char *name)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "scaling") == 0 && strcmp(e->name, name) == 0)
			return e->subject;
	fail_msg("no subject %s", name);
	return NULL;
}

static void teams_do_all_rows_of_every_kernel(void **state)
{
	(void)state;
	static const char *const teams[] = {"threads", "processes"};
	for (size_t t = 0; t < ASSAY_COUNT_OF(teams); t++) {
		const struct team_ops *ops = subject(teams[t])->ops;
		for (size_t place = 0; place < KERNELS; place++) {
			struct assay_err err = {0};
			struct row_work *w;
			struct team *team;
			assert_ok(row_work_new(place, 50, 3, &w, &err));
			assert_ok(ops->start(3, NULL, &team, &err));
			assert_ok(ops->run(team, row_work_fill_part, w, &err));
			row_work_serial(w, w->rows);
			row_work_poison(w);
			assert_fails(row_work_compare(w, &err), ASSAY_ECHECK, "nan");
			assert_ok(ops->run(team, row_work_part, w, &err));
			assert_ok(row_work_compare(w, &err));
			w->out[w->kernel->out * 49] += 1;
			assert_fails(row_work_compare(w, &err), ASSAY_ECHECK, "of row 49");
			ops->stop(team);
			row_work_free(w);
		}
	}
	row_work_free(NULL);
}

static void fewer_rows_than_workers_and_far_too_many(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct row_work *w;
	assert_ok(row_work_new(0, 2, 3, &w, &err));
	for (unsigned part = 0; part < 5; part++)
		row_work_fill_part(w, part, 5);
	row_work_serial(w, 2);
	for (unsigned part = 0; part < 5; part++)
		row_work_part(w, part, 5);
	assert_ok(row_work_compare(w, &err));
	row_work_free(w);
	assert_fails(row_work_new(0, 0, 3, &w, &err), ASSAY_SKIP, "0 rows");
	assert_fails(row_work_new(0, SIZE_MAX / 4, 3, &w, &err), ASSAY_SKIP, "1 GiB");
}

static void nearly_lion(const float *shared, const float *in, float *out, size_t rows)
{
	kernel_scalar.rows[7](shared, in, out, rows);
	out[3] *= 1.01f;
}

static struct kernel_code wrong_code;

static const struct kernel_code *get_wrong_code(void)
{
	return &wrong_code;
}

static void the_oracle_catches_one_kernel_that_is_a_little_off(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(scaling_check_kernel(subject("scalar")->ops, 5, &err));
	assert_ok(scaling_check_kernel(subject("vector")->ops, 5, &err));
	assert_ok(scaling_check_kernel(subject("kernel_null")->ops, 5, &err));
	wrong_code = kernel_scalar;
	wrong_code.rows[7] = nearly_lion;
	struct kernel_way way = {.code = get_wrong_code};
	assert_fails(scaling_check_kernel(&way, 5, &err), ASSAY_ECHECK, "lion: result 3 of row 0");
}

static void detectors_find_a_shift_and_keep_quiet_without(void **state)
{
	(void)state;
	static const char *const names[] = {"page_hinkley", "two_windows", "ddm"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		const struct detector_ops *ops = subject(names[i])->ops;
		struct assay_err err = {0};
		struct drift_score score;
		assert_ok(scaling_check_detector(ops, 9, &err));
		assert_ok(drift_score(ops, 0.3, 60, 9, &score, &err));
		bool tuned = i < 2; /* DDM is known to cry wolf */
		assert_true(score.false_alarms <= (tuned ? 0.05 : 0.5));
		assert_true(score.found >= (tuned ? 0.95 : 0.5));
		assert_true(score.delay > 5 && score.delay < 1000);
	}
}

static bool cry_wolf(struct detector *d, double value)
{
	(void)d, (void)value;
	return true;
}

static bool sleep_on(struct detector *d, double value)
{
	(void)d, (void)value;
	return false;
}

static void the_oracle_catches_detectors_that_cry_or_sleep(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct detector_ops ops = *(const struct detector_ops *)subject("page_hinkley")->ops;
	struct drift_score score;
	ops.see = cry_wolf;
	assert_fails(scaling_check_detector(&ops, 9, &err), ASSAY_ECHECK, "value 1 of zeros");
	assert_ok(drift_score(&ops, 0.3, 10, 9, &score, &err));
	assert_true(score.false_alarms == 1 && score.found == 0 && isnan(score.delay));
	ops.see = sleep_on;
	assert_fails(scaling_check_detector(&ops, 9, &err), ASSAY_ECHECK, "no alarm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(teams_do_all_rows_of_every_kernel),
		cmocka_unit_test(fewer_rows_than_workers_and_far_too_many),
		cmocka_unit_test(the_oracle_catches_one_kernel_that_is_a_little_off),
		cmocka_unit_test(detectors_find_a_shift_and_keep_quiet_without),
		cmocka_unit_test(the_oracle_catches_detectors_that_cry_or_sleep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

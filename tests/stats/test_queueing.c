/* SPDX-License-Identifier: MIT */
/* test_queueing: worked examples, and how the formulae meet. */
#include "harness/stats/queueing.h"
#include "tests/t.h"

/* Published Erlang tables: 10 erlangs on 10 trunks lose 21.46 %, 3 on 5 lose 11.01 %; 3 on 5 wait 23.62 %. */
static void erlang_matches_the_tables(void **state)
{
	(void)state;
	assert_close(assay_erlang(5, 0.6).blocking, 0.1101, 5e-4);
	assert_close(assay_erlang(5, 0.6).waiting, 0.2362, 5e-4);
	assert_close(assay_erlang(10, 0.999999999).blocking, 0.2146, 5e-4);
}

/* One server of any kind is the same server by each of the three formulae. */
static void formulae_agree_on_one_server(void **state)
{
	(void)state;
	for (double load = 0; load < 1; load += 0.0625) {
		struct assay_queue mm1 = assay_mm1(load * 4, 4);
		struct assay_queue mg1 = assay_mg1(load * 4, 0.25, 0.0625);
		struct assay_erlang one = assay_erlang(1, load);
		assert_close(one.waiting, load, 1e-13);
		assert_close(one.mean_queue, mm1.mean_in_queue, 1e-12);
		assert_close(mg1.mean_wait, mm1.mean_wait, 1e-12);
		assert_close(mg1.mean_in_system, mm1.mean_in_system, 1e-12);
		/* Little's law */
		assert_close(mm1.mean_in_system, load * 4 * mm1.mean_sojourn, 1e-12);
	}
}

static void nonsense_has_no_answer(void **state)
{
	(void)state;
	assert_true(isnan(assay_erlang(0, 0.5).waiting) && isnan(assay_erlang(2, 1).blocking));
	assert_true(isnan(assay_erlang(2, NAN).mean_queue));
	assert_true(isnan(assay_mm1(2, 2).mean_wait) && isnan(assay_mm1(-1, 2).utilisation));
	assert_true(isnan(assay_mg1(1, 1, 0).mean_wait) && isnan(assay_mg1(1, 0.5, -1).mean_wait));
	assert_true(isnan(assay_mg1(1, NAN, 1).mean_sojourn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erlang_matches_the_tables),
		cmocka_unit_test(formulae_agree_on_one_server),
		cmocka_unit_test(nonsense_has_no_answer),
	};
	return cmocka_run_group_tests_name("queueing", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The modified z-score: its textbook value, half of the data astray, and values that all agree. */
#include "harness/stats/outlier.h"
#include "tests/t.h"

/* Median 2.45; the deviations are .05 twice, .15 four times, .35 twice, 5.75 and 5.85: MAD .15. */
static void textbook(void **state)
{
	(void)state;
	const double x[] = {2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3};
	double scores[10], scratch[20];
	double spread = assay_outlier_scores(x, 10, 0, scores, scratch);
	assert_close(spread, 0.15 / 0.6745, 1e-9);
	assert_true(scores[8] > ASSAY_OUTLIER_SCORE && scores[9] > ASSAY_OUTLIER_SCORE);
	assert_close(scores[0] * spread, 2.1 - 2.45, 1e-12);
	for (int i = 0; i < 8; i++)
		assert_true(scores[i] < ASSAY_OUTLIER_SCORE && scores[i] > -ASSAY_OUTLIER_SCORE);
	assert_close(scores[9] * spread, 8.3 - 2.45, 1e-12);
}

static void equal_values_have_no_outlier(void **state)
{
	(void)state;
	const double x[] = {1, 1, 1, 1, 1.01};
	double scores[5], scratch[10];
	assert_close(assay_outlier_scores(x, 5, 0.01, scores, scratch), 0.01, 1e-12);
	assert_close(scores[4], 1, 1e-9);
	for (int i = 0; i < 4; i++)
		assert_true(scores[i] == 0);
	scores[0] = 7;
	assert_close(assay_outlier_scores(x, 1, 0.5, scores, scratch), 0.5, 0);
	assert_true(scores[0] == 0); /* alone it is the median */
	assert_close(assay_outlier_scores(x, 0, 0.5, scores, scratch), 0.5, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(textbook),
		cmocka_unit_test(equal_values_have_no_outlier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * test_detect_rates: how many planted anomalies the Hampel identifier finds in series of samples, and how
 * many innocent samples it accuses, for the noise that timings have: near normal with a level that drifts,
 * and with a heavy tail to the right. Prints both rates; a detector is told by the pair of them only.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/detect.h"
#include "tests/t.h"

enum { SERIES = 200, POINTS = 300, HALF_WINDOW = 15, PLANTED = 3 };

static double normal(struct assay_rng *rng)
{
	double u = assay_rng_unit(rng) + 1e-300, v = assay_rng_unit(rng);
	return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979 * v);
}

struct rates {
	double found, accused; /* shares of the planted, of the innocent */
};

/* Samples around 100 with a standard deviation of 1, or of e^(0.3 N), drifting by 5; spikes of `size`. */
static struct rates measure(double size, double nsigma, bool heavy)
{
	size_t found = 0, accused = 0;
	for (uint64_t seed = 0; seed < SERIES; seed++) {
		struct assay_err err = {0};
		struct assay_rng rng;
		double x[POINTS];
		uint8_t flags[POINTS];
		bool planted[POINTS] = {false};
		size_t n;
		assay_rng_init(&rng, seed);
		for (int i = 0; i < POINTS; i++)
			x[i] = 100 + 5.0 * i / POINTS +
			       (heavy ? exp(0.3 * normal(&rng)) : normal(&rng));
		for (int i = 0; i < PLANTED; i++) {
			size_t at = (size_t)(POINTS / PLANTED * i) +
				    (size_t)assay_rng_below(&rng, POINTS / PLANTED);
			planted[at] = true;
			x[at] += size;
		}
		assert_ok(assay_hampel(x, POINTS, HALF_WINDOW, nsigma, flags, &n, &err));
		for (int i = 0; i < POINTS; i++) {
			found += planted[i] && flags[i];
			accused += !planted[i] && flags[i];
		}
	}
	struct rates rates = {(double)found / (SERIES * PLANTED),
			      (double)accused / (SERIES * (POINTS - PLANTED))};
	print_message("%s noise, anomalies of %g: %.1f %% found, %.3f %% of the others accused\n",
		      heavy ? "heavy-tailed" : "normal", size, 100 * rates.found,
		      100 * rates.accused);
	return rates;
}

static void large_anomalies_are_found_and_few_others_accused(void **state)
{
	(void)state;
	struct rates normal_noise = measure(10, 5, false), heavy = measure(10, 5, true);
	assert_true(normal_noise.found >= 0.95 && normal_noise.accused <= 0.001);
	assert_true(heavy.found >= 0.95 && heavy.accused <= 0.005);
}

/* What is no larger than the noise is not found, and that is said too. */
static void small_anomalies_are_not_promised(void **state)
{
	(void)state;
	struct rates small = measure(2, 5, false), none = measure(0, 5, false);
	assert_true(small.found <= 0.2);
	assert_true(none.found <= 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_anomalies_are_found_and_few_others_accused),
		cmocka_unit_test(small_anomalies_are_not_promised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_scaling_law: Amdahl's and Gustafson's laws as stated, and intervals of fits. */
#include "harness/base/rng.h"
#include "harness/stats/distribution.h"
#include "harness/stats/scaling_fit.h"
#include "harness/stats/scaling_interval.h"
#include "tests/t.h"

/*
 * Gustafson, CACM 1988: scaled speedups 1021, 1020 and 1016 on 1024 processors, from serial parts of 0.4 to
 * 0.8 per cent of the time.
 */
static void gustafson_of_gustafson(void **state)
{
	(void)state;
	static const double speedups[] = {1021, 1020, 1016};
	struct assay_err err = {0};
	for (size_t i = 0; i < 3; i++) {
		const struct assay_scaling_point points[] = {{1, 1}, {1024, speedups[i]}};
		struct assay_gustafson fit;
		assert_ok(assay_gustafson_fit(points, 2, 0, &fit, &err));
		assert_close(fit.serial_fraction, (1024 - speedups[i]) / 1023, 1e-12);
		assert_true(fit.serial_fraction < 0.0081);
		assert_close(assay_gustafson_speedup(&fit, 1024), speedups[i], 1e-12);
		assert_true(isnan(fit.rmse));
	}
}

/* Least squares by hand: x = 1, 3; y = .2, .9; s = (.2 + 2.7) / 10. */
static void gustafson_by_hand(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {{1, 1}, {2, 1.8}, {4, 3.1}, {8, 3}};
	struct assay_gustafson fit;
	struct assay_err err = {0};
	assert_ok(assay_gustafson_fit(points, 4, 4, &fit, &err));
	assert_close(fit.serial_fraction, 0.29, 1e-12);
	assert_close(fit.rmse, sqrt((0.09 * 0.09 + 0.03 * 0.03) / 3), 1e-12);
	assert_fails(assay_gustafson_fit(points, 1, 0, &fit, &err), ASSAY_SKIP,
		     "Gustafson's law needs a point at more than one thread");
	assert_fails(assay_gustafson_fit(points, 4, 1, &fit, &err), ASSAY_SKIP, "oversubscribed");
	assert_fails(assay_gustafson_fit(points, 0, 0, &fit, &err), ASSAY_SKIP, "Gustafson's law");
}

static void amdahl_recovers_what_made_the_points(void **state)
{
	(void)state;
	static const double fractions[] = {0, 1e-4, 0.1, 0.9, 1, -0.005};
	struct assay_err err = {0};
	for (size_t f = 0; f < ASSAY_COUNT_OF(fractions); f++) {
		const struct assay_amdahl law = {.serial_fraction = fractions[f], .first = 1};
		struct assay_scaling_point points[7];
		struct assay_amdahl fit;
		for (int i = 0; i < 7; i++)
			points[i] = (struct assay_scaling_point){
				1 << i, assay_amdahl_speedup(&law, 1 << i)};
		assert_ok(assay_amdahl_law_fit(points, 7, 0, &fit, &err));
		assert_true(fabs(fit.serial_fraction - fractions[f]) < 1e-10);
		assert_true(fit.first == 1 && fit.rmse < 1e-8);
		assert_ok(assay_amdahl_law_fit(points + 1, 1, 0, &fit, &err));
		assert_true(fabs(fit.serial_fraction - fractions[f]) < 1e-10);
		assert_true(isnan(fit.rmse));
	}
}

/* No fraction nearby fits better. */
static void amdahl_is_a_minimum(void **state)
{
	(void)state;
	static const struct assay_scaling_point points[] = {{1, 0.97}, {2, 2.1},  {4, 3.2},
							    {8, 6.8},  {16, 7.1}, {32, 11}};
	struct assay_amdahl fit;
	struct assay_err err = {0};
	assert_ok(assay_amdahl_law_fit(points, 6, 0, &fit, &err));
	for (double step = -0.01; step < 0.011; step += 0.02 / 7) {
		struct assay_amdahl other = fit;
		double squares = 0;
		other.serial_fraction += step;
		for (size_t i = 0; i < 6; i++) {
			double error =
				points[i].speedup - assay_amdahl_speedup(&other, points[i].threads);
			squares += error * error;
		}
		assert_true(squares >= fit.rmse * fit.rmse * 6);
	}
	assert_fails(assay_amdahl_law_fit(points, 1, 0, &fit, &err), ASSAY_SKIP, "Amdahl's law");
	static const struct assay_scaling_point bad[] = {{2, -1}};
	assert_fails(assay_amdahl_law_fit(bad, 1, 0, &fit, &err), ASSAY_EUSAGE, "point 0");
}

/* Points about a law of scaling, each with normal noise of 2 %, `copies` at each of 1, 2, 4 .. 64. */
static size_t noisy(struct assay_rng *rng, const struct assay_usl *law, int copies,
		    struct assay_scaling_point *ret)
{
	size_t n = 0;
	for (int i = 0; i < 7; i++) {
		for (int j = 0; j < copies; j++) {
			double z = assay_normal_quantile(assay_rng_unit(rng) + 0x1p-54);
			ret[n++] = (struct assay_scaling_point){
				1 << i, assay_usl_speedup(law, 1 << i) * (1 + 0.02 * z)};
		}
	}
	return n;
}

/* Over many sets of points, intervals at 90 % hold the truth about that often. */
static void usl_intervals_cover(void **state)
{
	(void)state;
	enum { SETS = 50 };
	static const struct assay_usl law = {.first = 1, .contention = 0.05, .coherency = 0.0005};
	static const struct assay_bootstrap_plan plan = {1, 150, 0.9};
	struct assay_scaling_point points[7 * 3];
	struct assay_rng rng;
	struct assay_err err = {0};
	int contention = 0, coherency = 0, first = 0;
	assay_rng_init(&rng, 8);
	for (int set = 0; set < SETS; set++) {
		struct assay_usl_range range;
		const struct assay_usl *lo = &range.lo, *hi = &range.hi;
		size_t n = noisy(&rng, &law, 1 + set % 3, points);
		assert_ok(assay_usl_interval(points, n, 0, &plan, &range, &err));
		contention += lo->contention <= law.contention && law.contention <= hi->contention;
		coherency += lo->coherency <= law.coherency && law.coherency <= hi->coherency;
		first += lo->first <= law.first && law.first <= hi->first;
		assert_true(lo->peak_threads <= hi->peak_threads && isnan(lo->rmse));
	}
	assert_in_range(contention, SETS * 8 / 10, SETS - 1);
	assert_in_range(coherency, SETS * 8 / 10, SETS - 1);
	assert_in_range(first, SETS * 8 / 10, SETS - 1);
}

static void amdahl_intervals(void **state)
{
	(void)state;
	enum { SETS = 50 };
	static const struct assay_bootstrap_plan plan = {2, 200, 0.9};
	static const struct assay_usl law = {.first = 0.9, .contention = 0.1};
	struct assay_scaling_point points[28];
	struct assay_amdahl_range range, again;
	struct assay_rng rng;
	struct assay_err err = {0};
	int covered = 0;
	assay_rng_init(&rng, 9);
	for (int set = 0; set < SETS; set++) {
		size_t n = noisy(&rng, &law, 4, points);
		assert_ok(assay_amdahl_interval(points, n, 0, &plan, &range, &err));
		covered += range.lo.serial_fraction < 0.1 && 0.1 < range.hi.serial_fraction;
		assert_true(range.hi.serial_fraction - range.lo.serial_fraction < 0.02);
		assert_ok(assay_amdahl_interval(points, n, 0, &plan, &again, &err));
		assert_true(again.lo.limit == range.lo.limit && again.hi.first == range.hi.first);
	}
	assert_in_range(covered, SETS * 8 / 10, SETS - 1);
}

/*
 * The fit goes through its one point at one thread, so a resample's start is that point times one of the
 * relative residuals, centred and times sqrt(7 / 5): the widest interval ends at the largest.
 */
static void residuals_are_scaled(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {4, 4000, 0.9999};
	static const struct assay_usl law = {.first = 0.9, .contention = 0.1};
	struct assay_scaling_point points[7];
	struct assay_amdahl fit;
	struct assay_amdahl_range range;
	struct assay_rng rng;
	struct assay_err err = {0};
	double most = -INFINITY, least = INFINITY, mean = 0;
	assay_rng_init(&rng, 10);
	assert_int_equal(noisy(&rng, &law, 1, points), 7);
	assert_ok(assay_amdahl_fit(points, 7, 0, &fit, &err));
	assert_ok(assay_amdahl_interval(points, 7, 0, &plan, &range, &err));
	for (size_t i = 0; i < 7; i++) {
		double fitted = assay_amdahl_speedup(&fit, points[i].threads);
		double residual = points[i].speedup / fitted - 1;
		most = fmax(most, residual);
		least = fmin(least, residual);
		mean += residual / 7;
	}
	assert_close(range.hi.first, points[0].speedup * (1 + sqrt(1.4) * (most - mean)), 1e-12);
	assert_close(range.lo.first, points[0].speedup * (1 + sqrt(1.4) * (least - mean)), 1e-12);
}

static void too_few_points_for_an_interval(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {3, 100, 0.95}, none = {3, 0, 0.95};
	static const struct assay_scaling_point points[] = {{1, 1},   {2, 1.9}, {4, 3.5},
							    {8, 6.1}, {16, 9},  {32, 12}};
	struct assay_amdahl_range amdahl;
	struct assay_usl_range usl;
	struct assay_err err = {0};
	assert_fails(assay_amdahl_interval(points, 3, 0, &plan, &amdahl, &err), ASSAY_SKIP,
		     "needs 4 points that are not oversubscribed; there are 3");
	assert_ok(assay_amdahl_interval(points, 4, 0, &plan, &amdahl, &err));
	assert_fails(assay_usl_interval(points, 6, 8, &plan, &usl, &err), ASSAY_SKIP,
		     "needs 5 points that are not oversubscribed; there are 4");
	assert_ok(assay_usl_interval(points, 5, 0, &plan, &usl, &err));
	assert_fails(assay_usl_interval(points, 0, 0, &plan, &usl, &err), ASSAY_SKIP,
		     "there are 0");
	assert_fails(assay_usl_interval(points, 6, 0, &none, &usl, &err), ASSAY_EUSAGE,
		     "0 resamples");
}

/* A lower level is a narrower interval, on both sides; the limit is one over the serial fraction. */
static void levels_are_levels(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan wide = {4, 400, 0.95}, narrow = {4, 400, 0.5};
	static const struct assay_usl law = {.first = 0.9, .contention = 0.1};
	struct assay_scaling_point points[14];
	struct assay_amdahl_range outer, inner;
	struct assay_rng rng;
	struct assay_err err = {0};
	assay_rng_init(&rng, 11);
	size_t n = noisy(&rng, &law, 2, points);
	assert_ok(assay_amdahl_interval(points, n, 0, &wide, &outer, &err));
	assert_ok(assay_amdahl_interval(points, n, 0, &narrow, &inner, &err));
	assert_true(outer.lo.serial_fraction < inner.lo.serial_fraction);
	assert_true(inner.hi.serial_fraction < outer.hi.serial_fraction);
	assert_true(outer.lo.first <= inner.lo.first && inner.hi.first <= outer.hi.first);
	assert_true(outer.lo.limit < inner.lo.limit && inner.hi.limit < outer.hi.limit);
	assert_close(outer.hi.limit, 9, 0.2);
	assert_close(outer.lo.limit, 9, 0.2);
}

static void gustafson_intervals(void **state)
{
	(void)state;
	static const struct assay_bootstrap_plan plan = {6, 300, 0.9};
	static const struct assay_scaling_point points[] = {
		{2, 1.9}, {4, 3.74}, {8, 7.2}, {16, 14.6}};
	struct assay_gustafson_range range, again;
	struct assay_gustafson fit;
	struct assay_err err = {0};
	assert_ok(assay_gustafson_fit(points, 4, 0, &fit, &err));
	assert_ok(assay_gustafson_interval(points, 4, 0, &plan, &range, &err));
	assert_true(range.lo <= fit.serial_fraction && fit.serial_fraction <= range.hi);
	assert_true(range.hi - range.lo < 0.1 && range.hi > range.lo);
	assert_ok(assay_gustafson_interval(points, 4, 0, &plan, &again, &err));
	assert_true(again.lo == range.lo && again.hi == range.hi);
	assert_ok(assay_gustafson_interval(points, 3, 0, &plan, &range, &err));
	assert_fails(assay_gustafson_interval(points, 2, 0, &plan, &range, &err), ASSAY_SKIP,
		     "needs 3 points that are not oversubscribed; there are 2");
	assert_fails(assay_gustafson_interval(points, 4, 4, &plan, &range, &err), ASSAY_SKIP,
		     "there are 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gustafson_of_gustafson),
		cmocka_unit_test(gustafson_by_hand),
		cmocka_unit_test(amdahl_recovers_what_made_the_points),
		cmocka_unit_test(amdahl_is_a_minimum),
		cmocka_unit_test(usl_intervals_cover),
		cmocka_unit_test(amdahl_intervals),
		cmocka_unit_test(residuals_are_scaled),
		cmocka_unit_test(too_few_points_for_an_interval),
		cmocka_unit_test(levels_are_levels),
		cmocka_unit_test(gustafson_intervals),
	};
	return cmocka_run_group_tests_name("scaling_law", tests, NULL, NULL);
}

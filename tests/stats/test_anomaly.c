/* SPDX-License-Identifier: MIT */
/*
 * test_anomaly: where the stretches are, what is none, and both rates on planted series, printed: how many
 * of the planted are found, and how much else is accused. The rates follow from seeds and are the same always.
 */
#include "harness/stats/anomaly.h"
#include "harness/stats/planted.h"
#include "tests/t.h"

enum { N = 60, MOST = 16, SERIES = 150 };

static size_t find(const double *x, size_t n, double least, struct assay_anomaly ret[MOST])
{
	struct assay_err err = {0};
	size_t found;
	assert_ok(assay_anomalies(x, n, least, ret, MOST, &found, &err));
	return found;
}

static void noise(double *x, size_t n, uint64_t seed)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	assay_planted_noise(&rng, ASSAY_PLANTED_NORMAL, x, n);
}

static void a_value_and_a_stretch_are_told_apart(void **state)
{
	(void)state;
	double x[N];
	struct assay_anomaly a[MOST];
	noise(x, N, 1);
	assert_int_equal(find(x, N, 0, a), 0);
	x[0] += 20;
	for (int i = 30; i < 34; i++)
		x[i] -= 20;
	x[N - 1] += 30;
	assert_int_equal(find(x, N, 0, a), 3);
	assert_true(a[0].from == 0 && a[0].to == 0 && a[0].off > 15 && a[0].spreads > 6);
	assert_true(a[1].from == 30 && a[1].to == 33 && a[1].off < -15);
	assert_true(a[2].from == N - 1 && a[2].to == N - 1 && fabs(a[2].usual - 100) < 2);
	assert_int_equal(find(x, N, 25, a), 1); /* what is less far away does not matter */
	assert_int_equal(a[0].from, N - 1);
}

/* Indices are the caller's, and a gap ends no stretch. */
static void gaps_are_passed_over(void **state)
{
	(void)state;
	double dense[N], x[2 * N];
	struct assay_anomaly a[MOST];
	noise(dense, N, 2);
	dense[20] += 20;
	dense[21] += 20;
	for (int i = 0; i < 2 * N; i++)
		x[i] = i % 2 ? dense[i / 2] : i % 4 ? NAN : INFINITY;
	assert_int_equal(find(x, 2 * N, 0, a), 1);
	assert_true(a[0].from == 41 && a[0].to == 43);
}

static void a_level_that_stays_is_none(void **state)
{
	(void)state;
	double x[N];
	struct assay_anomaly a[MOST];
	noise(x, N, 3);
	for (int i = N / 2; i < N; i++)
		x[i] += 30;
	assert_int_equal(find(x, N, 0, a), 0);
	for (int i = 0; i < N; i++)
		x[i] = 5 * i; /* nor is a rise */
	assert_int_equal(find(x, N, 0, a), 0);
}

static void too_few_or_equal_values(void **state)
{
	(void)state;
	double x[N];
	struct assay_anomaly a[MOST];
	for (int i = 0; i < N; i++)
		x[i] = 7;
	assert_int_equal(find(x, N, 0, a), 0);
	x[5] = 8; /* of equal values any other one stands out, by how many spreads nobody knows */
	assert_int_equal(find(x, N, 0, a), 1);
	assert_true(a[0].from == 5 && isinf(a[0].spreads));
	assert_int_equal(find(x, N, 2, a), 0);
	assert_int_equal(find(x, ASSAY_ANOMALY_LEAST - 1, 0, a), 0);
	assert_int_equal(find(x, 0, 0, a), 0);
}

static void more_than_there_is_room_for(void **state)
{
	(void)state;
	double x[400];
	struct assay_anomaly one;
	struct assay_err err = {0};
	size_t found;
	noise(x, 400, 4);
	for (int i = 0; i < 400; i += 50)
		x[i] += 30;
	assert_ok(assay_anomalies(x, 400, 0, &one, 1, &found, &err));
	assert_int_equal(found, 8);
	assert_int_equal(one.from, 0);
}

struct rates {
	double found, accused, alarmed;
};

static struct rates measure(enum assay_noise_kind kind, double size, size_t length)
{
	struct rates r = {0};
	for (uint64_t seed = 0; seed < SERIES; seed++) {
		struct assay_rng rng;
		double x[N];
		struct assay_anomaly a[MOST];
		size_t hits = 0, accused = 0, at = N;
		assay_rng_init(&rng, 1000 * kind + seed);
		assay_planted_noise(&rng, kind, x, N);
		if (size > 0)
			at = assay_plant(&rng, x, N, length, size);
		size_t n = find(x, N, 0, a);
		for (size_t i = 0; i < n && i < MOST; i++)
			for (size_t k = a[i].from; k <= a[i].to; k++) {
				hits += k >= at && k < at + length;
				accused += k < at || k >= at + length;
			}
		r.found += 2.0 * (double)hits >= (double)length;
		r.accused += (double)accused / N;
		r.alarmed += accused > 0;
	}
	return (struct rates){r.found / SERIES, r.accused / SERIES, r.alarmed / SERIES};
}

static void both_rates_on_planted_series(void **state)
{
	(void)state;
	static const struct {
		double size; /* at which 95 % are found */
		double accused;
	} promised[ASSAY_PLANTED_KINDS] = {{10, 0.001}, {15, 0.002}, {12, 0.008}, {15, 0.001},
					   {12, 0.001}, {20, 0.001}, {0, 0.001}};
	for (int k = 0; k < ASSAY_PLANTED_KINDS; k++) {
		enum assay_noise_kind kind = (enum assay_noise_kind)k;
		struct rates clean = measure(kind, 0, 1);
		double size = promised[k].size;
		print_message("%-8s clean: %.2f %% of values, %.0f %% of series accused",
			      assay_planted_name(kind), 100 * clean.accused, 100 * clean.alarmed);
		if (size > 0) {
			struct rates one = measure(kind, size, 1), three = measure(kind, size, 3);
			print_message("; of %g spreads %.0f %% found, three in a row %.0f %%", size,
				      100 * one.found, 100 * three.found);
			assert_true(one.found >= 0.95 && three.found >= 0.95);
			assert_true(one.accused <= promised[k].accused);
		}
		print_message("\n");
		assert_true(clean.accused <= promised[k].accused);
	}
}

/* The definition of the header, written down once more in another language: each figure of each stretch. */
static void figures_by_another_program(void **state)
{
	(void)state;
	enum { LONG = 160 };
	static const struct assay_anomaly want[] = {
		{30, 34, 100.4, 9.59999999999999, 6.47511129097531},
		{80, 88, 98.8, -12.6, 7.06866315931469},
		{120, 122, 100.4, 15.4, 10.3871576959396},
		{140, 140, 100.8, 39.4, 16.6093349521112},
		{159, 159, 100.8, -47, 12.68042627816},
	};
	double x[LONG];
	struct assay_anomaly a[MOST];
	for (int i = 0; i < LONG; i++) {
		x[i] = 100 + ((i * i * 7 + i * 13) % 31 - 15) / 5.0;
		x[i] += i >= 30 && i < 36     ? 9
			: i >= 80 && i < 89   ? -14
			: i >= 120 && i < 123 ? 14
					      : 0;
	}
	x[140] += 40;
	x[159] -= 45;
	assert_int_equal(find(x, LONG, 0, a), ASSAY_COUNT_OF(want));
	for (size_t i = 0; i < ASSAY_COUNT_OF(want); i++) {
		assert_int_equal(a[i].from, want[i].from);
		assert_int_equal(a[i].to, want[i].to);
		assert_close(a[i].usual, want[i].usual, 1e-12);
		assert_close(a[i].off, want[i].off, 1e-12);
		assert_close(a[i].spreads, want[i].spreads, 1e-12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_and_a_stretch_are_told_apart),
		cmocka_unit_test(gaps_are_passed_over),
		cmocka_unit_test(a_level_that_stays_is_none),
		cmocka_unit_test(too_few_or_equal_values),
		cmocka_unit_test(more_than_there_is_room_for),
		cmocka_unit_test(both_rates_on_planted_series),
		cmocka_unit_test(figures_by_another_program),
	};
	return cmocka_run_group_tests_name("anomaly", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_levels: the solver finds the caches of curves whose caches are known, and none where there are none. */
#include "tests/t.h"

#include "suites/kernels/level_solver.h"

#define Ki 1024.0
#define Mi (1024.0 * 1024.0)

/* A curve as measured on a processor with 32 KiB, 1 MiB and a share of 32 MiB. */
static void test_three_levels(void **state)
{
	static const double bytes[] = {4 * Ki,   8 * Ki,   16 * Ki, 32 * Ki,  64 * Ki,  128 * Ki,
				       256 * Ki, 512 * Ki, 1 * Mi,  2 * Mi,   4 * Mi,   8 * Mi,
				       16 * Mi,  32 * Mi,  64 * Mi, 128 * Mi, 256 * Mi, 512 * Mi};
	static const double ns[] = {1.08, 1.08, 1.08, 1.09, 3.78, 3.80, 3.84, 4.79, 5.30,
				    13.1, 15.0, 16.3, 26.0, 58.2, 101,  136,  152,  160};
	struct level found[6];

	(void)state;
	assert_int_equal(levels_solve(bytes, ns, 18, found, 6), 4);
	assert_close(found[0].bytes, 32 * Ki, 0);
	assert_close(found[0].above, 64 * Ki, 0);
	assert_close(found[0].ns, 1.08, 0);
	assert_close(found[1].bytes, 1 * Mi, 0);
	assert_close(found[1].ns, 3.78, 0);
	assert_close(found[2].bytes, 8 * Mi, 0);
	assert_close(found[2].ns, 13.1, 0);
	assert_close(found[3].bytes, 512 * Mi, 0);
	assert_close(found[3].above, 0, 0);
	assert_close(found[3].ns, 136, 0);
}

/* Some per cent of noise, and a slope that comes from translation, make no level. */
static void test_flat(void **state)
{
	double bytes[20], ns[20];
	struct level found[6];

	(void)state;
	for (int i = 0; i < 20; i++) {
		bytes[i] = 4 * Ki * exp2(i / 2.0);
		ns[i] = 1.4 + 0.04 * (i % 3) + 0.03 * i;
	}
	assert_int_equal(levels_solve(bytes, ns, 20, found, 6), 1);
	assert_close(found[0].bytes, bytes[19], 0);
	assert_close(found[0].ns, 1.4, 0);
}

/* The survey may end within a rise. */
static void test_ends_rising(void **state)
{
	static const double bytes[] = {4 * Ki, 8 * Ki, 16 * Ki, 32 * Ki};
	static const double ns[] = {1, 1, 2, 4};
	struct level found[6];

	(void)state;
	assert_int_equal(levels_solve(bytes, ns, 4, found, 6), 2);
	assert_close(found[0].bytes, 8 * Ki, 0);
	assert_close(found[1].ns, 4, 0);
}

static void test_little(void **state)
{
	static const double bytes[] = {4 * Ki, 8 * Ki}, ns[] = {1, 9};
	struct level found[2];

	(void)state;
	assert_int_equal(levels_solve(bytes, ns, 0, found, 2), 0);
	assert_int_equal(levels_solve(bytes, ns, 1, found, 2), 1);
	assert_int_equal(levels_solve(bytes, ns, 2, found, 2), 2);
	assert_int_equal(levels_solve(bytes, ns, 2, found, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_levels),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_ends_rising),
		cmocka_unit_test(test_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

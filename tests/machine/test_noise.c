/* SPDX-License-Identifier: MIT */
/* Grades of planted readings, and that probe and core clock read something real here. */
#include "harness/machine/noise.h"

#include "tests/t.h"

/* A machine on which nothing but the kernel's own ticks happens. */
static struct assay_noise quiet(void)
{
	return (struct assay_noise){
		.spin_ns = 5e8,
		.gaps = 200,
		.gap_share = 0.002,
		.max_gap_ns = 2e4,
		.steal_share = 0,
		.run_queue = 0,
		.psi_cpu_avg10 = 0.3,
		.cpus = 2,
	};
}

struct reading {
	char grade;
	double gap_share, max_gap_ns;
	uint64_t switches;
	double steal_share, run_queue, pressure;
	const char *reason;
};

static void the_worst_reading_decides(void **state)
{
	static const struct reading readings[] = {
		{'A', 0, 0, 0, 0, 0, 0, "quiet"},
		{'A', 0.0099, 99e3, 0, 0.0099, 0.4, 1.9, "quiet"},
		{'B', 0.01, 0, 0, 0, 0, 0, "1 % of the time lost"},
		{'C', 0.03, 0, 0, 0, 0, 0, "3 % of the time lost"},
		{'D', 0.15, 0, 0, 0, 0, 0, "15 % of the time lost"},
		{'B', 0, 1e5, 0, 0, 0, 0, "0.1 ms stopped at once"},
		{'C', 0, 4e6, 0, 0, 0, 0, "4 ms stopped at once"},
		{'D', 0, 52e6, 0, 0, 0, 0, "52 ms stopped at once"},
		{'B', 0, 0, 1, 0, 0, 0, "2 times a second pushed off"},
		{'C', 0, 0, 10, 0, 0, 0, "20 times a second pushed off"},
		{'D', 0, 0, 50, 0, 0, 0, "100 times a second pushed off"},
		{'B', 0, 0, 0, 0.01, 0, 0, "1 % of the CPU time stolen"},
		{'D', 0, 0, 0, 0.2, 0, 0, "20 % of the CPU time stolen"},
		{'B', 0, 0, 0, 0, 0.5, 0, "0.25 other runnable tasks per CPU"},
		{'C', 0, 0, 0, 0, 1, 0, "0.5 other runnable tasks per CPU"},
		{'D', 0, 0, 0, 0, 3, 0, "1.5 other runnable tasks per CPU"},
		{'B', 0, 0, 0, 0, 0, 2, "2 % of the last 10 s"},
		{'C', 0, 0, 0, 0, 0, 10, "10 % of the last 10 s"},
		{'D', 0, 0, 0, 0, 0.5, 45, "45 % of the last 10 s"},
		/* the same when nobody else is runnable any more */
		{'C', 0, 0, 0, 0, 0.4, 45, "45 % of the last 10 s"},
		/* of two equal grades the reading further beyond its limit is named */
		{'C', 0.035, 0, 0, 0, 0, 30, "30 % of the last 10 s"},
		{'D', 0.16, 0, 500, 0, 0.5, 50, "1e+03 times a second pushed off"},
		{'D', 0, 52e6, 0, 0, 0.5, 11, "52 ms stopped at once"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(readings); i++) {
		const struct reading *r = &readings[i];
		struct assay_noise noise = quiet();
		noise.gap_share = r->gap_share;
		noise.max_gap_ns = r->max_gap_ns;
		noise.involuntary_switches = r->switches;
		noise.steal_share = r->steal_share;
		noise.run_queue = r->run_queue;
		noise.psi_cpu_avg10 = r->pressure;
		assay_noise_grade(&noise);
		if (noise.grade != r->grade || !strstr(noise.reason, r->reason))
			fail_msg("row %zu: grade %c '%s', expected %c '%s'", i, noise.grade,
				 noise.reason, r->grade, r->reason);
	}
}

static void unknown_readings_do_not_count(void **state)
{
	(void)state;
	struct assay_noise noise = quiet();
	noise.steal_share = noise.run_queue = noise.psi_cpu_avg10 = NAN;
	assay_noise_grade(&noise);
	assert_int_equal(noise.grade, 'A');
	noise.max_gap_ns = 5e6;
	assay_noise_grade(&noise);
	assert_int_equal(noise.grade, 'C');
	json_t *json = assay_noise_json(&noise);
	assert_true(json_is_null(json_object_get(json, "steal_share")));
	assert_string_equal(json_string_value(json_object_get(json, "grade")), "C");
	json_decref(json);
}

static void an_idle_big_machine_is_not_a_busy_small_one(void **state)
{
	(void)state;
	struct assay_noise noise = quiet();
	noise.run_queue = 4;
	assay_noise_grade(&noise);
	assert_int_equal(noise.grade, 'D');
	noise.cpus = 64;
	assay_noise_grade(&noise);
	assert_int_equal(noise.grade, 'A');
}

static void the_probe_fills_every_reading(void **state)
{
	(void)state;
	struct assay_noise noise;
	assay_noise_probe(20000000, &noise);
	assert_true(noise.spin_ns >= 2e7);
	assert_in_range(noise.grade, 'A', 'D');
	assert_true(noise.cpus >= 1);
	assert_true(noise.gap_share >= 0 && noise.gap_share <= 1);
	assert_true(noise.max_gap_ns <= noise.spin_ns);
	assert_true(isnan(noise.run_queue) || noise.run_queue >= 0);
	assert_true(noise.reason[0] != '\0');
}

static void the_core_clock_is_that_of_a_processor(void **state)
{
	(void)state;
	double hz = assay_core_clock_hz();
#if defined(__x86_64__) || defined(__aarch64__)
	/* A folded or skipped chain would come out far above any core. */
	assert_true(hz > 0.1e9 && hz < 8e9);
#else
	assert_true(hz == 0);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_reading_decides),
		cmocka_unit_test(unknown_readings_do_not_count),
		cmocka_unit_test(an_idle_big_machine_is_not_a_busy_small_one),
		cmocka_unit_test(the_probe_fills_every_reading),
		cmocka_unit_test(the_core_clock_is_that_of_a_processor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

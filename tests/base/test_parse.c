/* SPDX-License-Identifier: MIT */
/* parse: what people write becomes the number they meant, or a message; never something else. */
#include "tests/t.h"

#include "harness/base/parse.h"

static void whole_numbers(void **state)
{
	struct assay_err err = {0};
	uint64_t n = 0;
	assert_ok(assay_parse_u64("0", 0, 10, &n, &err));
	assert_true(n == 0);
	assert_ok(assay_parse_u64("18446744073709551615", 0, UINT64_MAX, &n, &err));
	assert_true(n == UINT64_MAX);
	assert_ok(assay_parse_u64("010", 0, 99, &n, &err));
	assert_true(n == 10);
	const char *const bad[] = {"", " 1", "1 ", "-1", "+1", "0x10", "1e3", "ten", "1.0"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_parse_u64(bad[i], 0, 99, &n, &err), ASSAY_EPARSE,
			     "is not a whole number");
	assert_fails(assay_parse_u64("11", 1, 10, &n, &err), ASSAY_EPARSE, "11 is outside 1 to 10");
	assert_fails(assay_parse_u64("18446744073709551616", 0, UINT64_MAX, &n, &err), ASSAY_EPARSE,
		     "outside");
	assert_true(n == 10); /* untouched by failures */
}

struct number {
	const char *text;
	uint64_t value;
};

static void sizes(void **state)
{
	static const struct number good[] = {
		{"0", 0},
		{"4096", 4096},
		{"4Ki", 4096},
		{"4KiB", 4096},
		{"7B", 7},
		{"1.5Mi", 1572864},
		{"0.5Ki", 512},
		{"64k", 64000},
		{"64K", 64000},
		{"1G", 1000000000},
		{"1.005M", 1005000}, /* 1004999.9999999999 in floating point */
		{"0.001k", 1},
		{"1Ti", 1ull << 40},
		{"8192Ti", 1ull << 53},
		{"9007199254740992", 1ull << 53},
		{"2.000", 2},
	};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		uint64_t value = 0;
		assert_ok(assay_parse_size(good[i].text, &value, &err));
		if (value != good[i].value)
			fail_msg("%s gives %ju", good[i].text, (uintmax_t)value);
	}
}

static void bad_sizes(void **state)
{
	static const char *const bad[] = {
		"",     "B",   "Ki",  "-1", "+1", " 1",    "1 Ki",  "4ki",  "4KI", "1e3",
		"0x10", "inf", "nan", ".5", "1.", "1.2.3", "1KB B", "4Kib", "1BB", "1,5",
	};
	struct assay_err err = {0};
	uint64_t value = 77;
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_parse_size(bad[i], &value, &err), ASSAY_EPARSE, "is not a size");
	assert_fails(assay_parse_size("1.1Ki", &value, &err), ASSAY_EPARSE, "not a whole number");
	assert_fails(assay_parse_size("0.5", &value, &err), ASSAY_EPARSE, "not a whole number");
	assert_fails(assay_parse_size("9007199254740993", &value, &err), ASSAY_EPARSE, "larger");
	assert_fails(assay_parse_size("99999999999999999999999T", &value, &err), ASSAY_EPARSE,
		     "larger");
	assert_true(value == 77);
}

static void durations(void **state)
{
	static const struct number good[] = {
		{"100ns", 100},
		{"50us", 50000},
		{"200ms", 200000000},
		{"1.5s", 1500000000},
		{"5m", 300000000000},
		{"1h", 3600000000000},
		{"90d", 7776000000000000},
		{"0.1us", 100},
		{"0s", 0},
		{"1.000000001s", 1000000001},
	};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(good); i++) {
		uint64_t ns = 1;
		assert_ok(assay_parse_duration(good[i].text, &ns, &err));
		if (ns != good[i].value)
			fail_msg("%s gives %ju ns", good[i].text, (uintmax_t)ns);
	}
	static const char *const bad[] = {"", "5", "s", "-1s", "1 s", "1sec", "1S", "1e3s", "1min"};
	uint64_t ns;
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_parse_duration(bad[i], &ns, &err), ASSAY_EPARSE,
			     "is not a duration");
	assert_fails(assay_parse_duration("0.3ns", &ns, &err), ASSAY_EPARSE, "finer");
	assert_fails(assay_parse_duration("300000h", &ns, &err), ASSAY_EPARSE, "longer");
}

static void cpu_lists(void **state)
{
	struct assay_err err = {0};
	unsigned cpus[8];
	size_t n = 0;
	assert_ok(assay_parse_cpus("3,0-2,8", cpus, 8, &n, &err));
	const unsigned want[] = {3, 0, 1, 2, 8};
	assert_int_equal(n, 5);
	assert_memory_equal(cpus, want, sizeof(want));
	assert_ok(assay_parse_cpus("65535", cpus, 8, &n, &err));
	const char *const bad[] = {
		"",     ",",     "1,",   ",1", "1-",    "-1",   "3-1",
		"1--2", "65536", "1 ,2", "a",  "0-2-4", "1,,2", "99999999999999999999"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_parse_cpus(bad[i], cpus, 8, &n, &err), ASSAY_EPARSE,
			     "is not a list of CPUs");
	assert_fails(assay_parse_cpus("1,0-2", cpus, 8, &n, &err), ASSAY_EPARSE,
		     "CPU 1 stands twice");
	assert_fails(assay_parse_cpus("0-8", cpus, 8, &n, &err), ASSAY_EPARSE, "more than 8 CPUs");
}

static void sizes_round_trip(void **state)
{
	static const struct number pairs[] = {
		{"0", 0},        {"1000", 1000},    {"1Ki", 1024},       {"1536", 1536},
		{"64Ki", 65536}, {"3Mi", 3u << 20}, {"1Ti", 1ull << 40}, {"8192Ti", 1ull << 53},
		{"1025", 1025},
	};
	struct assay_err err = {0};
	char text[24];
	for (size_t i = 0; i < ASSAY_COUNT_OF(pairs); i++) {
		uint64_t back = 1;
		assert_string_equal(assay_format_size(pairs[i].value, text, sizeof(text)),
				    pairs[i].text);
		assert_ok(assay_parse_size(text, &back, &err));
		assert_true(back == pairs[i].value);
	}
	assert_string_equal(assay_format_size(UINT64_MAX, text, sizeof(text)),
			    "18446744073709551615");
}

static void assert_format(double value, const char *unit, const char *want)
{
	char text[40];
	assert_string_equal(assay_format_value(value, unit, text, sizeof(text)), want);
}

static void values_have_four_digits(void **state)
{
	assert_format(12.34, "ns", "12.34 ns");
	assert_format(1.5e6, "ns", "1.500 ms");
	assert_format(1500, "ns/op", "1.500 us/op");
	assert_format(0.27, "ns/op", "270.0 ps/op");
	assert_format(6e10, "ns", "60.00 s");
	assert_format(3.2e9, "B/s", "3.200 GB/s");
	assert_format(999.96, "ns", "1.000 us"); /* rounding carries into the next prefix */
	assert_format(9.9996, "ns", "10.00 ns");
	assert_format(99.996, "ns", "100.0 ns");
	assert_format(-12.34, "ns", "-12.34 ns");
	assert_format(0, "ns", "0.000 ns");
	assert_format(4096, "B", "4.096 kB");
	/* Beyond the prefixes neither zeros nor digits without end. */
	assert_format(2e-6, "ns", "2.000e-06 ns");
	assert_format(0.0002, "ns", "0.200 ps");
	assert_format(1e249, "ns/op", "1.000e+249 ns/op");
	assert_format(5e-324, "ns", "4.941e-324 ns");
	assert_format(-4e22, "B/s", "-4.000e+22 B/s");
	assert_format(5e-14, "op/s", "5.000e-14 op/s");
}

static void values_without_prefix(void **state)
{
	assert_format(0.987654, "ratio", "0.988");
	assert_format(12345.6, "ratio", "12346");
	assert_format(1.5, "", "1.500");
	assert_format(0.000012345, "ratio", "1.234e-05");
	assert_format(0.0005, "ratio", "0.000500");
	assert_format(0.0015, "ratio", "0.00150");
	assert_format(-0.0472, "ratio", "-0.0472");
	assert_format(0.993, "ratio", "0.993");
	assert_format(3, "op", "3.000 op");
	assert_format(NAN, "ns", "-");
	assert_format(INFINITY, "ratio", "inf");
	assert_format(1.5e300, "objects", "1.500e+300 objects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(bad_sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(sizes_round_trip),
		cmocka_unit_test(values_have_four_digits),
		cmocka_unit_test(values_without_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

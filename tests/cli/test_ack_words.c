/* SPDX-License-Identifier: MIT */
/* Limits in the direction of the metric, and ends in days, dates or not at all. */
#include "tests/t.h"

#include "cli/ack_words.h"

static void limits(void **state)
{
	static const struct {
		const char *text;
		enum assay_better better;
		double ratio; /* 0: refused */
	} cases[] = {
		{"+6%", ASSAY_LOWER, 1.06},  {"6%", ASSAY_LOWER, 1.06},
		{"6", ASSAY_LOWER, 1.06},    {"+0.5%", ASSAY_LOWER, 1.005},
		{"+1000%", ASSAY_LOWER, 11}, {"-6%", ASSAY_LOWER, 0},
		{"0%", ASSAY_LOWER, 0},      {"+1001%", ASSAY_LOWER, 0},
		{"nan", ASSAY_LOWER, 0},     {"inf%", ASSAY_LOWER, 0},
		{"6%%", ASSAY_LOWER, 0},     {"", ASSAY_LOWER, 0},
		{"%", ASSAY_LOWER, 0},       {"-20%", ASSAY_HIGHER, 1.25},
		{"20%", ASSAY_HIGHER, 1.25}, {"+20%", ASSAY_HIGHER, 0},
		{"-100%", ASSAY_HIGHER, 0},  {"-99%", ASSAY_HIGHER, 100},
		{"1.06x", ASSAY_LOWER, 0},   {"1e-9%", ASSAY_LOWER, 0},
		{"-99.5%", ASSAY_HIGHER, 0}, {"+6 %", ASSAY_LOWER, 0},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_err err = {0};
		double ratio = 0;
		enum assay_code code =
			ack_parse_limit(cases[i].text, cases[i].better, &ratio, &err);
		if ((code == ASSAY_OK) != (cases[i].ratio > 0) ||
		    (code != ASSAY_OK && code != ASSAY_EUSAGE))
			fail_msg("'%s': %s", cases[i].text, err.text);
		if (code == ASSAY_OK)
			assert_close(ratio, cases[i].ratio, 1e-12);
	}
	char text[32];
	assert_string_equal(ack_limit(1.06, ASSAY_LOWER, text, sizeof(text)), "+6.0 %");
	assert_string_equal(ack_limit(1.25, ASSAY_HIGHER, text, sizeof(text)), "-20.0 %");
}

static void ends(void **state)
{
	const uint64_t s = UINT64_C(1000000000), day = 86400 * s;
	const uint64_t now = UINT64_C(1700000000) * s; /* 2023-11-14 22:13:20 UTC */
	static const char *const bad[] = {"",           "soon",        "30",  "2023-11-13",
					  "2024-2-01",  "2024-13-01",  "-1d", "2023-02-29",
					  "Never",      "2024-01-01x", "0d",  "1e3d",
					  " 2024-01-01"};
	struct assay_err err = {0};
	uint64_t end;
	(void)state;
	assert_ok(ack_parse_expiry(NULL, now, &end, &err));
	assert_true(end == now + 30 * day);
	assert_ok(ack_parse_expiry("90d", now, &end, &err));
	assert_true(end == now + 90 * day);
	assert_ok(ack_parse_expiry("12h", now, &end, &err));
	assert_true(end == now + day / 2);
	assert_ok(ack_parse_expiry("never", now, &end, &err));
	assert_true(end == 0);
	/* A date counts to its last moment, today's too, and February has its days. */
	assert_ok(ack_parse_expiry("2023-11-14", now, &end, &err));
	assert_true(end == UINT64_C(1700006400) * s);
	assert_ok(ack_parse_expiry("2024-02-29", now, &end, &err));
	assert_true(end == UINT64_C(1709251200) * s);
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		if (ack_parse_expiry(bad[i], now, &end, &err) != ASSAY_EUSAGE)
			fail_msg("'%s' is an end", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_peak: the mark goes back when asked, and up again with what is touched; else there is a reason. */
#include <sys/mman.h>

#include "harness/engine/peak.h"
#include "tests/t.h"

enum { LARGE = 64 << 20, SMALL = 16 << 20 };

static void touch(size_t bytes)
{
	char *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(fresh != MAP_FAILED);
	for (size_t i = 0; i < bytes; i += 4096)
		((volatile char *)fresh)[i] = 1;
	munmap(fresh, bytes);
}

static void what_was_before_is_forgotten(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_count before, after;
	touch(LARGE);
	enum assay_code reset = assay_peak_reset(&err);
	if (reset != ASSAY_OK) {
		print_message("# %s\n", err.text);
		skip();
	}
	touch(SMALL);
	assay_peak_read(reset, &err, &after);
	assert_int_equal(after.quality, ASSAY_EXACT);
	assert_string_equal(after.event, ASSAY_PEAK_EVENT);
	assert_string_equal(after.unit, "B");
	assert_true(after.value >= SMALL && after.value < LARGE);
	touch(LARGE);
	assay_peak_read(reset, &err, &before);
	assert_true(before.value >= LARGE);
}

static void a_refusal_is_a_reason(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_count count;
	assay_fail(&err, ASSAY_SKIP, "not permitted");
	assay_peak_read(ASSAY_SKIP, &err, &count);
	assert_int_equal(count.quality, ASSAY_UNAVAILABLE);
	assert_string_equal(count.reason, "not permitted");
	assert_string_equal(count.source, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_before_is_forgotten),
		cmocka_unit_test(a_refusal_is_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_pages: mappings are of the size and kind asked for, or say why not. */
#include "tests/t.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "suites/memory/pages.h"

static void confirm(enum pages_kind kind, size_t bytes)
{
	struct pages pages = {0};
	struct assay_err err = {0};
	enum assay_code code = pages_map(kind, bytes, &pages, &err);

	if (code == ASSAY_OK) {
		assert_true(pages.bytes >= bytes);
		assert_int_equal((uintptr_t)pages.base % 65536, 0);
		pages_touch(&pages);
		code = pages_confirm(&pages, kind, &err);
	}
	/* A kernel without huge pages, or a full machine, is a reason and not a failure. */
	if (code == ASSAY_SKIP)
		print_message("skipped: %s\n", err.text);
	else
		assert_int_equal(code, ASSAY_OK);
	pages_done(&pages);
	assert_null(pages.base);
	pages_done(&pages);
}

static void test_small(void **state)
{
	(void)state;
	confirm(PAGES_4K, 1);
	confirm(PAGES_4K, 5u << 20);
}

static void test_huge(void **state)
{
	(void)state;
	confirm(PAGES_HUGE, 1);
	confirm(PAGES_HUGE, 5u << 20);
}

/* What was advised to be small is not taken for huge. */
static void test_wrong_kind(void **state)
{
	struct pages pages = {0};
	struct assay_err err = {0};

	(void)state;
	if (pages_map(PAGES_4K, 4u << 20, &pages, &err) != ASSAY_OK) {
		print_message("skipped: %s\n", err.text);
		return;
	}
	pages_touch(&pages);
	assert_fails(pages_confirm(&pages, PAGES_HUGE, &err), ASSAY_SKIP, "huge pages");
	pages_done(&pages);
}

static void test_refused(void **state)
{
	struct pages pages = {0};
	struct assay_err err = {0};

	(void)state;
	assert_fails(pages_map(PAGES_4K, 0, &pages, &err), ASSAY_EUSAGE, "0 bytes");
	assert_fails(pages_map(PAGES_4K, SIZE_MAX / 4, &pages, &err), ASSAY_ENOMEM, "map");
	assert_null(pages.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_wrong_kind),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

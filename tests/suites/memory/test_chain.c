/* SPDX-License-Identifier: MIT */
/* test_chain: the random cycle is one cycle, and the check knows when it is not. */
#include "tests/t.h"

#include "suites/memory/chain.h"

enum { LINES = 1000 };

struct line {
	_Alignas(CHAIN_LINE_BYTES) struct line *next;
};
static struct line lines[LINES];

static void test_one_cycle(void **state)
{
	struct assay_err err = {0};

	(void)state;
	for (size_t n = 1; n < 40; n++) {
		assert_ok(chain_random(lines, n, n, &err));
		assert_true(chain_is_one_cycle(lines, n));
	}
	for (uint64_t seed = 0; seed < 20; seed++) {
		assert_ok(chain_random(lines, LINES, seed, &err));
		assert_true(chain_is_one_cycle(lines, LINES));
	}
}

/* Neighbours in the chain are rarely neighbours in memory: prefetchers find nothing. */
static void test_random(void **state)
{
	struct assay_err err = {0};
	size_t near = 0;

	(void)state;
	assert_ok(chain_random(lines, LINES, 7, &err));
	for (size_t i = 0; i < LINES; i++) {
		ptrdiff_t step = lines[i].next - &lines[i];
		near += step >= -2 && step <= 2;
	}
	assert_true(near < LINES / 50);
}

static void test_seed(void **state)
{
	static struct line *before[LINES];
	struct assay_err err = {0};
	size_t same = 0;

	(void)state;
	assert_ok(chain_random(lines, LINES, 1, &err));
	for (size_t i = 0; i < LINES; i++)
		before[i] = lines[i].next;
	assert_ok(chain_random(lines, LINES, 1, &err));
	for (size_t i = 0; i < LINES; i++)
		assert_ptr_equal(before[i], lines[i].next);
	assert_ok(chain_random(lines, LINES, 2, &err));
	for (size_t i = 0; i < LINES; i++)
		same += before[i] == lines[i].next;
	assert_true(same < LINES / 50);
}

static void test_not_one_cycle(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINES; i++)
		lines[i].next = &lines[(i + 1) % LINES];
	assert_true(chain_is_one_cycle(lines, LINES));
	/* Two cycles. */
	lines[499].next = &lines[0];
	lines[LINES - 1].next = &lines[500];
	assert_false(chain_is_one_cycle(lines, LINES));
	/* A walk that never comes back. */
	lines[499].next = &lines[1];
	assert_false(chain_is_one_cycle(lines, LINES));
	/* Out of the lines, and into the middle of one. */
	lines[499].next = &lines[LINES];
	assert_false(chain_is_one_cycle(lines, LINES));
	lines[499].next = (struct line *)((char *)&lines[500] + 8);
	assert_false(chain_is_one_cycle(lines, LINES));
}

/* Every order is one cycle, also when windows and pages do not come out even. */
static void test_orders(void **state)
{
	static char pages[40][CHAIN_PAGE_BYTES];
	const size_t sizes[] = {1, 2, 63, LINES};
	struct assay_err err = {0};

	(void)state;
	for (int order = CHAIN_RANDOM; order <= CHAIN_SEQUENTIAL; order++)
		for (size_t i = 0; i < ASSAY_COUNT_OF(sizes); i++) {
			assert_ok(chain_build(lines, sizes[i], (enum chain_order)order, 3, &err));
			assert_true(chain_is_one_cycle(lines, sizes[i]));
		}
	assert_ptr_equal(lines[5].next, &lines[6]); /* the last was sequential */
	for (size_t n = 1; n <= 40; n++) {
		assert_ok(chain_pages(pages, n, n, &err));
		assert_int_equal(chain_length(pages, sizeof(pages), n), n);
		assert_int_equal(chain_length(pages, sizeof(pages), n - 1), 0);
	}
}

/* A window is left only when all of it has been visited. */
static void test_window(void **state)
{
	enum { WINDOW = CHAIN_WINDOW_BYTES / CHAIN_LINE_BYTES };
	static struct line many[3 * WINDOW];
	struct assay_err err = {0};
	const struct line *at = many;
	size_t crossings = 0, neighbours = 0;

	(void)state;
	assert_ok(chain_build(many, 3 * WINDOW, CHAIN_WINDOW, 9, &err));
	assert_true(chain_is_one_cycle(many, 3 * WINDOW));
	for (size_t i = 0; i < 3 * WINDOW; i++, at = at->next) {
		crossings += (size_t)(at - many) / WINDOW != (size_t)(at->next - many) / WINDOW;
		neighbours += at->next == at + 1;
	}
	assert_int_equal(crossings, 3);
	assert_true(neighbours < WINDOW / 50);
}

static void test_goes_on(void **state)
{
	struct assay_err err = {0};

	(void)state;
	assert_ok(chain_build(lines, LINES, CHAIN_SEQUENTIAL, 1, &err));
	assert_true(chain_goes_on(lines, sizeof(lines), LINES - 1));
	assert_false(chain_goes_on(lines, sizeof(lines), LINES));
	lines[10].next = &lines[LINES];
	assert_true(chain_goes_on(lines, sizeof(lines), 10));
	assert_false(chain_goes_on(lines, sizeof(lines), 11));
}

static void test_refused(void **state)
{
	struct assay_err err = {0};

	(void)state;
	assert_fails(chain_random(lines, 0, 1, &err), ASSAY_EUSAGE, "out of range");
	assert_fails(chain_build(lines, 0, CHAIN_WINDOW, 1, &err), ASSAY_EUSAGE, "out of range");
	assert_fails(chain_pages(lines, 0, 1, &err), ASSAY_EUSAGE, "out of range");
	assert_fails(chain_pages(lines, SIZE_MAX, 1, &err), ASSAY_EUSAGE, "out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cycle), cmocka_unit_test(test_random),
		cmocka_unit_test(test_seed),      cmocka_unit_test(test_not_one_cycle),
		cmocka_unit_test(test_refused),   cmocka_unit_test(test_orders),
		cmocka_unit_test(test_goes_on),   cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

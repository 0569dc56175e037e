/* SPDX-License-Identifier: MIT */
/* test_arena: marks, blocks released one by one, chunks that come and go, large blocks. */
#include "tests/t.h"

#include "harness/base/rng.h"
#include "suites/memory/arena.h"

static size_t chunks(const struct arena *arena)
{
	size_t n = 0;

	for (const struct arena_chunk *c = arena->current; c; c = c->below)
		n++;
	return n;
}

static void test_rewind(void **state)
{
	struct arena arena = {0};

	(void)state;
	char *before = arena_alloc(&arena, 100);
	memset(before, 7, 100);
	struct arena_mark mark = arena_mark(&arena);
	char *first = arena_alloc(&arena, 40);
	for (int i = 0; i < 5000; i++) {
		char *block = arena_alloc(&arena, 1000);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % 16, 0);
		memset(block, 1, 1000);
	}
	char *large = arena_alloc(&arena, ARENA_LARGEST + 1);
	assert_int_equal((uintptr_t)large % 16, 0);
	memset(large, 2, ARENA_LARGEST + 1);
	assert_true(chunks(&arena) >= 5);
	arena_rewind(&arena, &mark);
	assert_int_equal(chunks(&arena), 1);
	assert_null(arena.large);
	assert_ptr_equal(arena_alloc(&arena, 40), first);
	for (int i = 0; i < 100; i++)
		assert_int_equal(before[i], 7);
	arena_done(&arena);
	assert_null(arena.current);
	assert_null(arena.kept);
}

/* A mark from before anything was taken gives everything back. */
static void test_first_mark(void **state)
{
	struct arena arena = {0};
	struct arena_mark mark = arena_mark(&arena);

	(void)state;
	arena_alloc(&arena, 10);
	arena_alloc(&arena, ARENA_LARGEST * 3);
	arena_rewind(&arena, &mark);
	assert_null(arena.current);
	assert_null(arena.large);
	arena_done(&arena);
}

/* The chunk that was empty when the mark was set is emptied again within the scope, and is then another's. */
static void test_mark_of_an_empty_chunk(void **state)
{
	enum { BLOCKS = 3000, BYTES = 1000 };
	static char *blocks[BLOCKS];
	struct arena arena = {0};

	(void)state;
	arena_release(&arena, arena_alloc(&arena, 8), 8);
	struct arena_mark mark = arena_mark(&arena);
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = arena_alloc(&arena, BYTES);
	for (size_t i = 0; i < BLOCKS / 2; i++)
		arena_release(&arena, blocks[i], BYTES);
	for (size_t i = 0; i < BLOCKS; i++) /* takes the chunk again, on top of others */
		assert_non_null(arena_alloc(&arena, BYTES));
	arena_rewind(&arena, &mark);
	assert_int_equal(chunks(&arena), 0);
	char *after = arena_alloc(&arena, BYTES);
	memset(after, 1, BYTES);
	arena_done(&arena);
	assert_null(arena.kept);
}

static void test_last_one_moves_down(void **state)
{
	struct arena arena = {0};
	char *a = arena_alloc(&arena, 64), *b = arena_alloc(&arena, 64);

	(void)state;
	arena_release(&arena, b, 64);
	assert_ptr_equal(arena_alloc(&arena, 64), b);
	arena_release(&arena, a, 64); /* not the last: only counted */
	assert_ptr_not_equal(arena_alloc(&arena, 64), a);
	arena_done(&arena);
}

/* Blocks released in any order: chunks without any are used again, so memory stays bounded. */
static void test_any_order(void **state)
{
	enum { SLOTS = 256, STEPS = 200000 };
	static struct {
		unsigned char *bytes;
		size_t size;
	} slots[SLOTS];
	struct arena arena = {0};
	struct assay_rng rng;

	(void)state;
	assay_rng_init(&rng, 5);
	for (uint64_t i = 0; i < STEPS; i++) {
		size_t s = assay_rng_below(&rng, SLOTS);
		if (slots[s].bytes) {
			assert_int_equal(slots[s].bytes[0], s & 255);
			assert_int_equal(slots[s].bytes[slots[s].size - 1], s & 255);
			arena_release(&arena, slots[s].bytes, slots[s].size);
		}
		slots[s].size = 1 + assay_rng_below(&rng, 2000);
		slots[s].bytes = arena_alloc(&arena, slots[s].size);
		memset(slots[s].bytes, (int)(s & 255), slots[s].size);
	}
	assert_true(chunks(&arena) <
		    12); /* 256 blocks of 1000 bytes on average pass 200 MB through */
	for (size_t s = 0; s < SLOTS; s++)
		if (slots[s].bytes)
			arena_release(&arena, slots[s].bytes, slots[s].size);
	arena_trim(&arena);
	assert_null(arena.kept);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_first_mark),
		cmocka_unit_test(test_mark_of_an_empty_chunk),
		cmocka_unit_test(test_last_one_moves_down),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

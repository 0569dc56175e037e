/* SPDX-License-Identifier: MIT */
/* test_codecs: our transform and its choice, and the pool of packed blocks. */
#include "tests/t.h"

#include <malloc.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/memory/auto_codec.h"
#include "suites/memory/data_kind.h"
#include "suites/memory/delta_codec.h"
#include "suites/memory/packed_pool.h"

enum { BYTES = 65536 };
static unsigned char plain[BYTES], packed[MEMORY_CODEC_BOUND(BYTES)], back[BYTES];

static const struct codec delta = {delta_compress, delta_expand};

/* A general codec that can do runs of one byte and nothing else. */
static size_t run_compress(void *to, size_t capacity, const void *from, size_t n)
{
	const unsigned char *in = from;

	for (size_t i = 1; i < n; i++)
		if (in[i] != in[0])
			return 0;
	if (capacity < 1)
		return 0;
	*(unsigned char *)to = in[0];
	return 1;
}

static bool run_expand(void *to, size_t n, const void *from, size_t bytes)
{
	memset(to, *(const unsigned char *)from, bytes == 1 ? n : 0);
	return bytes == 1;
}

static const struct codec runs = {run_compress, run_expand};

static double ratio_of(enum data_kind kind)
{
	data_fill(kind, 7, plain, BYTES);
	size_t bytes = delta_compress(packed, sizeof(packed), plain, BYTES);
	assert_true(bytes > 0);
	assert_true(delta_expand(back, BYTES, packed, bytes));
	assert_memory_equal(back, plain, BYTES);
	return (double)BYTES / (double)bytes;
}

/* What the transform is for comes out at less than half; the rest hardly grows. */
static void test_ratios(void **state)
{
	(void)state;
	assert_true(ratio_of(DATA_FLOAT) > 2);
	assert_true(ratio_of(DATA_DOUBLE) > 1.3);
	assert_true(ratio_of(DATA_RECORDS) > 3);
	assert_true(ratio_of(DATA_TEXT) > 0.98);
	assert_true(ratio_of(DATA_RANDOM) > 0.98);
}

static void test_forms(void **state)
{
	double ratio;
	uint32_t words[BYTES / 4];
	uint64_t longs[BYTES / 8];
	struct assay_rng rng;

	(void)state;
	for (uint32_t i = 0; i < BYTES / 4; i++)
		words[i] = i * i * 37u; /* nearly on a line */
	assert_int_equal(delta_choose(words, BYTES, &ratio), DELTA_LINE4);
	assert_true(ratio > 3.5); /* a byte of each four */
	assay_rng_init(&rng, 4);
	for (size_t i = 0; i < BYTES / 8; i++) /* steps of 36 bits */
		longs[i] = (i ? longs[i - 1] : 0) + (assay_rng_next(&rng) >> 28);
	assert_int_equal(delta_choose(longs, BYTES, &ratio), DELTA_WORD8);
	for (uint32_t i = 0; i < BYTES / 4; i++)
		words[i] = i % 4 * 0x10000000u + i / 4 * (i % 4 + 1);
	assert_int_equal(delta_choose(words, BYTES, &ratio), DELTA_RECORD16);
	assert_int_equal(delta_choose(words, 3, &ratio), DELTA_WORD4);
	assert_close(ratio, 0, 0);
}

static void test_damage(void **state)
{
	(void)state;
	data_fill(DATA_FLOAT, 3, plain, BYTES);
	size_t bytes = delta_compress(packed, sizeof(packed), plain, BYTES);
	assert_false(delta_expand(back, BYTES, packed, bytes - 1));
	assert_false(delta_expand(back, BYTES - 256, packed, bytes));
	assert_false(delta_expand(back, BYTES, packed, 0));
	assert_int_equal(packed[0], DELTA_LINE4);
	packed[1 + 4 * 4] = 5; /* behind four words: more planes than a word of 4 bytes has */
	assert_false(delta_expand(back, BYTES, packed, bytes));
	packed[0] = DELTA_FORMS;
	assert_false(delta_expand(back, BYTES, packed, bytes));
	for (size_t capacity = 0; capacity < bytes; capacity += 1000)
		assert_int_equal(delta_compress(packed, capacity, plain, BYTES), 0);
}

static void test_choice(void **state)
{
	(void)state;
	data_fill(DATA_FLOAT, 1, plain, BYTES);
	assert_int_equal(auto_choose(&runs, plain, BYTES), AUTO_DELTA);
	data_fill(DATA_RANDOM, 1, plain, BYTES);
	assert_int_equal(auto_choose(&runs, plain, BYTES), AUTO_STORED);
	assert_int_equal(auto_choose(NULL, plain, BYTES), AUTO_STORED);
	/* A sample that shrinks, of a block that then does not: stored after all. */
	memset(plain + (BYTES - 5000) / 2, 'a', 5000);
	assert_int_equal(auto_choose(&runs, plain, BYTES), AUTO_GENERAL);
	assert_int_equal(auto_compress(&runs, packed, sizeof(packed), plain, BYTES), BYTES + 1);
	assert_int_equal(packed[0], AUTO_STORED);
	data_fill(DATA_TEXT, 1, plain, BYTES);
	assert_int_equal(auto_choose(&runs, plain, BYTES), AUTO_STORED);
	size_t bytes = auto_compress(&runs, packed, sizeof(packed), plain, BYTES);
	assert_int_equal(bytes, BYTES + 1);
	assert_true(auto_expand(&runs, back, BYTES, packed, bytes));
	assert_memory_equal(back, plain, BYTES);
	assert_false(auto_expand(&runs, back, BYTES - 1, packed, bytes));
	packed[0] = AUTO_GENERAL;
	assert_false(auto_expand(NULL, back, BYTES, packed, bytes));
	packed[0] = 77;
	assert_false(auto_expand(&runs, back, BYTES, packed, bytes));
	assert_int_equal(auto_compress(&runs, packed, BYTES, plain, BYTES), 0);
}

/* Random writes and reads over a pool that keeps a few blocks plain, against a plain copy. */
static void test_pool(void **state)
{
	enum { BLOCKS = 50, BLOCK = 512, PLAIN = 4, OPERATIONS = 6000 };
	static unsigned char copy[BLOCKS][BLOCK];
	struct assay_err err = {0};
	struct assay_rng rng;
	struct zpool *pool;

	(void)state;
	assert_ok(zpool_new(&delta, BLOCK, BLOCKS, PLAIN, &pool, &err));
	assay_rng_init(&rng, 2);
	for (int i = 0; i < OPERATIONS; i++) {
		size_t at = assay_rng_below(&rng, BLOCKS), byte = assay_rng_below(&rng, BLOCK);
		unsigned char *block = zpool_get(pool, at);
		assert_non_null(block);
		assert_memory_equal(block, copy[at], BLOCK);
		block[byte] = copy[at][byte] = (unsigned char)assay_rng_below(&rng, 256);
		if (i % 500 == 0)
			zpool_trim(pool);
	}
	assert_true(zpool_faults(pool) > OPERATIONS / 2);
	zpool_free(pool);
	zpool_free(NULL);
}

static void test_pool_holds_less(void **state)
{
	enum { BLOCKS = 200, BLOCK = 4096 };
	struct assay_err err = {0};
	struct zpool *pool;

	(void)state;
	assert_ok(zpool_new(&delta, BLOCK, BLOCKS, 10, &pool, &err));
	size_t empty = zpool_bytes(pool), heap = mallinfo2().uordblks;
	for (size_t i = 0; i < BLOCKS; i++)
		data_fill(DATA_FLOAT, i, zpool_get(pool, i), BLOCK);
	/* All that the C library holds for it, and not only what was asked of it. */
	heap = mallinfo2().uordblks - heap;
	assert_true(ASSAY_SANITIZED || zpool_bytes(pool) - empty == heap);
	assert_true(zpool_bytes(pool) < BLOCKS * BLOCK / 2);
	size_t before = zpool_bytes(pool);
	assert_int_equal(zpool_trim(pool) + zpool_trim(pool), 10);
	assert_true(zpool_bytes(pool) > before); /* plain slots stay reserved */
	data_fill(DATA_FLOAT, 3, plain, BLOCK);
	assert_memory_equal(zpool_get(pool, 3), plain, BLOCK);
	zpool_free(pool);
	assert_fails(zpool_new(&delta, 0, 1, 1, &pool, &err), ASSAY_EUSAGE, "no pool");
	assert_fails(zpool_new(&delta, 64, 4, 5, &pool, &err), ASSAY_EUSAGE, "no pool");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratios), cmocka_unit_test(test_forms),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_choice),
		cmocka_unit_test(test_pool),   cmocka_unit_test(test_pool_holds_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

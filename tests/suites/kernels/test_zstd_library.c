/* SPDX-License-Identifier: MIT */
/* test_zstd_library: bytes come back, on several threads; and no context is made but a thread's first. */
#include "tests/t.h"

#include <pthread.h>
#include <stdatomic.h>

#include "suites/kernels/zstd_library.h"

enum { BYTES = 3000, TURNS = 20, THREADS = 3 };

static struct zstd_library zstd, real;
static atomic_uint made;

static void *count_compressor(void)
{
	made++;
	return real.compressor_new();
}

static void *count_expander(void)
{
	made++;
	return real.expander_new();
}

/* Returns NULL when everything came back. */
static void *there_and_back(void *unused)
{
	char plain[BYTES], packed[2 * BYTES], back[BYTES];

	(void)unused;
	for (size_t i = 0; i < BYTES; i++)
		plain[i] = (char)(i % 37);
	for (int turn = 0; turn < TURNS; turn++) {
		size_t n = zstd_compress(&zstd, packed, sizeof(packed), plain, BYTES, 1);
		memset(back, 0, BYTES);
		if (!n || n >= BYTES || !zstd_expand(&zstd, back, BYTES, packed, n) ||
		    memcmp(plain, back, BYTES) != 0)
			return &zstd;
		/* refused, and the next turn is none the worse for it */
		if (zstd_compress(&zstd, packed, n / 2, plain, BYTES, 1) != 0 ||
		    zstd_expand(&zstd, back, BYTES, plain, BYTES))
			return &zstd;
	}
	return NULL;
}

static void contexts_are_used_again(void **state)
{
	struct assay_err err = {0};
	pthread_t threads[THREADS];

	(void)state;
	if (zstd_open(&zstd, &err) != ASSAY_OK) {
		assert_non_null(strstr(err.text, "libzstd"));
		skip();
	}
	real = zstd;
	assert_ok(zstd_open(&zstd, &err)); /* nothing happens */
	assert_true(zstd.contexts == real.contexts);
	zstd.compressor_new = count_compressor;
	zstd.expander_new = count_expander;
	assert_null(there_and_back(NULL));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, there_and_back, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(made, 2 * (1 + THREADS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(contexts_are_used_again)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* parts: checksums, codecs and expiry pass their oracles; planted faults do not. */
#include <stdlib.h>

#include "suites/cache/parts.h"
#include "suites/cache/sum.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_cache;
extern const struct assay_subject assay_subject_cache_crc32c, assay_subject_cache_lanes,
	assay_subject_cache_xxh3, assay_subject_cache_zlib_crc32, assay_subject_cache_lz4,
	assay_subject_cache_zstd, assay_subject_cache_zlib, assay_subject_cache_codec_auto,
	assay_subject_cache_codec_null, assay_subject_cache_wheel, assay_subject_cache_heap;

static void subjects_pass(void **state)
{
	static const struct assay_subject *const subjects[] = {
		&assay_subject_cache_crc32c, &assay_subject_cache_lanes,
		&assay_subject_cache_xxh3,   &assay_subject_cache_zlib_crc32,
		&assay_subject_cache_lz4,    &assay_subject_cache_zstd,
		&assay_subject_cache_zlib,   &assay_subject_cache_codec_auto,
		&assay_subject_cache_wheel,  &assay_subject_cache_heap};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++) {
		struct assay_err err = {0};
		if (subjects[i]->probe && subjects[i]->probe(&err) != ASSAY_OK) {
			print_message("# %s\n", err.text);
			continue;
		}
		for (uint64_t seed = 1; seed <= 5; seed++)
			assert_ok(assay_suite_cache.check(subjects[i], seed, &err));
	}
}

static void assert_caught(const char *interface, const void *ops, const char *says)
{
	struct assay_subject faulty = {.interface = interface, .ops = ops};
	struct assay_err err = {0};
	assert_fails(assay_suite_cache.check(&faulty, 1, &err), ASSAY_ECHECK, says);
}

static uint64_t blind_to_some(const void *bytes, size_t n)
{
	return sum_crc32c(bytes, n - n / 8);
}

static bool forgets_the_end(const void *from, size_t n_from, void *to, size_t n)
{
	const struct codec_ops *sound = assay_subject_cache_codec_null.ops;
	bool ok = sound->decompress(from, n_from, to, n);
	((char *)to)[n - 1] = 7;
	return ok;
}

static void late(struct expiry *expiry, uint32_t entry, uint64_t deadline)
{
	const struct expiry_ops *sound = assay_subject_cache_heap.ops;
	sound->add(expiry, entry, deadline + (entry % 4 == 1));
}

static void early(struct expiry *expiry, uint32_t entry, uint64_t deadline)
{
	const struct expiry_ops *sound = assay_subject_cache_heap.ops;
	sound->add(expiry, entry, deadline - (entry % 4 == 1));
}

static void planted_faults_are_caught(void **state)
{
	assert_caught(CHECKSUM_INTERFACE, &(const struct checksum_ops){blind_to_some},
		      "changes no sum");
	struct codec_ops codec = *(const struct codec_ops *)assay_subject_cache_codec_null.ops;
	codec.decompress = forgets_the_end;
	assert_caught(CODEC_INTERFACE, &codec, "do not come back");
	struct expiry_ops expiry = *(const struct expiry_ops *)assay_subject_cache_heap.ops;
	expiry.add = late;
	assert_caught(EXPIRY_INTERFACE, &expiry, "still waits");
	expiry.add = early;
	assert_caught(EXPIRY_INTERFACE, &expiry, "before its time");
}

/* Noise is stored, text is not. */
static void the_choice_follows_the_data(void **state)
{
	struct assay_err err = {0};
	if (assay_subject_cache_codec_auto.probe(&err) != ASSAY_OK)
		return;
	const struct codec_ops *ops = assay_subject_cache_codec_auto.ops;
	static const size_t sizes[] = {64, 512, 4096, 65536};
	for (size_t i = 0; i < ASSAY_COUNT_OF(sizes); i++) {
		size_t n = sizes[i];
		unsigned char *data = malloc(n), *packed = malloc(ops->bound(n));
		codec_data_fill(CODEC_RANDOM, 3, data, n);
		assert_int_equal(ops->compress(data, n, packed, ops->bound(n)), n + 1);
		codec_data_fill(CODEC_ZEROS, 3, data, n);
		assert_true(ops->compress(data, n, packed, ops->bound(n)) < n / 2);
		free(data);
		free(packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subjects_pass),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(the_choice_follows_the_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

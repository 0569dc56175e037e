/* SPDX-License-Identifier: MIT */
/* log: planted damage is always found, no valid record is lost, a full log says so. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/log.h"
#include "suites/cache/store.h"
#include "suites/cache/sum.h"
#include "tests/t.h"

enum { KEYS = 40, WORDS = 5, VALUE_BYTES = WORDS * 8 };

struct fixture {
	char folder[FOLDER_BYTES], path[FOLDER_BYTES + 8];
	struct log *log;
};

static void open_log(struct fixture *f)
{
	struct assay_err err = {0};
	struct log_config config = {f->path, VALUE_BYTES, KEYS, 0};
	assert_ok(log_open(&config, &f->log, &err));
}

static void close_log(struct fixture *f)
{
	log_close(f->log);
	f->log = NULL;
}

static void put(struct fixture *f, uint64_t key, uint64_t version)
{
	struct assay_err err = {0};
	uint64_t value[WORDS];
	cache_value_fill(value, WORDS, cache_value_base(key, version));
	assert_ok(log_put(f->log, key, value, &err));
}

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct assay_err err = {0};
	*state = f;
	if (!f || folder_make(f->folder, &err) != ASSAY_OK)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/log", f->folder);
	open_log(f);
	for (uint64_t key = 0; key < KEYS; key++)
		put(f, key, 1);
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;
	close_log(f);
	folder_remove(f->folder);
	free(f);
	return 0;
}

/* How many keys are given out; none may have another value than its own. */
static unsigned readable(struct fixture *f)
{
	unsigned n = 0;
	for (uint64_t key = 0; key < KEYS; key++) {
		uint64_t value[WORDS];
		struct assay_err err = {0};
		if (log_get(f->log, key, value, &err) != ASSAY_OK)
			continue;
		assert_true(cache_value_is(value, WORDS, cache_value_base(key, 1)));
		n++;
	}
	return n;
}

static void flip(const char *path, off_t at, unsigned bit)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= (unsigned char)(1u << bit);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void every_flipped_bit_is_found_and_costs_one_record(void **state)
{
	struct fixture *f = *state;
	struct assay_rng rng;
	assay_rng_init(&rng, 7);
	off_t length = (off_t)log_bytes(f->log);
	for (int trial = 0; trial < 300; trial++) {
		off_t at = 16 + (off_t)assay_rng_below(&rng, (uint64_t)length - 16);
		unsigned bit = (unsigned)assay_rng_below(&rng, 8);
		close_log(f);
		flip(f->path, at, bit);
		open_log(f);
		assert_int_equal(log_damaged(f->log), 1);
		assert_int_equal(log_values(f->log), KEYS - 1);
		assert_int_equal(readable(f), KEYS - 1);
		close_log(f);
		flip(f->path, at, bit);
		open_log(f);
		assert_int_equal(log_damaged(f->log), 0);
	}
}

static void damage_while_open_is_found_by_the_get(void **state)
{
	struct fixture *f = *state;
	uint64_t value[WORDS];
	struct assay_err err = {0};
	flip(f->path, (off_t)log_bytes(f->log) - 3, 2);
	assert_fails(log_get(f->log, KEYS - 1, value, &err), ASSAY_ECHECK, "damaged");
	assert_int_equal(readable(f), KEYS - 1);
}

static void a_log_cut_short_keeps_what_is_whole(void **state)
{
	struct fixture *f = *state;
	uint64_t stride = (log_bytes(f->log) - 16) / KEYS;
	for (uint64_t cut = 1; cut < 3 * stride; cut += 7) {
		off_t length = (off_t)(log_bytes(f->log) - cut);
		unsigned whole = (unsigned)(((uint64_t)length - 16) / stride);
		close_log(f);
		assert_int_equal(truncate(f->path, length), 0);
		open_log(f);
		assert_int_equal(readable(f), whole);
		assert_int_equal(log_values(f->log), whole);
		/* and goes on from there */
		for (uint64_t key = whole; key < KEYS; key++)
			put(f, key, 1);
		assert_int_equal(readable(f), KEYS);
		close_log(f);
		open_log(f);
		assert_int_equal(readable(f), KEYS);
		close_log(f);
		unlink(f->path);
		open_log(f);
		for (uint64_t key = 0; key < KEYS; key++)
			put(f, key, 1);
	}
}

static void rewriting_keeps_the_last_of_each_key(void **state)
{
	struct fixture *f = *state;
	uint64_t longest = 0;
	for (uint64_t round = 0; round < 300000; round++) {
		put(f, round % KEYS, round);
		longest = log_bytes(f->log) > longest ? log_bytes(f->log) : longest;
	}
	assert_true(log_bytes(f->log) < longest); /* it was rewritten */
	for (uint64_t key = 0; key < KEYS; key++)
		put(f, key, 1);
	assert_int_equal(readable(f), KEYS);
	close_log(f);
	open_log(f);
	assert_int_equal(log_damaged(f->log), 0);
	assert_int_equal(readable(f), KEYS);
}

static void a_full_log_is_an_error_and_stays_readable(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	uint64_t value[WORDS] = {0};
	assert_fails(log_put(f->log, KEYS, value, &err), ASSAY_EIO, "more than the 40 keys");
	close_log(f);
	char path[FOLDER_BYTES + 16];
	snprintf(path, sizeof(path), "%s/small", f->folder);
	struct log_config config = {path, VALUE_BYTES, 1000000, 1 << 20};
	assert_ok(log_open(&config, &f->log, &err));
	enum assay_code rc = ASSAY_OK;
	uint64_t key = 0;
	for (; rc == ASSAY_OK && key < 100000; key++)
		rc = log_put(f->log, key, value, &err);
	assert_int_equal(rc, ASSAY_EIO);
	assert_non_null(strstr(err.text, "full"));
	assert_ok(log_get(f->log, 0, value, &err));
	assert_ok(log_get(f->log, key - 2, value, &err));
}

/* A file that is cut under the mapping stands for a disk that goes: the kernel sends the same signal. */
static void a_file_that_goes_is_an_error_and_not_a_signal(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	uint64_t value[WORDS] = {0};
	char aside[FOLDER_BYTES + 16], text[4096];
	close_log(f);
	open_log(f); /* cmocka has its own handler of signals since the first time */
	snprintf(aside, sizeof(aside), "%s/aside", f->folder);
	int fd = open(f->path, O_RDONLY | O_CLOEXEC), out = open(aside, O_RDWR | O_CREAT, 0600);
	ssize_t n;
	while ((n = read(fd, text, sizeof(text))) > 0)
		assert_int_equal(write(out, text, (size_t)n), n);
	close(out);
	close(fd);
	assert_int_equal(truncate(f->path, 0), 0);
	assert_fails(log_get(f->log, 3, value, &err), ASSAY_EIO, "its disk is gone");
	assert_fails(log_put(f->log, 3, value, &err), ASSAY_EIO, "its disk is gone");
	close_log(f);
	/* when it comes back, everything is there */
	assert_int_equal(rename(aside, f->path), 0);
	open_log(f);
	assert_int_equal(log_damaged(f->log), 0);
	assert_int_equal(readable(f), KEYS);
}

/* In a child: on a file system of 3 MiB of its own. Exits 0 when all is well, 77 without the right to mount. */
static void fill_the_disk(const char *folder)
{
	struct assay_err err = {0};
	char path[FOLDER_BYTES + 16], filler[FOLDER_BYTES + 16];
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=3m") != 0)
		_exit(77);
	struct log_config config = {path, VALUE_BYTES, 100000, 0};
	struct log *log;
	int fd = open(filler, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, 1 << 20) != 0 || log_open(&config, &log, &err))
		_exit(2);
	uint64_t key = 0, value[WORDS], got[WORDS];
	for (;; key++) {
		cache_value_fill(value, WORDS, cache_value_base(key, 1));
		if (log_put(log, key, value, &err) != ASSAY_OK)
			break;
	}
	if (err.code != ASSAY_EIO || !strstr(err.text, "No space left") || key < 1000)
		_exit(3);
	if (unlink(filler) != 0 || close(fd) != 0 || log_put(log, key, value, &err) != ASSAY_OK)
		_exit(4); /* once there is room it goes on */
	log_close(log);
	if (log_open(&config, &log, &err) != ASSAY_OK || log_damaged(log) ||
	    log_values(log) != key + 1)
		_exit(5);
	for (uint64_t i = 0; i <= key; i++)
		if (log_get(log, i, got, &err) != ASSAY_OK ||
		    !cache_value_is(got, WORDS, cache_value_base(i, 1)))
			_exit(6);
	_exit(0);
}

static void a_full_disk_is_an_error_and_loses_nothing(void **state)
{
	struct assay_err err = {0};
	char folder[FOLDER_BYTES];
	int status = 0;
	(void)state;
	assert_ok(folder_make(folder, &err));
	pid_t child = fork();
	if (child == 0)
		fill_the_disk(folder);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	folder_remove(folder);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("# not allowed to mount a file system\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void other_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	struct log *log;
	struct log_config config = {f->path, VALUE_BYTES + 8, KEYS, 0};
	assert_fails(log_open(&config, &log, &err), ASSAY_EPARSE, "values of 40 bytes, not 48");
	config = (struct log_config){f->path, VALUE_BYTES, KEYS - 1, 0};
	assert_fails(log_open(&config, &log, &err), ASSAY_EIO, "more than the 39 keys");
	flip(f->path, 2, 1);
	config.most_values = KEYS;
	assert_fails(log_open(&config, &log, &err), ASSAY_EPARSE, "no log of assay");
	config.path = "/nowhere/log";
	assert_fails(log_open(&config, &log, &err), ASSAY_EIO, "/nowhere/log");
}

static void sums_are_what_they_say(void **state)
{
	assert_int_equal(sum_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(sum_crc32c("", 0), 0);
	unsigned char bytes[200];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 & 255);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		uint32_t plain = sum_crc32c(bytes, n), lanes = sum_lanes(bytes, n);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
			assert_true(sum_crc32c(bytes, n) != plain && sum_lanes(bytes, n) != lanes);
			bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		}
	}
}

extern const struct assay_suite assay_suite_cache;
extern const struct assay_subject assay_subject_cache_log_store, assay_subject_cache_lmdb,
	assay_subject_cache_sqlite, assay_subject_cache_rocksdb;

static void stores_pass_the_oracle(void **state)
{
	static const struct assay_subject *const stores[] = {
		&assay_subject_cache_log_store, &assay_subject_cache_lmdb,
		&assay_subject_cache_sqlite, &assay_subject_cache_rocksdb};
	for (size_t i = 0; i < ASSAY_COUNT_OF(stores); i++) {
		struct assay_err err = {0};
		if (stores[i]->probe && stores[i]->probe(&err) != ASSAY_OK)
			print_message("# %s\n", err.text);
		else
			assert_ok(assay_suite_cache.check(stores[i], 99, &err));
	}
}

/* A store that forgets what was not put lately fails the oracle. */
static enum assay_code forgetful_get(struct kv_store *store, uint64_t key, void *value,
				     struct assay_err *err)
{
	const struct store_ops *sound = assay_subject_cache_log_store.ops;
	return key % 97 == 0 && key ? ASSAY_SKIP : sound->get(store, key, value, err);
}

static void a_wrong_store_is_found(void **state)
{
	struct store_ops ops = *(const struct store_ops *)assay_subject_cache_log_store.ops;
	struct assay_err err = {0};
	ops.get = forgetful_get;
	struct assay_subject wrong = {.interface = STORE_INTERFACE, .ops = &ops};
	assert_fails(assay_suite_cache.check(&wrong, 99, &err), ASSAY_ECHECK, "is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_flipped_bit_is_found_and_costs_one_record,
						begin, end),
		cmocka_unit_test_setup_teardown(damage_while_open_is_found_by_the_get, begin, end),
		cmocka_unit_test_setup_teardown(a_log_cut_short_keeps_what_is_whole, begin, end),
		cmocka_unit_test_setup_teardown(rewriting_keeps_the_last_of_each_key, begin, end),
		cmocka_unit_test_setup_teardown(a_full_log_is_an_error_and_stays_readable, begin,
						end),
		cmocka_unit_test_setup_teardown(a_file_that_goes_is_an_error_and_not_a_signal,
						begin, end),
		cmocka_unit_test(a_full_disk_is_an_error_and_loses_nothing),
		cmocka_unit_test_setup_teardown(other_files_are_refused, begin, end),
		cmocka_unit_test(sums_are_what_they_say),
		cmocka_unit_test(stores_pass_the_oracle),
		cmocka_unit_test(a_wrong_store_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

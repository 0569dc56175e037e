/* SPDX-License-Identifier: MIT */
/* test_attachment: bytes that belong to a run come back as they were, or not at all. */
#include <sqlite3.h>
#include <stdlib.h>

#include "tests/store/fixture.h"
#include "tests/t.h"

static int64_t new_run(struct assay_store *store)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(1);
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	return run;
}

static void bytes_come_back(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	static char large[100000]; /* is worth compressing */
	memset(large, 'x', sizeof(large));
	const struct assay_attachment given[] = {
		{"stacks", "one", large, sizeof(large)},
		{"stacks", "two; '\"", "\0\1\2", 3},
		{"stacks", "none", "", 0},
		{"other", "four", "4", 1},
	};
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	int64_t run = new_run(store);
	for (size_t i = 0; i < ASSAY_COUNT_OF(given); i++)
		assert_ok(assay_store_attach(store, run, &given[i], &err));
	assay_store_close(store);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err));
	struct assay_attachment_list list;
	assert_ok(assay_store_attachments(store, run, "stacks", &list, &err));
	assert_int_equal(list.n, 3);
	for (size_t i = 0; i < list.n; i++) {
		assert_string_equal(list.attachments[i].name, given[i].name);
		assert_int_equal(list.attachments[i].size, given[i].size);
		assert_memory_equal(list.attachments[i].bytes, given[i].bytes, given[i].size);
	}
	assay_attachment_list_done(&list);
	assert_ok(assay_store_attachments(store, run + 1, "stacks", &list, &err));
	assert_int_equal(list.n, 0);
	assay_attachment_list_done(&list);
	assert_fails(assay_store_attach(store, run, &given[0], &err), ASSAY_ESTORE, "");
	assay_store_close(store);
}

static void damaged_bytes_are_refused(void **state)
{
	const struct folder *folder = *state;
	static const char *const damages[] = {
		"UPDATE attachment SET crc = crc + 1",
		"UPDATE attachment SET size = size + 1",
		"UPDATE attachment SET size = -1",
		"UPDATE attachment SET data = x'00'",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(damages); i++) {
		struct assay_err err = {0};
		struct assay_store *store;
		struct assay_attachment_list list;
		const struct assay_attachment given = {"stacks", "one", "abc", 3};
		assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
		struct assay_run_info info = sample_run((unsigned)i + 1);
		int64_t run;
		assert_ok(assay_store_begin_run(store, &info, &run, &err));
		assert_ok(assay_store_attach(store, run, &given, &err));
		sqlite3 *db;
		assert_int_equal(sqlite3_open(folder->db, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, damages[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		assert_fails(assay_store_attachments(store, run, "stacks", &list, &err),
			     ASSAY_ESTORE, "'one' is damaged");
		assay_store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_come_back, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(damaged_bytes_are_refused, folder_setup,
						folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

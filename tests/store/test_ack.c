/* SPDX-License-Identifier: MIT */
/* Acknowledgements come back whole, end without being lost, and series are found by name. */
#include "tests/t.h"

#include "harness/store/ack.h"
#include "tests/store/fixture.h"

static struct assay_store *open_with_results(const struct folder *folder, unsigned n)
{
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	struct assay_run_info info = sample_run(0);
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (unsigned i = 0; i < n; i++) {
		struct sample s;
		sample_result(&s, i);
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
		s.result.metric.name = "alpha";
		s.result.primary = false;
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
	}
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	return store;
}

static struct assay_ack sample_ack(unsigned which)
{
	struct sample s;
	struct assay_err err = {0};
	struct assay_ack ack = {
		.one_machine = true,
		.kind = ASSAY_ACK_ACCEPTED,
		.from = "aaaaaaaaaaaa",
		.to = "bbbbbbbbbbbb",
		.limit_ratio = 1.0625,
		.author = "O'Neill \"X\"",
		.note = "checks bounds now; see #12",
		.made_ns = 1000 + which,
		.expires_ns = UINT64_MAX / 4,
	};
	memset(ack.fingerprint, 9, sizeof(ack.fingerprint));
	sample_result(&s, which);
	assert_ok(assay_series_key(&s.result, ack.series_key, &err));
	return ack;
}

static void every_field_returns(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_with_results(*state, 1);
	struct assay_ack want = sample_ack(0), bare = sample_ack(1);
	int64_t id, other;
	assert_ok(assay_store_add_ack(store, &want, &id, &err));
	bare.kind = ASSAY_ACK_FALSE_ALARM;
	bare.one_machine = false;
	bare.from = bare.to = bare.note = bare.author = NULL;
	bare.expires_ns = 0;
	assert_ok(assay_store_add_ack(store, &bare, &other, &err));
	struct assay_ack_list list;
	assert_ok(assay_store_acks(store, NULL, &list, &err));
	assert_int_equal(list.n, 2);
	const struct assay_ack *got = &list.acks[1]; /* the newest comes first */
	assert_int_equal(got->id, id);
	assert_memory_equal(got->series_key, want.series_key, 32);
	assert_true(got->one_machine);
	assert_memory_equal(got->fingerprint, want.fingerprint, 32);
	assert_int_equal(got->kind, ASSAY_ACK_ACCEPTED);
	assert_string_equal(got->from, want.from);
	assert_string_equal(got->to, want.to);
	assert_true(got->limit_ratio == want.limit_ratio);
	assert_string_equal(got->author, want.author);
	assert_string_equal(got->note, want.note);
	assert_true(got->made_ns == want.made_ns && got->expires_ns == want.expires_ns);
	assert_string_equal(got->name, "memory/alloc/size:16/kind:heap/subject:pool/threads:2");
	assert_string_equal(got->metric, "time");
	got = &list.acks[0];
	assert_int_equal(got->kind, ASSAY_ACK_FALSE_ALARM);
	assert_true(!got->one_machine && isnan(got->limit_ratio) && got->expires_ns == 0);
	assert_string_equal(got->from, "");
	assert_string_equal(got->to, "");
	assert_null(got->name); /* a series this store has not met */
	assert_memory_not_equal(got->uuid, list.acks[1].uuid, 16);
	assay_ack_list_done(&list);
	assert_ok(assay_store_acks(store, want.series_key, &list, &err));
	assert_int_equal(list.n, 1);
	assay_ack_list_done(&list);
	assay_store_close(store);
}

static void a_retired_one_stays_on_record(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_with_results(*state, 1);
	struct assay_ack ack = sample_ack(0);
	int64_t id;
	assert_ok(assay_store_add_ack(store, &ack, &id, &err));
	assert_ok(assay_store_retire_ack(store, id, &err));
	assert_fails(assay_store_retire_ack(store, id, &err), ASSAY_EUSAGE,
		     "no acknowledgement 1 that is still in force");
	assert_fails(assay_store_retire_ack(store, 77, &err), ASSAY_EUSAGE, "77");
	struct assay_ack_list list;
	assert_ok(assay_store_acks(store, NULL, &list, &err));
	assert_int_equal(list.n, 1);
	assert_true(list.acks[0].expires_ns > 0 && list.acks[0].expires_ns < ack.expires_ns);
	assay_ack_list_done(&list);
	assay_store_close(store);
}

static void a_limit_that_accepts_nothing_is_refused(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_with_results(*state, 0);
	struct assay_ack ack = sample_ack(0);
	int64_t id;
	static const double limits[] = {1, 0.94, 0, -1, NAN, INFINITY};
	for (size_t i = 0; i < ASSAY_COUNT_OF(limits); i++) {
		ack.limit_ratio = limits[i];
		assert_fails(assay_store_add_ack(store, &ack, &id, &err), ASSAY_EUSAGE, "above 1");
	}
	assay_store_close(store);
	const struct folder *folder = *state;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &store, &err));
	ack.limit_ratio = 2;
	assert_int_equal(assay_store_add_ack(store, &ack, &id, &err), ASSAY_ESTORE);
	assert_int_equal(assay_store_retire_ack(store, 1, &err), ASSAY_ESTORE);
	assay_store_close(store);
}

static void series_by_name(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_with_results(*state, 40);
	struct assay_series_list list;
	assert_ok(assay_store_series(store, "memory", &list, &err));
	assert_int_equal(list.n, 80);
	struct sample s;
	uint8_t key[32];
	sample_result(&s, 0);
	assert_ok(assay_series_key(&s.result, key, &err));
	assert_memory_equal(list.series[0].key, key, 32);
	assert_string_equal(list.series[0].name, s.name);
	assert_true(list.series[0].primary && !list.series[1].primary);
	assert_string_equal(list.series[1].metric, "alpha"); /* the primary metric goes first */
	assay_series_list_done(&list);
	assert_ok(assay_store_series(store, "*/size:2?/*", &list, &err));
	assert_int_equal(list.n, 20);
	assay_series_list_done(&list);
	assert_ok(assay_store_series(store, "memor", &list, &err));
	assert_int_equal(list.n, 0);
	assay_series_list_done(&list);
	assay_store_close(store);
}

static void the_first_run_of_a_commit(void **state)
{
	struct assay_err err = {0};
	struct assay_store *store = open_with_results(*state, 0);
	uint64_t ns;
	for (unsigned i = 4; i-- > 1;) {
		struct assay_run_info info = sample_run(i);
		int64_t run;
		assert_ok(assay_store_begin_run(store, &info, &run, &err));
	}
	assert_ok(assay_store_first_run(store, "1affffffffff", &ns, &err));
	assert_true(ns == sample_run(0).started_ns);
	assert_ok(assay_store_first_run(store, "1a2b3c4d5e6f", &ns, &err)); /* dirty */
	assert_int_equal(ns, 0);
	assay_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_returns, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(a_retired_one_stays_on_record, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(a_limit_that_accepts_nothing_is_refused,
						folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(series_by_name, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(the_first_run_of_a_commit, folder_setup,
						folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

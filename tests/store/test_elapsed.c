/* SPDX-License-Identifier: MIT */
/* The newest duration of each case on one kind of machine, and nothing that says nothing about it. */
#include "harness/store/elapsed.h"

#include <stdio.h>

#include "tests/store/fixture.h"
#include "tests/t.h"

#define PLAN "{\"launches\": 3, \"time_ns\": 60000000}"

struct added {
	unsigned which; /* of the run: even ones are one kind of machine, odd ones another */
	unsigned series;
	const char *plan, *gate;
	uint64_t elapsed_ns;
	enum assay_status status;
	bool secondary;
};

static void add(struct assay_store *store, const struct added *a)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(a->which);
	const struct assay_tag gate = {"gate", a->gate};
	if (a->gate)
		info.tags = &gate, info.n_tags = 1;
	info.plan = a->plan;
	int64_t run;
	struct sample s;
	sample_result(&s, a->series);
	s.result.status = a->status;
	s.result.started_ns += 100 * a->which;
	s.result.elapsed_ns = a->elapsed_ns;
	s.result.primary = !a->secondary;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
}

static void the_newest_of_this_machine(void **state)
{
	static const struct added all[] = {
		{0, 1, PLAN, NULL, 100, ASSAY_STATUS_OK, false},
		{2, 1, PLAN, NULL, 200, ASSAY_STATUS_UNSTABLE, false},
		{4, 0, PLAN, NULL, 300, ASSAY_STATUS_OK, false},
		/* not: another machine, a gate, a failure, no plan to speak of, no main metric */
		{5, 1, PLAN, NULL, 1, ASSAY_STATUS_OK, false},
		{6, 1, PLAN, "cand", 2, ASSAY_STATUS_OK, false},
		{8, 1, PLAN, NULL, 3, ASSAY_STATUS_FAILED, false},
		{10, 2, "{}", NULL, 4, ASSAY_STATUS_OK, false},
		{12, 3, "no JSON", NULL, 5, ASSAY_STATUS_OK, false},
		{14, 4, PLAN, NULL, 6, ASSAY_STATUS_OK, true},
	};
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_elapsed_list list;
	struct assay_run_info here = sample_run(0);
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(all); i++)
		add(store, &all[i]);
	assert_ok(assay_store_elapsed(store, here.fingerprint, &list, &err));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.cases[0].name,
			    "memory/alloc/size:16/kind:heap/subject:pool/threads:2");
	assert_int_equal(list.cases[0].elapsed_ns, 300);
	assert_int_equal(list.cases[1].elapsed_ns, 200);
	assert_int_equal(list.cases[1].launches, 3);
	assert_int_equal(list.cases[1].time_ns, 60000000);
	assay_elapsed_list_done(&list);
	assay_elapsed_list_done(NULL);
	assay_store_close(store);
}

static void an_empty_store(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_elapsed_list list;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_ok(assay_store_elapsed(store, (const uint8_t[32]){0}, &list, &err));
	assert_int_equal(list.n, 0);
	assay_elapsed_list_done(&list);
	assay_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newest_of_this_machine, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(an_empty_store, folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The newest figure of each series on each machine, and nothing of gates or of what was not measured. */
#include "harness/store/fleet.h"

#include <stdio.h>

#include "tests/store/fixture.h"
#include "tests/t.h"

static void add(struct assay_store *store, unsigned which, const char *tag, double median,
		enum assay_status status)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(which);
	const struct assay_tag gate = {"gate", tag};
	if (tag)
		info.tags = &gate, info.n_tags = 1;
	int64_t run;
	struct sample s;
	sample_result(&s, 0);
	s.result.status = status;
	s.result.started_ns += which;
	s.result.estimate.median = median;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	assert_ok(assay_store_add_result(store, run, &s.result, &err));
}

static void newest_of_each_machine(void **state)
{
	const struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	add(store, 0, NULL, 10, ASSAY_STATUS_OK); /* alpha */
	add(store, 1, NULL, 20, ASSAY_STATUS_OK); /* beta */
	add(store, 2, NULL, 11, ASSAY_STATUS_UNSTABLE);
	add(store, 4, "cand", 99, ASSAY_STATUS_OK);
	add(store, 6, NULL, 98, ASSAY_STATUS_FAILED);
	struct assay_fleet fleet;
	assert_ok(assay_store_fleet(store, NULL, &fleet, &err));
	assert_int_equal(fleet.n_machines, 2);
	assert_string_equal(fleet.machines[0].name, "alpha");
	assert_int_equal(fleet.machines[0].runs, 3);
	assert_int_equal(fleet.machines[1].runs, 1);
	assert_int_equal(fleet.n_series, 1);
	assert_string_equal(fleet.series[0].unit, "ns/op");
	assert_int_equal(fleet.n_values, 2);
	assert_true(fleet.values[0].median == 11 && fleet.values[0].machine == 0);
	assert_true(fleet.values[1].median == 20 && fleet.values[1].machine == 1);
	assay_fleet_done(&fleet);
	assert_ok(assay_store_fleet(store, "cache", &fleet, &err));
	assert_int_equal(fleet.n_values, 0);
	assay_fleet_done(&fleet);
	assay_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(newest_of_each_machine, folder_setup,
						folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* A gate's verdicts are written as a whole, come back whole, and go with the run they are about. */
#include "tests/t.h"

#include "harness/store/verdict.h"
#include "tests/store/fixture.h"

struct gate {
	struct assay_store *store;
	int64_t base, cand;
	struct sample samples[3];
	struct assay_stored_verdict verdicts[3];
};

static int64_t add_run(struct assay_store *store, unsigned which)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(which);
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	return run;
}

/* Two runs, one result of each side for the first series, and three verdicts not yet stored. */
static void prepare(struct gate *gate, const struct folder *folder)
{
	struct assay_err err = {0};
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &gate->store, &err));
	gate->base = add_run(gate->store, 2);
	gate->cand = add_run(gate->store, 1);
	static const char *const decisions[] = {"REGRESSED", "MISSING", "OK"};
	for (unsigned i = 0; i < 3; i++) {
		sample_result(&gate->samples[i], i);
		gate->verdicts[i] = (struct assay_stored_verdict){
			.series = &gate->samples[i].result,
			.decision = decisions[i],
			.reason = i == 1 ? "vanished; it's \"gone\"" : NULL,
			.method = "paired",
			.policy = "{\"m0\":0.01}",
			.n = 8 + i,
			.ratio = 1.0625,
			.lo = 1.03125,
			.hi = 1.09375,
			.p = i == 1 ? NAN : 0.0078125,
		};
	}
	assert_ok(assay_store_add_result(gate->store, gate->cand, &gate->samples[0].result, &err));
}

static void every_field_returns(void **state)
{
	struct assay_err err = {0};
	struct gate gate;
	prepare(&gate, *state);
	assert_ok(
		assay_store_add_verdicts(gate.store, gate.cand, gate.base, gate.verdicts, 3, &err));
	struct assay_verdict_list list;
	assert_ok(assay_store_verdicts(gate.store, gate.cand, NULL, 0, &list, &err));
	assert_int_equal(list.n, 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct assay_stored_verdict *got = &list.verdicts[i];
		uint8_t key[32];
		assert_ok(assay_series_key(&gate.samples[i].result, key, &err));
		assert_memory_equal(got->series_key, key, 32);
		assert_string_equal(got->name, gate.samples[i].name);
		assert_string_equal(got->metric, "time");
		assert_string_equal(got->unit, "ns/op");
		assert_string_equal(got->decision, gate.verdicts[i].decision);
		assert_string_equal(got->reason, i == 1 ? "vanished; it's \"gone\"" : "");
		assert_string_equal(got->method, "paired");
		assert_string_equal(got->policy, "{\"m0\":0.01}");
		assert_int_equal(got->n, 8 + i);
		assert_true(got->ratio == 1.0625 && got->lo == 1.03125 && got->hi == 1.09375);
		assert_true(i == 1 ? isnan(got->p) : got->p == 0.0078125);
		assert_int_equal(got->run, gate.cand);
		assert_int_equal(got->against, gate.base);
		assert_string_equal(got->commit, "1a2b3c4d5e6f");
		assert_string_equal(got->against_commit, "1affffffffff");
		assert_true(got->dirty && got->made_ns > 0 && got->fingerprint[0] == 1);
	}
	assay_verdict_list_done(&list);
	assay_store_close(gate.store);
}

static void one_series_newest_first(void **state)
{
	struct assay_err err = {0};
	struct gate gate;
	prepare(&gate, *state);
	assert_ok(assay_store_add_verdicts(gate.store, gate.cand, 0, gate.verdicts, 3, &err));
	gate.verdicts[1].decision = "NEW";
	assert_ok(assay_store_add_verdicts(gate.store, gate.cand, 0, gate.verdicts, 3, &err));
	uint8_t key[32];
	assert_ok(assay_series_key(&gate.samples[1].result, key, &err));
	struct assay_verdict_list list;
	assert_ok(assay_store_verdicts(gate.store, 0, key, 0, &list, &err));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.verdicts[0].decision, "NEW");
	assert_string_equal(list.verdicts[1].decision, "MISSING");
	assert_true(list.verdicts[0].against == 0 && !list.verdicts[0].against_commit);
	assay_verdict_list_done(&list);
	assert_ok(assay_store_verdicts(gate.store, 0, key, 1, &list, &err));
	assert_int_equal(list.n, 1);
	assay_verdict_list_done(&list);
	assay_store_close(gate.store);
}

static void all_of_a_gate_or_none(void **state)
{
	struct assay_err err = {0};
	struct gate gate;
	prepare(&gate, *state);
	gate.verdicts[2].decision = NULL; /* the column refuses it, after two that were fine */
	assert_int_equal(assay_store_add_verdicts(gate.store, gate.cand, 0, gate.verdicts, 3, &err),
			 ASSAY_ESTORE);
	struct assay_verdict_list list;
	assert_ok(assay_store_verdicts(gate.store, 0, NULL, 0, &list, &err));
	assert_int_equal(list.n, 0);
	assay_verdict_list_done(&list);
	gate.verdicts[2].decision = "OK";
	assert_fails(assay_store_add_verdicts(gate.store, 99, 0, gate.verdicts, 3, &err),
		     ASSAY_EUSAGE, "run 99 is not in");
	assert_fails(assay_store_add_verdicts(gate.store, gate.cand, 98, gate.verdicts, 3, &err),
		     ASSAY_EUSAGE, "run 98 is not in");
	/* Nothing of the failures is left in the caches. */
	assert_ok(
		assay_store_add_verdicts(gate.store, gate.cand, gate.base, gate.verdicts, 3, &err));
	assay_store_close(gate.store);
	struct assay_store_report report;
	assert_ok(assay_store_check(((struct folder *)*state)->db, &report, &err));
	assert_string_equal(report.problem, "");
}

static void a_store_for_reading_refuses(void **state)
{
	struct assay_err err = {0};
	struct gate gate;
	prepare(&gate, *state);
	assay_store_close(gate.store);
	const struct folder *folder = *state;
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_READ, &gate.store, &err));
	assert_int_equal(assay_store_add_verdicts(gate.store, gate.cand, 0, gate.verdicts, 3, &err),
			 ASSAY_ESTORE);
	assay_store_close(gate.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_returns, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(one_series_newest_first, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(all_of_a_gate_or_none, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(a_store_for_reading_refuses, folder_setup,
						folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

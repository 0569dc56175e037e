/* SPDX-License-Identifier: MIT */
/* test_starter: templates that start ranks: what is refused, and what comes out. */
#include "tests/t.h"

#include "harness/engine/starter.h"

static void built_in_ones_are_sound(void **state)
{
	(void)state;
	struct assay_err err = {0};
	size_t n;
	const struct assay_starter *all = assay_starters(&n);
	assert_true(n >= 3);
	for (size_t i = 0; i < n; i++) {
		struct assay_argv template = {0};
		assert_ok(assay_starter_parse(all[i].template, &template, &err));
		assay_argv_done(&template);
	}
}

static void words_take_their_place(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_argv template = {0}, command = {0};
	struct assay_argv worker = {0};
	assert_ok(assay_argv_add(&worker, "/bin/assay", &err));
	assert_ok(assay_argv_add(&worker, "worker", &err));
	assert_ok(assay_argv_add(&worker, "--case=a b", &err));
	const struct assay_starter_values values = {"/bin/assay", &worker, 12, 2500000000};
	assert_ok(assay_starter_parse(
		"go --n={ranks} 'two words' --t {timeout_s} {program} -- {assay}", &template,
		&err));
	assert_ok(assay_starter_fill(&template, &values, &command, &err));
	static const char *const want[] = {"go", "--n=12",     "two words", "--t",
					   "7",  "/bin/assay", "worker",    "--case=a b",
					   "--", "/bin/assay"};
	assert_int_equal(command.n, 10);
	for (size_t i = 0; i < command.n; i++)
		assert_string_equal(command.words[i], want[i]);
	assert_null(command.words[command.n]);
	assay_argv_done(&worker);
	assay_argv_done(&template);
	assay_argv_done(&command);
}

static void bad_ones_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"mpirun -n {ranks}", "no {program}"},
		{"mpirun {program}", "no {ranks}"},
		{"mpirun -n {ranks} {progam}", "no {progam}"},
		{"mpirun -n {ranks} x{program}", "by itself"},
		{"mpirun -n {ranks {program}", "without an end"},
		{"mpirun -n {ranks} {program} | tee log", "|"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct assay_err err = {0};
		struct assay_argv template = {0};
		assert_fails(assay_starter_parse(bad[i].text, &template, &err), ASSAY_EUSAGE,
			     bad[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_ones_are_sound),
		cmocka_unit_test(words_take_their_place),
		cmocka_unit_test(bad_ones_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* budget_file: what a file of budgets holds, and what is refused with file and line. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/budget_file.h"
#include "cli/cli.h"

const struct cli_verb *const cli_verbs[] = {NULL};

static int enter(void **state)
{
	char folder[T_PATH];
	if (!mkdtemp(t_path(folder, "budgets")) || chdir(folder) < 0)
		return -1;
	*state = strdup(folder);
	return 0;
}

static int leave(void **state)
{
	int rc = unlink("b.yaml");
	rc |= chdir("/") < 0 || rmdir(*state) < 0;
	free(*state);
	return rc;
}

static void write_file(const char *text)
{
	FILE *out = fopen("b.yaml", "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void all_that_a_budget_can_say(void **state)
{
	struct assay_err err = {0};
	struct budget_list list = {0};
	(void)state;
	write_file(
		"# ours\n"
		"budgets:\n"
		"  short: a/b <= 12 ns\n"
		"  long:\n"
		"    bound: >\n"
		"      a/b share /\n"
		"      a/c share >= 10\n"
		"    up_to: 50\n"
		"    text: the pool, \"at last\"\n"
		"    source: a report\n"
		"    claim: S1.alloc\n"
		"  never:\n"
		"    reason: needs eight devices\n");
	assert_ok(budget_list_read(&list, "b.yaml", &err));
	assert_int_equal(list.n, 3);
	const struct budget *b = list.budgets;
	assert_string_equal(b[0].name, "short");
	assert_string_equal(b[0].path, "b.yaml");
	assert_int_equal(b[0].line, 3);
	assert_true(b[0].bounded);
	assert_string_equal(b[0].asked, "a/b <= 12 ns");
	assert_null(b[0].claim);
	assert_int_equal(b[1].line, 4);
	assert_int_equal(b[1].bound_line, 5);
	assert_string_equal(b[1].bound.under.series, "a/c");
	assert_close(b[1].bound.far, 50, 0);
	assert_string_equal(b[1].text, "the pool, \"at last\"");
	assert_string_equal(b[1].source, "a report");
	assert_string_equal(b[1].claim, "S1.alloc");
	assert_false(b[2].bounded);
	assert_string_equal(b[2].reason, "needs eight devices");
	write_file("{\"budgets\": {\"json\": \"a/b <= 1 s\"}}");
	assert_ok(budget_list_read(&list, "b.yaml", &err));
	assert_int_equal(list.n, 4);
	assert_string_equal(list.budgets[3].name, "json");
	budget_list_done(&list);
	assert_int_equal(list.n, 0);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "b.yaml holds no budget"},
		{"budgets: {}\n", "b.yaml holds no budget"},
		{"budgets:\n", "b.yaml:1: budgets: expected 'name: bound' lines"},
		{"budget:\n  a: b/c <= 1 s\n",
		 "b.yaml:1: unknown key 'budget'; did you mean 'budgets'?"},
		{"claims:\n  a: b/c <= 1 s\n", "b.yaml:1: unknown key 'claims'; there is budgets"},
		{"- a\n", "b.yaml:1: expected 'key: value' lines"},
		{"budgets: 3\n", "b.yaml:1: budgets: expected"},
		{"budgets:\n  a: [b\n", "b.yaml:3: not YAML"},
		{"budgets:\n  a: b/c <= 1 s\n  a: b/c <= 2 s\n",
		 "b.yaml:3: 'a' stands here a second time"},
		{"budgets:\n  a b: b/c <= 1 s\n", "b.yaml:2: 'a b' cannot be the name"},
		{"budgets:\n  a12345678901234567890: b/c <= 1 s\n",
		 "cannot be the name of a budget: at most 20 letters"},
		{"budgets:\n  a: b/c < 1 s\n", "b.yaml:2: a: '<' stands where <= or >="},
		{"budgets:\n  a:\n", "b.yaml:2: there is no value"},
		{"budgets:\n  a: {}\n", "b.yaml:2: a: 'bound' is missing, or a 'reason'"},
		{"budgets:\n  a:\n    text: x\n    bound: b/c <= 1 lightyear\n    txt: y\n",
		 "b.yaml:5: unknown key 'txt'; did you mean 'text'?"},
		{"budgets:\n  a:\n    text: x\n\n    bound: b/c <= -1 s\n",
		 "b.yaml:5: a: '-1' is not a number"},
		{"budgets:\n  a:\n    bound: [b/c <= 1 s, b/d <= 1 s]\n",
		 "b.yaml:3: a list where a value is expected"},
		{"budgets:\n  a:\n    bound: {b: c}\n",
		 "b.yaml:3: 'key: value' lines where a value"},
		{"budgets:\n  a:\n    reason: x\n    bound: b/c <= 1 s\n",
		 "b.yaml:2: a: 'reason' says why there is no 'bound'"},
		{"budgets:\n  a:\n    reason: x\n    up_to: 3\n",
		 "b.yaml:4: a: 'up_to' needs a 'bound'"},
		{"budgets:\n  a:\n    up_to: 3\n    bound: b/c >= 4 x\n",
		 "b.yaml:3: a: up_to: '3' does not lie beyond the bound"},
		{"budgets:\n  a:\n    bound: b/c >= 4 x\n    up_to: far\n",
		 "b.yaml:4: a: up_to: 'far' is not a number"},
		{"budgets:\n  a: b/c <= 1 s\n---\nbudgets: {}\n", "b.yaml:4: a second document"},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		struct budget_list list = {0};
		write_file(bad[i].text);
		assert_fails(budget_list_read(&list, "b.yaml", &err), ASSAY_EUSAGE, bad[i].message);
		budget_list_done(&list);
	}
	struct assay_err err = {0};
	struct budget_list list = {0};
	assert_fails(budget_list_read(&list, "none.yaml", &err), ASSAY_EUSAGE,
		     "cannot read 'none.yaml': No such file");
	assert_fails(budget_list_read(&list, "/", &err), ASSAY_EUSAGE, "'/' is not a file");
	budget_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_that_a_budget_can_say, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_named_with_its_line, enter, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

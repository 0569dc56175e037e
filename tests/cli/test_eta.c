/* SPDX-License-Identifier: MIT */
/* eta: what is remembered counts, the rest is what the plan gives; the pace of the run corrects both. */
#include "tests/t.h"

#include <unistd.h>

#include "cli/cli.h"
#include "cli/eta.h"
#include "cli/run_output.h"

const struct cli_verb *const cli_verbs[] = {NULL};

#define MS UINT64_C(1000000)

/* Three cases to measure and one that cannot be; "b" was measured before. */
static struct assay_planned cases[] = {
	{.c.name = (char *)"s/c"},
	{.c.name = (char *)"s/b"},
	{.c.name = (char *)"s/d", .skip = (char *)"no such device"},
	{.c.name = (char *)"s/a"},
};
static const struct assay_plan plan = {.cases = cases, .n = ASSAY_COUNT_OF(cases)};
static struct assay_elapsed before[] = {
	{"s/b", 900 * MS, 3, 100 * MS},
	{"s/elsewhere", 5, 1, 1},
};
static const struct assay_elapsed_list history = {.cases = before, .n = ASSAY_COUNT_OF(before)};
static const struct assay_elapsed_list nothing;

static struct eta eta_of(const struct eta_effort *effort, const struct assay_elapsed_list *list)
{
	struct assay_err err = {0};
	struct eta eta;
	assert_ok(eta_init(&plan, effort, list, NULL, NULL, &eta, &err));
	return eta;
}

static void what_is_remembered_counts(void **state)
{
	struct eta eta = eta_of(&(struct eta_effort){.launches = 2, .time_ns = 100 * MS}, &nothing);
	assert_int_equal(eta.n, 3);
	assert_int_equal(eta.remembered, 0);
	assert_true(eta_total_ns(&eta) == 2 * 3 * 200e6); /* 1.5 x 100 ms and 50 ms */
	eta_done(&eta);
	eta = eta_of(&(struct eta_effort){.launches = 2, .time_ns = 100 * MS}, &history);
	assert_int_equal(eta.remembered, 1);
	assert_true(eta_total_ns(&eta) == 2 * (2 * 200e6 + 300e6));
	eta_done(&eta);
	/* 400 ms more for the samples of each launch */
	eta = eta_of(&(struct eta_effort){.launches = 1, .time_ns = 500 * MS}, &history);
	assert_true(eta_total_ns(&eta) == 2 * 800e6 + 700e6);
	eta_done(&eta);
	eta = eta_of(&(struct eta_effort){.launches = 1, .time_ns = 100 * MS, .anchored = true},
		     &history);
	assert_true(eta_total_ns(&eta) == 2 * (2 * 200e6 + 300e6));
	eta_done(&eta);
}

/* "-n 5" alone: no time is given, and a thousand hours are not what it takes. */
static void no_limit_is_no_time(void **state)
{
	struct eta eta =
		eta_of(&(struct eta_effort){.launches = 1, .time_ns = ETA_UNLIMITED_NS}, &history);
	assert_true(eta_total_ns(&eta) == 2 * 800e6 + 300e6);
	eta_done(&eta);
	struct assay_elapsed unlimited[] = {{"s/b", 900 * MS, 3, ETA_UNLIMITED_NS}};
	const struct assay_elapsed_list list = {.cases = unlimited, .n = 1};
	eta = eta_of(&(struct eta_effort){.launches = 1, .time_ns = 100 * MS}, &list);
	assert_true(eta_total_ns(&eta) == 2 * 200e6 + 300e6);
	eta_done(&eta);
}

static bool known(void *context, const char *name)
{
	return strcmp(name, context) == 0;
}

static void a_resumed_run_has_less_to_do(void **state)
{
	struct assay_err err = {0};
	struct eta eta;
	char name[] = "s/b";
	assert_ok(eta_init(&plan, &(struct eta_effort){.launches = 1, .time_ns = 100 * MS},
			   &history, known, name, &eta, &err));
	assert_int_equal(eta.n, 2);
	assert_int_equal(eta.remembered, 0);
	eta_done(&eta);
}

static void the_pace_corrects_it(void **state)
{
	struct eta eta =
		eta_of(&(struct eta_effort){.launches = 20, .time_ns = 100 * MS}, &nothing);
	double total = eta_total_ns(&eta);
	assert_true(eta_left_ns(&eta, 0) == total);
	for (int i = 0; i < 31; i++) /* 30 launches are over, which is half */
		eta_step(&eta, i % 2 ? "s/a" : "s/b");
	assert_true(eta.done_ns > 0.49 * total && eta.done_ns < 0.51 * total);
	double as_planned = eta_left_ns(&eta, (uint64_t)eta.done_ns);
	assert_true(as_planned > 0.49 * total && as_planned < 0.51 * total);
	double slow = eta_left_ns(&eta, (uint64_t)(3 * eta.done_ns));
	assert_true(slow > 2 * as_planned && slow < 3 * as_planned);
	eta_step(&eta, "s/not planned");
	eta_step(&eta, NULL);
	for (int i = 0; i < 100; i++) /* more than there were: never below nothing */
		eta_step(&eta, "s/a");
	assert_true(eta_left_ns(&eta, 1) == 0);
	eta_done(&eta);
}

static void no_longer_than_the_budget(void **state)
{
	struct eta eta = eta_of(
		&(struct eta_effort){.launches = 20, .time_ns = 100 * MS, .budget_ns = 1000 * MS},
		&nothing);
	assert_true(eta_total_ns(&eta) == 1e9);
	assert_true(eta_left_ns(&eta, 400 * MS) == 6e8);
	assert_true(eta_left_ns(&eta, 4000 * MS) == 0);
	eta_done(&eta);
}

static void as_a_clock(void **state)
{
	char text[24];
	assert_string_equal(eta_clock(0, text, sizeof(text)), "0:00");
	assert_string_equal(eta_clock(41.6e9, text, sizeof(text)), "0:42");
	assert_string_equal(eta_clock(725e9, text, sizeof(text)), "12:05");
	assert_string_equal(eta_clock(3727e9, text, sizeof(text)), "1:02:07");
}

/* What goes to stderr meanwhile, read back from a file. */
static void progress_into(FILE *file, struct run_output *output, uint64_t elapsed_ns)
{
	const struct assay_progress p = {
		.launches_done = 1, .launches_total = 6, .name = "s/b", .elapsed_ns = elapsed_ns};
	int kept = dup(STDERR_FILENO);
	assert_true(kept >= 0);
	dup2(fileno(file), STDERR_FILENO);
	run_output_progress(output, &p);
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* Where nobody sees a line redrawn, one is written now and then. */
static void a_log_hears_of_it_twice_a_minute(void **state)
{
	const struct eta_effort effort = {.launches = 2, .time_ns = 100 * MS};
	struct eta eta = eta_of(&effort, &nothing);
	const struct cli cli = {.tty_err = false}, quiet = {.quiet = true};
	struct run_output output = {.cli = &cli, .eta = &eta}, none = {.cli = &quiet, .eta = &eta};
	FILE *file = tmpfile();
	char line[200];
	assert_non_null(file);
	progress_into(file, &output, 29000 * MS);
	progress_into(file, &output, 31000 * MS);
	progress_into(file, &output, 60000 * MS);
	progress_into(file, &output, 61500 * MS);
	progress_into(file, &none, 99000 * MS);
	rewind(file);
	for (int i = 0; i < 2; i++) {
		assert_non_null(fgets(line, sizeof(line), file));
		assert_non_null(strstr(line, "1 of 6 launches done, about "));
		assert_non_null(strstr(line, " left, now s/b\n"));
	}
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
	eta_done(&eta);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered_counts),
		cmocka_unit_test(no_limit_is_no_time),
		cmocka_unit_test(a_resumed_run_has_less_to_do),
		cmocka_unit_test(the_pace_corrects_it),
		cmocka_unit_test(no_longer_than_the_budget),
		cmocka_unit_test(as_a_clock),
		cmocka_unit_test(a_log_hears_of_it_twice_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_plan: selection, overrides, placement of planned cases, seeded order. */
#include "tests/t.h"

#include <stdlib.h>

#include "harness/engine/plan.h"
#include "tests/engine/toy.h"

struct fixture {
	struct assay_registry *registry;
	struct assay_topology *topology;
	struct assay_plan plan;
	struct assay_err err;
};

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || assay_registry_new(&toy_table, &f->registry, &f->err) != ASSAY_OK)
		return -1;
	enum assay_code rc =
		assay_topology_load("synthetic:pack:1 core:2 pu:1", &f->topology, &f->err);
	if (rc == ASSAY_SKIP) /* built without hwloc: this machine has to do */
		rc = assay_topology_load(NULL, &f->topology, &f->err);
	return rc == ASSAY_OK ? 0 : -1;
}

static int end(void **state)
{
	struct fixture *f = *state;
	assay_plan_done(&f->plan);
	assay_topology_free(f->topology);
	assay_registry_free(f->registry);
	free(f);
	return 0;
}

static enum assay_code plan(struct fixture *f, const struct assay_plan_request *request)
{
	assay_plan_done(&f->plan);
	return assay_plan_make(f->registry, f->topology, request, &f->plan, &f->err);
}

static void everything_is_every_point(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	assert_ok(
		plan(f, &(struct assay_plan_request){
				.n_patterns = 1, .patterns = (const char *const[]){"toy/sweep"}}));
	assert_int_equal(f->plan.n, 2 * 2 * 2 * 2); /* size, mode, subject, threads */
	assert_ok(plan(
		f, &(struct assay_plan_request){.n_patterns = 1,
						.quick = true,
						.patterns = (const char *const[]){"toy/sweep"}}));
	assert_int_equal(f->plan.n, 1 * 2 * 2 * 2);
	for (size_t i = 0; i < f->plan.n; i++)
		assert_non_null(f->plan.cases[i].cpus);
}

/* Left out of a quick look, unless asked for by name. */
static void thorough_ones_are_not_quick(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	const char *const name[] = {"toy/bundle"};
	for (int quick = 0; quick < 2; quick++) {
		size_t seen = 0;
		assert_ok(plan(f, &(struct assay_plan_request){.quick = quick}));
		for (size_t i = 0; i < f->plan.n; i++)
			seen += strstr(f->plan.cases[i].c.name, "toy/bundle") != NULL;
		assert_int_equal(seen, !quick);
		assert_ok(plan(f, &(struct assay_plan_request){
					  .patterns = name, .n_patterns = 1, .quick = quick}));
		assert_int_equal(f->plan.n, 1);
	}
}

static void overrides_subjects_and_globs_narrow(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	const struct assay_override overrides[] = {{"size", "8..32:x2"}, {"threads", "1"}};
	assert_ok(plan(f, &(struct assay_plan_request){
				  .patterns = (const char *const[]){"toy/sweep/*mode:slow*"},
				  .n_patterns = 1,
				  .subjects = (const char *const[]){"other"},
				  .n_subjects = 1,
				  .overrides = overrides,
				  .n_overrides = 2,
			  }));
	assert_int_equal(f->plan.n, 3);
	assert_string_equal(f->plan.cases[0].c.name,
			    "toy/sweep/size:8/mode:slow/subject:other/threads:1");
}

static void a_full_name_selects_its_case_whatever_the_axes_have(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	const char *const names[] = {"toy/sweep/size:48/mode:slow/subject:other/threads:1",
				     "toy/sweep/size:4Ki/mode:fast/subject:plain/threads:2"};
	assert_ok(plan(f, &(struct assay_plan_request){
				  .quick = true, .patterns = names, .n_patterns = 2}));
	assert_int_equal(f->plan.n, 2);
	assert_string_equal(f->plan.cases[0].c.name, names[0]);
	assert_close(f->plan.cases[0].c.params[0].value, 48, 0);
	assert_non_null(f->plan.cases[0].cpus);
	assert_string_equal(f->plan.cases[1].c.name, names[1]);
	const char *const part[] = {"toy/sweep/size:48/mode:slow/subject:other"};
	assert_int_equal(plan(f, &(struct assay_plan_request){.patterns = part, .n_patterns = 1}),
			 ASSAY_EUSAGE); /* of a sweep over threads it is only a part */
	assert_ok(plan(f, &(struct assay_plan_request){.patterns = names,
						       .n_patterns = 1,
						       .subjects = (const char *const[]){"plain"},
						       .n_subjects = 1}));
	assert_int_equal(f->plan.n, 1);
	assert_string_equal(f->plan.cases[0].c.name, names[0]);
}

static void too_many_threads_are_skipped_with_the_reason(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	const struct assay_override threads = {"threads", "65000"};
	assert_ok(plan(f, &(struct assay_plan_request){
				  .patterns = (const char *const[]){"toy/window"},
				  .n_patterns = 1,
				  .overrides = &threads,
				  .n_overrides = 1,
			  }));
	assert_int_equal(f->plan.n, 1);
	assert_null(f->plan.cases[0].cpus);
	assert_non_null(f->plan.cases[0].skip);
}

/* A benchmark of one thread, or of roles, has the number it has: values of -P are for its neighbours. */
static void threads_are_an_axis_only_where_there_is_one(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	struct assay_override threads = {"threads", "1,2"};
	struct assay_plan_request request = {
		.patterns = (const char *const[]){"toy/once", "toy/window"},
		.n_patterns = 2,
		.overrides = &threads,
		.n_overrides = 1,
	};
	assert_ok(plan(f, &request));
	assert_int_equal(f->plan.n, 3);
	for (size_t i = 0; i < f->plan.n; i++)
		if (strstr(f->plan.cases[i].c.name, "toy/once"))
			assert_int_equal(f->plan.cases[i].c.threads, 1);
	request.n_patterns = 1;
	assert_int_equal(plan(f, &request), ASSAY_EUSAGE);
	assert_non_null(strstr(f->err.text, "no selected benchmark has an axis 'threads'"));
	threads.values = "1"; /* which is what it has */
	assert_ok(plan(f, &request));
	assert_int_equal(f->plan.n, 1);
}

static void unknown_names_get_the_nearest(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	assert_int_equal(
		plan(f, &(struct assay_plan_request){.patterns = (const char *const[]){"toy/swep"},
						     .n_patterns = 1}),
		ASSAY_EUSAGE);
	assert_non_null(strstr(f->err.text, "toy/sweep"));
	assert_int_equal(
		plan(f, &(struct assay_plan_request){.subjects = (const char *const[]){"plian"},
						     .n_subjects = 1}),
		ASSAY_EUSAGE);
	assert_non_null(strstr(f->err.text, "plain"));
	const struct assay_override axis = {"siez", "1"};
	assert_int_equal(
		plan(f, &(struct assay_plan_request){.overrides = &axis, .n_overrides = 1}),
		ASSAY_EUSAGE);
	assert_non_null(strstr(f->err.text, "size"));
	(void)err;
}

static void order_follows_the_seed(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	uint32_t *a, *b, *c;
	size_t n;
	assert_ok(plan(f, &(struct assay_plan_request){0}));
	assert_ok(assay_plan_schedule(&f->plan, 3, 7, &a, &n, &err));
	assert_int_equal(n, 3 * f->plan.n);
	assert_ok(assay_plan_schedule(&f->plan, 3, 7, &b, &n, &err));
	assert_ok(assay_plan_schedule(&f->plan, 3, 8, &c, &n, &err));
	assert_memory_equal(a, b, n * sizeof(*a));
	assert_memory_not_equal(a, c, n * sizeof(*a));
	uint8_t *seen = calloc(n, 1);
	for (size_t i = 0; i < n; i++)
		seen[a[i]]++;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(seen[i], 1);
	free(seen);
	free(a);
	free(b);
	free(c);
}

static void a_pattern_is_a_glob_or_a_beginning(void **state)
{
	(void)state;
	assert_true(assay_pattern_matches("toy", "toy/sweep/size:16/threads:1"));
	assert_true(assay_pattern_matches("toy/", "toy/sweep/size:16/threads:1"));
	assert_true(assay_pattern_matches("toy/sweep/size:16", "toy/sweep/size:16/threads:1"));
	assert_false(assay_pattern_matches("toy/sweep/size:1", "toy/sweep/size:16/threads:1"));
	assert_false(assay_pattern_matches("to", "toy/sweep"));
	assert_true(assay_pattern_matches("*size:1[0-9]*", "toy/sweep/size:16/threads:1"));
}

/* Reports know them by name, so a flag without the name, or a name without the flag, is refused. */
static void floors_and_limits_are_named_as_such(void **state)
{
	static const int nothing;
	static const struct {
		const char *name;
		struct assay_subject subject;
		bool fits;
	} cases[] = {
		{"queue_bound", {.brief = "", .ops = &nothing, .is_bound = true}, true},
		{"bound", {.brief = "", .ops = &nothing, .is_bound = true}, true},
		{"null", {.brief = "", .ops = &nothing, .is_null = true}, true},
		{"unbound", {.brief = "", .ops = &nothing}, true},
		{"faa", {.brief = "", .ops = &nothing, .is_bound = true}, false},
		{"queue_bound", {.brief = "", .ops = &nothing}, false},
		{"idle", {.brief = "", .ops = &nothing, .is_null = true}, false},
		{"toy_null", {.brief = "", .ops = &nothing}, false},
	};
	(void)state;
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_err err = {0};
		struct assay_registry *registry;
		struct assay_table table = toy_table;
		table.subjects = (const struct assay_subject_entry[]){
			{"toy", cases[i].name, &cases[i].subject}, {0}};
		if (!cases[i].fits) {
			assert_fails(assay_registry_new(&table, &registry, &err), ASSAY_EBUG,
				     cases[i].name);
			continue;
		}
		assert_ok(assay_registry_new(&table, &registry, &err));
		assay_registry_free(registry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floors_and_limits_are_named_as_such),
		cmocka_unit_test_setup_teardown(everything_is_every_point, begin, end),
		cmocka_unit_test_setup_teardown(thorough_ones_are_not_quick, begin, end),
		cmocka_unit_test_setup_teardown(overrides_subjects_and_globs_narrow, begin, end),
		cmocka_unit_test_setup_teardown(a_full_name_selects_its_case_whatever_the_axes_have,
						begin, end),
		cmocka_unit_test_setup_teardown(threads_are_an_axis_only_where_there_is_one, begin,
						end),
		cmocka_unit_test_setup_teardown(too_many_threads_are_skipped_with_the_reason, begin,
						end),
		cmocka_unit_test_setup_teardown(unknown_names_get_the_nearest, begin, end),
		cmocka_unit_test_setup_teardown(order_follows_the_seed, begin, end),
		cmocka_unit_test(a_pattern_is_a_glob_or_a_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

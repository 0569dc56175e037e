/* SPDX-License-Identifier: MIT */
/* test_groups: formulas, good and malformed, and the groups of counters that are made of them. */
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "profiler/groups.h"
#include "tests/t.h"

extern const struct assay_source assay_source_rusage;

static double value_of(const char *text, double a, double b)
{
	struct assay_err err = {0};
	struct formula *f;
	const char *const *names;
	double values[FORMULA_NAMES];
	assert_ok(formula_parse(text, &f, &err));
	size_t n = formula_names(f, &names);
	for (size_t i = 0; i < n; i++)
		values[i] = strcmp(names[i], "a") == 0 ? a : b;
	double value = formula_value(f, values);
	formula_free(f);
	return value;
}

static void formulas_compute(void **state)
{
	(void)state;
	assert_close(value_of("1 + 2 * 3", 0, 0), 7, 0);
	assert_close(value_of("(1 + 2) * 3", 0, 0), 9, 0);
	assert_close(value_of("10 - 4 - 3", 0, 0), 3, 0);
	assert_close(value_of("16 / 4 / 2", 0, 0), 2, 0);
	assert_close(value_of("-a * -2", 3, 0), 6, 0);
	assert_close(value_of("1.5e3 * a / b", 4, 3), 2000, 1e-12);
	assert_close(value_of("min(a, b) + max(a, b) * 10", 2, 5), 52, 0);
	assert_close(value_of(" a/b ", 1, 4), 0.25, 0);
}

static void what_cannot_be_computed_is_undefined(void **state)
{
	(void)state;
	assert_true(isnan(value_of("a / b", 1, 0)));
	assert_true(isnan(value_of("0 / 0", 0, 0)));
	assert_true(isnan(value_of("a / (b - b)", 1, 5)));
	assert_true(isnan(value_of("1 / (1 / b)", 1, 0)));
	assert_true(isnan(value_of("max(1, a / 0)", 1, 0)));
	assert_true(isnan(value_of("a / b", 1, 1e-320))); /* infinite */
	assert_true(isnan(value_of("a + 1", NAN, 0)));
	assert_true(isnan(value_of("min(a, b)", NAN, 1)));
	assert_true(isnan(value_of("max(a, b)", 1, NAN)));
	assert_true(isnan(value_of("a * a", 1e300, 0)));
}

static void what_is_no_formula_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"a +",
		"(a",
		"a)",
		"a b",
		"min(a)",
		"min a, b",
		"max(a, b, a)",
		"a ; b",
		"system(a)",
		"a ** b",
		"a = b",
		"1e999",
		"1..2",
		"((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))",
		"------------------------------a",
		"a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a",
		"n1+n2+n3+n4+n5+n6+n7+n8+n9+n10+n11+n12+n13+n14+n15+n16+n17",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong); i++) {
		struct assay_err err = {0};
		struct formula *f;
		if (formula_parse(wrong[i], &f, &err) != ASSAY_EPARSE)
			fail_msg("'%s' is taken for a formula", wrong[i]);
		assert_null(f);
		assert_non_null(strstr(err.text, "the formula"));
	}
}

static void the_groups_of_this_build_are_sound(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct counter_groups groups;
	char text[400];
	assert_ok(counter_groups_read(groups_text, &groups, &err));
	assert_true(groups.n >= 8);
	const struct counter_group *core = counter_group_find(&groups, "core");
	assert_non_null(core);
	assert_string_equal(core->metrics[0].name, "ipc");
	assert_string_equal(group_metric_prose(&core->metrics[0], text, sizeof(text)),
			    "instructions / cycles in ratio, higher is better; below 1: the core "
			    "waits more than it works");
	assert_true(group_metric_beyond(&core->metrics[0], 0.5));
	assert_false(group_metric_beyond(&core->metrics[0], 1.5));
	assert_false(group_metric_beyond(&core->metrics[1], 99)); /* no threshold */
	assert_true(counter_groups_know(&groups, "slots"));
	assert_false(counter_groups_know(&groups, "time_ns"));
	assert_null(counter_group_find(&groups, "nonsense"));
	counter_groups_done(&groups);
}

static void malformed_groups_are_named_by_line(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {
		{"ipc ratio higher 1 = a / b | x", "line 1: a metric before"},
		{"\n[core\n", "line 2: no [name]"},
		{"[Core] x", "line 1: no [name]"},
		{"[a] x\n[a] y\n", "line 2: a second [a]"},
		{"[a] x\nipc ratio up 1 = a | x\n", "line 2: better is"},
		{"[a] x\nipc ratio higher x = a | x\n", "line 2: no threshold 'x'"},
		{"[a] x\nipc ratio none 1 = a | x\n", "line 2: no threshold '1'"},
		{"[a] x\nipc ratio higher 1 = a + | x\n", "line 2: the formula"},
		{"[a] x\nipc ratio higher 1 = a\n", "line 2: no '= formula | meaning'"},
		{"[a] x\nipc ratio = a | b\n", "line 2: no 'name unit"},
		{"[a] 0123456789012345678901234567890123456789012345678901234567890123456789"
		 "01234567890123456789012345678901234567890123456789\n",
		 "line 1: too long a line"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong); i++) {
		struct assay_err err = {0};
		struct counter_groups groups;
		assert_fails(counter_groups_read(wrong[i][0], &groups, &err), ASSAY_EPARSE,
			     wrong[i][1]);
		assert_int_equal(groups.n, 0);
	}
}

static struct assay_count count(const char *event, enum assay_quality quality, double value)
{
	struct assay_count c = {.quality = quality, .value = value};
	assay_copy(c.event, sizeof(c.event), event);
	if (quality == ASSAY_UNAVAILABLE)
		assay_copy(c.reason, sizeof(c.reason), "no unit");
	return c;
}

static void metrics_follow_from_counts(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct counter_groups groups;
	struct assay_count made[8];
	assert_ok(
		counter_groups_read("[g] x\nipc ratio higher 1 = i / c | slow\n"
				    "rate GHz none - = c / time_ns | -\n"
				    "other x lower 1 = z | -\n",
				    &groups, &err));
	struct assay_count counts[] = {count("i", ASSAY_EXACT, 6), count("c", ASSAY_EXACT, 3)};
	assert_int_equal(counter_groups_derive(&groups, counts, 2, 2, made, 8), 2);
	assert_string_equal(made[0].event, "ipc");
	assert_string_equal(made[0].source, "formula");
	assert_int_equal(made[0].quality, ASSAY_DERIVED);
	assert_close(made[0].value, 2, 0);
	assert_close(made[1].value, 1.5, 0);
	/* Without a time, by zero, of scaled and of missing counts. */
	assert_int_equal(counter_groups_derive(&groups, counts, 2, NAN, made, 8), 2);
	assert_int_equal(made[1].quality, ASSAY_UNAVAILABLE);
	counts[1] = count("c", ASSAY_EXACT, 0);
	counter_groups_derive(&groups, counts, 2, 1, made, 8);
	assert_int_equal(made[0].quality, ASSAY_UNAVAILABLE);
	assert_non_null(strstr(made[0].reason, "undefined"));
	counts[1] = count("c", ASSAY_SCALED, 3);
	counter_groups_derive(&groups, counts, 2, 1, made, 8);
	assert_non_null(strstr(made[0].reason, "took turns"));
	counts[1] = count("c", ASSAY_UNAVAILABLE, 0);
	counter_groups_derive(&groups, counts, 2, 1, made, 8);
	assert_string_equal(made[0].reason, "needs c: no unit");
	assert_int_equal(counter_groups_derive(&groups, counts, 1, 1, made, 8), 0);
	counter_groups_done(&groups);
}

/* The value of a metric that ships, made of these counts. */
static double shipped(const char *metric, const struct assay_count *counts, size_t n)
{
	struct assay_err err = {0};
	struct counter_groups groups;
	struct assay_count made[8];
	double value = NAN;
	assert_ok(counter_groups_read(groups_text, &groups, &err));
	size_t n_made = counter_groups_derive(&groups, counts, n, 1, made, 8);
	for (size_t i = 0; i < n_made && i < ASSAY_COUNT_OF(made); i++)
		if (strcmp(made[i].event, metric) == 0)
			value = made[i].value;
	counter_groups_done(&groups);
	return value;
}

/* A thread's instruction computes on one float of 32 bits, or on two of 16; a multiply-add is two operations. */
static void flops_are_counted_by_what_an_instruction_does(void **state)
{
	(void)state;
	const struct assay_count f32[] = {
		count("gpu_f32_add", ASSAY_EXACT, 1), count("gpu_f32_mul", ASSAY_EXACT, 2),
		count("gpu_f32_fma", ASSAY_EXACT, 4), count("gpu_range_time", ASSAY_EXACT, 1)};
	const struct assay_count f16[] = {
		count("gpu_f16_add", ASSAY_EXACT, 1), count("gpu_f16_mul", ASSAY_EXACT, 2),
		count("gpu_f16_fma", ASSAY_EXACT, 4), count("gpu_range_time", ASSAY_EXACT, 1)};
	assert_close(shipped("gpu_f32_rate", f32, 4), 11, 0);
	assert_close(shipped("gpu_f16_rate", f16, 4), 22, 0);
}

enum { OPS = 200 };

static void touches_fresh_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = OPS * page;
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(fresh != MAP_FAILED);
	madvise(fresh, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		((volatile char *)fresh)[i] = 1;
	munmap(fresh, size);
}

static void waits_for_others(void)
{
	for (int i = 0; i < OPS; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

static void computes(void)
{
	for (volatile int i = 0; i < 1000 * OPS; i++)
		;
}

/* Which metrics of the group "kernel" lie beyond their threshold for OPS operations of a kernel. */
static void advise(void (*kernel)(void), struct assay_str *ret)
{
	struct assay_err err = {0};
	struct assay_count counts[2] = {{.event = "page_faults"}, {.event = "context_switches"}},
			   made[8];
	struct counter_groups groups;
	void *session;
	assert_ok(counter_groups_read(groups_text, &groups, &err));
	assert_ok(assay_source_rusage.open(counts, 2, &session, &err));
	assert_ok(assay_source_rusage.start(session, &err));
	kernel();
	assert_ok(assay_source_rusage.stop(session, counts, 2, &err));
	assay_source_rusage.close(session);
	for (int i = 0; i < 2; i++)
		counts[i].value /= OPS;
	const struct counter_group *group = counter_group_find(&groups, "kernel");
	size_t n = counter_groups_derive(&groups, counts, 2, NAN, made, 8);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < group->n_metrics; k++)
			if (strcmp(group->metrics[k].name, made[i].event) == 0 &&
			    group_metric_beyond(&group->metrics[k], made[i].value))
				assay_str_add(ret, "%s ", made[i].event);
	counter_groups_done(&groups);
}

/*
 * On a busy machine anybody may be pushed off the CPU, and a sanitizer's own memory may be touched for the first time: of
 * several tries one must be undisturbed.
 */
static void the_guilty_get_advice_and_the_innocent_none(void **state)
{
	(void)state;
	ASSAY_AUTO(assay_str_done) struct assay_str faults = {0}, switches = {0}, none = {0};
	advise(touches_fresh_memory, &faults);
	assert_non_null(strstr(assay_str_text(&faults), "faults_per_op"));
	bool innocent = false;
	for (int i = 0; i < 20 && !innocent; i++) {
		assay_str_clear(&switches);
		advise(waits_for_others, &switches);
		assert_non_null(strstr(assay_str_text(&switches), "switches_per_op"));
		innocent = !strstr(assay_str_text(&switches), "faults_per_op");
	}
	assert_true(innocent);
	innocent = false;
	for (int i = 0; i < 20 && !innocent; i++) {
		assay_str_clear(&none);
		advise(computes, &none);
		innocent = none.length == 0;
	}
	assert_true(innocent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formulas_compute),
		cmocka_unit_test(what_cannot_be_computed_is_undefined),
		cmocka_unit_test(what_is_no_formula_is_refused),
		cmocka_unit_test(the_groups_of_this_build_are_sound),
		cmocka_unit_test(malformed_groups_are_named_by_line),
		cmocka_unit_test(metrics_follow_from_counts),
		cmocka_unit_test(flops_are_counted_by_what_an_instruction_does),
		cmocka_unit_test(the_guilty_get_advice_and_the_innocent_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

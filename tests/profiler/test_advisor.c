/* SPDX-License-Identifier: MIT */
/* test_advisor: every rule against figures that are guilty of it, innocent ones, and missing ones. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/str.h"
#include "profiler/advisor.h"
#include "profiler/groups.h"
#include "tests/t.h"

enum { COUNTS = 12 };

/* A value of an event; text of what a case looks like, in words a table can hold. */
struct value {
	const char *event;
	double value;
	enum assay_quality quality; /* 0: exact */
};

struct look {
	const char *unit;     /* NULL: "ns/op" */
	double median, alone; /* alone: of the same case with one thread; 0: not measured */
	unsigned threads;     /* 0: 1 */
	double cpu_ratio;     /* 0: 1 */
	double bytes_per_op, flops_per_op, cpu_ns_alone;
	unsigned flags;
	bool partial; /* counted on the calling thread only */
	struct value values[COUNTS];
};

static const struct ceilings ceilings = {
	.list = (struct ceiling[]){{.kind = CEILING_BANDWIDTH,
				    .per_ns = 40,
				    .bytes = 1 << 27,
				    .threads = 1,
				    .stable = true,
				    .from = "a bandwidth"},
				   {.kind = CEILING_FLOPS,
				    .per_ns = 60,
				    .threads = 1,
				    .stable = true,
				    .from = "a flop rate"}},
	.n = 2,
	.clock_hz = 3.6e9,
};

static size_t fill_counts(const struct look *look, struct assay_count *counts)
{
	size_t n = 0;
	for (; n < COUNTS && look->values[n].event; n++) {
		const struct value *v = &look->values[n];
		counts[n] = (struct assay_count){.value = v->value, .source = "fake"};
		counts[n].quality = v->quality ? v->quality : ASSAY_EXACT;
		assay_copy(counts[n].event, sizeof(counts[n].event), v->event);
		if (look->partial)
			assay_copy(counts[n].reason, sizeof(counts[n].reason), ASSAY_PARTIAL_COUNT);
	}
	return n;
}

static void fill_result(const struct look *look, struct assay_result *ret)
{
	*ret = (struct assay_result){
		.name = "suite/bench/threads:2",
		.suite = "suite",
		.benchmark = "bench",
		.subject = "",
		.threads = look->threads ? look->threads : 1,
		.metric = {"time", look->unit ? look->unit : "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.estimate = {.median = look->median},
		.bytes_per_op = look->bytes_per_op,
		.flops_per_op = look->flops_per_op,
		.cpu_ratio = look->cpu_ratio > 0 ? look->cpu_ratio : 1,
		.flags = look->flags,
	};
}

/* The rules that hold of such a case, as "rule:confidence ". */
static void judge(const struct look *look, const struct assay_stacks *stacks,
		  struct advice_list *list, struct assay_str *ret)
{
	struct assay_err err = {0};
	struct advisor *advisor;
	struct assay_result results[2];
	struct assay_count counts[COUNTS], alone = {.quality = ASSAY_EXACT, .source = "fake"};
	size_t n = 1;
	fill_result(look, &results[0]);
	results[0].counters = counts;
	results[0].n_counters = fill_counts(look, counts);
	if (look->alone > 0) {
		fill_result(look, &results[n]);
		results[n].threads = 1;
		results[n].estimate.median = look->alone;
		alone.value = look->cpu_ns_alone;
		assay_copy(alone.event, sizeof(alone.event), "task_clock");
		results[n].counters = &alone;
		results[n++].n_counters = 1;
	}
	const struct shape_case c = {results, n, 0, &ceilings};
	const struct advice_subject subject = {
		.shape_case = &c, .stacks = stacks, .what = results[0].name};
	assert_ok(advisor_new(advice_text, groups_text, &advisor, &err));
	assert_ok(advisor_judge(advisor, &subject, list, &err));
	assay_str_clear(ret);
	for (size_t i = 0; i < list->n; i++)
		assay_str_add(ret, "%s:%s ", list->advice[i].rule,
			      advice_confidence_name(list->advice[i].confidence));
	advisor_free(advisor);
}

static const struct {
	struct look look;
	const char *advice; /* all of it, in order */
} cases[] = {
	/* the innocent */
	{{.median = 5}, ""},
	{{.median = 5,
	  .values = {{"instructions", 10, 0},
		     {"cycles", 4, 0},
		     {"cache_misses", 0.001, 0},
		     {"branches", 2, 0},
		     {"branch_misses", 0.001, 0},
		     {"page_faults", 1e-6, 0},
		     {"task_clock", 5, 0},
		     {"core_cycles", 18, 0},
		     {"voluntary_switches", 1e-6, 0}}},
	 ""},
	{{.median = 5,
	  .alone = 5,
	  .cpu_ns_alone = 5,
	  .threads = 2,
	  .values = {{"task_clock", 5, 0}, {"voluntary_switches", 0, 0}}},
	 ""},
	/* pushed off the CPU is not waiting, and of the calling thread alone nothing follows for the others */
	{{.median = 60000,
	  .cpu_ratio = 0.1,
	  .values = {{"task_clock", 5000, 0},
		     {"voluntary_switches", 1, 0},
		     {"involuntary_switches", 5, 0}}},
	 ""},
	{{.median = 50,
	  .alone = 10,
	  .cpu_ns_alone = 10,
	  .threads = 2,
	  .partial = true,
	  .values = {{"task_clock", 50, 0}, {"voluntary_switches", 0, 0}}},
	 "flat_throughput:hint "},
	/* one operation that takes long may well fault and sleep once */
	{{.median = 5e6,
	  .values = {{"page_faults", 3, 0}, {"task_clock", 5e6, 0}, {"voluntary_switches", 2, 0}}},
	 ""},
	/* the guilty, each of one thing */
	{{.median = 100,
	  .values = {{"instructions", 50, 0}, {"cycles", 300, 0}, {"cache_misses", 1, 0}}},
	 "memory_bound:strong "},
	{{.median = 100,
	  .values = {{"instructions", 50, ASSAY_SIMULATED},
		     {"cycles", 300, 0},
		     {"cache_misses", 1, ASSAY_SIMULATED}}},
	 "memory_bound:likely "},
	{{.median = 100,
	  .values = {{"instructions", 1000, 0}, {"cycles", 2000, 0}, {"dtlb_misses", 8, 0}}},
	 "tlb_bound:strong "},
	{{.median = 20,
	  .values = {{"instructions", 50, 0}, {"branches", 10, 0}, {"branch_misses", 2, 0}}},
	 "branchy:strong "},
	{{.median = 20,
	  .values = {{"instructions", 50, ASSAY_SIMULATED}, {"branch_misses", 2, ASSAY_SIMULATED}}},
	 "branchy:likely "},
	{{.median = 20,
	  .values = {{"slots", 100, 0},
		     {"slots_retired", 50, 0},
		     {"slots_frontend", 40, 0},
		     {"slots_backend", 10, 0}}},
	 "frontend_bound:strong "},
	{{.median = 800, .values = {{"page_faults", 1, 0}, {"task_clock", 800, 0}}},
	 "page_fault_bound:likely "},
	{{.median = 1000, .bytes_per_op = 36000}, "bandwidth_bound:strong "},
	{{.unit = "B/s", .median = 26e9, .bytes_per_op = 36000}, "bandwidth_bound:likely "},
	{{.unit = "flop/s", .median = 55e9, .flops_per_op = 100}, "compute_bound:strong "},
	{{.median = 50,
	  .alone = 10,
	  .cpu_ns_alone = 10,
	  .threads = 2,
	  .values = {{"task_clock", 50, 0}, {"voluntary_switches", 0, 0}}},
	 "false_sharing:hint "},
	{{.median = 300,
	  .alone = 100,
	  .cpu_ns_alone = 100,
	  .threads = 2,
	  .cpu_ratio = 0.8,
	  .values = {{"task_clock", 180, 0}, {"voluntary_switches", 0.1, 0}}},
	 "lock_convoy:hint "},
	{{.median = 1e6,
	  .alone = 6e5,
	  .cpu_ns_alone = 6e5,
	  .threads = 2,
	  .cpu_ratio = 0.5,
	  .values = {{"task_clock", 6e5, 0},
		     {"voluntary_switches", 1, 0},
		     {"involuntary_switches", 0.1, 0}}},
	 "under_parallel:hint "},
	{{.median = 190,
	  .alone = 100,
	  .cpu_ns_alone = 100,
	  .threads = 2,
	  .values = {{"task_clock", 190, 0}, {"voluntary_switches", 0, 0}}},
	 "flat_throughput:hint "},
	{{.median = 60000,
	  .cpu_ratio = 0.1,
	  .values = {{"task_clock", 5000, 0},
		     {"voluntary_switches", 1, 0},
		     {"involuntary_switches", 0.1, 0}}},
	 "blocked:likely "},
	{{.median = 10, .values = {{"core_cycles", 25, 0}, {"task_clock", 10, 0}}},
	 "frequency_drop:likely "},
	{{.median = 10, .flags = ASSAY_RESULT_PREEMPTED_USED}, "preempted:likely "},
	{{.median = 1e6, .flags = ASSAY_RESULT_UNPINNED, .values = {{"cpu_migrations", 0.1, 0}}},
	 "placement:likely "},
};

static void the_guilty_are_found_and_the_innocent_left_alone(void **state)
{
	(void)state;
	ASSAY_AUTO(assay_str_done) struct assay_str got = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct advice_list list;
		judge(&cases[i].look, NULL, &list, &got);
		if (strcmp(assay_str_text(&got), cases[i].advice) != 0)
			fail_msg("case %zu: '%s' instead of '%s'", i, assay_str_text(&got),
				 cases[i].advice);
		advice_list_done(&list);
	}
}

/* Each rule of the file is one that some case above, or a stack below, is guilty of. */
static const char *const by_stacks[] = {"syscall_bound", "allocation_bound", "copy_bound",
					"clock_reader"};

static void no_rule_is_without_its_test(void **state)
{
	(void)state;
	char rule[40];
	for (const char *at = advice_text; (at = strstr(at, "\n[")); at++) {
		bool tested = false;
		snprintf(rule, sizeof(rule), "%.*s", (int)strcspn(at + 2, "]"), at + 2);
		for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++)
			tested |= strstr(cases[i].advice, rule) != NULL;
		for (size_t i = 0; i < ASSAY_COUNT_OF(by_stacks); i++)
			tested |= strcmp(by_stacks[i], rule) == 0;
		if (!tested)
			fail_msg("no case is guilty of [%s]", rule);
	}
}

/* `guilty` of 100 samples in caller > function, the others in caller alone. */
static struct assay_stacks *stacks_of(const char *from, const char *function, const char *module,
				      uint64_t guilty, uint64_t all)
{
	struct assay_err err = {0};
	struct assay_stacks *stacks;
	uint32_t path[2];
	const struct assay_stack_frame caller = {from, "program", "", 0},
				       inner = {function, module, "", 0};
	assert_ok(assay_stacks_new(&stacks, &err));
	assert_ok(assay_stacks_frame(stacks, &caller, &path[0], &err));
	assert_ok(assay_stacks_frame(stacks, &inner, &path[1], &err));
	assert_ok(assay_stacks_add(stacks, path, 1, all - guilty, &err));
	assert_ok(assay_stacks_add(stacks, path, 2, guilty, &err));
	const struct assay_stacks_facts facts = {.title = "t",
						 .engine = "e",
						 .unit = "samples",
						 .unwind = "u",
						 .samples = all,
						 .remarks = ""};
	assert_ok(assay_stacks_describe(stacks, &facts, &err));
	return stacks;
}

static void stacks_tell_where_the_counters_cannot(void **state)
{
	(void)state;
	static const struct {
		const char *function, *module;
		uint64_t guilty, all;
		const char *advice;
	} looks[] = {
		{"do_syscall_64", "[kernel]", 60, 100, "syscall_bound:strong "},
		{"do_syscall_64", "[kernel]", 20, 100, ""},
		{"_int_malloc", "libc.so.6", 50, 100, "allocation_bound:likely "},
		{"_int_malloc", "libc.so.6", 20, 40, ""}, /* too few samples */
		{"__memmove_avx512_unaligned_erms", "libc.so.6", 50, 100, "copy_bound:likely "},
		{"clock_gettime@@GLIBC_2.17", "libc.so.6", 50, 100, "clock_reader:likely "},
		{"compute", "program", 90, 100, ""},
	};
	static const struct look plain = {.median = 5};
	ASSAY_AUTO(assay_str_done) struct assay_str got = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(looks); i++) {
		struct advice_list list;
		struct assay_stacks *stacks = stacks_of("body", looks[i].function, looks[i].module,
							looks[i].guilty, looks[i].all);
		judge(&plain, stacks, &list, &got);
		if (strcmp(assay_str_text(&got), looks[i].advice) != 0)
			fail_msg("%s: '%s' instead of '%s'", looks[i].function,
				 assay_str_text(&got), looks[i].advice);
		advice_list_done(&list);
		assay_stacks_free(stacks);
	}
	/* What the harness does between batches is none of the benchmark's. */
	struct assay_stacks *harness =
		stacks_of("assay_next", "clock_gettime", "libc.so.6", 90, 100);
	struct advice_list list;
	judge(&plain, harness, &list, &got);
	assert_string_equal(assay_str_text(&got), "");
	advice_list_done(&list);
	assay_stacks_free(harness);
	/* The same threads with a lock in their stacks are a convoy, without one false sharing. */
	static const struct look sharing = {
		.median = 50,
		.alone = 10,
		.cpu_ns_alone = 10,
		.threads = 2,
		.values = {{"task_clock", 50, 0}, {"voluntary_switches", 0, 0}}};
	static const struct look queueing = {
		.median = 50,
		.alone = 10,
		.cpu_ns_alone = 10,
		.threads = 2,
		.values = {{"task_clock", 50, 0}, {"voluntary_switches", 0.01, 0}}};
	struct assay_stacks *locks = stacks_of("body", "__lll_lock_wait", "libc.so.6", 30, 100);
	struct assay_stacks *none = stacks_of("body", "add", "program", 30, 100);
	judge(&sharing, none, &list, &got);
	assert_string_equal(assay_str_text(&got), "false_sharing:likely ");
	advice_list_done(&list);
	judge(&queueing, locks, &list, &got);
	assert_string_equal(assay_str_text(&got), "lock_convoy:strong ");
	advice_list_done(&list);
	assay_stacks_free(locks);
	assay_stacks_free(none);
}

static void commands_are_judged_by_what_they_used(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct advisor *advisor;
	static const struct {
		struct shape_command command;
		const char *rule; /* NULL: none */
	} looks[] = {
		{{1000000000, {.ru_utime = {0, 990000}, .ru_nvcsw = 20}}, NULL},
		{{1000000000, {.ru_utime = {0, 100000}, .ru_stime = {0, 800000}}}, "syscall_bound"},
		{{1000000000, {.ru_utime = {0, 900000}, .ru_minflt = 400000}}, "page_fault_bound"},
		{{1000000000, {.ru_utime = {0, 90000}, .ru_nvcsw = 5000}}, "blocked"},
		{{1000000, {.ru_stime = {0, 900}}}, NULL}, /* too short to say */
	};
	assert_ok(advisor_new(advice_text, groups_text, &advisor, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(looks); i++) {
		const struct advice_subject subject = {.shape_command = &looks[i].command,
						       .what = "-- cmd"};
		struct advice_list list;
		assert_ok(advisor_judge(advisor, &subject, &list, &err));
		assert_int_equal(list.n, looks[i].rule != NULL);
		if (list.n)
			assert_string_equal(list.advice[0].rule, looks[i].rule);
		advice_list_done(&list);
	}
	advisor_free(advisor);
}

/* The figure, its threshold and its quality; what to try, for this case; what is not known, and why. */
static void advice_names_its_reasons(void **state)
{
	(void)state;
	ASSAY_AUTO(assay_str_done) struct assay_str got = {0};
	struct advice_list list;
	char text[400];
	judge(&(const struct look){.median = 800,
				   .values = {{"page_faults", 1, 0},
					      {"task_clock", 800, 0},
					      {"cycles", 0, ASSAY_UNAVAILABLE},
					      {"instructions", 5, 0},
					      {"cache_misses", 1, 0}}},
	      NULL, &list, &got);
	const struct advice *a = NULL;
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.advice[i].rule, "page_fault_bound") == 0)
			a = &list.advice[i];
	assert_non_null(a);
	assert_false(a->machine);
	assert_string_equal(advice_because(a, text, sizeof(text)),
			    "500 * page_faults / task_clock 0.625 > 0.15 (derived, fake)");
	assert_non_null(strstr(a->next, "--allocations suite/bench/threads:2;"));
	advice_list_done(&list);
	struct look missing = {.median = 5};
	missing.values[0] = (struct value){"branch_misses", 0, ASSAY_EXACT};
	judge(&missing, NULL, &list, &got);
	assert_int_equal(list.n_open, 0); /* nobody asked for the others */
	advice_list_done(&list);
}

static void what_could_not_be_counted_is_said(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct advisor *advisor;
	struct assay_result result;
	struct assay_count counts[2] = {{.event = "instructions", .reason = "no unit here"},
					{.event = "branch_misses", .reason = "no unit here"}};
	struct advice_list list;
	fill_result(&(const struct look){.median = 5}, &result);
	result.counters = counts;
	result.n_counters = 2;
	const struct shape_case c = {&result, 1, 0, NULL};
	const struct advice_subject subject = {.shape_case = &c, .what = "x"};
	assert_ok(advisor_new(advice_text, groups_text, &advisor, &err));
	assert_ok(advisor_judge(advisor, &subject, &list, &err));
	assert_int_equal(list.n, 0);
	assert_int_equal(list.n_open, 1);
	assert_string_equal(list.open[0].rule, "branchy");
	assert_non_null(strstr(list.open[0].reason, "no unit here"));
	advice_list_done(&list);
	advisor_free(advisor);
}

static void malformed_rules_are_named_by_line(void **state)
{
	(void)state;
	static const char groups[] = "[g] x\nipc ratio higher 1 = instructions / cycles | slow\n";
#define HEAD "[a] code  text\n"
	static const char *const wrong[][2] = {
		{"strong ipc < 1\n", "line 1: this stands before any [RULE]: 'strong'"},
		{"[a code text\n", "line 1: no '[NAME] code|machine"},
		{"[a] core  text\n", "line 1: no '[NAME] code|machine"},
		{"[A] code  text\n", "line 1: no '[NAME] code|machine"},
		{HEAD HEAD, "line 2: a second 'a'"},
		{HEAD "strong ipx < 1\n", "line 2: there is no figure 'ipx'"},
		{HEAD "strong ipc 1\n", "line 2: neither > nor < in"},
		{HEAD "strong ipc < one\n", "line 2: no number: 'one'"},
		{HEAD "strong ipc < nan\n", "line 2: no number: 'nan'"},
		{HEAD "strong ipc / < 1\n", "line 2: the formula"},
		{HEAD "sure ipc < 1\n", "line 2: this means nothing: 'sure'"},
		{HEAD "strong ipc<1 & ipc<1 & ipc<1 & ipc<1 & ipc<1 & ipc<1\n",
		 "line 2: too many conditions"},
		{HEAD "strong ipc < 1\nunless b\n",
		 "line 3: no rule before this one is called 'b'"},
		{HEAD "strong ipc < 1\nunless a\n",
		 "line 3: no rule before this one is called 'a'"},
		{HEAD "strong ipc < 1\n", "[a] has no 'try'"},
		{HEAD "try it\n", "[a] has no condition"},
		{"share x malloc\n", "line 1: no 'share NAME"},
		{"share x =\n", "line 1: no pattern for 'x'"},
		{"harness\n", "line 1: no pattern for 'harness'"},
		{"share ipc = malloc\n", "line 1: there is a figure of that name already: 'ipc'"},
		{"count cy\033les\n", "line 1: no name of an event"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong); i++) {
		struct assay_err err = {0};
		struct advisor *advisor;
		assert_fails(advisor_new(wrong[i][0], groups, &advisor, &err), ASSAY_EPARSE,
			     wrong[i][1]);
		assert_null(advisor);
	}
}

static void the_nearest_ceiling_is_taken(void **state)
{
	(void)state;
	struct ceiling list[] = {
		{.kind = CEILING_BANDWIDTH, .per_ns = 1, .bytes = 16384, .threads = 1},
		{.kind = CEILING_BANDWIDTH, .per_ns = 2, .bytes = 1 << 27, .threads = 1},
		{.kind = CEILING_BANDWIDTH, .per_ns = 3, .bytes = 16384, .threads = 4},
		{.kind = CEILING_BANDWIDTH, .per_ns = 4, .bytes = 1 << 27, .threads = 4},
	};
	const struct ceilings c = {.list = list, .n = 4};
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, 0)->per_ns, 2, 0);
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, 4096)->per_ns, 1, 0);
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, 1 << 20)->per_ns, 2, 0);
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 2, 0)->per_ns, 4, 0);
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 64, 100)->per_ns, 3, 0);
	assert_close(ceiling_of(&c, CEILING_BANDWIDTH, 1, (uint64_t)1 << 40)->per_ns, 2, 0);
	assert_null(ceiling_of(&c, CEILING_FLOPS, 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guilty_are_found_and_the_innocent_left_alone),
		cmocka_unit_test(no_rule_is_without_its_test),
		cmocka_unit_test(stacks_tell_where_the_counters_cannot),
		cmocka_unit_test(commands_are_judged_by_what_they_used),
		cmocka_unit_test(advice_names_its_reasons),
		cmocka_unit_test(what_could_not_be_counted_is_said),
		cmocka_unit_test(malformed_rules_are_named_by_line),
		cmocka_unit_test(the_nearest_ceiling_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_programs: commands and Google Benchmark executables as cases: names, identity, reports. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/engine/child.h"
#include "harness/engine/command.h"
#include "harness/engine/gbench_exe.h"
#include "harness/engine/gbench_json.h"
#include "tests/engine/toy.h"

/* The cases a registry of these descriptions comes to. */
struct world {
	struct assay_registry *registry;
	struct assay_topology *topology;
	struct assay_plan plan;
};

static void world_init(struct world *w)
{
	struct assay_err err = {0};
	*w = (struct world){0};
	assert_ok(assay_registry_new(&toy_table, &w->registry, &err));
	assert_ok(assay_topology_load(NULL, &w->topology, &err));
}

static void world_done(struct world *w)
{
	assay_plan_done(&w->plan);
	assay_topology_free(w->topology);
	assay_registry_free(w->registry);
}

static void add(struct world *w, const struct assay_command_spec *spec)
{
	struct assay_err err = {0};
	char *description;
	assert_ok(assay_command_describe(spec, &description, &err));
	assert_ok(assay_program_add(w->registry, description, NULL, &err));
	free(description);
}

static void plan(struct world *w, const char *suite, const struct assay_override *params, size_t n)
{
	struct assay_err err = {0};
	const struct assay_plan_request request = {
		.patterns = &suite,
		.n_patterns = 1,
		.overrides = params,
		.n_overrides = n,
		.free_programs = true,
	};
	assert_ok(assay_plan_make(w->registry, w->topology, &request, &w->plan, &err));
}

#define ARGV(...)                                                                              \
	((struct assay_argv){.words = (char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL}, \
			     .n = ASSAY_COUNT_OF(((const char *[]){__VA_ARGS__}))})

/* The name that a command without parameters gets; static storage. */
static const char *name_of(const struct assay_command_spec *spec)
{
	static char name[200];
	struct world w;
	world_init(&w);
	add(&w, spec);
	plan(&w, "command", NULL, 0);
	assert_int_equal(w.plan.n, 1);
	assert_null(w.plan.cases[0].cpus); /* it may use all of them */
	snprintf(name, sizeof(name), "%s", w.plan.cases[0].c.name);
	world_done(&w);
	return name;
}

static void a_command_is_named_after_its_words(void **state)
{
	(void)state;
	/* The digests are part of stored series: they must never change. (SHA-256 of the JSON text
	 * {"argv":["sleep","0.02"],"input":null,"output":null,"prepare":[]}, first 8 digits.) */
	assert_string_equal(name_of(&(struct assay_command_spec){.argv = ARGV("sleep", "0.02")}),
			    "command/sleep/cmd:0.02-143007a0/threads:1");
	assert_string_equal(name_of(&(struct assay_command_spec){.argv = ARGV("true")}),
			    "command/true/cmd:99b3873c/threads:1");
	assert_string_equal(
		name_of(&(struct assay_command_spec){.argv = ARGV("/opt/X Y/My.Tool", "a/b c")}),
		"command/my_tool/cmd:a-b-c-ed46216a/threads:1");
	assert_string_equal(
		name_of(&(struct assay_command_spec){.argv = ARGV("x", "y"), .label = "old"}),
		"command/x/cmd:old/threads:1");
}

static void identity_is_what_decides_the_work(void **state)
{
	(void)state;
	const struct assay_command_spec same[] = {
		{.argv = ARGV("cat", "x")},
		{.argv = ARGV("cat", "x"), .warmup = 3},
		{.argv = ARGV("cat", "x"), .ignore_failure = true},
		{.argv = ARGV("cat", "x"), .output = "null"},
	};
	const struct assay_command_spec different[] = {
		{.argv = ARGV("cat", "x")},
		{.argv = ARGV("cat", "x", "")},
		{.argv = ARGV("cat x")},
		{.argv = ARGV("/bin/cat", "x")},
		{.argv = ARGV("cat", "X")},
		{.argv = ARGV("cat", "x"), .prepare = ARGV("sync")},
		{.argv = ARGV("cat", "x"), .input = "y"},
		{.argv = ARGV("cat", "x"), .output = "y"},
		{.argv = ARGV("cat", "x"), .output = "pipe"},
	};
	char names[ASSAY_COUNT_OF(different)][200];
	snprintf(names[0], sizeof(names[0]), "%s", name_of(&same[0]));
	for (size_t i = 1; i < ASSAY_COUNT_OF(same); i++)
		assert_string_equal(name_of(&same[i]), names[0]);
	for (size_t i = 0; i < ASSAY_COUNT_OF(different); i++) {
		snprintf(names[i], sizeof(names[0]), "%s", name_of(&different[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
}

static void parameters_become_axes(void **state)
{
	(void)state;
	struct world w;
	struct assay_err err = {0};
	const struct assay_override params[] = {
		{"size", "1,2..4"}, {"mode", "007,-O2"}, {"unused", "1"}, {"threads", "1"}};
	const struct assay_command_spec spec = {
		.argv = ARGV("dd", "bs={size}", "{mode}", "{threads}", "{cmd}"),
		.params = params,
		.n_params = 4,
	};
	world_init(&w);
	add(&w, &spec);
	plan(&w, "command", params, 2);
	assert_int_equal(w.plan.n, 8); /* 1,2,3,4 times two words */
	assert_non_null(strstr(w.plan.cases[0].c.name, "/size:1/mode:007/threads:1"));
	assert_non_null(strstr(w.plan.cases[7].c.name, "/size:4/mode:-O2/threads:1"));
	for (size_t i = 0; i < w.plan.n; i++) {
		struct assay_case again;
		assert_ok(assay_case_parse(w.registry, w.plan.cases[i].c.name, &again, &err));
		struct assay_str line = {0};
		assert_ok(assay_command_line(&again, &line, &err));
		if (i == 7)
			assert_string_equal(assay_str_text(&line), "dd bs=4 -O2 1 {cmd}");
		assay_str_done(&line);
		assay_case_done(&again);
	}
	world_done(&w);
}

static void refuses(const struct assay_command_spec *spec, const char *says)
{
	struct assay_err err = {0};
	char *description = NULL;
	enum assay_code rc = assay_command_describe(spec, &description, &err);
	if (rc == ASSAY_OK) {
		struct world w;
		world_init(&w);
		rc = assay_program_add(w.registry, description, NULL, &err);
		world_done(&w);
	}
	free(description);
	assert_fails(rc, ASSAY_EUSAGE, says);
}

static void what_cannot_be_a_case_is_refused(void **state)
{
	(void)state;
	const struct assay_override cmd[] = {{"cmd", "1"}}, upper[] = {{"Size", "1"}},
				    slash[] = {{"f", "a/b"}}, range[] = {{"n", "1,ncores,x"}};
	char *longest = malloc(ASSAY_PROGRAM_MAX_BYTES + 1);
	memset(longest, 'x', ASSAY_PROGRAM_MAX_BYTES);
	longest[ASSAY_PROGRAM_MAX_BYTES] = '\0';
	refuses(&(struct assay_command_spec){.argv = ARGV("x", "{cmd}"),
					     .params = cmd,
					     .n_params = 1},
		"'cmd'");
	refuses(&(struct assay_command_spec){.argv = ARGV("x"), .label = "a b"}, "label");
	refuses(&(struct assay_command_spec){.argv = ARGV("x", "\xff")}, "UTF-8");
	refuses(&(struct assay_command_spec){.argv = ARGV("x", longest)}, "too long");
	refuses(&(struct assay_command_spec){.argv = ARGV("x", "{f}"),
					     .params = slash,
					     .n_params = 1},
		"parameter 'f'");
	/* A name that no {brace} can have is never mentioned, and of numbers the plan takes care. */
	struct assay_err err = {0};
	char *description;
	assert_ok(assay_command_describe(&(struct assay_command_spec){.argv = ARGV("x", "{Size}"),
								      .params = upper,
								      .n_params = 1},
					 &description, &err));
	assert_null(strstr(description, "\"Size\""));
	free(description);
	assert_ok(assay_command_describe(&(struct assay_command_spec){.argv = ARGV("x", "{n}"),
								      .params = range,
								      .n_params = 1},
					 &description, &err));
	free(description);
	free(longest);
}

static void damaged_descriptions_and_twins_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"kind\":\"other\"}",
		"{\"kind\":\"command\"}",
		"{\"kind\":\"command\",\"argv\":[],\"prepare\":[],\"output\":\"null\"}",
		"{\"kind\":\"command\",\"argv\":[1],\"prepare\":[],\"output\":\"null\"}",
		"{\"kind\":\"command\",\"argv\":[\"x\"],\"prepare\":[]}",
		"{\"kind\":\"command\",\"argv\":[\"x\"],\"prepare\":[],\"output\":\"x\",\"axes\":[{}]}",
		"{\"kind\":\"command\",\"kind\":\"command\"}",
		"{\"kind\":\"gbench-exe\",\"executable\":\"x\"}",
	};
	struct world w;
	struct assay_err err = {0};
	world_init(&w);
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(assay_program_add(w.registry, bad[i], NULL, &err), ASSAY_EPARSE,
			     "damaged");
	char *description;
	const struct assay_command_spec spec = {.argv = ARGV("sort", "x")};
	add(&w, &spec);
	assert_ok(assay_command_describe(&spec, &description, &err));
	assert_fails(assay_program_add(w.registry, description, NULL, &err), ASSAY_EUSAGE, "twice");
	free(description);
	add(&w, &(struct assay_command_spec){.argv = ARGV("sort", "y")});
	plan(&w, "command", NULL, 0);
	assert_int_equal(w.plan.n, 2);
	world_done(&w);
}

static void gbench_name(const char *benchmark, const char *want)
{
	struct world w;
	struct assay_err err = {0};
	char *description;
	const struct assay_program *program;
	world_init(&w);
	assert_ok(assay_gbench_describe("./build/My-bench", benchmark, NULL, &description, &err));
	assert_ok(assay_program_add(w.registry, description, &program, &err));
	assert_string_equal(assay_gbench_original(program), benchmark);
	plan(&w, "gbench", NULL, 0);
	assert_int_equal(w.plan.n, 1);
	assert_string_equal(w.plan.cases[0].c.name, want);
	free(description);
	world_done(&w);
}

static void gbench_names_keep_what_they_can(void **state)
{
	(void)state;
	gbench_name("BM_Copy", "gbench/my_bench/case:BM_Copy/threads:1");
	gbench_name("BM_Copy/64/8", "gbench/my_bench/case:BM_Copy.64.8/threads:1");
	gbench_name("BM_Add<int>", "gbench/my_bench/case:BM_Add-int-c6bdac41/threads:1");
	gbench_name("BM_X/real_time/threads:4", "gbench/my_bench/case:BM_X.real_time/threads:4");
	gbench_name("BM_X/threads:x", "gbench/my_bench/case:BM_X.threads-x-482e8d77/threads:1");
	gbench_name("B.x", "gbench/my_bench/case:B.x-79b656f0/threads:1");
	gbench_name("<>", "gbench/my_bench/case:24295a9c/threads:1");
}

static void a_filter_matches_one_name(void **state)
{
	(void)state;
	struct assay_str filter = {0};
	assay_gbench_filter("BM_Add<a::b*>/64/min_time:0.500", &filter);
	assert_string_equal(assay_str_text(&filter), "^BM_Add<a::b\\*>/64/min_time:0\\.500$");
	assay_str_done(&filter);
}

static const char report_text[] =
	"***WARNING*** something printed before\n"
	"{\"context\": {\"library_version\": \"v1.9.1\", \"load_avg\": [NaN]},\n"
	"\"benchmarks\": [\n"
	"{\"name\": \"B/1\", \"run_name\": \"B/1\", \"run_type\": \"iteration\", \"threads\": 2,\n"
	" \"iterations\": 99999999999999999999, \"real_time\": 1.5, \"cpu_time\": 2e0,\n"
	" \"time_unit\": \"us\", \"odd\": NaN, \"far\": -Infinity, \"say\": \"NaN, \\\"inf\",\n"
	" \"n\": 7},\n"
	"{\"name\": \"B/1\", \"error_occurred\": true, \"error_message\": \"no \\\"luck\\\"\x1b\n\",\n"
	" \"real_time\": 0, \"cpu_time\": 0, \"time_unit\": \"ns\"},\n"
	"{\"name\": \"B/1\", \"skipped\": true, \"skip_message\": \"\", \"time_unit\": \"ns\"},\n"
	"{\"name\": \"B/1_mean\", \"run_name\": \"B/1\", \"run_type\": \"aggregate\"}]}";

static void reads_what_the_library_writes(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_gbench_report report;
	assert_ok(assay_gbench_read(report_text, strlen(report_text), &report, &err));
	assert_string_equal(report.version, "v1.9.1");
	assert_int_equal(report.n, 3);
	const struct assay_gbench_run *run = &report.runs[0];
	assert_string_equal(run->name, "B/1");
	assert_int_equal(run->threads, 2);
	assert_close(run->iterations, 1e20, 1e-12);
	assert_close(run->real_ns, 1500, 1e-12);
	assert_close(run->cpu_ns, 2000, 1e-12);
	assert_int_equal(run->n_counters, 3);
	assert_string_equal(run->counters[0].name, "odd");
	assert_true(isnan(run->counters[0].value));
	assert_true(isinf(run->counters[1].value) && run->counters[1].value < 0);
	assert_close(run->counters[2].value, 7, 0);
	assert_null(run->error);
	assert_string_equal(report.runs[1].error, "no \"luck\"??");
	assert_string_equal(report.runs[2].skip, "no reason given");
	assay_gbench_report_done(&report);
}

static void reports_that_are_none(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "no JSON"},
		{"usage: x\n", "no JSON"},
		{"{", "malformed"},
		{"{\"benchmarks\": [", "malformed"},
		{"{}", "no list"},
		{"{\"benchmarks\": {}}", "no list"},
		{"{\"benchmarks\": [{\"real_time\": 1}]}", "no name"},
		{"{\"benchmarks\": [{\"name\": \"x\" \"y\"}]}", "malformed"},
		{"{\"benchmarks\": [{\"name\": \"x", "malformed"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		struct assay_err err = {0};
		struct assay_gbench_report report;
		assert_fails(assay_gbench_read(bad[i].text, strlen(bad[i].text), &report, &err),
			     ASSAY_EPARSE, bad[i].says);
	}
	/* Every beginning of a good report is refused, and none upsets the reader. */
	for (size_t n = 0; n < strlen(report_text); n++) {
		struct assay_err err = {0};
		struct assay_gbench_report report;
		assert_int_not_equal(assay_gbench_read(report_text, n, &report, &err), ASSAY_OK);
	}
}

static void wall_time_was_divided_before_1_9_0(void **state)
{
	(void)state;
	assert_true(assay_gbench_divides_wall_time(""));
	assert_true(assay_gbench_divides_wall_time("v1.8.5"));
	assert_true(assay_gbench_divides_wall_time("1.8"));
	assert_false(assay_gbench_divides_wall_time("v1.9.0"));
	assert_false(assay_gbench_divides_wall_time("1.10.2"));
	assert_false(assay_gbench_divides_wall_time("v2.0.0-3-gabc"));
}

static enum assay_code run(const char *const *words, uint64_t timeout_ns,
			   struct assay_child_end *end, struct assay_err *err)
{
	struct assay_argv argv = {.words = (char **)(uintptr_t)words};
	char *path;
	while (words[argv.n])
		argv.n++;
	enum assay_code rc = assay_child_find(words[0], &path, err);
	if (rc != ASSAY_OK)
		return rc;
	const struct assay_child child = {path, &argv, -1, -1, -1};
	rc = assay_child_run(&child, timeout_ns, end, err);
	free(path);
	return rc;
}

static void children_end_and_are_ended(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_child_end end;
	char text[100];
	assert_ok(run((const char *[]){"true", NULL}, 0, &end, &err));
	assert_null(assay_child_complaint(&end, text, sizeof(text)));
	assert_true(end.wall_ns > 0 && end.usage.ru_maxrss > 0 && !end.timed_out);
	assert_ok(run((const char *[]){"sh", "-c", "exit 7", NULL}, 10000000000u, &end, &err));
	assert_string_equal(assay_child_complaint(&end, text, sizeof(text)), "exit status 7");
	assert_ok(run((const char *[]){"sh", "-c", "kill -KILL $$", NULL}, 0, &end, &err));
	assert_non_null(strstr(assay_child_complaint(&end, text, sizeof(text)), "signal 9"));
	assert_ok(run((const char *[]){"sleep", "60", NULL}, 20000000, &end, &err));
	assert_true(end.timed_out);
	assert_fails(run((const char *[]){"no such program", NULL}, 0, &end, &err), ASSAY_EUSAGE,
		     ":::");
	assert_fails(run((const char *[]){"/etc/passwd", NULL}, 0, &end, &err), ASSAY_EUSAGE,
		     "not an executable");
	assert_fails(run((const char *[]){"", NULL}, 0, &end, &err), ASSAY_EUSAGE, "no program");
}

static enum assay_code capture(const char *script, uint64_t timeout_ns, size_t limit,
			       struct assay_str *output, struct assay_child_end *end,
			       struct assay_err *err)
{
	struct assay_argv argv = ARGV("sh", "-c", script);
	const struct assay_child child = {.path = "/bin/sh", .argv = &argv, .in = -1, .errors = -1};
	return assay_child_capture(&child, timeout_ns, limit, output, end, err);
}

static void captures_what_is_printed(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_child_end end;
	struct assay_str output = {0};
	assert_ok(capture("echo a; echo b >&2; exit 3", 0, 100, &output, &end, &err));
	assert_string_equal(assay_str_text(&output), "a\n");
	assert_int_equal(WEXITSTATUS(end.wait_status), 3);
	assay_str_clear(&output);
	assert_ok(capture("echo x; exec sleep 60", 100000000, 100, &output, &end, &err));
	assert_true(end.timed_out);
	assay_str_clear(&output);
	assert_fails(capture("yes", 0, 100000, &output, &end, &err), ASSAY_EIO, "more than 100000");
	assay_str_clear(&output);
	/* A grandchild that keeps the pipe open does not keep us waiting. */
	assert_ok(capture("sleep 60 & echo $!", 0, 100, &output, &end, &err));
	pid_t left = (pid_t)strtol(assay_str_text(&output), NULL, 10);
	assert_true(left > 1 && kill(left, SIGKILL) == 0);
	assay_str_done(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_named_after_its_words),
		cmocka_unit_test(identity_is_what_decides_the_work),
		cmocka_unit_test(parameters_become_axes),
		cmocka_unit_test(what_cannot_be_a_case_is_refused),
		cmocka_unit_test(damaged_descriptions_and_twins_are_refused),
		cmocka_unit_test(gbench_names_keep_what_they_can),
		cmocka_unit_test(a_filter_matches_one_name),
		cmocka_unit_test(reads_what_the_library_writes),
		cmocka_unit_test(reports_that_are_none),
		cmocka_unit_test(wall_time_was_divided_before_1_9_0),
		cmocka_unit_test(children_end_and_are_ended),
		cmocka_unit_test(captures_what_is_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * test_isolation: bad benchmarks each get their own status, the others are unharmed, and nothing of
 * them is left. Runs the real program (ASSAY_PROGRAM) on the plug-in ASSAY_BAD_PLUGIN.
 */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/engine/collect.h"
#include "harness/engine/engine.h"
#include "harness/engine/guard.h"
#include "harness/engine/launch.h"
#include "harness/engine/reap.h"
#include "tests/engine/toy.h"

struct seen {
	struct {
		char name[128];
		enum assay_status status;
		char reason[512];
		size_t n;
	} results[32];
	size_t n;
};

static enum assay_code on_result(void *context, const struct assay_result *result,
				 struct assay_err *err)
{
	struct seen *seen = context;
	(void)err;
	if (!result->primary || seen->n == ASSAY_COUNT_OF(seen->results))
		return ASSAY_OK;
	snprintf(seen->results[seen->n].name, sizeof(seen->results[0].name), "%s", result->name);
	snprintf(seen->results[seen->n].reason, sizeof(seen->results[0].reason), "%s",
		 result->reason);
	seen->results[seen->n].status = result->status;
	seen->results[seen->n++].n = result->samples.n;
	return ASSAY_OK;
}

/* A sanitizer's build has no limit on memory (worker.c), and nothing to stop who eats it. */
static const bool limited = !ASSAY_SANITIZED;

/* Few tasks at once, where a group counts them; no other benchmark needs more. True when it does. */
static bool limit_tasks(void)
{
	char path[640];
	const char *tasks = getenv("_ASSAY_PEN_TASKS"), *group = getenv("_ASSAY_PEN");
	snprintf(path, sizeof(path), "%s/pids.max", tasks ? tasks : group ? group : "");
	FILE *file = fopen(path, "r+e");
	if (!file)
		return false;
	assert_true(fputs("50\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	return true;
}

/* One run over every benchmark of the plug-in, shared by the tests. */
static struct seen seen;
static double elapsed_s;
static bool few_tasks;

static int run_all(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_registry *registry;
	struct assay_topology *topology;
	struct assay_plan plan;
	const char *program = getenv("ASSAY_PROGRAM"), *plugin = getenv("ASSAY_BAD_PLUGIN");
	assert_non_null(program);
	assert_non_null(plugin);
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	assert_ok(assay_registry_load(registry, plugin, &err));
	assert_ok(assay_topology_load(NULL, &topology, &err));
	const char *pattern = limited ? "bad" : "bad/[!e]*";
	const struct assay_plan_request request = {
		.patterns = (const char *const[]){pattern},
		.n_patterns = 1,
	};
	assert_ok(assay_plan_make(registry, topology, &request, &plan, &err));
	const struct assay_engine_options options = {
		.program = program,
		.seed = 1,
		.launches = 1,
		.effort = {5, 1000000},
		.timeout_ns = 1500000000,
		.memory_bytes = 96u << 20,
		.noise = 'A',
	};
	const struct assay_engine_sink sink = {.result = on_result, .context = &seen};
	assert_ok(assay_guard_start(&err));
	few_tasks = limit_tasks();
	uint64_t began = assay_now_ns();
	assert_ok(assay_engine_run(registry, &plan, &options, &sink, &err));
	elapsed_s = (double)(assay_now_ns() - began) / 1e9;
	assay_plan_done(&plan);
	assay_topology_free(topology);
	assay_registry_free(registry);
	return 0;
}

static void expect(const char *name, enum assay_status status, const char *says)
{
	for (size_t i = 0; i < seen.n; i++) {
		if (strncmp(seen.results[i].name, name, strlen(name)) != 0 ||
		    (seen.results[i].name[strlen(name)] != '/'))
			continue;
		if (seen.results[i].status != status || !strstr(seen.results[i].reason, says))
			fail_msg("%s is %s: '%s'", name, assay_status_name(seen.results[i].status),
				 seen.results[i].reason);
		return;
	}
	fail_msg("%s has no result", name);
}

static void each_has_its_own_status(void **state)
{
	(void)state;
	expect("bad/crash", ASSAY_STATUS_CRASHED, "signal 11");
	expect("bad/hang", ASSAY_STATUS_TIMEOUT, "1.5 s");
	expect("bad/leave", ASSAY_STATUS_CRASHED, "exit status 7");
	expect("bad/leave", ASSAY_STATUS_CRASHED, "so long");
	expect("bad/leave_quietly", ASSAY_STATUS_CRASHED, "without finishing");
	expect("bad/flood_output", ASSAY_STATUS_TIMEOUT, "1.5 s");
	expect("bad/garbage", ASSAY_STATUS_FAILED, "garbage");
	if (limited)
		expect("bad/eat_memory", ASSAY_STATUS_CRASHED, "signal");
	expect("bad/wrong", ASSAY_STATUS_FAILED, "six by nine is 54?[31m");
	if (few_tasks)
		expect("bad/multiply", ASSAY_STATUS_FAILED,
		       "not as many processes as it wanted; it reached the limit of 50 processes");
	expect("bad/subjects/subject:wrong", ASSAY_STATUS_FAILED, "lost an element");
	expect("bad/subjects/subject:crashing", ASSAY_STATUS_CRASHED, "signal 6");
	expect("bad/subjects/subject:absent", ASSAY_STATUS_SKIPPED, "not on a Saturday");
}

static void the_others_are_unharmed(void **state)
{
	(void)state;
	for (size_t i = 0; i < seen.n; i++)
		if (strncmp(seen.results[i].name, "bad/good/", 9) == 0 ||
		    strncmp(seen.results[i].name, "bad/confined/", 13) == 0 ||
		    strstr(seen.results[i].name, "subject:right"))
			if (!assay_status_measured(seen.results[i].status))
				fail_msg("%s: %s", seen.results[i].name, seen.results[i].reason);
}

static void samples_from_before_a_crash_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < seen.n; i++)
		if (strncmp(seen.results[i].name, "bad/wrong/", 10) == 0)
			assert_int_equal(seen.results[i].n, 0); /* failed before its first sample */
	assert_int_equal(seen.n, limited ? 16 : 15);
}

static void nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(assay_reap_tree(NULL, 100), 0);
}

/* Not a timing assertion: two deadlines of 1.5 s each plus 2 s is what the contract grants. */
static void deadlines_hold(void **state)
{
	(void)state;
	assert_true(elapsed_s < 60);
}

static void hostile_plugins_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *variable, *says;
	} hostile[] = {
		{"ASSAY_HOSTILE_SUITE", "suite name"},
		{"ASSAY_HOSTILE_BENCH", "benchmark name"},
		{"ASSAY_HOSTILE_ABI", "ABI 99"},
		{"ASSAY_HOSTILE_TAKEN", "already a suite 'toy'"},
	};
	struct assay_err err = {0};
	struct assay_registry *registry;
	assert_ok(assay_registry_new(&toy_table, &registry, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(hostile); i++) {
		const char *path = getenv(hostile[i].variable);
		assert_non_null(path);
		assert_fails(assay_registry_load(registry, path, &err), ASSAY_EUSAGE,
			     hostile[i].says);
		for (const char *c = err.text; *c; c++)
			assert_true((unsigned char)*c >= 0x20);
	}
	assert_fails(assay_registry_load(registry, "/nowhere.so", &err), ASSAY_EUSAGE,
		     "no such file");
	assert_fails(assay_registry_load(registry, "/dev/null", &err), ASSAY_EUSAGE, "plug-in");
	const struct assay_suite_entry *suites;
	assert_int_equal(assay_registry_suites(registry, &suites), 2); /* toy, selftest */
	assay_registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_own_status),
		cmocka_unit_test(the_others_are_unharmed),
		cmocka_unit_test(samples_from_before_a_crash_are_kept),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(deadlines_hold),
		cmocka_unit_test(hostile_plugins_are_refused),
	};
	return cmocka_run_group_tests(tests, run_all, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * test_launcher: the sides of a live gate and its launches, with the real program, two builds of one plug-in, and where
 * there is one an executable made with Google Benchmark; they are its arguments. A third plug-in has an oracle.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/engine/command.h"
#include "harness/engine/guard.h"
#include "harness/engine/replay.h"
#include "harness/gate/launcher.h"
#include "tests/engine/toy.h"
#include "tests/t.h"

enum { SAMPLES = 3 };

static struct assay_topology *topology;
static const char *program_path, *base_path, *other_path, *asked_path, *foreign_path;

static const char *const no_options[] = {NULL};

static struct assay_gate_scope scope_of(const char *const *patterns, size_t n)
{
	return (struct assay_gate_scope){.table = &toy_table,
					 .topology = topology,
					 .request = {.patterns = patterns, .n_patterns = n},
					 .build_options = no_options};
}

static size_t place_of(const struct assay_gate_side *side, const char *name)
{
	const struct assay_plan *plan = assay_gate_side_plan(side);
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->cases[i].c.name, name) == 0)
			return i;
	return SIZE_MAX;
}

/* ---- sides ---- */

static void a_plugin_brings_what_it_brings(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_gate_side base = {0}, other = {0};
	const char *const paths[] = {base_path, other_path};
	struct assay_gate_scope scope = scope_of(NULL, 0);
	assert_ok(assay_gate_side_plugin(&scope, &paths[0], 1, &base, &err));
	assert_ok(assay_gate_side_plugin(&scope, &paths[1], 1, &other, &err));
	assert_int_equal(assay_gate_side_plan(&base)->n, 5); /* and nothing of the table */
	assert_int_not_equal(place_of(&base, "judged/veteran/threads:1"), SIZE_MAX);
	assert_int_equal(place_of(&base, "judged/newcomer/threads:1"), SIZE_MAX);
	assert_int_not_equal(place_of(&other, "judged/newcomer/threads:1"), SIZE_MAX);
	assay_gate_side_done(&base);
	assay_gate_side_done(&other);
	assert_null(base.variants);
	assert_string_equal(assay_gate_kind_name(ASSAY_SIDE_PLUGIN), "plug-in");
	assert_string_equal(assay_gate_kind_name(ASSAY_SIDE_BUILD), "assay");
	assert_string_equal(assay_gate_kind_name(ASSAY_SIDE_GBENCH), "gbench");
	assert_string_equal(assay_gate_kind_name(ASSAY_SIDE_COMMAND), "command");
}

/* A pattern of the other side's selects nothing here, and one of both what matches. */
static void patterns_select(void **state)
{
	(void)state;
	static const char *const patterns[] = {"judged/newcomer*", "judged/steady"};
	struct assay_err err = {0};
	const char *const path = base_path;
	struct assay_gate_side side = {0};
	struct assay_gate_scope scope = scope_of(patterns, 2);
	assert_ok(assay_gate_side_plugin(&scope, &path, 1, &side, &err));
	assert_int_equal(assay_gate_side_plan(&side)->n, 1);
	assert_int_equal(place_of(&side, "judged/steady/threads:1"), 0);
	assay_gate_side_done(&side);
	scope = scope_of(patterns, 1);
	assert_ok(assay_gate_side_plugin(&scope, &path, 1, &side, &err));
	assert_int_equal(assay_gate_side_plan(&side)->n, 0);
	assay_gate_side_done(&side);
	scope = scope_of(&patterns[1], 1);
	assert_ok(assay_gate_side_plugin(&scope, &path, 1, &side, &err));
	assert_int_equal(assay_gate_side_plan(&side)->n, 1);
	assay_gate_side_done(&side);
}

static void a_build_is_asked(void **state)
{
	(void)state;
	static const char *const patterns[] = {"selftest/empty", "selftest/walk"};
	static const char *const absent[] = {"nosuch/bench"};
	static const char *const wrong[] = {"/bin/true", "/bin/false", "/nonexistent/assay",
					    "/bin/echo"};
	static const char *const says[] = {
		"'/bin/true' does not say what it would measure (it lists",
		"'/bin/false' does not say what it would measure (exit",
		"'/nonexistent/assay' does not say what it would measure (No such", "'/bin/echo'"};
	struct assay_err err = {0};
	const char *const path = program_path;
	struct assay_gate_side side = {0};
	struct assay_gate_scope scope = scope_of(patterns, 2);
	assert_ok(assay_gate_side_build(&scope, &path, 1, &side, &err));
	assert_true(assay_gate_side_plan(&side)->n >= 2);
	assert_int_not_equal(place_of(&side, "selftest/empty/threads:1"), SIZE_MAX);
	assay_gate_side_done(&side);
	scope = scope_of(absent, 1); /* what it does not have is nothing, not an error */
	assert_ok(assay_gate_side_build(&scope, &path, 1, &side, &err));
	assert_int_equal(assay_gate_side_plan(&side)->n, 0);
	assay_gate_side_done(&side);
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong); i++) {
		enum assay_code want = i == 3 ? ASSAY_EPARSE : ASSAY_EUSAGE;
		assert_fails(assay_gate_side_build(&scope, &wrong[i], 1, &side, &err), want,
			     says[i]);
		assay_gate_side_done(&side);
	}
}

static void command_side(const char *word, struct assay_gate_side *ret)
{
	struct assay_err err = {0};
	struct assay_command_spec spec = {0};
	char *description;
	struct assay_gate_scope scope = scope_of(NULL, 0);
	assert_ok(assay_argv_add(&spec.argv, word, &err));
	assert_ok(assay_command_describe(&spec, &description, &err));
	assay_argv_done(&spec.argv);
	assert_ok(assay_gate_side_command(&scope, description, ret, &err));
	free(description);
	assert_int_equal(assay_gate_side_plan(ret)->n, 1);
}

static void executables_of_google_benchmark(void **state)
{
	(void)state;
	static const char *const patterns[] = {"BM_Count*"}, *const absent[] = {"BM_Nothing"};
	struct assay_err err = {0};
	struct assay_gate_side side = {0};
	if (!foreign_path)
		skip();
	const char *const paths[] = {foreign_path, foreign_path, "/bin/true"};
	struct assay_gate_scope scope = scope_of(patterns, 1);
	assert_ok(assay_gate_side_gbench(&scope, paths, 2, "gate", &side, &err));
	assert_int_equal(side.n_variants, 2);
	assert_int_equal(assay_gate_side_plan(&side)->n, 2);
	assay_gate_side_done(&side);
	scope = scope_of(absent, 1);
	assert_ok(assay_gate_side_gbench(&scope, paths, 1, "gate", &side, &err));
	assert_int_equal(assay_gate_side_plan(&side)->n, 0);
	assay_gate_side_done(&side);
	assert_true(assay_gate_side_gbench(&scope, &paths[2], 1, "gate", &side, &err) != ASSAY_OK);
	assay_gate_side_done(&side);
}

/* ---- launches ---- */

struct live {
	struct assay_gate_side sides[2];
	struct assay_gate_match *matches; /* of the launcher's, and no room behind them */
	size_t n, called, pairs_done;
	struct assay_gate_launcher *launcher;
	struct assay_gate_source source;
};

static void on_progress(void *context, size_t item, size_t pairs_done, size_t open)
{
	struct live *live = context;
	assert_true(item == 1 && open == 2);
	live->called++;
	live->pairs_done = pairs_done;
}

/* `from` in two variants that are one, against `to`. */
static void live_begin_with(struct live *live, const char *from, const char *to, const char *metric,
			    const char *const *cases, size_t n)
{
	struct assay_err err = {0};
	const char *const base[] = {from, from};
	const char *const other = to;
	struct assay_gate_scope scope = scope_of(NULL, 0);
	*live = (struct live){.n = n, .matches = calloc(n, sizeof(*live->matches))};
	assert_non_null(live->matches);
	assert_ok(assay_gate_side_plugin(&scope, base, 2, &live->sides[0], &err));
	assert_ok(assay_gate_side_plugin(&scope, &other, 1, &live->sides[1], &err));
	for (size_t i = 0; i < n; i++)
		for (int side = 0; side < 2; side++) {
			live->matches[i].index[side] = place_of(&live->sides[side], cases[i]);
			assert_int_not_equal(live->matches[i].index[side], SIZE_MAX);
		}
	const struct assay_gate_side *const sides[] = {&live->sides[0], &live->sides[1]};
	const struct assay_gate_launcher_options options = {
		.program = program_path,
		.metric = metric,
		.effort = {SAMPLES, 300000, 0},
		.timeout_ns = 60000000000,
		.seed = 7,
		.progress = on_progress,
		.context = live,
	};
	assert_ok(
		assay_gate_launcher_new(sides, live->matches, n, &options, &live->launcher, &err));
	live->source = assay_gate_launcher_source(live->launcher);
}

static void live_begin(struct live *live, const char *metric, const char *const *cases, size_t n)
{
	live_begin_with(live, base_path, other_path, metric, cases, n);
}

static void live_end(struct live *live)
{
	assay_gate_launcher_free(live->launcher);
	free(live->matches);
	assay_gate_side_done(&live->sides[0]);
	assay_gate_side_done(&live->sides[1]);
}

static struct assay_gate_launch prepare(struct live *live, size_t item, enum assay_gate_which side)
{
	struct assay_err err = {0};
	struct assay_gate_launch ret = {0};
	assert_ok(live->source.prepare(live->source.context, item, side, &ret, &err));
	return ret;
}

static struct assay_gate_launch launch(struct live *live, size_t item, enum assay_gate_which side,
				       uint64_t seed)
{
	struct assay_err err = {0};
	struct assay_gate_launch ret = {0};
	assert_ok(live->source.launch(live->source.context, item, side, seed, &ret, &err));
	return ret;
}

struct kept {
	size_t n, launches, preempted_last;
	double median;
	char metric[32];
};

static enum assay_code keep(void *context, const struct assay_result *r, struct assay_err *err)
{
	struct kept *kept = context;
	const struct assay_samples *s = &r->samples;
	(void)err;
	if (!r->primary)
		return ASSAY_OK;
	*kept = (struct kept){.n = s->n, .launches = s->launches, .median = r->estimate.median};
	snprintf(kept->metric, sizeof(kept->metric), "%s", r->metric.name);
	for (size_t i = s->launches > 1 ? s->launch_end[s->launches - 2] : 0; i < s->n; i++)
		kept->preempted_last += (s->flags[i] & ASSAY_SAMPLE_PREEMPTED) != 0;
	return ASSAY_OK;
}

static struct kept results(struct live *live, size_t item, enum assay_gate_which side)
{
	struct assay_err err = {0};
	struct kept kept = {0};
	assert_ok(assay_gate_launcher_results(live->launcher, item, side, 'B', keep, &kept, &err));
	return kept;
}

static void is_a_launch(const struct assay_gate_launch *l)
{
	if (l->status != ASSAY_STATUS_OK)
		fail_msg("%s: %s", assay_status_name(l->status), l->reason);
	assert_int_equal(l->samples, SAMPLES);
	assert_int_equal(l->better, ASSAY_LOWER);
	if (!isnan(l->summary)) /* all interrupted, on a busy machine */
		assert_close(l->summary, 100, 0.003);
	assert_true(l->preempted <= l->samples && l->values);
	assert_close(l->values[0], 100, 0.003);
	assert_close(l->values[SAMPLES - 1], 100, 0.003);
	assert_true(l->steal_ticks <= l->ticks && l->ticks < 100000);
	assert_false(l->suspended);
}

static void a_launch_becomes_one_number(void **state)
{
	(void)state;
	static const char *const cases[] = {"judged/steady/threads:1", "judged/changing/threads:1"};
	struct live live;
	bool drawn[2] = {false, false};
	live_begin(&live, NULL, cases, 2);
	assert_string_equal(assay_gate_launcher_metric(live.launcher, 1).name, "time");
	for (int side = 0; side < 2; side++)
		assert_int_equal(prepare(&live, 1, (enum assay_gate_which)side).status,
				 ASSAY_STATUS_OK);
	assert_int_equal(assay_gate_launcher_elapsed_ns(live.launcher, 1), 0);
	uint64_t elapsed_ns = 0;
	for (size_t i = 0; i < 8; i++) {
		enum assay_gate_which side = i < 6 ? ASSAY_GATE_BASE : ASSAY_GATE_CAND;
		struct assay_gate_launch l = launch(&live, 1, side, i);
		is_a_launch(&l);
		assert_true(l.variant < live.sides[side].n_variants);
		drawn[l.variant] = true;
		uint64_t now_ns = assay_gate_launcher_elapsed_ns(live.launcher, 1);
		assert_true(now_ns > elapsed_ns);
		elapsed_ns = now_ns;
		struct kept kept = results(&live, 1, side);
		assert_int_equal(kept.launches, i < 6 ? i + 1 : i - 5);
		assert_int_equal(kept.n, SAMPLES * kept.launches);
		assert_int_equal(kept.preempted_last, l.preempted);
		assert_close(kept.median, 100, 0.003);
	}
	assert_true(drawn[0] && drawn[1]); /* by the seed */
	assert_int_equal(assay_gate_launcher_elapsed_ns(live.launcher, 0), 0);
	uint64_t ticks =
		0; /* the machine's, which go on whatever it does; 0 where there is no /proc/stat */
	for (uint64_t i = 0; access("/proc/stat", R_OK) == 0 && !ticks; i++) {
		assert_true(i < 1000);
		ticks = launch(&live, 0, ASSAY_GATE_BASE, i).ticks;
	}
	assert_string_equal(assay_gate_launcher_metric(live.launcher, 1).unit, "ns/op");
	live.source.progress(live.source.context, 1, 4, 2);
	assert_true(live.called == 1 && live.pairs_done == 4);
	live_end(&live);
}

static void what_goes_wrong_is_told(void **state)
{
	(void)state;
	static const char *const cases[] = {"judged/fragile/threads:1", "judged/honest/threads:1"};
	struct live live;
	live_begin(&live, NULL, cases, 2);
	assert_int_equal(prepare(&live, 0, ASSAY_GATE_BASE).status, ASSAY_STATUS_OK);
	struct assay_gate_launch l = launch(&live, 0, ASSAY_GATE_CAND, 1);
	assert_int_equal(l.status, ASSAY_STATUS_CRASHED);
	assert_non_null(strstr(l.reason, "signal 6"));
	l = launch(&live, 1, ASSAY_GATE_CAND, 1);
	assert_int_equal(l.status, ASSAY_STATUS_FAILED);
	assert_string_equal(l.reason, "two and two are five");
	live_end(&live);
	live_begin(&live, "share", cases, 1);
	l = launch(&live, 0, ASSAY_GATE_BASE, 1);
	assert_int_equal(l.status, ASSAY_STATUS_FAILED);
	assert_string_equal(l.reason, "it reports no metric 'share'");
	live_end(&live);
	live_begin(&live, "time", cases, 1);
	l = launch(&live, 0, ASSAY_GATE_BASE, 1);
	is_a_launch(&l);
	live_end(&live);
	assay_gate_launcher_free(NULL);
}

/* The samples of an earlier launch are not this one's. */
static void a_launch_without_the_metric_fails(void **state)
{
	(void)state;
	static const char *const cases[] = {"judged/steady/threads:1"};
	struct live live;
	live_begin(&live, "bytes", cases, 1);
	assert_int_equal(setenv("JUDGED_BYTES", "1", 1), 0);
	struct assay_gate_launch l = launch(&live, 0, ASSAY_GATE_BASE, 1);
	assert_int_equal(l.status, ASSAY_STATUS_OK);
	assert_int_equal(l.samples, SAMPLES);
	assert_int_equal(unsetenv("JUDGED_BYTES"), 0);
	l = launch(&live, 0, ASSAY_GATE_BASE, 2);
	assert_int_equal(l.status, ASSAY_STATUS_FAILED);
	assert_string_equal(l.reason, "it reports no metric 'bytes'");
	live_end(&live);
}

/* Programs are run by a worker of this program's, builds are their own workers. */
static void programs_and_builds_are_launched(void **state)
{
	(void)state;
	static const char *const patterns[] = {"selftest/empty"};
	const char *const program = program_path;
	struct assay_err err = {0};
	for (int kind = 0; kind < 2; kind++) {
		struct assay_gate_side side = {0};
		struct assay_gate_scope scope = scope_of(patterns, 1);
		if (kind)
			assert_ok(assay_gate_side_build(&scope, &program, 1, &side, &err));
		else
			command_side("/bin/true", &side);
		const struct assay_gate_side *const sides[] = {&side, &side};
		const struct assay_gate_match match = {{0, 0}};
		const struct assay_gate_launcher_options options = {
			.program = kind ? "/nonexistent" : program_path,
			.effort = {SAMPLES, 300000, 0},
			.timeout_ns = 60000000000,
		};
		struct live live = {.n = 1};
		assert_ok(
			assay_gate_launcher_new(sides, &match, 1, &options, &live.launcher, &err));
		live.source = assay_gate_launcher_source(live.launcher);
		assert_int_equal(prepare(&live, 0, ASSAY_GATE_BASE).status, ASSAY_STATUS_OK);
		for (int which = 0; which < 2; which++) {
			struct assay_gate_launch l =
				launch(&live, 0, (enum assay_gate_which)which, 1);
			if (l.status != ASSAY_STATUS_OK)
				fail_msg("%s: %s", assay_status_name(l.status), l.reason);
			assert_true(!(l.summary <= 0) && l.samples > 0);
		}
		assay_gate_launcher_free(live.launcher);
		assay_gate_side_done(&side);
	}
}

/* Before a base's first launch one that is not kept finds out how much to do; it may end badly. */
static void the_base_is_tried_first(void **state)
{
	(void)state;
	static const char *const cases[] = {"judged/fragile/threads:1"};
	struct live live;
	live_begin_with(&live, other_path, base_path, NULL, cases, 1);
	assert_int_equal(prepare(&live, 0, ASSAY_GATE_CAND).status, ASSAY_STATUS_OK);
	struct assay_gate_launch l = prepare(&live, 0, ASSAY_GATE_BASE);
	assert_int_equal(l.status, ASSAY_STATUS_CRASHED);
	assert_non_null(strstr(l.reason, "signal 6"));
	assert_int_equal(results(&live, 0, ASSAY_GATE_BASE).n, 0);
	live_end(&live);
}

static size_t times_asked(const char *path)
{
	char text[16];
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text), file);
	fclose(file);
	return n;
}

/* Once of each subject and side, whatever number of cases it has; what it says of one is no word on another. */
static void oracles_are_asked_once(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"asked/one/subject:right/threads:1", "asked/one/subject:wrong/threads:1",
		"asked/two/subject:right/threads:1", "asked/two/subject:wrong/threads:1"};
	char folder[T_PATH], path[T_PATH + 16];
	assert_non_null(mkdtemp(t_path(folder, "asked")));
	snprintf(path, sizeof(path), "%s/times", folder);
	assert_int_equal(setenv("ASKED", path, 1), 0);
	struct live live;
	live_begin_with(&live, asked_path, asked_path, NULL, cases, 4);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < 4; i++) {
			struct assay_gate_launch l = prepare(&live, i, (enum assay_gate_which)side);
			/* right; wrong; right as was known; wrong, asked anew */
			static const size_t asked[] = {1, 2, 2, 3};
			assert_int_equal(times_asked(path), 3 * (size_t)side + asked[i]);
			assert_int_equal(l.status, i % 2 ? ASSAY_STATUS_FAILED : ASSAY_STATUS_OK);
			assert_string_equal(l.reason,
					    i % 2 ? "its answers are wrong: two for one" : "");
		}
	live_end(&live);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	unsetenv("ASKED");
}

/* ---- what counts instructions ---- */

static void replay_of(struct assay_gate_side *side, size_t place, enum assay_code want,
		      const char *says)
{
	struct assay_err err = {0};
	const struct assay_gate_side *const sides[] = {side, side};
	const struct assay_gate_match match = {{place, place}};
	const struct assay_gate_launcher_options options = {
		.program = "/program", .timeout_ns = 5, .memory_bytes = 6};
	struct assay_gate_launcher *launcher;
	struct assay_gate_replay_of of;
	assert_ok(assay_gate_launcher_new(sides, &match, 1, &options, &launcher, &err));
	enum assay_code code = assay_gate_launcher_replay(launcher, 0, ASSAY_GATE_CAND, &of, &err);
	assay_gate_launcher_free(launcher);
	assert_int_equal(code, want);
	if (code != ASSAY_OK) {
		assert_string_equal(err.text, says);
		return;
	}
	bool build = side->kind == ASSAY_SIDE_BUILD;
	assert_string_equal(of.replay.program, build ? side->variants[0].file : "/program");
	assert_ptr_equal(of.replay.plugins, of.plugins);
	if (build)
		assert_null(of.plugins[0]);
	else
		assert_string_equal(of.plugins[0], side->variants[0].file);
	assert_string_equal(of.replay.case_name, says);
	assert_true(of.replay.timeout_ns == 5 && of.replay.memory_bytes == 6);
}

static void replays(void **state)
{
	(void)state;
	static const char *const patterns[] = {"selftest/empty"};
	struct assay_err err = {0};
	const char *const base = base_path, *const program = program_path;
	struct assay_gate_side side = {0};
	struct assay_gate_scope scope = scope_of(NULL, 0);
	assert_ok(assay_gate_side_plugin(&scope, &base, 1, &side, &err));
	const char *name = assay_gate_side_plan(&side)->cases[0].c.name;
	struct assay_err why = {0}; /* no valgrind, or a sanitizer in its way */
	enum assay_code here = assay_replay_probe(&why);
	replay_of(&side, 0, here, here == ASSAY_OK ? name : why.text);
	side.variants[0].plan.cases[0].c.threads = 2;
	replay_of(&side, 0, ASSAY_SKIP, "several threads do not repeat exactly");
	assay_gate_side_done(&side);
	scope = scope_of(patterns, 1);
	assert_ok(assay_gate_side_build(&scope, &program, 1, &side, &err));
	replay_of(&side, place_of(&side, "selftest/empty/threads:1"), ASSAY_OK,
		  "selftest/empty/threads:1");
	assay_gate_side_done(&side);
	command_side("/bin/true", &side);
	replay_of(&side, 0, ASSAY_SKIP, "programs are not replayed");
	assay_gate_side_done(&side);
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	program_path = argv[1];
	base_path = argv[2];
	other_path = argv[3];
	asked_path = argv[4];
	foreign_path = argv[5];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plugin_brings_what_it_brings),
		cmocka_unit_test(patterns_select),
		cmocka_unit_test(a_build_is_asked),
		cmocka_unit_test(executables_of_google_benchmark),
		cmocka_unit_test(a_launch_becomes_one_number),
		cmocka_unit_test(what_goes_wrong_is_told),
		cmocka_unit_test(a_launch_without_the_metric_fails),
		cmocka_unit_test(programs_and_builds_are_launched),
		cmocka_unit_test(the_base_is_tried_first),
		cmocka_unit_test(oracles_are_asked_once),
		cmocka_unit_test(replays),
	};
	struct assay_err err = {0};
	if (assay_guard_start(&err) != ASSAY_OK ||
	    assay_topology_load(NULL, &topology, &err) != ASSAY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	int rc = cmocka_run_group_tests_name("launcher", tests, NULL, NULL);
	assay_topology_free(topology);
	return rc;
}

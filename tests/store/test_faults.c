/* SPDX-License-Identifier: MIT */
/*
 * Every call of the store while something fails beneath it, in turn at each place: an allocation, the execution of a
 * statement, a value that is too long. It ends with one sentence or does what it was asked, and works afterwards.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/gpu_trace.h"
#include "harness/store/ack.h"
#include "harness/store/elapsed.h"
#include "harness/store/fleet.h"
#include "harness/store/merge.h"
#include "harness/store/sql.h"
#include "harness/store/verdict.h"
#include "tests/failing.h"
#include "tests/store/fixture.h"
#include "tests/t.h"

/* What the calls work on; each is made anew for them. */
struct scene {
	struct folder *folder;
	struct assay_store *store;
	int64_t run, other; /* the second one is unfinished */
	int64_t series, change, ack;
	uint8_t key[32];
	struct sample sample;
	struct assay_gpu_trace trace;
	char to[128], from[128];
	unsigned made; /* runs so far: each has its own number */
};

typedef enum assay_code call(struct scene *scene, struct assay_err *err);

/* ---- reading ---- */

static enum assay_code runs(struct scene *scene, struct assay_err *err)
{
	static const char *const references[] = {
		"",
		"@last",
		"@last~1",
		"@base",
		"tag:branch=main",
		"commit:1af",
		"machine:alpha",
		"tag:main",
		"1",
		"abababab-abab-abab-abab-abababababab00",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(references); i++) {
		struct assay_run_list list;
		enum assay_code code = assay_store_runs(scene->store, references[i], &list, err);
		if (code == ASSAY_OK)
			assay_run_list_done(&list);
		else if (code != ASSAY_EUSAGE)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code results(struct scene *scene, struct assay_err *err)
{
	struct assay_result_list list;
	enum assay_code code =
		assay_store_results(scene->store, scene->run, "memory/*",
				    ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &list, err);
	if (code == ASSAY_OK)
		assay_result_list_done(&list);
	return code;
}

static enum assay_code attachments(struct scene *scene, struct assay_err *err)
{
	struct assay_attachment_list list;
	enum assay_code code =
		assay_store_attachments(scene->store, scene->run, "stacks", &list, err);
	if (code == ASSAY_OK)
		assay_attachment_list_done(&list);
	return code;
}

static enum assay_code history(struct scene *scene, struct assay_err *err)
{
	struct assay_history_list list;
	enum assay_code code = assay_store_history(scene->store, "memory*", 0, &list, err);
	if (code == ASSAY_OK) {
		code = assay_store_history_profiles(scene->store, &list, err);
		assay_history_list_done(&list);
	}
	return code;
}

static enum assay_code run_history(struct scene *scene, struct assay_err *err)
{
	struct assay_history_list list;
	enum assay_code code = assay_store_run_history(scene->store, scene->run, 5, &list, err);
	if (code == ASSAY_OK)
		assay_history_list_done(&list);
	return code;
}

static enum assay_code changes(struct scene *scene, struct assay_err *err)
{
	struct assay_change_list list;
	enum assay_code code = assay_store_changes(scene->store, scene->series, &list, err);
	if (code != ASSAY_OK)
		return code;
	assay_change_list_done(&list);
	code = assay_store_change(scene->store, scene->change, &list, err);
	if (code == ASSAY_OK)
		assay_change_list_done(&list);
	return code;
}

static enum assay_code acks(struct scene *scene, struct assay_err *err)
{
	struct assay_ack_list list;
	uint64_t first_ns;
	enum assay_code code = assay_store_acks(scene->store, scene->key, &list, err);
	if (code == ASSAY_OK)
		assay_ack_list_done(&list);
	return code == ASSAY_OK
		       ? assay_store_first_run(scene->store, "1affffffffff", &first_ns, err)
		       : code;
}

static enum assay_code series(struct scene *scene, struct assay_err *err)
{
	struct assay_series_list list;
	enum assay_code code = assay_store_series(scene->store, "memory", &list, err);
	if (code == ASSAY_OK)
		assay_series_list_done(&list);
	return code;
}

static enum assay_code verdicts(struct scene *scene, struct assay_err *err)
{
	struct assay_verdict_list list;
	enum assay_code code =
		assay_store_verdicts(scene->store, scene->run, scene->key, 9, &list, err);
	if (code == ASSAY_OK)
		assay_verdict_list_done(&list);
	return code;
}

static enum assay_code fleet(struct scene *scene, struct assay_err *err)
{
	struct assay_fleet found;
	enum assay_code code = assay_store_fleet(scene->store, NULL, &found, err);
	if (code == ASSAY_OK)
		assay_fleet_done(&found);
	return code;
}

static enum assay_code elapsed(struct scene *scene, struct assay_err *err)
{
	static const uint8_t fingerprint[32];
	struct assay_elapsed_list list;
	enum assay_code code = assay_store_elapsed(scene->store, fingerprint, &list, err);
	if (code == ASSAY_OK)
		assay_elapsed_list_done(&list);
	return code;
}

static enum assay_code digest(struct scene *scene, struct assay_err *err)
{
	uint8_t bytes[32];
	return assay_store_digest(scene->store, bytes, err);
}

/* ---- writing ---- */

static enum assay_code add_run(struct scene *scene, struct assay_err *err)
{
	struct assay_run_info info = sample_run(10 + scene->made++);
	int64_t run;
	enum assay_code code = assay_store_begin_run(scene->store, &info, &run, err);
	if (code == ASSAY_OK)
		code = assay_store_add_result(scene->store, run, &scene->sample.result, err);
	return code == ASSAY_OK ? assay_store_finish_run(scene->store, run, ASSAY_RUN_COMPLETE, err)
				: code;
}

static enum assay_code attach(struct scene *scene, struct assay_err *err)
{
	static const char bytes[4096];
	const struct assay_attachment a = {"stacks", "memory/alloc", bytes, sizeof(bytes)};
	return assay_store_attach(scene->store, scene->run, &a, err);
}

static enum assay_code import(struct scene *scene, struct assay_err *err)
{
	struct assay_run_info info = sample_run(200 + scene->made++ % 50);
	const struct assay_attachment a = {"stacks", "memory/alloc", "abc", 3};
	const struct assay_import import = {&info, &scene->sample.result, 1, &a, 1};
	int64_t run;
	return assay_store_import(scene->store, &import, &run, err);
}

static enum assay_code add_verdicts(struct scene *scene, struct assay_err *err)
{
	const struct assay_stored_verdict verdict = {
		.series = &scene->sample.result,
		.decision = "REGRESSED",
		.reason = "",
		.method = "paired",
		.policy = "{\"margin\":0.03}",
		.n = 12,
		.ratio = 1.1,
		.lo = 1.05,
		.hi = 1.2,
		.p = NAN,
	};
	return assay_store_add_verdicts(scene->store, scene->run, 0, &verdict, 1, err);
}

static enum assay_code add_ack(struct scene *scene, struct assay_err *err)
{
	struct assay_ack ack = {.kind = ASSAY_ACK_ACCEPTED,
				.one_machine = true,
				.from = "1a2b3c4d5e6f",
				.to = "1affffffffff",
				.limit_ratio = 1.05,
				.author = "ann",
				.note = "a known trade"};
	memcpy(ack.series_key, scene->key, 32);
	return assay_store_add_ack(scene->store, &ack, &scene->ack, err);
}

static enum assay_code retire_ack(struct scene *scene, struct assay_err *err)
{
	enum assay_code code = assay_store_retire_ack(scene->store, scene->ack, err);
	return code == ASSAY_EUSAGE ? ASSAY_OK : code; /* it had ended */
}

static enum assay_code propose(struct scene *scene, struct assay_err *err)
{
	const struct assay_change_point change = {.series = scene->series,
						  .run = scene->other,
						  .method = "scan",
						  .ratio = 1.1,
						  .lo = 1,
						  .hi = 1.2,
						  .p = 0.01};
	int64_t id;
	enum assay_code code = assay_store_propose_change(scene->store, &change, &id, err);
	return code == ASSAY_OK ? assay_store_settle_change(scene->store, scene->change,
							    ASSAY_CHANGE_CONFIRMED, "again", err)
				: code;
}

static enum assay_code baseline(struct scene *scene, struct assay_err *err)
{
	return assay_store_set_baseline(scene->store, scene->run, err);
}

static enum assay_code collect(struct scene *scene, struct assay_err *err)
{
	struct assay_retention policy = {.keep_samples_ns = 1, .dry_run = true};
	struct assay_swept swept;
	enum assay_code code = assay_store_gc(scene->store, &policy, &swept, err);
	if (code != ASSAY_OK)
		return code;
	policy = (struct assay_retention){.keep_runs_ns = UINT64_C(400) * 365 * 86400 * 1000000000};
	return assay_store_gc(scene->store, &policy, &swept, err);
}

/* ---- whole files ---- */

static enum assay_code reopen(struct scene *scene, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code code = assay_store_open(scene->folder->db, ASSAY_STORE_WRITE, &store, err);
	if (code != ASSAY_OK)
		return code;
	assay_store_close(store);
	code = assay_store_open(scene->folder->db, ASSAY_STORE_READ, &store, err);
	if (code == ASSAY_OK)
		assay_store_close(store);
	return code;
}

static enum assay_code make(struct scene *scene, struct assay_err *err)
{
	struct assay_store *store;
	unlink(scene->to);
	enum assay_code code = assay_store_open(scene->to, ASSAY_STORE_WRITE, &store, err);
	if (code == ASSAY_OK)
		assay_store_close(store);
	return code;
}

static enum assay_code check(struct scene *scene, struct assay_err *err)
{
	struct assay_store_report report;
	return assay_store_check(scene->folder->db, &report, err);
}

static enum assay_code backup(struct scene *scene, struct assay_err *err)
{
	unlink(scene->to);
	return assay_store_backup(scene->store, scene->to, err);
}

static enum assay_code bundle(struct scene *scene, struct assay_err *err)
{
	uint8_t bytes[32];
	bool is;
	unlink(scene->to);
	enum assay_code code = assay_store_bundle(scene->store, scene->run, scene->to, bytes, err);
	return code == ASSAY_OK ? assay_bundle_verify(scene->to, &is, bytes, err) : code;
}

static enum assay_code merge(struct scene *scene, struct assay_err *err)
{
	const char *const from = scene->from;
	struct assay_merged merged;
	enum assay_code code = assay_store_merge_begin(scene->store, &from, 1, err);
	if (code == ASSAY_OK)
		code = assay_store_merge(scene->store, from, &merged, err);
	enum assay_code end = assay_store_merge_end(scene->store, err);
	return code == ASSAY_OK ? end : code;
}

static const struct {
	const char *name;
	call *call;
	bool file; /* opens files: tried at fewer places */
} calls[] = {
	{"runs", runs, false},
	{"results", results, false},
	{"attachments", attachments, false},
	{"history", history, false},
	{"history of a run", run_history, false},
	{"changes", changes, false},
	{"acknowledgements", acks, false},
	{"series", series, false},
	{"verdicts", verdicts, false},
	{"fleet", fleet, false},
	{"elapsed", elapsed, false},
	{"digest", digest, false},
	{"add a run", add_run, false},
	{"attach", attach, false},
	{"import", import, false},
	{"add verdicts", add_verdicts, false},
	{"acknowledge", add_ack, false},
	{"retire", retire_ack, false},
	{"propose a change", propose, false},
	{"baseline", baseline, false},
	{"collect", collect, false},
	{"open", reopen, true},
	{"create", make, true},
	{"check", check, true},
	{"back up", backup, true},
	{"bundle", bundle, true},
	{"merge", merge, true},
};

/* ---- the scene ---- */

static void add_trace(struct scene *scene)
{
	struct assay_err err = {0};
	struct assay_gpu_sum sum = {.kind = ASSAY_GPU_KERNEL, .stream = ASSAY_GPU_NO_STREAM};
	snprintf(sum.name, sizeof(sum.name), "saxpy");
	assert_ok(assay_gpu_trace_add_sum(&scene->trace, &sum, &err));
	sum = (struct assay_gpu_sum){.kind = ASSAY_GPU_COPY, .stream = 7, .bytes = 4096};
	assert_ok(assay_gpu_trace_add_sum(&scene->trace, &sum, &err));
	scene->sample.result.trace = &scene->trace;
}

static void fill(struct scene *scene)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(0), more = sample_run(1);
	for (int i = 0; i < 2; i++) {
		sample_result(&scene->sample, 0);
		assert_ok(assay_store_begin_run(scene->store, i ? &more : &info,
						i ? &scene->other : &scene->run, &err));
		if (!i)
			add_trace(scene);
		assert_ok(assay_store_add_result(scene->store, i ? scene->other : scene->run,
						 &scene->sample.result, &err));
	}
	scene->sample.result.trace = &scene->trace;
	assert_ok(assay_store_finish_run(scene->store, scene->run, ASSAY_RUN_COMPLETE, &err));
	assert_ok(assay_series_key(&scene->sample.result, scene->key, &err));
	struct assay_history_list list;
	assert_ok(assay_store_history(scene->store, NULL, 0, &list, &err));
	scene->series = list.series[0].id;
	assay_history_list_done(&list);
	const struct assay_change_point change = {.series = scene->series,
						  .run = scene->run,
						  .method = "scan",
						  .ratio = 1.1,
						  .p = 0.01};
	assert_ok(assay_store_propose_change(scene->store, &change, &scene->change, &err));
	assert_ok(add_ack(scene, &err));
	assert_ok(attach(scene, &err));
	assert_ok(add_verdicts(scene, &err));
	assert_ok(baseline(scene, &err));
}

static void scene_begin(struct scene *scene, void **state)
{
	struct assay_err err = {0};
	*scene = (struct scene){.folder = *state};
	snprintf(scene->to, sizeof(scene->to), "%s/to.db", scene->folder->path);
	snprintf(scene->from, sizeof(scene->from), "%s/from.db", scene->folder->path);
	assert_ok(assay_store_open(scene->from, ASSAY_STORE_WRITE, &scene->store, &err));
	sample_result(&scene->sample, 3);
	scene->made = 100;
	assert_ok(add_run(scene, &err));
	assay_store_close(scene->store);
	scene->made = 0;
	assert_ok(assay_store_open(scene->folder->db, ASSAY_STORE_WRITE, &scene->store, &err));
	/* Not about lost power: nobody waits for the disk. */
	assert_int_equal(
		sqlite3_exec(scene->store->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), 0);
	fill(scene);
}

static void scene_end(struct scene *scene)
{
	struct assay_store_report report;
	struct assay_err err = {0};
	assay_store_close(scene->store);
	assay_gpu_trace_done(&scene->trace);
	assert_ok(assay_store_check(scene->folder->db, &report, &err));
	assert_string_equal(report.problem, "");
}

/* As if the store had just been opened: statements are prepared anew, and what was known is asked again. */
static void forget(struct assay_store *store)
{
	for (size_t i = 0; i < store->n_statements; i++)
		sqlite3_finalize(store->statements[i].statement);
	store->n_statements = 0;
	store_series_forget(&store->series);
}

/* One sentence, of the kinds that the contract has for it. */
static void is_an_answer(const char *name, enum assay_code code, const struct assay_err *err)
{
	if (code == ASSAY_OK)
		return;
	if (code != ASSAY_ENOMEM && code != ASSAY_ESTORE && code != ASSAY_EIO)
		fail_msg("%s: %s, '%s'", name, assay_code_name(code), err->text);
	if (!*err->text || strchr(err->text, '\n'))
		fail_msg("%s: the error says '%s'", name, err->text);
}

static void works_again(struct scene *scene, size_t i)
{
	struct assay_err err = {0};
	if (calls[i].call(scene, &err) != ASSAY_OK)
		fail_msg("%s afterwards: %s", calls[i].name, err.text);
}

/* ---- allocations ---- */

static void memory(void **state)
{
	struct scene scene;
	struct failing hand = {0};
	scene_begin(&scene, state);
	failing_use(&hand);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		uint64_t failed = 0, k = 1;
		do {
			struct assay_err err = {0};
			forget(scene.store);
			hand = (struct failing){.at = k};
			enum assay_code code = calls[i].call(&scene, &err);
			hand.at = 0;
			is_an_answer(calls[i].name, code, &err);
			failed += code != ASSAY_OK;
			k += calls[i].file ? 1 + k / 6 : 1 + k / 32;
		} while (hand.fired);
		assert_true(failed > 0);
		works_again(&scene, i);
	}
	failing_use(NULL);
	scene_end(&scene);
}

/* ---- statements ---- */

struct countdown {
	uint64_t left;
	bool fired;
};

static int interrupt(void *context)
{
	struct countdown *c = context;
	if (c->left == 0 || --c->left > 0)
		return 0;
	return c->fired = true;
}

static void statements(void **state)
{
	struct scene scene;
	scene_begin(&scene, state);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		struct countdown c;
		uint64_t k = 1;
		do {
			struct assay_err err = {0};
			c = (struct countdown){.left = k};
			sqlite3_progress_handler(scene.store->db, 1, interrupt, &c);
			enum assay_code code = calls[i].call(&scene, &err);
			sqlite3_progress_handler(scene.store->db, 0, NULL, NULL);
			is_an_answer(calls[i].name, code, &err);
			k += 1 + k / (calls[i].file ? 4 : 16);
		} while (c.fired);
		works_again(&scene, i);
	}
	scene_end(&scene);
}

/* Values beyond a limit are refused where they are bound and where they are read. */
static void too_long(void **state)
{
	static const int limits[] = {1, 7, 20, 31, 33, 70, 120, 300};
	struct scene scene;
	scene_begin(&scene, state);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		for (size_t j = 0; j < ASSAY_COUNT_OF(limits); j++) {
			struct assay_err err = {0};
			forget(scene.store);
			int before = sqlite3_limit(scene.store->db, SQLITE_LIMIT_LENGTH, limits[j]);
			enum assay_code code = calls[i].call(&scene, &err);
			sqlite3_limit(scene.store->db, SQLITE_LIMIT_LENGTH, before);
			is_an_answer(calls[i].name, code, &err);
		}
		works_again(&scene, i);
	}
	scene_end(&scene);
}

int main(void)
{
	if (!failing_sqlite())
		return 77;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(statements, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(too_long, folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}

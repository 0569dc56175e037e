/* SPDX-License-Identifier: MIT */
/* test_memory: what a gate allocates may be refused: it says so, and leaves nothing behind. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/engine/guard.h"
#include "harness/gate/acceptance.h"
#include "harness/gate/budget.h"
#include "harness/gate/history.h"
#include "harness/gate/judge.h"
#include "harness/gate/launcher.h"
#include "harness/gate/pairs.h"
#include "harness/gate/recording.h"
#include "harness/gate/session.h"
#include "harness/gate/variants_elf.h"
#include "harness/gate/variants_link.h"
#include "tests/engine/toy.h"
#include "tests/failing.h"
#include "tests/t.h"

enum { PAIRS = 12, RUNS = 40 };

typedef enum assay_code call(struct assay_err *err);

static struct assay_store *store;
static uint8_t key[32] = {7};

static enum assay_code bound(struct assay_err *err)
{
	struct assay_registry *registry = NULL;
	struct assay_bound b;
	enum assay_code code = assay_registry_new(&toy_table, &registry, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_bound_parse("toy/empty time / toy/empty share <= 12", &b, err);
	if (code == ASSAY_OK) {
		code = assay_bound_set_far(&b, "11", err);
		if (code == ASSAY_OK)
			code = assay_bound_resolve(&b, registry, err);
		assay_bound_done(&b);
	}
	assay_registry_free(registry);
	return code;
}

static double values[] = {10, 10.1, 9.9, 10, 10.2, 9.8};
static uint32_t ends[] = {2, 4, 6};

static struct assay_result measured(const char *name)
{
	return (struct assay_result){
		.name = name,
		.suite = "toy",
		.benchmark = name,
		.subject = "",
		.threads = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.noise = 'A',
		.samples = {values, NULL, 6, ends, 3},
		.estimate = {.n = 6, .median = 10, .lo = 9.8, .hi = 10.2},
	};
}

static enum assay_code bound_judged(struct assay_err *err)
{
	const struct assay_result results[] = {measured("toy/a"), measured("toy/b")};
	static const char *const texts[] = {"toy/a <= 12 ns", "toy/a / toy/b <= 2"};
	for (size_t i = 0; i < 2; i++) {
		struct assay_bound_outcome outcome;
		struct assay_bound b;
		enum assay_code code = assay_bound_parse(texts[i], &b, err);
		if (code != ASSAY_OK)
			return code;
		code = assay_bound_judge(&b, results, 2, &outcome, err);
		assay_bound_done(&b);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code pairs(struct assay_err *err)
{
	const struct assay_result a[] = {measured("one"), measured("two")},
				  b[] = {measured("two"), measured("three")};
	struct assay_pairs found;
	enum assay_code code = assay_pairs_match(a, 2, b, 2, false, NULL, 0.02, &found, err);
	assay_pairs_done(&found);
	return code;
}

static enum assay_code history(struct assay_err *err)
{
	static struct assay_history_point points[RUNS];
	for (size_t i = 0; i < RUNS; i++)
		points[i] = (struct assay_history_point){
			.run = (int64_t)i + 1, .median = i < 20 ? 10 : 12 + 0.01 * (double)(i % 3)};
	const struct assay_history series = {.id = 1, .points = points, .n = RUNS};
	struct assay_change_point known = {.id = 1, .run = 5, .method = "m", .ratio = 2};
	const struct assay_change_list all = {&known, 1, NULL};
	struct assay_shift_list list = {0};
	enum assay_code code = assay_history_shifts(&series, &all, &list, err);
	if (code == ASSAY_OK)
		assay_shift_list_done(&list);
	return code;
}

static enum assay_code launch(void *context, size_t item, enum assay_gate_which side, uint64_t seed,
			      struct assay_gate_launch *ret, struct assay_err *err)
{
	size_t *n = context;
	(void)seed;
	(void)err;
	ret->samples = 1;
	ret->variant = (unsigned)(*n % 2);
	ret->summary = 100 + (double)(++*n % 7) + (item && side == ASSAY_GATE_CAND ? 50 : 0);
	return ASSAY_OK;
}

static enum assay_code gate(struct assay_err *err)
{
	size_t launches = 0;
	const struct assay_gate_source source = {.launch = launch, .context = &launches};
	const struct assay_gate_session_options options = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL), .seed = 1};
	struct assay_gate_trial trials[2] = {{.policy = options.policy},
					     {.policy = options.policy}};
	struct assay_gate_tally tally;
	struct assay_gate_report report = {0};
	enum assay_code code = assay_gate_session(&source, &options, trials, 2, &tally, err);
	for (size_t i = 0; i < 2 && code == ASSAY_OK; i++) {
		struct assay_gate_row *row = assay_gate_report_add(&report);
		if (!row) {
			code = assay_fail(err, ASSAY_ENOMEM, "no memory for a row");
			break;
		}
		if (i == 0)
			trials[i].state.verdict = ASSAY_GATE_INCONCLUSIVE;
		code = assay_gate_judge(&trials[i], tally.survivors, row, err);
	}
	assay_gate_report_done(&report);
	assay_gate_trials_done(trials, 2);
	return code;
}

static enum assay_code replay(struct assay_err *err)
{
	static struct assay_recorded_launch launches[96];
	struct assay_recorded_case one = {(char *)(uintptr_t) "x", ASSAY_LOWER, launches, 96};
	const struct assay_gate_recording recording = {&one, 1};
	const struct assay_gate_experiment experiment = {
		.policy = assay_gate_policy(ASSAY_GATE_NORMAL),
		.benchmarks = 2,
		.gates = 1,
		.case_index = SIZE_MAX,
	};
	struct assay_gate_score score;
	for (size_t i = 0; i < 96; i++)
		launches[i].summary = 100;
	return assay_gate_replay(&recording, &experiment, &score, err);
}

static enum assay_code read_recording(struct assay_err *err)
{
	static const char text[] =
		"{\"cases\": [{\"name\": \"x\", \"better\": \"lower\", \"launches\": [[1], [2]]},"
		" {\"name\": \"y\", \"better\": \"higher\", \"launches\": [[1]]}]}";
	struct assay_gate_recording recording = {0};
	json_t *json = json_loads(text, 0, NULL);
	enum assay_code code = assay_gate_recording_read(json, &recording, err);
	json_decref(json);
	assay_gate_recording_done(&recording);
	return code;
}

static enum assay_code acceptances(struct assay_err *err)
{
	const struct assay_acceptance_when when = {1000, "ccccccccc", NULL};
	struct assay_gate_acceptances table = {0};
	struct assay_gate_row row = {0};
	memcpy(row.series_key, key, 32);
	enum assay_code code = assay_gate_acceptances_load(store, &when, NULL, &table, err);
	if (code != ASSAY_OK)
		return code;
	code = assay_gate_acceptances_apply(&table, &row, err);
	free(row.acceptance.author);
	free(row.acceptance.note);
	assay_gate_acceptances_done(&table);
	return code;
}

static enum assay_code remarks(struct assay_err *err)
{
	struct assay_gate_report report = {0};
	enum assay_code code = ASSAY_OK;
	for (int i = 0; i < 3 && code == ASSAY_OK; i++)
		code = assay_gate_report_remark(&report, err, "%s", i ? "text" : "");
	assay_gate_report_done(&report);
	return code;
}

static enum assay_code link_command(struct assay_err *err)
{
	static const char *const text[] = {"cc", "-oout.so", "{pad}", "a.o"};
	char *words[ASSAY_COUNT_OF(text)];
	for (size_t i = 0; i < ASSAY_COUNT_OF(text); i++)
		words[i] = (char *)(uintptr_t)text[i];
	struct assay_link link = {0};
	struct assay_argv argv = {0};
	enum assay_code code = assay_link_read(words, ASSAY_COUNT_OF(text), &link, err);
	if (code == ASSAY_OK)
		code = assay_link_with(&link, "new.so", "pad.o", &argv, err);
	assay_argv_done(&argv);
	assay_link_done(&link);
	return code;
}

static enum assay_code pad(struct assay_err *err)
{
	const struct assay_elf_target target = {0};
	struct assay_str object = {0};
	enum assay_code code = assay_elf_pad(&target, 3, &object, err);
	assay_str_done(&object);
	return code;
}

static enum assay_code launcher(struct assay_err *err)
{
	const struct assay_gate_side *const sides[2] = {NULL, NULL};
	const struct assay_gate_launcher_options options = {.seed = 1};
	struct assay_gate_launcher *made = NULL;
	enum assay_code code = assay_gate_launcher_new(sides, NULL, 0, &options, &made, err);
	assay_gate_launcher_free(made);
	return code;
}

static void open_store(char *folder, char *path, size_t size)
{
	struct assay_err err = {0};
	struct assay_ack ack = {.kind = ASSAY_ACK_ACCEPTED,
				.from = "aaaaaaaaa",
				.to = "bbbbbbbbb",
				.limit_ratio = 1.1,
				.author = "ann",
				.note = "why"};
	int64_t id;
	assert_ok(assay_guard_start(&err)); /* once, before memory is short */
	assert_non_null(mkdtemp(t_path(folder, "memory")));
	snprintf(path, size, "%s/results.db", folder);
	assert_ok(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err));
	memcpy(ack.series_key, key, 32);
	assert_ok(assay_store_add_ack(store, &ack, &id, &err));
}

static void close_store(const char *folder, const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	assay_store_close(store);
	for (size_t i = 0; i < ASSAY_COUNT_OF(suffixes); i++) {
		char name[128];
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void no_memory(void **state)
{
	(void)state;
	static call *const calls[] = {bound,  bound_judged,   pairs,       history, gate,
				      replay, read_recording, acceptances, remarks, link_command,
				      pad,    launcher};
	struct failing hand = {0};
	char folder[64], path[96];
	open_store(folder, path, sizeof(path));
	failing_use(&hand);
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		uint64_t failed = 0, k = 1;
		do {
			struct assay_err err = {0};
			hand = (struct failing){.at = k};
			enum assay_code code = calls[i](&err);
			hand.at = 0;
			failed += code != ASSAY_OK;
			if (!hand.fired)
				assert_ok(code);
			else if (code != ASSAY_OK && (code != ASSAY_ENOMEM || !*err.text))
				fail_msg("call %zu, allocation %d: %s, '%s'", i, (int)k,
					 assay_code_name(code), err.text);
			k += 1 + k / 24;
		} while (hand.fired);
		if (!failed)
			fail_msg("call %zu never failed", i);
	}
	failing_use(NULL);
	close_store(folder, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* When an acknowledgement counts, when it has ended, and that the newest decides. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/gate/acceptance.h"

static const uint8_t here[32] = {1}, there[32] = {2};
static const struct assay_acceptance_when now = {1000, "ccccccccc", here};

static struct assay_ack accepted(double limit, uint64_t made_ns)
{
	return (struct assay_ack){
		.kind = ASSAY_ACK_ACCEPTED,
		.from = "aaaaaaaaa",
		.to = "bbbbbbbbb",
		.limit_ratio = limit,
		.author = "ann",
		.note = "why",
		.made_ns = made_ns,
	};
}

static void an_acceptance_ends_when_it_expires(void **state)
{
	(void)state;
	struct assay_ack ack = accepted(1.06, 1);
	assert_int_equal(assay_ack_state(&ack, &now, ASSAY_CONTAINS_UNKNOWN), ASSAY_ACK_IN_FORCE);
	ack.expires_ns = 1001;
	assert_int_equal(assay_ack_state(&ack, &now, ASSAY_CONTAINS_UNKNOWN), ASSAY_ACK_IN_FORCE);
	ack.expires_ns = 1000;
	assert_int_equal(assay_ack_state(&ack, &now, ASSAY_CONTAINS_UNKNOWN), ASSAY_ACK_EXPIRED);
}

static void it_is_spent_once_the_base_contains_it(void **state)
{
	(void)state;
	static const struct {
		const char *base, *from, *to;
		enum assay_gate_contains contains;
		enum assay_ack_state expect;
	} cases[] = {
		{"aaaaaaaaa", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{"bbbbbbbbb", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_SPENT},
		{"bbbbbbb", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_SPENT},
		{"bbbbbb", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{"ccccccccc", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_YES, ASSAY_ACK_SPENT},
		{"ccccccccc", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_NO, ASSAY_ACK_IN_FORCE},
		{"ccccccccc", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		/* what the commits say outranks what somebody thinks */
		{"aaaaaaaaa", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_YES, ASSAY_ACK_IN_FORCE},
		{"", "", "", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{NULL, NULL, NULL, ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{"ccccccccc", "", "", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{"ccccccccc", NULL, NULL, ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{NULL, "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_YES, ASSAY_ACK_SPENT},
		{"bbbbbbbbc", "aaaaaaaaa", "bbbbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_IN_FORCE},
		{"bbbbbbbbbb", "aaaaaaaaa", "bbbbbbb", ASSAY_CONTAINS_UNKNOWN, ASSAY_ACK_SPENT},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_ack ack = accepted(1.06, 1);
		ack.from = cases[i].from;
		ack.to = cases[i].to;
		struct assay_acceptance_when when = {1000, cases[i].base, NULL};
		if (assay_ack_state(&ack, &when, cases[i].contains) != cases[i].expect)
			fail_msg("case %zu is %s", i,
				 assay_ack_state_name(
					 assay_ack_state(&ack, &when, cases[i].contains)));
	}
}

static void one_machine_is_that_machine(void **state)
{
	(void)state;
	struct assay_ack ack = accepted(1.06, 1);
	ack.one_machine = true;
	memcpy(ack.fingerprint, here, 32);
	assert_int_equal(assay_ack_state(&ack, &now, ASSAY_CONTAINS_NO), ASSAY_ACK_IN_FORCE);
	memcpy(ack.fingerprint, there, 32);
	assert_int_equal(assay_ack_state(&ack, &now, ASSAY_CONTAINS_NO), ASSAY_ACK_ELSEWHERE);
	struct assay_acceptance_when unknown = {1000, NULL, NULL};
	memcpy(ack.fingerprint, here, 32);
	assert_int_equal(assay_ack_state(&ack, &unknown, ASSAY_CONTAINS_NO), ASSAY_ACK_ELSEWHERE);
}

static void the_newest_in_force_decides(void **state)
{
	(void)state;
	const enum assay_gate_contains contains[4] = {ASSAY_CONTAINS_NO, ASSAY_CONTAINS_NO,
						      ASSAY_CONTAINS_YES, ASSAY_CONTAINS_NO};
	struct assay_ack acks[4] = {accepted(1.12, 10), accepted(1.06, 20), accepted(1.50, 30),
				    accepted(NAN, 40)};
	acks[3].kind = ASSAY_ACK_FALSE_ALARM;
	struct assay_gate_acceptance got = assay_gate_accept(acks, contains, 4, &now);
	/* The third is spent and the fourth accepts nothing: a false alarm never moves a limit. */
	assert_true(got.present && got.limit_ratio == 1.06 && got.made_ns == 20);
	assert_int_equal(got.false_alarms, 1);
	acks[1].expires_ns = 1;
	got = assay_gate_accept(acks, contains, 4, &now);
	assert_true(got.present && got.limit_ratio == 1.12);
	acks[1].expires_ns = 0;
	acks[1].made_ns = 10; /* as old as the first, which is asked before it */
	got = assay_gate_accept(acks, contains, 4, &now);
	assert_true(got.present && got.limit_ratio == 1.12 && !got.expires_ns);
	assert_ptr_equal(got.author, acks[0].author);
	got = assay_gate_accept(&acks[3], &contains[3], 1, &now);
	assert_true(!got.present && got.false_alarms == 1);
	got = assay_gate_accept(acks, contains, 0, &now);
	assert_true(!got.present && got.false_alarms == 0);
}

/* A store with two commits, measured in that order. */
struct scene {
	char folder[64], db[96];
	struct assay_store *store;
	uint8_t key[32];
};

static void add_run(struct assay_store *store, const char *commit, uint64_t started_ns)
{
	struct assay_err err = {0};
	struct assay_run_info info = {.started_ns = started_ns, .noise = 'A', .commit = commit};
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
}

static void scene_begin(struct scene *scene)
{
	struct assay_err err = {0};
	assert_non_null(mkdtemp(t_path(scene->folder, "acceptance")));
	snprintf(scene->db, sizeof(scene->db), "%s/results.db", scene->folder);
	assert_ok(assay_store_open(scene->db, ASSAY_STORE_WRITE, &scene->store, &err));
	add_run(scene->store, "aaaaaaaaa", 100);
	add_run(scene->store, "bbbbbbbbb", 200);
	add_run(scene->store, "ccccccccc", 300);
	memset(scene->key, 5, sizeof(scene->key));
	struct assay_ack ack = accepted(1.06, 50);
	memcpy(ack.series_key, scene->key, 32);
	int64_t id;
	assert_ok(assay_store_add_ack(scene->store, &ack, &id, &err));
	ack.kind = ASSAY_ACK_FALSE_ALARM;
	ack.made_ns = 60;
	assert_ok(assay_store_add_ack(scene->store, &ack, &id, &err));
}

static void scene_end(struct scene *scene)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	assay_store_close(scene->store);
	for (size_t i = 0; i < ASSAY_COUNT_OF(suffixes); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s%s", scene->db, suffixes[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(scene->folder), 0);
}

static bool in_force(struct scene *scene, const char *base,
		     const struct assay_gate_ancestry *ancestry)
{
	struct assay_err err = {0};
	struct assay_gate_acceptances table = {0};
	struct assay_acceptance_when when = {1000, base, here};
	assert_ok(assay_gate_acceptances_load(scene->store, &when, ancestry, &table, &err));
	struct assay_gate_report report = {0};
	struct assay_gate_row *row = assay_gate_report_add(&report);
	assert_ok(assay_gate_acceptances_apply(&table, row, &err));
	assert_true(!row->acceptance.present && !row->acceptance.false_alarms); /* key unknown */
	memcpy(row->series_key, scene->key, 32);
	assert_ok(assay_gate_acceptances_apply(&table, row, &err));
	assert_ok(assay_gate_acceptances_apply(&table, row, &err)); /* replaces, leaks nothing */
	assay_gate_acceptances_done(&table);
	assay_gate_acceptances_done(&table); /* of one that is empty nothing is freed */
	assert_int_equal(row->acceptance.false_alarms, 1);
	bool present = row->acceptance.present;
	if (present) { /* the row's own texts */
		assert_string_equal(row->acceptance.note, "why");
		assert_string_equal(row->acceptance.author, "ann");
		assert_true(row->acceptance.limit_ratio == 1.06);
	}
	assay_gate_report_done(&report);
	return present;
}

struct oracle {
	enum assay_gate_contains contains;
	int asked;
};

static enum assay_gate_contains answer(void *context, const char *in, const char *change)
{
	struct oracle *oracle = context;
	assert_string_equal(in, "ccccccccc");
	assert_string_equal(change, "bbbbbbbbb");
	oracle->asked++;
	return oracle->contains;
}

static void a_store_is_weighed_as_a_whole(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	assert_true(in_force(&scene, "aaaaaaaaa", NULL));
	assert_false(in_force(&scene, "bbbbbbbbb", NULL));
	assert_false(in_force(&scene, "ccccccccc", NULL)); /* measured after the change was */
	assert_true(in_force(&scene, "ddddddddd", NULL));  /* never measured */
	assert_true(in_force(&scene, "", NULL));
	struct oracle oracle = {ASSAY_CONTAINS_NO, 0};
	struct assay_gate_ancestry ancestry = {answer, &oracle};
	assert_true(in_force(&scene, "ccccccccc", &ancestry)); /* a branch of its own */
	oracle.contains = ASSAY_CONTAINS_YES;
	assert_false(in_force(&scene, "ccccccccc", &ancestry));
	oracle.contains = ASSAY_CONTAINS_UNKNOWN;
	assert_false(in_force(&scene, "ccccccccc", &ancestry));
	assert_int_equal(oracle.asked, 3); /* of the acceptance alone, not of the false alarm */
	assert_true(in_force(&scene, "aaaaaaaaa", &ancestry));
	assert_false(in_force(&scene, "bbbbbbbbb", &ancestry));
	assert_true(in_force(&scene, "", &ancestry));
	assert_int_equal(oracle.asked, 3); /* those answer for themselves */
	scene_end(&scene);
}

/* Of another series, and newer than all others: whether `base` has what it was made for. */
static bool newest_in_force(struct scene *scene, const char *base, const char *to)
{
	struct assay_err err = {0};
	static uint64_t made_ns = 70;
	struct assay_ack ack = accepted(1.06, made_ns++);
	ack.to = to;
	memset(ack.series_key, (int)made_ns, 32);
	int64_t id;
	assert_ok(assay_store_add_ack(scene->store, &ack, &id, &err));
	struct assay_gate_acceptances table = {0};
	struct assay_acceptance_when when = {1000, base, here};
	assert_ok(assay_gate_acceptances_load(scene->store, &when, NULL, &table, &err));
	struct assay_gate_row row = {0};
	memcpy(row.series_key, ack.series_key, 32);
	assert_ok(assay_gate_acceptances_apply(&table, &row, &err));
	assay_gate_acceptances_done(&table);
	free(row.acceptance.author);
	free(row.acceptance.note);
	return row.acceptance.present;
}

/* Where nobody else knows, the store's order does, if it has both. */
static void what_was_measured_first_is_older(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	add_run(scene.store, "eeeeeeeee", 200);
	assert_false(newest_in_force(&scene, "ccccccccc", "bbbbbbbbb"));
	assert_true(newest_in_force(&scene, "aaaaaaaaa", "bbbbbbbbb"));
	assert_true(newest_in_force(&scene, "eeeeeeeee", "bbbbbbbbb")); /* at the same time */
	assert_true(newest_in_force(&scene, "ccccccccc", "ddddddddd")); /* never */
	assert_true(newest_in_force(&scene, "ddddddddd", "bbbbbbbbb"));
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acceptance_ends_when_it_expires),
		cmocka_unit_test(it_is_spent_once_the_base_contains_it),
		cmocka_unit_test(one_machine_is_that_machine),
		cmocka_unit_test(the_newest_in_force_decides),
		cmocka_unit_test(a_store_is_weighed_as_a_whole),
		cmocka_unit_test(what_was_measured_first_is_older),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Merging: everything arrives, twice changes nothing, in any order the same; bundles travel whole or are turned away
 * by name, and what lies about itself is turned away too.
 */
#include "harness/store/merge.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/store/ack.h"
#include "harness/store/verdict.h"
#include "tests/store/fixture.h"
#include "tests/t.h"

struct name {
	char path[128];
};

static struct name in(const struct folder *folder, const char *what, unsigned which)
{
	struct name name;
	snprintf(name.path, sizeof(name.path), "%s/%s-%u.db", folder->path, what, which);
	return name;
}

static struct assay_store *open_store(const char *path)
{
	struct assay_err err = {0};
	struct assay_store *store;
	assert_ok(assay_store_open(path, ASSAY_STORE_WRITE, &store, &err));
	return store;
}

/* A finished run with results, an attachment, and a uuid that follows from `which`. */
static int64_t add_run(struct assay_store *store, unsigned which, unsigned first, unsigned results)
{
	struct assay_err err = {0};
	struct assay_run_info info = sample_run(which);
	info.uuid[14] = (uint8_t)(which >> 8);
	const struct assay_attachment attached = {"stacks", "a case", "some stacks", 11};
	int64_t run;
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (unsigned i = first; i < first + results; i++) {
		struct sample s;
		sample_result(&s, i);
		s.result.started_ns += which;
		s.result.estimate.median += which;
		assert_ok(assay_store_add_result(store, run, &s.result, &err));
	}
	assert_ok(assay_store_attach(store, run, &attached, &err));
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	return run;
}

static void digest_of(struct assay_store *store, uint8_t digest[32])
{
	struct assay_err err = {0};
	assert_ok(assay_store_digest(store, digest, &err));
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static void everything_arrives_once(void **state)
{
	struct assay_err err = {0};
	struct name other = in(*state, "other", 0), mine = in(*state, "mine", 0);
	struct assay_store *from = open_store(other.path);
	int64_t first = add_run(from, 1, 0, 4), second = add_run(from, 2, 2, 4);
	const struct assay_ack ack = {
		.kind = ASSAY_ACK_FALSE_ALARM, .author = "a", .note = "b", .made_ns = 5};
	int64_t id;
	assert_ok(assay_store_add_ack(from, &ack, &id, &err));
	assert_ok(assay_store_set_baseline(from, first, &err));
	uint8_t theirs[32], digest[32];
	digest_of(from, theirs);
	assay_store_close(from);
	(void)second;

	struct assay_store *store = open_store(mine.path);
	struct assay_merged merged;
	assert_ok(assay_store_merge(store, other.path, &merged, &err));
	assert_int_equal(merged.runs, 2);
	assert_int_equal(merged.new_runs, 2);
	assert_int_equal(merged.new_results, 8);
	digest_of(store, digest);
	assert_memory_equal(digest, theirs, 32);
	assert_ok(assay_store_merge(store, other.path, &merged, &err));
	assert_int_equal(merged.new_runs, 0);
	assert_int_equal(merged.new_results, 0);
	digest_of(store, digest);
	assert_memory_equal(digest, theirs, 32);

	struct assay_attachment_list list;
	assert_ok(assay_store_attachments(store, 1, "stacks", &list, &err));
	assert_int_equal(list.n, 1);
	assert_memory_equal(list.attachments[0].bytes, "some stacks", 11);
	assay_attachment_list_done(&list);
	assert_fails(assay_store_merge(store, mine.path, &merged, &err), ASSAY_EUSAGE,
		     "is the store to merge into");
	assay_store_close(store);
	struct assay_store_report report;
	assert_ok(assay_store_check(mine.path, &report, &err));
	assert_string_equal(report.problem, "");
}

enum { BUNDLES = 6, ORDERS = 10 };

static void the_order_does_not_matter(void **state)
{
	struct assay_err err = {0};
	struct name all = in(*state, "all", 0);
	struct assay_store *from = open_store(all.path);
	uint8_t first[32] = {0}, digest[32];
	for (unsigned i = 0; i < BUNDLES; i++) {
		int64_t run = add_run(from, i, i % 3, 3);
		assert_ok(assay_store_bundle(from, run, in(*state, "bundle", i).path, NULL, &err));
	}
	assay_store_close(from);
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	for (unsigned order = 0; order < ORDERS; order++) {
		uint32_t at[BUNDLES];
		for (uint32_t i = 0; i < BUNDLES; i++)
			at[i] = i;
		assay_rng_shuffle(&rng, at, BUNDLES);
		struct assay_store *store = open_store(in(*state, "merged", order).path);
		for (unsigned i = 0; i < BUNDLES; i++) {
			struct assay_merged merged;
			assert_ok(assay_store_merge(store, in(*state, "bundle", at[i]).path,
						    &merged, &err));
			assert_true(merged.bundle);
			assert_int_equal(merged.new_results, 3);
		}
		digest_of(store, digest);
		assay_store_close(store);
		if (order == 0)
			memcpy(first, digest, 32);
		assert_memory_equal(digest, first, 32);
	}
}

/* The same run, half of it and all of it: what is known of it only grows. */
static void a_run_grows(void **state)
{
	struct assay_err err = {0};
	struct name part = in(*state, "part", 0), whole = in(*state, "whole", 0);
	uint8_t digests[2][32];
	struct assay_run_info info = sample_run(1);
	for (int i = 0; i < 2; i++) {
		struct assay_store *store = open_store(i ? whole.path : part.path);
		int64_t run;
		assert_ok(assay_store_begin_run(store, &info, &run, &err));
		for (unsigned j = 0; j < (i ? 3u : 2u); j++) {
			struct sample s;
			sample_result(&s, j);
			if (i && j == 1) /* measured again after the interruption */
				s.result.started_ns += 100, s.result.estimate.median = 99;
			assert_ok(assay_store_add_result(store, run, &s.result, &err));
		}
		if (i)
			assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
		assay_store_close(store);
	}
	for (int i = 0; i < 2; i++) {
		struct assay_store *store = open_store(in(*state, "grown", (unsigned)i).path);
		struct assay_merged merged;
		assert_ok(assay_store_merge(store, i ? whole.path : part.path, &merged, &err));
		assert_ok(assay_store_merge(store, i ? part.path : whole.path, &merged, &err));
		struct assay_run_list runs;
		assert_ok(assay_store_runs(store, "@last", &runs, &err));
		assert_int_equal(runs.runs[0].status, ASSAY_RUN_COMPLETE);
		assert_int_equal(runs.runs[0].n_results, 3);
		assay_run_list_done(&runs);
		struct assay_result_list results;
		assert_ok(assay_store_results(store, 1, "*size:17*", ASSAY_LOAD_SAMPLES, &results,
					      &err));
		assert_int_equal(results.n, 1);
		assert_true(results.results[0].estimate.median == 99);
		assert_int_equal(results.results[0].samples.n, FIXTURE_SAMPLES);
		assay_result_list_done(&results);
		digest_of(store, digests[i]);
		assay_store_close(store);
	}
	assert_memory_equal(digests[0], digests[1], 32);
}

/* A bundle with one byte changed, or cut anywhere, is turned away and leaves nothing. */
static void damaged_bundles_are_named(void **state)
{
	struct assay_err err = {0};
	struct name good = in(*state, "good", 0), bad = in(*state, "bad", 0);
	struct assay_store *from = open_store(in(*state, "all", 0).path);
	int64_t run = add_run(from, 1, 0, 3);
	assert_ok(assay_store_bundle(from, run, good.path, NULL, &err));
	assert_fails(assay_store_bundle(from, run, good.path, NULL, &err), ASSAY_ESTORE, "exists");
	assert_fails(assay_store_bundle(from, 77, bad.path, NULL, &err), ASSAY_EUSAGE,
		     "run 77 is not in");
	assay_store_close(from);
	size_t size;
	unsigned char *bytes = slurp(good.path, &size);
	assert_non_null(bytes);
	struct assay_store *store = open_store(in(*state, "mine", 0).path);
	uint8_t before[32], after[32];
	digest_of(store, before);
	struct assay_rng rng;
	assay_rng_init(&rng, 7);
	for (int i = 0; i < 24; i++) {
		bool cut = i % 2;
		size_t at = assay_rng_below(&rng, size);
		bytes[at] ^= 0x20;
		assert_int_equal(spit(bad.path, bytes, cut ? at : size), 0);
		bytes[at] ^= 0x20;
		struct assay_merged merged;
		assert_fails(assay_store_merge(store, bad.path, &merged, &err), ASSAY_ESTORE,
			     "bad-0.db");
	}
	digest_of(store, after);
	assert_memory_equal(before, after, 32);
	assay_store_close(store);
	free(bytes);
}

/* Files whose pages are sound and whose content is not. */
static void liars_are_turned_away(void **state)
{
	static const struct {
		const char *sql, *says;
	} lies[] = {
		{"UPDATE series SET subject = 'other' WHERE id = 1", "is not its own"},
		{"UPDATE param SET value = '99' WHERE series = 1 AND position = 0",
		 "is not its own"},
		{"DROP TABLE change_point; CREATE VIEW change_point AS SELECT * FROM run",
		 "holds the view change_point"},
		{"CREATE TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END", "holds the trigger t"},
		{"CREATE TABLE more (x)", "schema"},
		{"ALTER TABLE run ADD COLUMN x AS (abs(seed))", "schema"},
		{"PRAGMA user_version = 9", "schema 9"},
		{"PRAGMA foreign_keys = OFF; UPDATE result SET id = 4611686018427387999 WHERE id ="
		 " 1; UPDATE sample_set SET result = 4611686018427387999 WHERE result = 1;"
		 " UPDATE counter SET result = 4611686018427387999 WHERE result = 1",
		 "out of range"},
		{"UPDATE sample_set SET data = x'00' WHERE result = 1 AND kind = 'samples'",
		 "is damaged: samples of"},
		{"UPDATE attachment SET crc = crc + 1", "the attachment 'a case' is damaged"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(lies); i++) {
		struct assay_err err = {0};
		struct name bad = in(*state, "liar", (unsigned)i);
		struct assay_store *from = open_store(bad.path);
		add_run(from, 1, 0, 2);
		assay_store_close(from);
		execute(bad.path, lies[i].sql);
		struct assay_store *store = open_store(in(*state, "mine", (unsigned)i).path);
		struct assay_merged merged;
		assert_fails(assay_store_merge(store, bad.path, &merged, &err), ASSAY_ESTORE,
			     lies[i].says);
		assert_non_null(strstr(err.text, "liar-"));
		assay_store_close(store);
	}
}

/* The line that makes a bundle of a store, whatever is in it. */
static void seal(const char *path)
{
	size_t size;
	unsigned char *bytes = slurp(path, &size);
	assert_non_null(bytes);
	struct sha256_ctx hash;
	uint8_t digest[32];
	char hex[65] = "";
	sha256_init(&hash);
	sha256_update(&hash, size, bytes);
	sha256_digest(&hash, 32, digest);
	base16_encode_update(hex, 32, digest);
	FILE *file = fopen(path, "ae");
	assert_non_null(file);
	fprintf(file, "\nassay bundle sha256 %s\n", hex);
	assert_int_equal(fclose(file), 0);
	free(bytes);
}

/* A digest says that nothing changed on the way, not that it was right. */
static void sealed_liars_are_turned_away(void **state)
{
	static const struct {
		const char *sql, *says;
	} lies[] = {
		{"UPDATE result SET status = 'odd' WHERE id = 2", "CHECK constraint failed"},
		{"UPDATE result SET is_primary = 2 WHERE id = 2", "CHECK constraint failed"},
		{"UPDATE result SET n = -1 WHERE id = 2", "CHECK constraint failed"},
		{"UPDATE sample_set SET kind = 'odd' WHERE result = 2 AND kind = 'samples'",
		 "CHECK constraint failed"},
		{"UPDATE sample_set SET encoding = 'odd' WHERE result = 2",
		 "CHECK constraint failed"},
		{"UPDATE sample_set SET n = -1 WHERE result = 2", "CHECK constraint failed"},
		{"UPDATE sample_set SET launches = -1 WHERE result = 2", "CHECK constraint failed"},
		{"UPDATE counter SET quality = 'odd' WHERE result = 2", "CHECK constraint failed"},
		{"PRAGMA foreign_keys = OFF; UPDATE result SET id = -4611686018427387999"
		 " WHERE id = 2",
		 "out of range"},
		{"ALTER TABLE counter ADD COLUMN x INTEGER", "it differs in: counter"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(lies); i++) {
		struct assay_err err = {0};
		char sql[400];
		struct name bad = in(*state, "liar", (unsigned)i);
		struct assay_store *from = open_store(bad.path);
		add_run(from, 1, 0, 2);
		assay_store_close(from);
		snprintf(sql, sizeof(sql), "PRAGMA ignore_check_constraints = ON; %s; %s",
			 lies[i].sql, "PRAGMA journal_mode = DELETE");
		execute(bad.path, sql);
		seal(bad.path);
		struct assay_store *store = open_store(in(*state, "mine", (unsigned)i).path);
		struct assay_merged merged;
		assert_fails(assay_store_merge(store, bad.path, &merged, &err), ASSAY_ESTORE,
			     lies[i].says);
		assert_true(merged.bundle);
		assay_store_close(store);
	}
}

/* Parts of results that are not there stay behind. */
static void sealed_orphans_stay_behind(void **state)
{
	struct assay_err err = {0};
	struct name bad = in(*state, "orphans", 0), mine = in(*state, "mine", 0);
	struct assay_store *from = open_store(bad.path);
	add_run(from, 1, 0, 2);
	assay_store_close(from);
	execute(bad.path,
		"PRAGMA foreign_keys = OFF; DELETE FROM result WHERE id = 2;"
		"PRAGMA journal_mode = DELETE");
	seal(bad.path);
	struct assay_store *store = open_store(mine.path);
	struct assay_merged merged;
	assert_ok(assay_store_merge(store, bad.path, &merged, &err));
	assert_int_equal(merged.new_results, 1);
	assay_store_close(store);
	struct assay_store_report report;
	assert_ok(assay_store_check(mine.path, &report, &err));
	assert_string_equal(report.problem, "");
}

enum { MANY = 14, DAMAGED = 5, GONE = 9 };

/* Runs of two kinds, so that what is known of series changes from file to file, and not always. */
static void make_many(const struct folder *folder, struct name files[MANY], const char *paths[MANY])
{
	struct assay_err err = {0};
	struct assay_store *from = open_store(in(folder, "all", 0).path);
	for (unsigned i = 0; i < MANY; i++) {
		int64_t run = add_run(from, i, i % 4 == 3 ? 2 : 0, 3);
		files[i] = in(folder, "many", i);
		paths[i] = files[i].path;
		assert_ok(assay_store_bundle(from, run, paths[i], NULL, &err));
	}
	assay_store_close(from);
	execute(paths[DAMAGED], "UPDATE result SET n = n + 1");
	unlink(paths[GONE]);
}

static void merge_many(struct assay_store *store, const char *const paths[MANY], bool again)
{
	struct assay_err err = {0};
	struct assay_merged merged;
	for (unsigned i = 0; i < MANY; i++) {
		enum assay_code code = assay_store_merge(store, paths[i], &merged, &err);
		if (i == DAMAGED)
			assert_fails(code, ASSAY_ESTORE, "its digest is not that");
		else if (i == GONE)
			assert_fails(code, ASSAY_ESTORE, "many-9.db': No such file");
		else
			assert_ok(code);
		if (code == ASSAY_OK)
			assert_int_equal(merged.new_results, again ? 0 : 3);
	}
}

/* Looked at by a thread while others come in, with the log emptied by another: the same as one after the other. */
static void many_at_once(void **state)
{
	struct assay_err err = {0};
	struct name files[MANY];
	const char *paths[MANY];
	uint8_t digests[2][32];
	make_many(*state, files, paths);
	for (unsigned i = 0; i < 2; i++) {
		struct name mine = in(*state, "mine", i);
		struct assay_store *store = open_store(mine.path);
		for (int again = 0; again < 2; again++) {
			if (i)
				assert_ok(assay_store_merge_begin(store, paths, MANY, &err));
			merge_many(store, paths, again);
			if (i)
				assert_ok(assay_store_merge_end(store, &err));
		}
		digest_of(store, digests[i]);
		assay_store_close(store);
		struct assay_store_report report;
		assert_ok(assay_store_check(mine.path, &report, &err));
		assert_string_equal(report.problem, "");
	}
	assert_memory_equal(digests[0], digests[1], 32);
}

/* Files may come in another order than was said, not all of them, and change after they were looked at. */
static void begun_and_given_up(void **state)
{
	struct assay_err err = {0};
	struct assay_merged merged;
	struct name files[MANY];
	const char *paths[MANY];
	make_many(*state, files, paths);
	struct assay_store *store = open_store(in(*state, "mine", 0).path);
	assert_ok(assay_store_merge_begin(store, paths, MANY, &err));
	assert_ok(assay_store_merge(store, paths[2], &merged, &err));
	assert_ok(assay_store_merge(store, paths[0], &merged, &err));
	execute(paths[1], "UPDATE result SET n = n + 1");
	assert_fails(assay_store_merge(store, paths[1], &merged, &err), ASSAY_ESTORE, "altered");
	assert_ok(assay_store_merge_begin(store, paths, MANY, &err)); /* one beginning is enough */
	assay_store_close(store); /* what it began ends with it */
}

/* Another writer between two files: what was known of series may be true no longer. */
static void others_may_write_between(void **state)
{
	struct assay_err err = {0};
	struct assay_merged merged;
	struct name files[MANY], mine = in(*state, "mine", 0);
	const char *paths[MANY];
	make_many(*state, files, paths);
	struct assay_store *store = open_store(mine.path);
	assert_ok(assay_store_merge(store, paths[0], &merged, &err));
	execute(mine.path,
		"PRAGMA foreign_keys = OFF; DELETE FROM result; DELETE FROM sample_set;"
		"DELETE FROM counter; DELETE FROM attachment; DELETE FROM gpu_activity;"
		"DELETE FROM run_tag; DELETE FROM run; DELETE FROM param;"
		"DELETE FROM series");
	assert_ok(assay_store_merge(store, paths[1], &merged, &err));
	assert_int_equal(merged.new_results, 3);
	assay_store_close(store);
	struct assay_store_report report;
	assert_ok(assay_store_check(mine.path, &report, &err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.results, 3);
}

/* What is known already under a key or a UUID may not be said to be something else. */
static void contradictions_are_turned_away(void **state)
{
	static const char *const lies[] = {
		"UPDATE machine SET name = 'gamma'",
		"UPDATE series SET threads = 3 WHERE id = 1",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(lies); i++) {
		struct assay_err err = {0};
		struct name bad = in(*state, "liar", (unsigned)i);
		struct assay_store *store = open_store(in(*state, "mine", (unsigned)i).path);
		struct assay_store *from = open_store(bad.path);
		add_run(store, 1, 0, 2);
		add_run(from, 3, 0, 2);
		assay_store_close(from);
		execute(bad.path, lies[i]);
		struct assay_merged merged;
		assert_fails(assay_store_merge(store, bad.path, &merged, &err), ASSAY_ESTORE,
			     "says something else");
		assay_store_close(store);
	}
}

/* A verdict's other side may come later; then it is found. */
static void verdicts_find_both_sides(void **state)
{
	struct assay_err err = {0};
	struct name whole = in(*state, "whole", 0);
	struct assay_store *from = open_store(whole.path);
	int64_t a = add_run(from, 1, 0, 2), b = add_run(from, 2, 0, 2);
	struct sample s;
	sample_result(&s, 0);
	const struct assay_stored_verdict row = {.series = &s.result,
						 .decision = "OK",
						 .reason = "",
						 .method = "m",
						 .policy = "p",
						 .ratio = 1};
	assert_ok(assay_store_add_verdicts(from, b, a, &row, 1, &err));
	assert_ok(assay_store_bundle(from, a, in(*state, "a", 0).path, NULL, &err));
	assert_ok(assay_store_bundle(from, b, in(*state, "b", 0).path, NULL, &err));
	uint8_t digest[2][32];
	for (int i = 0; i < 2; i++) {
		struct assay_store *store = open_store(in(*state, "mine", (unsigned)i).path);
		struct assay_merged merged;
		const char *order[2][3] = {{"whole", "a", "b"}, {"b", "whole", "a"}};
		for (int j = 0; j < 3; j++)
			assert_ok(assay_store_merge(store, in(*state, order[i][j], 0).path, &merged,
						    &err));
		digest_of(store, digest[i]);
		assay_store_close(store);
	}
	assay_store_close(from);
	assert_memory_equal(digest[0], digest[1], 32);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		T(everything_arrives_once),
		T(the_order_does_not_matter),
		T(a_run_grows),
		T(damaged_bundles_are_named),
		T(liars_are_turned_away),
		T(sealed_liars_are_turned_away),
		T(sealed_orphans_stay_behind),
		T(many_at_once),
		T(begun_and_given_up),
		T(others_may_write_between),
		T(contradictions_are_turned_away),
		T(verdicts_find_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_run_json: a run written as JSON and imported elsewhere is the same run; what is wrong is named. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/result_json.h"
#include "harness/store/run_json.h"
#include "tests/store/fixture.h"

enum { SERIES = 3 };

/* The newest run of a store as a document with its results. */
static json_t *document(struct assay_store *store)
{
	struct assay_err err = {0};
	struct assay_run_list runs;
	struct assay_result_list results;
	assert_ok(assay_store_runs(store, "@last", &runs, &err));
	assert_ok(assay_store_results(store, runs.runs[0].id, NULL,
				      ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &results, &err));
	json_t *json = assay_run_json(&runs.runs[0], true), *array = json_array();
	for (size_t i = 0; i < results.n; i++)
		json_array_append_new(array, assay_result_json(&results.results[i], true));
	json_object_set_new(json, "results", array);
	assay_result_list_done(&results);
	assay_run_list_done(&runs);
	return json;
}

static json_t *original(const char *db)
{
	struct assay_err err = {0};
	struct assay_store *store;
	int64_t run;
	struct assay_run_info info = sample_run(1);
	info.topology_xml = "<topology>\"quoted\" & more</topology>";
	assert_ok(assay_store_open(db, ASSAY_STORE_WRITE, &store, &err));
	assert_ok(assay_store_begin_run(store, &info, &run, &err));
	for (unsigned i = 0; i < SERIES; i++) {
		struct sample sample;
		sample_result(&sample, i);
		assert_ok(assay_store_add_result(store, run, &sample.result, &err));
	}
	assert_ok(assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, &err));
	json_t *json = document(store);
	assay_store_close(store);
	return json;
}

static enum assay_code import(struct assay_store *store, const json_t *json, int64_t *ret_run,
			      struct assay_err *err)
{
	struct assay_run_info info;
	struct assay_result_list results;
	enum assay_code code = assay_run_parse(json, &info, &results, err);
	if (code != ASSAY_OK)
		return code;
	const struct assay_attachment file = {"import", "whole.json", "{}", 2};
	const struct assay_import whole = {&info, results.results, results.n, &file, 1};
	code = assay_store_import(store, &whole, ret_run, err);
	assay_result_list_done(&results);
	return code;
}

static void comes_back_the_same(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_attachment_list files;
	int64_t run, again;
	json_t *before = original(folder->db);
	ASSAY_AUTO(assay_str_done) struct assay_str other = {0};
	assay_str_add(&other, "%s/other.db", folder->path);
	assert_ok(assay_store_open(assay_str_text(&other), ASSAY_STORE_WRITE, &store, &err));
	assert_ok(import(store, before, &run, &err));
	assert_int_not_equal(run, 0);
	json_t *after = document(store);
	ASSAY_AUTO_FREE char *wanted = json_dumps(before, JSON_INDENT(1));
	ASSAY_AUTO_FREE char *got = json_dumps(after, JSON_INDENT(1));

	assert_string_equal(got, wanted);
	assert_ok(assay_store_attachments(store, run, "import", &files, &err));
	assert_int_equal(files.n, 1);
	assay_attachment_list_done(&files);
	/* the same UUID: nothing happens */
	assert_ok(import(store, before, &again, &err));
	assert_int_equal(again, 0);
	assay_store_close(store);
	json_decref(before);
	json_decref(after);
}

/* What fails in the middle leaves nothing behind, and the store goes on working. */
static void fails_as_a_whole(void **state)
{
	struct folder *folder = *state;
	struct assay_err err = {0};
	struct assay_store *store;
	struct assay_run_list runs;
	int64_t id;
	struct assay_run_info run = sample_run(1);
	struct sample good, bad;
	sample_result(&good, 0);
	sample_result(&bad, 1);
	bad.result.name = NULL; /* the schema refuses it */
	const struct assay_result both[] = {good.result, bad.result};
	const struct assay_import whole = {.run = &run, .results = both, .n_results = 2};
	assert_ok(assay_store_open(folder->db, ASSAY_STORE_WRITE, &store, &err));
	assert_int_not_equal(assay_store_import(store, &whole, &id, &err), ASSAY_OK);
	assert_ok(assay_store_runs(store, "", &runs, &err));
	assert_int_equal(runs.n, 0);
	assay_run_list_done(&runs);
	const struct assay_import one = {.run = &run, .results = both, .n_results = 1};
	assert_ok(assay_store_import(store, &one, &id, &err));
	assert_int_not_equal(id, 0);
	assay_store_close(store);
}

static void wrong_documents(void **state)
{
	static const struct {
		const char *key, *value, *says;
	} wrong[] = {
		{"results", "7", "'results' of the run is not an array"},
		{"results", "[7]", "'results' of the run is not an array of objects"},
		{"results", "[{}]", "'name' of the run is not given"},
		{"seed", "\"x\"", "'seed' of the run is not a whole number"},
		{"seed", "7", "'seed' of the run is not a text"},
		{"uuid", "\"12\"", "'uuid' of the run is not hexadecimal"},
		{"uuid", "\"01234567-89ab-cdef-0123-456789abcdef0\"",
		 "'uuid' of the run is not hexadecimal of the right length"},
		{"status", "\"fine\"", "'status' of the run is not one of"},
		{"tags", "[]", "'tags' of the run is not an object"},
		{"started_ns", "-1", "'started_ns' of the run is not a whole number"},
	};
	static const struct {
		const char *key, *value, *says;
	} wrong_result[] = {
		{"metric", "\"\"",
		 "'metric' of memory/alloc/size:16/kind:heap/subject:pool/threads:2 is not given"},
		{"status", "\"quick\"", "'status' of memory/alloc"},
		{"threads", "1.5", "is not a whole number in range"},
		{"median", "\"x\"", "is not a number"},
		{"params", "{\"size\": 7}", "is not an object of texts"},
		{"samples", "7", "is not an array"},
		{"sample_flags", "[1]", "is not as long as 'samples'"},
		{"launch_ends", "[5, 3, 64]", "is not ascending"},
		{"launch_ends", "[1]", "is not ending at the number of samples"},
		{"histogram", "{\"index\": [1], \"counts\": []}", "is not as long as 'index'"},
	};
	struct folder *folder = *state;
	struct assay_run_info info;
	struct assay_result_list results;
	json_t *json = original(folder->db);
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong); i++) {
		struct assay_err err = {0};
		json_t *copy = json_copy(json);
		json_object_set_new(copy, wrong[i].key,
				    json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		assert_fails(assay_run_parse(copy, &info, &results, &err), ASSAY_EPARSE,
			     wrong[i].says);
		json_decref(copy);
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong_result); i++) {
		struct assay_err err = {0};
		json_t *copy = json_deep_copy(json);
		json_t *first = json_array_get(json_object_get(copy, "results"), 0);
		json_object_set_new(first, wrong_result[i].key,
				    json_loads(wrong_result[i].value, JSON_DECODE_ANY, NULL));
		assert_fails(assay_run_parse(copy, &info, &results, &err), ASSAY_EPARSE,
			     wrong_result[i].says);
		json_decref(copy);
	}
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back_the_same, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(fails_as_a_whole, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(wrong_documents, folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

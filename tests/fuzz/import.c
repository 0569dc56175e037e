/* SPDX-License-Identifier: MIT */
/* import: any file is a complaint in words, or runs that are the same after another trip through JSON. */
#include "cli/import.h"
#include "harness/base/attr.h"
#include "harness/base/err.h"
#include "harness/result_json.h"
#include "harness/store/run_json.h"
#include "tests/fuzz/fuzz.h"

static json_t *document(const struct assay_run_info *run, const struct assay_result_list *list)
{
	json_t *json = assay_run_json(run, true), *results = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(results, assay_result_json(&list->results[i], true));
	json_object_set_new(json, "results", results);
	return json;
}

static void again(const struct import_one *one)
{
	struct assay_run_info run;
	struct assay_result_list list;
	struct assay_err err = {0};
	json_t *first = document(&one->run, &one->results);
	must(assay_run_parse(first, &run, &list, &err) == ASSAY_OK);
	json_t *second = document(&run, &list);
	must(json_equal(first, second));
	json_decref(first);
	json_decref(second);
	assay_result_list_done(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct import_format *const formats[] = {
		&import_assay, &import_gbench, &import_hyperfine, &import_jmh, &import_nvbench,
	};
	char *text = fuzz_text(data, size);
	struct import_file file = {.path = "input", .text = text, .length = strlen(text)};
	json_t *json = json_loads(text, 0, NULL);
	file.document = json;
	for (size_t i = 0; i < ASSAY_COUNT_OF(formats); i++) {
		struct assay_err err = {0};
		formats[i]->knows(&file);
		struct import_runs runs;
		if (import_runs_read(formats[i], &file, &runs, &err) != ASSAY_OK)
			must(err.text[0] != '\0');
		for (size_t r = 0; r < runs.n; r++)
			again(&runs.runs[r]);
		import_runs_done(&runs);
	}
	json_decref(json);
	free(text);
	return 0;
}

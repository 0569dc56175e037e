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

static void read_run(const json_t *json)
{
	struct assay_run_info run, again;
	struct assay_result_list list, list_again;
	struct assay_err err = {0};
	if (assay_run_parse(json, &run, &list, &err) != ASSAY_OK) {
		must(err.text[0] != '\0');
		return;
	}
	json_t *first = document(&run, &list);
	must(assay_run_parse(first, &again, &list_again, &err) == ASSAY_OK);
	json_t *second = document(&again, &list_again);
	must(json_equal(first, second));
	json_decref(first);
	json_decref(second);
	assay_result_list_done(&list);
	assay_result_list_done(&list_again);
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
		json_t *runs = formats[i]->convert(&file, &err);
		must(runs || err.text[0]);
		for (size_t r = 0; r < json_array_size(runs); r++)
			read_run(json_array_get(runs, r));
		json_decref(runs);
	}
	json_decref(json);
	free(text);
	return 0;
}

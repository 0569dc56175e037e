/* SPDX-License-Identifier: MIT */
/* import_assay: our own pages and exports. */
#include <string.h>

#include "cli/import.h"
#include "reports/page_data.h"

static bool is_lines(const char *text)
{
	return strncmp(text, "{\"", 2) == 0 && strstr(text, "\"schema\":\"assay/1\"") &&
	       strchr(text, '\n');
}

static bool knows(const struct import_file *file)
{
	const char *schema = json_string_value(json_object_get(file->document, "schema"));
	if (schema)
		return strcmp(schema, "assay/1") == 0;
	return !file->document && (assay_page_data_is_in(file->text) || is_lines(file->text));
}

static json_t *runs_of(const json_t *document, struct assay_err *err)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	json_t *runs = json_object_get(document, "runs");
	if (schema && strcmp(schema, "assay/1") == 0 && json_is_array(runs))
		return json_incref(runs);
	assay_fail(err, ASSAY_EPARSE, "not a document of runs of schema assay/1");
	return NULL;
}

/* One event per line: a run, then its results. */
static json_t *read_lines(const char *text, struct assay_err *err)
{
	json_t *runs = json_array(), *results = NULL;
	for (size_t line = 1; *text; line++) {
		size_t n = strcspn(text, "\n");
		json_error_t why;
		json_t *json = json_loadb(text, n, 0, &why);
		const char *event = json_string_value(json_object_get(json, "event"));
		if (event && strcmp(event, "run") == 0) {
			results = json_array();
			json_object_set_new(json, "results", results);
			json_array_append(runs, json);
		} else if (event && strcmp(event, "result") == 0 && results) {
			json_array_append(results, json);
		} else {
			assay_fail(err, ASSAY_EPARSE, "line %zu is %s", line,
				   !json    ? why.text
				   : !event ? "no event of schema assay/1"
					    : "out of place: a run comes before its results");
			json_decref(json);
			json_decref(runs);
			return NULL;
		}
		json_decref(json);
		text += n + (text[n] == '\n');
	}
	return runs;
}

static json_t *convert(const struct import_file *file, struct assay_err *err)
{
	if (file->document) /* a single line is a run without results */
		return json_object_get(file->document, "event") ? read_lines(file->text, err)
								: runs_of(file->document, err);
	if (!assay_page_data_is_in(file->text))
		return read_lines(file->text, err);
	ASSAY_AUTO_FREE char *text = NULL;
	json_error_t why;
	if (assay_page_data_get(file->text, &text, err) != ASSAY_OK)
		return NULL;
	json_t *document = json_loads(text, 0, &why), *runs = NULL;
	if (document)
		runs = runs_of(document, err);
	else
		assay_fail(err, ASSAY_EPARSE, "the data in the page is no JSON: %s", why.text);
	json_decref(document);
	return runs;
}

const struct import_format import_assay = {
	.name = "assay",
	.knows = knows,
	.convert = convert,
};

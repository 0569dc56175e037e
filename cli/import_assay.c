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

static enum assay_code read_document(const json_t *document, struct import_runs *to,
				     struct assay_err *err)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const json_t *runs = json_object_get(document, "runs");
	if (!schema || strcmp(schema, "assay/1") != 0 || !json_is_array(runs))
		return assay_fail(err, ASSAY_EPARSE, "not a document of runs of schema assay/1");
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; i < json_array_size(runs) && code == ASSAY_OK; i++)
		code = import_runs_whole(to, json_array_get(runs, i), err);
	return code;
}

/* One event: a run, or a result of the last one. */
static enum assay_code read_event(const json_t *json, size_t line, struct import_runs *to,
				  struct assay_err *err)
{
	const char *event = json_string_value(json_object_get(json, "event"));
	if (event && strcmp(event, "run") == 0)
		return import_runs_begin(to, json, err);
	if (event && strcmp(event, "result") == 0 && to->n)
		return import_runs_add(to, json, err);
	return assay_fail(err, ASSAY_EPARSE, "line %zu is %s", line,
			  !event ? "no event of schema assay/1"
				 : "out of place: a run comes before its results");
}

static enum assay_code read_line(const char *text, size_t n, size_t line, struct import_runs *to,
				 struct assay_err *err)
{
	json_error_t why;
	json_t *json = json_loadb(text, n, 0, &why);
	enum assay_code code =
		json ? read_event(json, line, to, err)
		     : assay_fail(err, ASSAY_EPARSE, "line %zu is %s", line, why.text);
	json_decref(json);
	return code;
}

static enum assay_code read_lines(const char *text, struct import_runs *to, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t line = 1; *text && code == ASSAY_OK; line++) {
		size_t n = strcspn(text, "\n");
		code = read_line(text, n, line, to, err);
		text += n + (text[n] == '\n');
	}
	return code;
}

/* Pages of assay 0.1 and before hold a document in their only line. */
static enum assay_code read_first(const char *text, struct import_runs *to, struct assay_err *err)
{
	json_error_t why;
	json_t *json = json_loads(text, 0, &why);
	enum assay_code code = !json                            ? assay_fail(err, ASSAY_EPARSE,
									     "the data in the page is no JSON: %s", why.text)
			       : json_object_get(json, "event") ? read_event(json, 1, to, err)
								: read_document(json, to, err);
	json_decref(json);
	return code;
}

static enum assay_code read_page(const char *page, struct import_runs *to, struct assay_err *err)
{
	struct assay_page_reader *reader;
	const char *text;
	enum assay_code code = assay_page_reader_new(page, &reader, err);
	for (size_t line = 1; code == ASSAY_OK; line++) {
		code = assay_page_reader_next(reader, &text, err);
		if (code != ASSAY_OK || !text)
			break;
		code = line == 1 ? read_first(text, to, err)
				 : read_line(text, strlen(text), line, to, err);
	}
	assay_page_reader_free(reader);
	return code;
}

static enum assay_code read_file(const struct import_file *file, struct import_runs *to,
				 struct assay_err *err)
{
	if (file->document && !json_object_get(file->document, "event"))
		return read_document(file->document, to, err);
	/* A single line is a run without results. */
	return !file->document && assay_page_data_is_in(file->text)
		       ? read_page(file->text, to, err)
		       : read_lines(file->text, to, err);
}

const struct import_format import_assay = {
	.name = "assay",
	.knows = knows,
	.read = read_file,
};

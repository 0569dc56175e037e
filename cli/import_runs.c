/* SPDX-License-Identifier: MIT */
/* import_runs: what a file holds, read as a whole before any of it is stored. */
#include <stdlib.h>

#include "cli/import.h"
#include "harness/store/run_json.h"

static struct import_one *grow(struct import_runs *to, struct assay_err *err)
{
	struct import_one *larger = reallocarray(to->runs, to->n + 1, sizeof(*to->runs));
	if (!larger) {
		assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu runs", to->n + 1);
		return NULL;
	}
	to->runs = larger;
	return &larger[to->n];
}

enum assay_code import_runs_begin(struct import_runs *to, const json_t *run, struct assay_err *err)
{
	struct import_one *one = grow(to, err);
	if (!one)
		return ASSAY_ENOMEM;
	enum assay_code code = assay_run_parse_begin(run, &one->run, &one->results, err);
	to->n += code == ASSAY_OK;
	return code;
}

enum assay_code import_runs_whole(struct import_runs *to, const json_t *run, struct assay_err *err)
{
	struct import_one *one = grow(to, err);
	if (!one)
		return ASSAY_ENOMEM;
	enum assay_code code = assay_run_parse(run, &one->run, &one->results, err);
	to->n += code == ASSAY_OK;
	return code;
}

enum assay_code import_runs_add(struct import_runs *to, const json_t *result, struct assay_err *err)
{
	struct import_one *last = &to->runs[to->n - 1];
	return assay_run_parse_add(result, &last->run, &last->results, err);
}

enum assay_code import_runs_read(const struct import_format *format, const struct import_file *file,
				 struct import_runs *ret, struct assay_err *err)
{
	*ret = (struct import_runs){0};
	if (format->read)
		return format->read(file, ret, err);
	json_t *runs = format->convert(file, err);
	enum assay_code code = runs ? ASSAY_OK : ASSAY_EPARSE;
	for (size_t i = 0; i < json_array_size(runs) && code == ASSAY_OK; i++)
		code = import_runs_whole(ret, json_array_get(runs, i), err);
	json_decref(runs);
	return code;
}

void import_runs_done(struct import_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		assay_result_list_done(&runs->runs[i].results);
	free(runs->runs);
	*runs = (struct import_runs){0};
}

/* SPDX-License-Identifier: MIT */
/*
 * import: what `assay import` can read. A format is one descriptor and one file, import_<name>.c: it turns
 * a document into runs in the JSON of assay_run_parse(), and all the rest is the verb's.
 */
#ifndef ASSAY_CLI_IMPORT_H
#define ASSAY_CLI_IMPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/result.h"
#include "harness/store/store.h"

/* A file as it was read. */
struct import_file {
	const char *path;
	const char *text; /* text[length] is NUL */
	size_t length;
	const json_t *document; /* NULL: it is not JSON as a whole */
};

/* Runs with their results, as far as they were read. Zero-initialised is none. */
struct import_runs {
	struct import_one {
		struct assay_run_info run;
		struct assay_result_list results;
	} * runs;
	size_t n;
};

struct import_format {
	const char *name;
	/* Is the file one of this format? Looks at its shape only. */
	bool (*knows)(const struct import_file *file);
	/* An array of runs, a new reference; NULL: *err says what is wrong with it. */
	json_t *(*convert)(const struct import_file *file, struct assay_err *err);
	/* Instead, of files that may be large: run by run and result by result. */
	enum assay_code (*read)(const struct import_file *file, struct import_runs *to,
				struct assay_err *err);
	/* Kept with the run as an attachment of kind "import:<name>", from which export gives it back
	 * as it was. */
	bool keep;
};

extern const struct import_format import_assay, import_gbench, import_hyperfine, import_jmh,
	import_nvbench;

/* All runs of `file`. ASSAY_EPARSE says what is wrong with it; *ret is to be freed in any case. */
enum assay_code import_runs_read(const struct import_format *format, const struct import_file *file,
				 struct import_runs *ret, struct assay_err *err);
void import_runs_done(struct import_runs *runs);
/* For formats that read: a run without its results, or with those in it; then one more result of the last run. */
enum assay_code import_runs_begin(struct import_runs *to, const json_t *run, struct assay_err *err);
enum assay_code import_runs_whole(struct import_runs *to, const json_t *run, struct assay_err *err);
enum assay_code import_runs_add(struct import_runs *to, const json_t *result,
				struct assay_err *err);

/* An array with one run of `results`, whose reference is taken. The machine's name may be NULL, its facts too. */
json_t *import_run(const char *machine, json_t *machine_facts, json_t *results);

/* Which case a result is of; `params` is an object of texts. */
struct import_case {
	const char *suite, *benchmark;
	json_t *params; /* borrowed; NULL: none */
	unsigned threads;
	const char *driver;
};
/* A result of the case without figures yet; new reference. */
json_t *import_result(const struct import_case *c, const struct assay_metric_info *metric,
		      bool primary);
/* Append a sample to it; NaN stays away. */
void import_sample(json_t *result, double value);
/* Say that the samples so far were one launch. */
void import_launch(json_t *result);
/* Say what came of it when that was not samples. */
void import_status(json_t *result, enum assay_status status, const char *reason);
/* A figure that is no metric of ours: a count of source `source`. */
void import_count(json_t *result, const char *event, const char *source, double value);

/* `text` as the value of an axis in params. */
void import_param(json_t *params, const char *name, const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/* formats: what `assay export` can write. A format is one descriptor and one file, export_<name>.c. */
#ifndef ASSAY_CLI_FORMATS_H
#define ASSAY_CLI_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/store/store.h"

struct export_format {
	const char *name;
	bool one_run;  /* the format has no place for a second one */
	bool original; /* a run that was imported from this format is given back as that file */
	unsigned load; /* ASSAY_LOAD_... */
	/* Called in this order: begin, run for each run, end. begin and end may be NULL. What the stream
	 * itself fails to take is found by the caller. */
	enum assay_code (*begin)(FILE *out, struct assay_err *err);
	enum assay_code (*run)(FILE *out, const struct assay_run_info *run,
			       const struct assay_result_list *results, bool first,
			       struct assay_err *err);
	enum assay_code (*end)(FILE *out, struct assay_err *err);
	const char *kind; /* of the attachments that it shows as well; NULL: none */
	/* After `run`, for each of them. */
	enum assay_code (*attached)(FILE *out, const struct assay_run_info *run,
				    const struct assay_attachment *attachment,
				    struct assay_err *err);
};

extern const struct export_format export_json, export_jsonl, export_csv, export_openmetrics,
	export_gbench, export_postgres, export_trace;

/* Write one CSV field, quoted as in RFC 4180 when needed; a text that a spreadsheet would take for a
 * formula is disarmed by an apostrophe. */
void export_csv_text(FILE *out, const char *text);
/* Write one field of PostgreSQL's COPY text format, escaped; NULL becomes \\N. */
void export_postgres_text(FILE *out, const char *text);
/* Write an OpenMetrics label value, escaped, without the quotes around it. */
void export_openmetrics_label(FILE *out, const char *text);

#endif

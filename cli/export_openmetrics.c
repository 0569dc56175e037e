/* SPDX-License-Identifier: MIT */
/* export_openmetrics: the figures of one run for a textfile collector, OpenMetrics 1.0. */
#include "cli/formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stored.h"
#include "harness/base/attr.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

void export_openmetrics_label(FILE *out, const char *text)
{
	size_t size = strlen(text) + 1;
	ASSAY_AUTO_FREE char *clean = malloc(size);
	if (clean)
		assay_sanitise(clean, size, text);
	for (const char *c = clean ? clean : ""; *c; c++) {
		if (*c == '\\' || *c == '"')
			fputc('\\', out);
		fputc(*c, out);
	}
}

static void label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	export_openmetrics_label(out, value);
	fputs("\",", out);
}

/* Labels of a series; the prefix keeps an axis from taking the name of another label. */
static void series_labels(FILE *out, const struct assay_run_info *run, const struct assay_result *r)
{
	label(out, "machine", run->machine_name);
	label(out, "suite", r->suite);
	label(out, "benchmark", r->benchmark);
	label(out, "subject", r->subject);
	label(out, "metric", r->metric.name);
	label(out, "unit", r->metric.unit);
	label(out, "case", r->name);
	for (size_t i = 0; i < r->n_params; i++) {
		if (!assay_name_valid(r->params[i].name))
			continue; /* it is part of `case` all the same */
		char name[80];
		snprintf(name, sizeof(name), "param_%.70s", r->params[i].name);
		label(out, name, r->params[i].value);
	}
	fprintf(out, "threads=\"%u\"", r->threads);
}

enum figure { MEDIAN, LOWER, UPPER, SAMPLES, MEASURED };

static double figure_of(const struct assay_result *r, enum figure figure)
{
	bool measured = assay_status_measured(r->status);
	switch (figure) {
	case MEASURED:
		return measured;
	case SAMPLES:
		return (double)r->estimate.n;
	case LOWER:
		return measured ? r->estimate.lo : NAN;
	case UPPER:
		return measured ? r->estimate.hi : NAN;
	case MEDIAN:
		break;
	}
	return measured ? r->estimate.median : NAN;
}

/* A family must stand together, hence one pass over the results for each. */
static void family(FILE *out, const struct assay_run_info *run,
		   const struct assay_result_list *results, enum figure figure, const char *name,
		   const char *help)
{
	fprintf(out, "# TYPE assay_result_%s gauge\n# HELP assay_result_%s %s\n", name, name, help);
	for (size_t i = 0; i < results->n; i++) {
		const struct assay_result *r = &results->results[i];
		double value = figure_of(r, figure);
		if (!isfinite(value))
			continue;
		fprintf(out, "assay_result_%s{", name);
		series_labels(out, run, r);
		fprintf(out, "} %.17g\n", value);
	}
}

static enum assay_code families(FILE *out, const struct assay_run_info *run,
				const struct assay_result_list *results, bool first,
				struct assay_err *err)
{
	(void)first;
	(void)err;
	char uuid[37];
	const char noise[] = {run->noise ? run->noise : '?', '\0'};
	assay_uuid_text(run->uuid, uuid);
	fputs("# TYPE assay_run info\n# HELP assay_run The run the figures are from.\n"
	      "assay_run_info{",
	      out);
	label(out, "machine", run->machine_name);
	label(out, "uuid", uuid);
	label(out, "profile", run->profile);
	label(out, "commit", run->commit ? run->commit : "");
	label(out, "noise", noise);
	label(out, "status", assay_run_status_name(run->status));
	fputs("version=\"", out);
	export_openmetrics_label(out, run->version);
	fputs("\"} 1\n# TYPE assay_run_started_seconds gauge\n# UNIT assay_run_started_seconds seconds\n"
	      "# HELP assay_run_started_seconds When the run began.\nassay_run_started_seconds{machine=\"",
	      out);
	export_openmetrics_label(out, run->machine_name);
	fprintf(out, "\"} %.3f\n", (double)run->started_ns / 1e9);
	family(out, run, results, MEDIAN, "median",
	       "Median of the samples, in the unit of the label.");
	family(out, run, results, LOWER, "lower", "Lower end of the 95 % interval of the median.");
	family(out, run, results, UPPER, "upper", "Upper end of the 95 % interval of the median.");
	family(out, run, results, SAMPLES, "samples", "Samples behind the median.");
	family(out, run, results, MEASURED, "measured",
	       "1 when measured, 0 when skipped or failed.");
	return ASSAY_OK;
}

static enum assay_code end(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("# EOF\n", out);
	return ASSAY_OK;
}

const struct export_format export_openmetrics = {
	.name = "openmetrics",
	.one_run = true,
	.run = families,
	.end = end,
};

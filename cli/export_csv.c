/* SPDX-License-Identifier: MIT */
/* export_csv: one row per result, RFC 4180, with a header that does not change. */
#include "cli/formats.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/stored.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

void export_csv_text(FILE *out, const char *text)
{
	/* What a spreadsheet would run as a formula [OWASP, "CSV Injection"]. */
	bool formula = *text && strchr("=+-@\t\r", *text);
	if (!formula && !strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputs(formula ? "\"'" : "\"", out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void text_field(FILE *out, const char *text)
{
	export_csv_text(out, text ? text : "");
	fputc(',', out);
}

/* An undefined number is an empty field. */
static void real_field(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.17g", value);
	fputc(',', out);
}

static void count_field(FILE *out, uint64_t value)
{
	fprintf(out, "%" PRIu64 ",", value);
}

static enum assay_code begin(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("run,uuid,run_started,machine,commit,profile,name,suite,benchmark,version,subject,"
	      "params,threads,metric,unit,better,primary,status,reason,n,median,lo,hi,min,max,mean,"
	      "sd,mad,p50,p90,p99,p999,bytes_per_op,flops_per_op,samples_cpu_ratio,noise,flags,"
	      "driver,clock,started_ns,elapsed_ns\r\n",
	      out);
	return ASSAY_OK;
}

static void run_fields(FILE *out, const struct assay_run_info *run)
{
	char uuid[37], started[24];
	assay_uuid_text(run->uuid, uuid);
	assay_time_text(run->started_ns, started);
	count_field(out, (uint64_t)run->id);
	text_field(out, uuid);
	text_field(out, started);
	text_field(out, run->machine_name);
	text_field(out, run->commit);
	text_field(out, run->profile);
}

static void identity_fields(FILE *out, const struct assay_result *r)
{
	ASSAY_AUTO(assay_str_done) struct assay_str params = {0};
	for (size_t i = 0; i < r->n_params; i++)
		assay_str_add(&params, "%s%s=%s", i ? ";" : "", r->params[i].name,
			      r->params[i].value);
	text_field(out, r->name);
	text_field(out, r->suite);
	text_field(out, r->benchmark);
	count_field(out, r->version);
	text_field(out, r->subject);
	text_field(out, assay_str_text(&params));
	count_field(out, r->threads);
	text_field(out, r->metric.name);
	text_field(out, r->metric.unit);
	text_field(out, r->metric.better == ASSAY_HIGHER ? "higher" : "lower");
	count_field(out, r->primary);
	text_field(out, assay_status_name(r->status));
	text_field(out, r->reason);
}

static void figure_fields(FILE *out, const struct assay_result *r)
{
	const struct assay_estimate *e = &r->estimate;
	const double figures[] = {e->median,       e->lo,           e->hi,       e->min,
				  e->max,          e->mean,         e->sd,       e->mad,
				  e->p50,          e->p90,          e->p99,      e->p999,
				  r->bytes_per_op, r->flops_per_op, r->cpu_ratio};
	const char noise[] = {r->noise ? r->noise : '?', '\0'};
	count_field(out, e->n);
	for (size_t i = 0; i < ASSAY_COUNT_OF(figures); i++)
		real_field(out, figures[i]);
	text_field(out, noise);
	count_field(out, r->flags);
	text_field(out, r->driver);
	text_field(out, r->clock);
	count_field(out, r->started_ns);
	fprintf(out, "%" PRIu64 "\r\n", r->elapsed_ns);
}

static enum assay_code rows(FILE *out, const struct assay_run_info *run,
			    const struct assay_result_list *results, bool first,
			    struct assay_err *err)
{
	(void)first;
	(void)err;
	for (size_t i = 0; i < results->n; i++) {
		run_fields(out, run);
		identity_fields(out, &results->results[i]);
		figure_fields(out, &results->results[i]);
	}
	return ASSAY_OK;
}

const struct export_format export_csv = {.name = "csv", .begin = begin, .run = rows};

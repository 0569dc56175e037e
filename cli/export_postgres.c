/* SPDX-License-Identifier: MIT */
/*
 * export_postgres: a script for psql: tables when they are missing, rows by COPY, one transaction. Rows that are there
 * already stay as they are, so that a script may be run again, and scripts of several stores in any order.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/formats.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

void export_postgres_text(FILE *out, const char *text)
{
	static const char escaped[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";
	if (!text) {
		fputs("\\N", out);
		return;
	}
	while (*text) {
		const char *special = strchr(escaped, *text);
		size_t length = assay_utf8_length(text);
		if (special)
			fprintf(out, "\\%c", letters[special - escaped]);
		else if (length)
			fwrite(text, 1, length, out);
		else
			fputc('?', out);
		text += special || !length ? 1 : length;
	}
}

static void text_column(FILE *out, const char *text)
{
	export_postgres_text(out, text);
	fputc('\t', out);
}

static void real_column(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.17g\t", value);
	else
		fputs("\\N\t", out);
}

static void count_column(FILE *out, uint64_t value)
{
	fprintf(out, "%" PRIu64 "\t", value);
}

/* Steals the reference; what is no JSON is not known. */
static void json_column(FILE *out, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	text_column(out, text);
	free(text);
	json_decref(json);
}

static json_t *parsed(const char *text)
{
	return text && *text ? json_loads(text, 0, NULL) : NULL;
}

static const char *const run_columns =
	"uuid uuid PRIMARY KEY, machine text NOT NULL, fingerprint bytea NOT NULL,"
	" started timestamptz NOT NULL, finished timestamptz, status text NOT NULL,"
	" profile text NOT NULL, version text NOT NULL, commit text, dirty boolean NOT NULL,"
	" noise text NOT NULL, seed numeric NOT NULL, tags jsonb NOT NULL, facts jsonb,"
	" environment jsonb";
static const char *const result_columns =
	"run uuid NOT NULL, name text NOT NULL, suite text NOT NULL, benchmark text NOT NULL,"
	" version integer NOT NULL, subject text NOT NULL, params jsonb NOT NULL,"
	" threads integer NOT NULL, metric text NOT NULL, unit text NOT NULL,"
	" better text NOT NULL, is_primary boolean NOT NULL, status text NOT NULL,"
	" reason text NOT NULL, n bigint NOT NULL, median double precision,"
	" lo double precision, hi double precision, min double precision, max double precision,"
	" mean double precision, sd double precision, mad double precision,"
	" p50 double precision, p90 double precision, p99 double precision,"
	" p999 double precision, bytes_per_op double precision, flops_per_op double precision,"
	" cpu_ratio double precision, flags integer NOT NULL, driver text NOT NULL,"
	" clock text NOT NULL, noise text NOT NULL, started timestamptz NOT NULL,"
	" elapsed_ns bigint NOT NULL, samples double precision[]";

static enum assay_code begin(FILE *out, struct assay_err *err)
{
	(void)err;
	fprintf(out,
		"-- psql -v ON_ERROR_STOP=1 -f FILE\n"
		"\\set ON_ERROR_STOP on\n"
		"SET client_encoding = 'UTF8';\n"
		"SET client_min_messages = warning;\n"
		"BEGIN;\n"
		"CREATE TABLE IF NOT EXISTS assay_run (%s);\n"
		"CREATE TABLE IF NOT EXISTS assay_result (%s,\n"
		"  PRIMARY KEY (run, name, version, metric, unit),\n"
		"  FOREIGN KEY (run) REFERENCES assay_run (uuid) ON DELETE CASCADE);\n"
		"CREATE INDEX IF NOT EXISTS assay_result_history ON assay_result (name, metric, "
		"started);\n"
		"CREATE TEMP TABLE new_run (LIKE assay_run) ON COMMIT DROP;\n"
		"CREATE TEMP TABLE new_result (LIKE assay_result) ON COMMIT DROP;\n",
		run_columns, result_columns);
	return ASSAY_OK;
}

static json_t *tags_json(const struct assay_run_info *run)
{
	json_t *tags = json_object();
	for (size_t i = 0; i < run->n_tags; i++)
		json_object_set_new_nocheck(tags, run->tags[i].key,
					    assay_json_text(run->tags[i].value));
	return tags;
}

/* "2025-11-20 14:03:59.123456789+00"; what is unknown is. */
static void time_column(FILE *out, uint64_t wall_ns)
{
	char text[24];
	assay_time_text(wall_ns, text);
	if (!wall_ns || text[0] == '?')
		fputs("\\N\t", out);
	else
		fprintf(out, "%.19s.%06" PRIu64 "+00\t", text, wall_ns % 1000000000u / 1000);
}

static void run_row(FILE *out, const struct assay_run_info *run)
{
	const char noise[] = {run->noise ? run->noise : '?', '\0'};
	char uuid[37];
	assay_uuid_text(run->uuid, uuid);
	text_column(out, uuid);
	text_column(out, run->machine_name);
	fputs("\\\\x", out);
	for (size_t i = 0; i < sizeof(run->fingerprint); i++)
		fprintf(out, "%02x", run->fingerprint[i]);
	fputc('\t', out);
	time_column(out, run->started_ns);
	time_column(out, run->finished_ns);
	text_column(out, assay_run_status_name(run->status));
	text_column(out, run->profile);
	text_column(out, run->version);
	text_column(out, run->commit);
	text_column(out, run->dirty ? "t" : "f");
	text_column(out, noise);
	count_column(out, run->seed);
	json_column(out, tags_json(run));
	json_column(out, parsed(run->machine_json));
	json_t *environment = parsed(run->environment_json);
	char *text = environment ? json_dumps(environment, JSON_COMPACT) : NULL;
	export_postgres_text(out, text);
	free(text);
	json_decref(environment);
	fputc('\n', out);
}

static void identity_columns(FILE *out, const char *uuid, const struct assay_result *r)
{
	json_t *params = json_object();
	for (size_t i = 0; i < r->n_params; i++)
		json_object_set_new_nocheck(params, r->params[i].name,
					    assay_json_text(r->params[i].value));
	text_column(out, uuid);
	text_column(out, r->name);
	text_column(out, r->suite);
	text_column(out, r->benchmark);
	count_column(out, r->version);
	text_column(out, r->subject);
	json_column(out, params);
	count_column(out, r->threads);
	text_column(out, r->metric.name);
	text_column(out, r->metric.unit);
	text_column(out, r->metric.better == ASSAY_HIGHER ? "higher" : "lower");
	text_column(out, r->primary ? "t" : "f");
	text_column(out, assay_status_name(r->status));
	text_column(out, r->reason);
}

static void samples_column(FILE *out, const struct assay_samples *samples)
{
	if (!samples->n) {
		fputs("\\N", out);
		return;
	}
	for (size_t i = 0; i < samples->n; i++) {
		fputc(i ? ',' : '{', out);
		if (isfinite(samples->values[i]))
			fprintf(out, "%.17g", samples->values[i]);
		else
			fputs("NULL", out);
	}
	fputc('}', out);
}

static void result_row(FILE *out, const char *uuid, const struct assay_result *r)
{
	const struct assay_estimate *e = &r->estimate;
	const double figures[] = {e->median,       e->lo,           e->hi,       e->min,
				  e->max,          e->mean,         e->sd,       e->mad,
				  e->p50,          e->p90,          e->p99,      e->p999,
				  r->bytes_per_op, r->flops_per_op, r->cpu_ratio};
	const char noise[] = {r->noise ? r->noise : '?', '\0'};
	identity_columns(out, uuid, r);
	count_column(out, e->n);
	for (size_t i = 0; i < ASSAY_COUNT_OF(figures); i++)
		real_column(out, figures[i]);
	count_column(out, r->flags);
	text_column(out, r->driver);
	text_column(out, r->clock);
	text_column(out, noise);
	time_column(out, r->started_ns ? r->started_ns : 1);
	count_column(out, r->elapsed_ns);
	samples_column(out, &r->samples);
	fputc('\n', out);
}

static enum assay_code rows(FILE *out, const struct assay_run_info *run,
			    const struct assay_result_list *results, bool first,
			    struct assay_err *err)
{
	char uuid[37];
	(void)first;
	(void)err;
	assay_uuid_text(run->uuid, uuid);
	fputs("COPY new_run FROM stdin;\n", out);
	run_row(out, run);
	fputs("\\.\nCOPY new_result FROM stdin;\n", out);
	for (size_t i = 0; i < results->n; i++)
		result_row(out, uuid, &results->results[i]);
	fputs("\\.\n", out);
	return ASSAY_OK;
}

static enum assay_code end(FILE *out, struct assay_err *err)
{
	(void)err;
	fputs("INSERT INTO assay_run SELECT * FROM new_run ON CONFLICT DO NOTHING;\n"
	      "INSERT INTO assay_result SELECT * FROM new_result ON CONFLICT DO NOTHING;\n"
	      "COMMIT;\n",
	      out);
	return ASSAY_OK;
}

const struct export_format export_postgres = {
	.name = "postgres",
	.load = ASSAY_LOAD_SAMPLES,
	.begin = begin,
	.run = rows,
	.end = end,
};

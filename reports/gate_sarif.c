/* SPDX-License-Identifier: MIT */
/* gate_sarif: a gate's findings for code scanning: SARIF 2.1.0, a rule per metric. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/json.h"
#include "reports/escape.h"
#include "reports/gate_say.h"

static json_t *text_json(const char *text)
{
	ASSAY_AUTO(assay_str_done) struct assay_str clean = {0};
	assay_escape_plain(&clean, text ? text : "", 2000);
	return assay_json_text(assay_str_text(&clean));
}

static const char *metric_of(const struct assay_gate_row *row)
{
	return row->metric && *row->metric ? row->metric : "series";
}

/* The row that first has the metric of row i: its place is the rule's. */
static size_t first_of(const struct assay_gate_report *report, size_t i)
{
	size_t j = 0;
	while (strcmp(metric_of(&report->rows[j]), metric_of(&report->rows[i])) != 0)
		j++;
	return j;
}

static json_t *rule_json(const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str what = {0};
	assay_str_add(&what, "%s of a benchmark got worse, or could not be compared",
		      metric_of(row));
	return json_pack("{s:o, s:{s:o}, s:{s:s}, s:{s:s}}", "id", text_json(metric_of(row)),
			 "shortDescription", "text", text_json(assay_str_text(&what)), "help",
			 "text",
			 "Base and candidate were measured in fresh processes, in pairs of random "
			 "order. 'assay ack' accepts a change, with a limit.",
			 "defaultConfiguration", "level", "error");
}

/* rule_at[i]: the index of row i's rule. */
static json_t *rules_json(const struct assay_gate_report *report, size_t *rule_at)
{
	json_t *rules = json_array();
	for (size_t i = 0; i < report->n; i++) {
		size_t first = first_of(report, i);
		rule_at[i] = first == i ? json_array_size(rules) : rule_at[first];
		if (first == i)
			json_array_append_new(rules, rule_json(&report->rows[i]));
	}
	return rules;
}

/* The file, else what was measured in its place: GitHub refuses a whole document for one result without. */
static json_t *location_json(const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str place = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str uri = {0};
	if (row->location && *row->location)
		assay_str_add(&place, "%s", row->location);
	else
		assay_str_add(&place, "%s/%s", row->suite && *row->suite ? row->suite : "assay",
			      row->benchmark && *row->benchmark ? row->benchmark : "benchmark");
	assay_escape_uri(&uri, assay_str_text(&place));
	return json_pack("{s:[{s:o, s:s}], s:{s:{s:o}, s:{s:i}}}", "logicalLocations",
			 "fullyQualifiedName", text_json(row->name), "kind", "function",
			 "physicalLocation", "artifactLocation", "uri",
			 assay_json_text(assay_str_text(&uri)), "region", "startLine", 1);
}

/* The same series is the same finding, however often it is measured and wherever its file goes. */
static json_t *fingerprint_json(const struct assay_gate_row *row)
{
	static const uint8_t unknown[32];
	if (memcmp(row->series_key, unknown, sizeof(unknown)) == 0) {
		ASSAY_AUTO(assay_str_done) struct assay_str named = {0};
		assay_str_add(&named, "%s %s", row->name ? row->name : "", metric_of(row));
		return json_pack("{s:o}", "assaySeriesName/v1", text_json(assay_str_text(&named)));
	}
	char hex[65];
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", row->series_key[i]);
	return json_pack("{s:s}", "assaySeries/v1", hex);
}

static json_t *message_json(const struct assay_gate_row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	gate_say_name(&text, row);
	assay_str_add(&text, ": ");
	gate_say_title(&text, row);
	assay_str_add(&text, ". ");
	gate_say_numbers(&text, row);
	assay_str_add(&text, ". ");
	size_t from = text.length;
	gate_say_details(&text, row);
	for (char *c = text.text ? text.text + from : NULL; c && *c; c++)
		if (*c == '\n')
			*c = c[1] ? ';' : '.';
	return json_pack("{s:o}", "text", text_json(assay_str_text(&text)));
}

static json_t *result_json(const struct assay_gate_row *row, size_t rule, enum gate_level level)
{
	static const char *const levels[] = {
		[GATE_LEVEL_NONE] = "none",
		[GATE_LEVEL_NOTE] = "note",
		[GATE_LEVEL_WARNING] = "warning",
		[GATE_LEVEL_ERROR] = "error",
	};
	struct assay_gate_change change = assay_gate_row_change(row);
	return json_pack("{s:o, s:I, s:s, s:o, s:[o], s:o, s:{s:s, s:o, s:o, s:o, s:I}}", "ruleId",
			 text_json(metric_of(row)), "ruleIndex", (json_int_t)rule, "level",
			 levels[level], "message", message_json(row), "locations",
			 location_json(row), "partialFingerprints", fingerprint_json(row),
			 "properties", "decision", assay_decision_name(row->decision), "ratio",
			 assay_json_real(change.ratio), "lo", assay_json_real(change.lo), "hi",
			 assay_json_real(change.hi), "pairs", (json_int_t)row->pairs);
}

static json_t *results_json(const struct assay_gate_report *report, const size_t *order,
			    const size_t *rule_at, bool strict)
{
	json_t *results = json_array();
	for (size_t i = 0; i < report->n; i++) {
		const struct assay_gate_row *row = &report->rows[order[i]];
		enum gate_level level = gate_say_level(row, strict);
		if (level != GATE_LEVEL_NONE)
			json_array_append_new(results, result_json(row, rule_at[order[i]], level));
	}
	return results;
}

static json_t *remarks_json(const struct assay_gate_report *report, bool strict)
{
	json_t *notes = json_array();
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	gate_say_answer(&words, report, strict);
	json_array_append_new(notes, json_pack("{s:s, s:{s:o}}", "level", "note", "message", "text",
					       text_json(assay_str_text(&words))));
	for (size_t i = 0; i < report->n_remarks; i++)
		json_array_append_new(notes, json_pack("{s:s, s:{s:o}}", "level", "note", "message",
						       "text", text_json(report->remarks[i])));
	return notes;
}

static json_t *invocation_json(const struct assay_gate_report *report, bool strict)
{
	time_t seconds = (time_t)(report->started_ns / 1000000000);
	struct tm tm;
	char text[32];
	json_t *json = json_pack("{s:b, s:o}", "executionSuccessful", !report->interrupted,
				 "toolExecutionNotifications", remarks_json(report, strict));
	if (report->started_ns && gmtime_r(&seconds, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		json_object_set_new(json, "startTimeUtc", json_string(text));
	return json;
}

static json_t *run_json(const struct assay_gate_report *report, const size_t *order,
			size_t *rule_at, const struct assay_gate_options *options)
{
	json_t *driver =
		json_pack("{s:s, s:o}", "name", "assay", "rules", rules_json(report, rule_at));
	if (options->version && *options->version)
		json_object_set_new(driver, "version", text_json(options->version));
	return json_pack("{s:{s:o}, s:[o], s:o}", "tool", "driver", driver, "invocations",
			 invocation_json(report, options->strict), "results",
			 results_json(report, order, rule_at, options->strict));
}

enum assay_code assay_gate_write_sarif(const struct assay_gate_report *report, FILE *out,
				       const struct assay_gate_options *options,
				       struct assay_err *err)
{
	static const struct assay_gate_options plain;
	ASSAY_AUTO_FREE size_t *order = gate_say_order(report);
	ASSAY_AUTO_FREE size_t *rule_at = calloc(report->n + 1, sizeof(*rule_at));
	if (!order || !rule_at)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for SARIF");
	return assay_json_document(
		json_pack("{s:s, s:s, s:[o]}", "$schema",
			  "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
			  "runs", run_json(report, order, rule_at, options ? options : &plain)),
		out, err);
}

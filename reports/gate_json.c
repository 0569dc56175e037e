/* SPDX-License-Identifier: MIT */
/* gate_json: a gate's report as one document; docs/ci.md says what each key means. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "reports/gate_say.h"
#include "reports/words.h"

static json_t *hex_json(const uint8_t key[32])
{
	static const uint8_t unknown[32];
	char text[65];
	if (memcmp(key, unknown, sizeof(unknown)) == 0)
		return json_null();
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	return json_string(text);
}

/* ns as a number: everything from this century fits 63 bits. */
static json_t *time_json(uint64_t ns)
{
	return ns && ns <= INT64_MAX ? json_integer((json_int_t)ns) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? assay_json_text(text) : json_null();
}

static json_t *side_json(const struct assay_gate_side_info *side)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "label", assay_json_text(side->label),
			 "kind", text_or_null(side->kind), "commit", text_or_null(side->commit),
			 "variants", (json_int_t)side->variants, "run",
			 side->run ? json_integer(side->run) : json_null(), "machine",
			 text_or_null(side->machine));
}

static json_t *policy_json(const struct assay_gate_report *report)
{
	const struct assay_gate_policy *p = &report->policy;
	json_t *looks = json_array();
	for (size_t i = 0; i < p->looks && i < ASSAY_GATE_LOOKS; i++)
		json_array_append_new(looks, json_integer((json_int_t)p->look_pairs[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "preset",
			 assay_json_text(report->preset), "m0", assay_json_real(p->m0), "m1",
			 assay_json_real(p->m1), "alpha", assay_json_real(p->alpha), "screen_level",
			 assay_json_real(p->screen_level), "ok_level", assay_json_real(p->ok_level),
			 "screen_pairs", (json_int_t)p->screen_pairs, "looks", looks);
}

static json_t *counts_json(const struct assay_gate_report *report)
{
	json_t *json = json_object();
	for (int i = 0; i < ASSAY_DECISIONS; i++) {
		size_t n = assay_gate_report_count(report, (enum assay_decision)i);
		json_object_set_new(json, assay_decision_name((enum assay_decision)i),
				    json_integer((json_int_t)n));
	}
	return json;
}

static json_t *causes_json(const struct assay_gate_causes *causes)
{
	json_t *array = json_array();
	for (size_t i = 0; i < causes->n && i < ASSAY_CAUSES; i++)
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:o}", "cause",
					 assay_gate_cause_name(causes->found[i].cause), "text",
					 assay_gate_cause_text(causes->found[i].cause), "strength",
					 assay_json_real(causes->found[i].strength)));
	return array;
}

static json_t *acceptance_json(const struct assay_gate_row *row)
{
	const struct assay_gate_acceptance *a = &row->acceptance;
	if (!a->present)
		return json_null();
	double limit = row->better == ASSAY_HIGHER ? 1 / a->limit_ratio : a->limit_ratio;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "limit", assay_json_real(limit - 1),
			 "limit_ratio", assay_json_real(a->limit_ratio), "author",
			 assay_json_text(a->author), "note", assay_json_text(a->note), "made_ns",
			 time_json(a->made_ns), "expires_ns", time_json(a->expires_ns));
}

static json_t *change_json(const struct assay_gate_row *row)
{
	struct assay_gate_change change = assay_gate_row_change(row);
	return json_pack("{s:o, s:o, s:o}", "ratio", assay_json_real(change.ratio), "lo",
			 assay_json_real(change.lo), "hi", assay_json_real(change.hi));
}

static void add_numbers(json_t *json, const struct assay_gate_row *row)
{
	const struct assay_gate_estimate *e = &row->estimate;
	size_t more = gate_say_more_pairs(row);
	json_object_set_new(json, "base", assay_json_real(row->base));
	json_object_set_new(json, "candidate", assay_json_real(row->cand));
	json_object_set_new(json, "change", change_json(row));
	json_object_set_new(json, "worse", assay_json_real(e->ratio));
	json_object_set_new(json, "m0", assay_json_real(row->m0));
	json_object_set_new(json, "m1", assay_json_real(row->m1));
	json_object_set_new(json, "p", assay_json_real(row->p));
	json_object_set_new(json, "adjusted_p", assay_json_real(row->adjusted_p));
	json_object_set_new(json, "pairs", json_integer((json_int_t)row->pairs));
	json_object_set_new(json, "lost_pairs", json_integer((json_int_t)row->lost_pairs));
	json_object_set_new(json, "more_pairs",
			    more ? json_integer((json_int_t)more) : json_null());
	json_object_set_new(json, "detectable", assay_json_real(e->detectable));
	json_object_set_new(json, "preempted_share", assay_json_real(row->preempted_share));
	json_object_set_new(json, "steal_share", assay_json_real(row->steal_share));
	json_object_set_new(json, "placement_share", assay_json_real(row->placement_share));
	json_object_set_new(json, "placement_sd", assay_json_real(row->placement_sd));
}

static json_t *row_json(const struct assay_gate_row *row)
{
	json_t *json = json_object();
	bool failed = row->decision == ASSAY_DECISION_FAILED;
	json_object_set_new(json, "name", assay_json_text(row->name));
	json_object_set_new(json, "suite", text_or_null(row->suite));
	json_object_set_new(json, "benchmark", text_or_null(row->benchmark));
	json_object_set_new(json, "metric", text_or_null(row->metric));
	json_object_set_new(json, "unit", text_or_null(row->unit));
	json_object_set_new(json, "better",
			    json_string(row->better == ASSAY_HIGHER ? "higher" : "lower"));
	json_object_set_new(json, "series", hex_json(row->series_key));
	json_object_set_new(json, "decision", json_string(assay_decision_name(row->decision)));
	json_object_set_new(json, "status",
			    failed ? json_string(assay_status_name(row->status)) : json_null());
	json_object_set_new(json, "reason", text_or_null(row->reason));
	add_numbers(json, row);
	json_object_set_new(json, "causes", causes_json(&row->causes));
	json_object_set_new(json, "acceptance", acceptance_json(row));
	json_object_set_new(json, "false_alarms",
			    json_integer((json_int_t)row->acceptance.false_alarms));
	json_object_set_new(json, "location", text_or_null(row->location));
	json_object_set_new(json, "elapsed_ns", time_json(row->elapsed_ns));
	return json;
}

static json_t *remarks_json(const struct assay_gate_report *report)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->n_remarks; i++)
		json_array_append_new(array, assay_json_text(report->remarks[i]));
	return array;
}

static void add_circumstances(json_t *json, const struct assay_gate_report *report)
{
	const char noise[] = {report->noise, '\0'};
	json_object_set_new(json, "paired", json_boolean(report->paired));
	json_object_set_new(json, "hardware_comparison", json_boolean(report->hardware));
	json_object_set_new(json, "out_of_time", json_boolean(report->out_of_time));
	json_object_set_new(json, "interrupted", json_boolean(report->interrupted));
	/* As text: half of all seeds are beyond what JSON readers keep exactly. */
	json_object_set_new(json, "seed", json_sprintf("%" PRIu64, report->seed));
	json_object_set_new(json, "started_ns", time_json(report->started_ns));
	json_object_set_new(json, "elapsed_ns", time_json(report->elapsed_ns));
	json_object_set_new(json, "launches", json_integer((json_int_t)report->launches));
	json_object_set_new(json, "noise", text_or_null(noise));
	json_object_set_new(json, "noise_reason", text_or_null(report->noise_reason));
}

enum assay_code assay_gate_write_json(const struct assay_gate_report *report, FILE *out,
				      const struct assay_gate_options *options,
				      struct assay_err *err)
{
	bool strict = options && options->strict;
	ASSAY_AUTO(assay_str_done) struct assay_str words = {0};
	gate_say_answer(&words, report, strict);
	json_t *series = json_array();
	for (size_t i = 0; i < report->n; i++)
		json_array_append_new(series, row_json(&report->rows[i]));
	json_t *json =
		json_pack("{s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o}", "schema", "assay/1", "answer",
			  assay_gate_answer_name(assay_gate_report_answer(report)), "words",
			  assay_json_text(assay_str_text(&words)), "strict", (int)strict, "base",
			  side_json(&report->base), "candidate", side_json(&report->cand), "policy",
			  policy_json(report), "counts", counts_json(report));
	add_circumstances(json, report);
	json_object_set_new(json, "series", series);
	json_object_set_new(json, "remarks", remarks_json(report));
	return assay_json_document(json, out, err);
}

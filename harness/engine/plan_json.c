/* SPDX-License-Identifier: MIT */
/* plan_json: a plan written as lines of JSON, and the same plan made of them elsewhere. */
#include "harness/engine/plan_json.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/measure.h"

static json_t *texts(const char *const *list)
{
	json_t *array = json_array();
	for (; list && *list; list++)
		json_array_append_new(array, assay_json_text(*list));
	return array;
}

json_t *assay_planned_json(const struct assay_planned *planned)
{
	const struct assay_case *c = &planned->c;
	const struct assay_subject *subject = c->subject ? c->subject->subject : NULL;
	const struct assay_metric_info metric = assay_primary_metric(c->bench->bench, subject);
	json_t *params = json_object(), *cpus = json_array();
	for (size_t i = 0; i < c->n_params; i++)
		json_object_set_new(params, c->params[i].name, assay_json_text(c->params[i].text));
	for (unsigned t = 0; planned->cpus && t < c->threads; t++)
		json_array_append_new(cpus, json_integer(planned->cpus[t]));
	return json_pack("{s:o, s:o, s:o, s:i, s:o, s:i, s:o, s:o, s:s, s:o, s:o, s:o}", "name",
			 assay_json_text(c->name), "suite", assay_json_text(c->bench->suite),
			 "benchmark", assay_json_text(c->bench->name), "version",
			 (int)c->bench->bench->version, "subject",
			 assay_json_text(c->subject ? c->subject->name : NULL), "threads",
			 (int)c->threads, "params", params, "unit", assay_json_text(metric.unit),
			 "better", metric.better == ASSAY_HIGHER ? "higher" : "lower", "cpus", cpus,
			 "skip", assay_json_text(planned->skip), "environment",
			 texts(subject ? subject->environment : NULL));
}

/* What one case of a copy points to. The document is kept, and the texts with it. */
struct plan_copy_entry {
	json_t *json;
	struct assay_bench bench;
	struct assay_bench_entry bench_entry;
	struct assay_subject subject;
	struct assay_subject_entry subject_entry;
	const char *environment[33];
};

static enum assay_code malformed(json_t *json, struct assay_err *err)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	char shown[120];
	assay_sanitise(shown, sizeof(shown), name ? name : "a case without a name");
	return assay_fail(err, ASSAY_EPARSE, "the plan says something about %s that makes no sense",
			  shown);
}

static enum assay_code read_params(json_t *params, struct assay_case *c, struct assay_err *err)
{
	const char *key;
	json_t *value;
	json_object_foreach (params, key, value) {
		if (c->n_params == ASSAY_CASE_MAX_AXES || !json_is_string(value))
			return malformed(NULL, err);
		struct assay_case_param *param = &c->params[c->n_params++];
		param->name = key;
		if (!assay_copy(param->text, sizeof(param->text), json_string_value(value)))
			return malformed(NULL, err);
	}
	return ASSAY_OK;
}

static enum assay_code read_cpus(json_t *cpus, struct assay_planned *planned, struct assay_err *err)
{
	size_t n = json_array_size(cpus);
	if (!n)
		return ASSAY_OK;
	if (n != planned->c.threads)
		return malformed(NULL, err);
	planned->cpus = calloc(n, sizeof(*planned->cpus));
	if (!planned->cpus)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	for (size_t i = 0; i < n; i++)
		planned->cpus[i] = (unsigned)json_integer_value(json_array_get(cpus, i));
	return ASSAY_OK;
}

static enum assay_code read_subject(struct plan_copy_entry *entry, struct assay_case *c,
				    struct assay_err *err)
{
	json_t *environment = json_object_get(entry->json, "environment");
	size_t n = json_array_size(environment);
	if (n >= ASSAY_COUNT_OF(entry->environment))
		return malformed(entry->json, err);
	for (size_t i = 0; i < n; i++) {
		entry->environment[i] = json_string_value(json_array_get(environment, i));
		if (!entry->environment[i])
			return malformed(entry->json, err);
	}
	entry->subject.environment = entry->environment;
	entry->subject_entry = (struct assay_subject_entry){
		.suite = entry->bench_entry.suite,
		.name = json_string_value(json_object_get(entry->json, "subject")),
		.subject = &entry->subject,
	};
	c->subject = entry->subject_entry.name ? &entry->subject_entry : NULL;
	return ASSAY_OK;
}

static enum assay_code read_case(struct plan_copy_entry *entry, struct assay_planned *planned,
				 struct assay_err *err)
{
	const char *name, *suite, *benchmark, *unit, *better;
	int version, threads;
	json_t *params, *cpus, *skip;
	if (json_unpack(entry->json, "{s:s, s:s, s:s, s:i, s:i, s:o, s:s, s:s, s:o, s:o}", "name",
			&name, "suite", &suite, "benchmark", &benchmark, "version", &version,
			"threads", &threads, "params", &params, "unit", &unit, "better", &better,
			"cpus", &cpus, "skip", &skip) != 0 ||
	    !assay_name_valid(suite) || !assay_name_valid(benchmark) || version < 0 ||
	    threads < 1 || !json_is_object(params) || !json_is_array(cpus))
		return malformed(entry->json, err);
	entry->bench = (struct assay_bench){
		.version = (unsigned)version,
		.unit = unit,
		.better = strcmp(better, "higher") == 0 ? ASSAY_HIGHER : ASSAY_LOWER,
	};
	entry->bench_entry = (struct assay_bench_entry){suite, benchmark, &entry->bench, NULL};
	planned->c = (struct assay_case){
		.bench = &entry->bench_entry,
		.threads = (unsigned)threads,
		.name = strdup(name),
	};
	planned->skip = json_is_string(skip) ? strdup(json_string_value(skip)) : NULL;
	if (!planned->c.name || (json_is_string(skip) && !planned->skip))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	enum assay_code rc = read_subject(entry, &planned->c, err);
	if (rc == ASSAY_OK)
		rc = read_params(params, &planned->c, err);
	return rc == ASSAY_OK ? read_cpus(cpus, planned, err) : rc;
}

static bool is_planned(json_t *json)
{
	const char *event = json_string_value(json_object_get(json, "event"));
	return event && strcmp(event, "planned") == 0;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

enum assay_code assay_plan_copy_read(const char *lines, struct assay_plan_copy *ret,
				     struct assay_err *err)
{
	size_t most = count_lines(lines);
	ret->entries = calloc(most, sizeof(*ret->entries));
	ret->plan.cases = calloc(most, sizeof(*ret->plan.cases));
	if (!ret->entries || !ret->plan.cases)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a plan");
	unsigned number = 1;
	for (const char *line = lines; *line; number++) {
		size_t length = strcspn(line, "\n");
		json_error_t why;
		json_t *json = json_loadb(line, length, 0, &why);
		line += length + (line[length] == '\n');
		if (!json)
			return assay_fail(err, ASSAY_EPARSE, "line %u of the plan: %s", number,
					  why.text);
		if (!is_planned(json)) {
			json_decref(json);
			continue;
		}
		struct plan_copy_entry *entry = &ret->entries[ret->n_entries++];
		entry->json = json;
		enum assay_code rc = read_case(entry, &ret->plan.cases[ret->plan.n++], err);
		if (rc != ASSAY_OK)
			return assay_context(err, rc, "line %u of the plan", number);
	}
	return ASSAY_OK;
}

void assay_plan_copy_done(struct assay_plan_copy *copy)
{
	for (size_t i = 0; i < copy->n_entries; i++)
		json_decref(copy->entries[i].json);
	if (copy->plan.cases)
		assay_plan_done(&copy->plan);
	free(copy->entries);
	*copy = (struct assay_plan_copy){0};
}

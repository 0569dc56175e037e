/* SPDX-License-Identifier: MIT */
/* gbench_json: bare NaN made readable, then jansson, then repetitions. */
#include "harness/engine/gbench_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

/* The numbers that JSON lacks, as the library writes them, and what stands in for them. */
static const struct bare {
	const char *text;
	const char *instead;
} bare[] = {
	{"-Infinity", "\"-inf\""}, {"Infinity", "\"inf\""}, {"-NaN", "\"nan\""}, {"NaN", "\"nan\""},
	{"-inf", "\"-inf\""},      {"inf", "\"inf\""},      {"-nan", "\"nan\""}, {"nan", "\"nan\""},
};

static const struct bare *find_bare(const char *text, size_t left)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(bare); i++) {
		size_t n = strlen(bare[i].text);
		if (n <= left && memcmp(text, bare[i].text, n) == 0)
			return &bare[i];
	}
	return NULL;
}

/* Bytes of the string literal that begins at `text`, its quotes included. */
static size_t literal_length(const char *text, size_t left)
{
	size_t n = 1;
	while (n < left && text[n] != '"')
		n += text[n] == '\\' ? 2 : 1;
	return n < left ? n + 1 : left;
}

/* A string literal; control characters, which the library does not escape, become '?'. */
static void put_literal(const char *text, size_t length, struct assay_str *out)
{
	for (size_t i = 0; i < length; i++) {
		bool control = (unsigned char)text[i] < 0x20;
		assay_str_put(out, control ? "?" : text + i, 1);
	}
}

static void make_strict(const char *text, size_t length, struct assay_str *out)
{
	for (size_t at = 0; at < length;) {
		const struct bare *number = find_bare(text + at, length - at);
		size_t n = 1;
		if (number) {
			assay_str_add(out, "%s", number->instead);
			n = strlen(number->text);
		} else if (text[at] == '"') {
			n = literal_length(text + at, length - at);
			put_literal(text + at, n, out);
		} else {
			assay_str_put(out, text + at, 1);
		}
		at += n;
	}
}

static double number_of(const json_t *json)
{
	const char *text = json_string_value(json);
	if (json_is_number(json))
		return json_number_value(json);
	if (text && strcmp(text, "inf") == 0)
		return INFINITY;
	if (text && strcmp(text, "-inf") == 0)
		return -INFINITY;
	return NAN;
}

/* Is it a number, or one of those that JSON lacks? */
static bool is_number(const json_t *json)
{
	const char *text = json_string_value(json);
	return json_is_number(json) ||
	       (text && (strcmp(text, "nan") == 0 || !isnan(number_of(json))));
}

static double unit_ns(const json_t *run)
{
	const char *unit = json_string_value(json_object_get(run, "time_unit"));
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	for (size_t i = 0; unit && i < ASSAY_COUNT_OF(units); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ns;
	return NAN;
}

/* The library's own fields; what else is a number was put there by the benchmark. */
static bool is_own_field(const char *key)
{
	static const char *const own[] = {
		"family_index", "per_family_instance_index",
		"repetitions",  "repetition_index",
		"threads",      "iterations",
		"real_time",    "cpu_time",
		"name",         "run_name",
		"run_type",     "time_unit",
		"label",        "error_message",
		"skip_message",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(own); i++)
		if (strcmp(own[i], key) == 0)
			return true;
	return false;
}

static void read_counters(json_t *json, struct assay_gbench_run *run)
{
	const char *key;
	json_t *value;
	json_object_foreach (json, key, value) {
		if (is_own_field(key) || !is_number(value) ||
		    run->n_counters == ASSAY_GBENCH_MAX_COUNTERS)
			continue;
		struct assay_gbench_counter *counter = &run->counters[run->n_counters++];
		assay_sanitise(counter->name, sizeof(counter->name), key);
		counter->value = number_of(value);
	}
}

static char *copy_message(const json_t *json, const char *flag, const char *message)
{
	if (!json_is_true(json_object_get(json, flag)))
		return NULL;
	const char *text = json_string_value(json_object_get(json, message));
	return strdup(text && *text ? text : "no reason given");
}

static void run_done(struct assay_gbench_run *run)
{
	free(run->name);
	free(run->error);
	free(run->skip);
}

static bool read_run(json_t *json, struct assay_gbench_run *run)
{
	const char *name = json_string_value(json_object_get(json, "run_name"));
	if (!name)
		name = json_string_value(json_object_get(json, "name"));
	double ns = unit_ns(json), threads = number_of(json_object_get(json, "threads"));
	*run = (struct assay_gbench_run){
		.name = name ? strdup(name) : NULL,
		.threads = threads >= 1 && threads <= 65536 ? (unsigned)threads : 1,
		.real_ns = number_of(json_object_get(json, "real_time")) * ns,
		.cpu_ns = number_of(json_object_get(json, "cpu_time")) * ns,
		.iterations = number_of(json_object_get(json, "iterations")),
		.error = copy_message(json, "error_occurred", "error_message"),
		.skip = copy_message(json, "skipped", "skip_message"),
	};
	read_counters(json, run);
	return run->name != NULL;
}

static bool is_repetition(const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "run_type"));
	return json_is_object(json) && (!type || strcmp(type, "iteration") == 0);
}

/* A mean of repetitions that the report leaves out: --benchmark_report_aggregates_only. */
static bool is_lone_mean(const json_t *json, const struct assay_gbench_report *report)
{
	const char *of = json_string_value(json_object_get(json, "aggregate_name"));
	const char *name = json_string_value(json_object_get(json, "run_name"));
	if (!of || !name || strcmp(of, "mean") != 0)
		return false;
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->runs[i].name, name) == 0)
			return false;
	return true;
}

/* Without its repetitions nothing can be said of a mean; that it is there must not go unsaid. */
static void skip_mean(struct assay_gbench_run *run)
{
	run->n_counters = 0;
	run->real_ns = run->cpu_ns = NAN;
	if (!run->error && !run->skip)
		run->skip =
			strdup("aggregates without their repetitions: run it without "
			       "--benchmark_report_aggregates_only");
}

static enum assay_code read_runs(json_t *list, struct assay_gbench_report *report,
				 struct assay_err *err)
{
	report->runs = calloc(json_array_size(list) + 1, sizeof(*report->runs));
	if (!report->runs)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a report");
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one) {
		bool lone = !is_repetition(one) && is_lone_mean(one, report);
		if (!is_repetition(one) && !lone)
			continue;
		if (!read_run(one, &report->runs[report->n])) {
			run_done(&report->runs[report->n]);
			return assay_fail(err, ASSAY_EPARSE,
					  "benchmark %zu of its report has no name", i);
		}
		if (lone)
			skip_mean(&report->runs[report->n]);
		report->n++;
	}
	return ASSAY_OK;
}

enum assay_code assay_gbench_read(const char *text, size_t length, struct assay_gbench_report *ret,
				  struct assay_err *err)
{
	*ret = (struct assay_gbench_report){0};
	const char *begin = length ? memchr(text, '{', length) : NULL;
	if (!begin)
		return assay_fail(err, ASSAY_EPARSE, "it printed no JSON");
	ASSAY_AUTO(assay_str_done) struct assay_str strict = {0};
	make_strict(begin, length - (size_t)(begin - text), &strict);
	json_error_t why;
	json_t *json = strict.failed ? NULL
				     : json_loadb(assay_str_text(&strict), strict.length,
						  JSON_DECODE_INT_AS_REAL, &why);
	if (!json)
		return assay_fail(err, ASSAY_EPARSE, "its JSON is malformed in line %d: %s",
				  strict.failed ? 0 : why.line,
				  strict.failed ? "out of memory" : why.text);
	json_t *list = json_object_get(json, "benchmarks");
	const char *version = json_string_value(
		json_object_get(json_object_get(json, "context"), "library_version"));
	assay_sanitise(ret->version, sizeof(ret->version), version ? version : "");
	ret->context = json_incref(json_object_get(json, "context"));
	enum assay_code rc = json_is_array(list) ? read_runs(list, ret, err)
						 : assay_fail(err, ASSAY_EPARSE,
							      "its JSON has no list of benchmarks");
	json_decref(json);
	if (rc != ASSAY_OK)
		assay_gbench_report_done(ret);
	return rc;
}

void assay_gbench_report_done(struct assay_gbench_report *report)
{
	for (size_t i = 0; i < report->n; i++)
		run_done(&report->runs[i]);
	free(report->runs);
	json_decref(report->context);
	*report = (struct assay_gbench_report){0};
}

bool assay_gbench_divides_wall_time(const char *version)
{
	if (*version == 'v')
		version++;
	char *end;
	long major = strtol(version, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return major < 1 || (major == 1 && minor < 9);
}

/* SPDX-License-Identifier: MIT */
/*
 * run_parse: a run and its results out of JSON from outside. Every field is read by a function that puts
 * its first complaint into `struct reader`; after that nothing is read.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/store/arena.h"
#include "harness/store/run_json.h"

/* Samples, launches, buckets: what one result may hold; more is a mistake or malice. */
enum { LONGEST_ARRAY = 100000000 };

struct reader {
	struct store_arena *arena;
	const char *where; /* name of the result, or "the run" */
	enum assay_code code;
	struct assay_err *err;
};

static void complain(struct reader *r, const char *key, const char *wants)
{
	if (r->code == ASSAY_OK)
		r->code = assay_fail(r->err, ASSAY_EPARSE, "'%s' of %.160s is not %s", key,
				     r->where, wants);
}

static void *take(struct reader *r, size_t n, size_t size)
{
	void *memory = r->code == ASSAY_OK ? store_arena_take(r->arena, (n ? n : 1) * size) : NULL;
	if (!memory && r->code == ASSAY_OK)
		r->code = assay_fail(r->err, ASSAY_ENOMEM, "out of memory for a run of %.160s",
				     r->where);
	return memory;
}

static const char *copy(struct reader *r, const char *text)
{
	size_t n = strlen(text);
	char *to = take(r, n + 1, 1);
	return to ? memcpy(to, text, n + 1) : "";
}

/* A text; `absent` when it is missing or null. */
static const char *text_of(struct reader *r, const json_t *json, const char *key,
			   const char *absent)
{
	const json_t *value = json_object_get(json, key);
	if (!value || json_is_null(value))
		return absent;
	if (!json_is_string(value)) {
		complain(r, key, "a text");
		return absent;
	}
	return copy(r, json_string_value(value));
}

/* A document that the store keeps as text; `absent` when it is missing or null. */
static const char *dump_of(struct reader *r, const json_t *json, const char *key,
			   const char *absent)
{
	const json_t *value = json_object_get(json, key);
	if (!value || json_is_null(value))
		return absent;
	ASSAY_AUTO_FREE char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	return dump ? copy(r, dump) : absent;
}

static double real_of(struct reader *r, const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);
	if (!value || json_is_null(value))
		return NAN;
	if (!json_is_number(value))
		complain(r, key, "a number");
	return json_number_value(value);
}

/* A whole number from 0 to `most`; 0 when it is missing. */
static uint64_t whole_of(struct reader *r, const json_t *json, const char *key, uint64_t most)
{
	const json_t *value = json_object_get(json, key);
	if (!value || json_is_null(value))
		return 0;
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < 0 || (uint64_t)n > most) {
		complain(r, key, "a whole number in range");
		return 0;
	}
	return (uint64_t)n;
}

/* The items of an array; an empty one when it is missing. */
static size_t items_of(struct reader *r, const json_t *json, const char *key, const json_t **ret)
{
	const json_t *value = json_object_get(json, key);
	*ret = value;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value) || json_array_size(value) > LONGEST_ARRAY) {
		complain(r, key, "an array");
		return 0;
	}
	return json_array_size(value);
}

/* Item i as a whole number up to `most`. */
static uint64_t item_of(struct reader *r, const json_t *array, const char *key, size_t i,
			uint64_t most)
{
	const json_t *value = json_array_get(array, i);
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < 0 || (uint64_t)n > most) {
		complain(r, key, "an array of whole numbers in range");
		return 0;
	}
	return (uint64_t)n;
}

static char letter_of(struct reader *r, const json_t *json, const char *key)
{
	const char *text = text_of(r, json, key, "?");
	return text[0] == '?' ? '\0' : text[0];
}

/* Hexadecimal digits with or without hyphens; zeros when missing. */
static void bytes_of(struct reader *r, const json_t *json, const char *key, uint8_t *to, size_t n)
{
	const char *text = text_of(r, json, key, NULL);
	memset(to, 0, n);
	for (size_t i = 0; text && i < 2 * n; text++) {
		if (*text == '-')
			continue;
		const char *digits = "0123456789abcdef", *at = *text ? strchr(digits, *text) : NULL;
		if (!at) {
			complain(r, key, "hexadecimal of the right length");
			return;
		}
		to[i / 2] = (uint8_t)(to[i / 2] << 4 | (at - digits));
		i++;
	}
	if (text && *text)
		complain(r, key, "hexadecimal of the right length");
}

static void read_params(struct reader *r, const json_t *json, struct assay_result *ret)
{
	json_t *params = json_object_get(json, "params");
	const char *name;
	json_t *value;
	if (params && !json_is_object(params))
		complain(r, "params", "an object");
	struct assay_param *to = take(r, json_object_size(params), sizeof(*to));
	ret->params = to;
	json_object_foreach (params, name, value) {
		if (!to || !json_is_string(value)) {
			complain(r, "params", "an object of texts");
			return;
		}
		to[ret->n_params++] =
			(struct assay_param){copy(r, name), copy(r, json_string_value(value))};
	}
}

static void read_count(struct reader *r, const char *event, const json_t *json,
		       struct assay_count *to)
{
	const char *quality = text_of(r, json, "quality", "unavailable");
	assay_copy(to->event, sizeof(to->event), event);
	assay_copy(to->source, sizeof(to->source), text_of(r, json, "source", ""));
	assay_copy(to->unit, sizeof(to->unit), text_of(r, json, "unit", ""));
	assay_copy(to->reason, sizeof(to->reason), text_of(r, json, "reason", ""));
	to->quality = assay_quality_parse(quality);
	if (to->quality == ASSAY_UNAVAILABLE)
		return;
	to->value = real_of(r, json, "value");
	to->raw = whole_of(r, json, "raw", INT64_MAX);
	to->enabled_ns = whole_of(r, json, "enabled_ns", INT64_MAX);
	to->running_ns = whole_of(r, json, "running_ns", INT64_MAX);
}

static void read_counters(struct reader *r, const json_t *json, struct assay_result *ret)
{
	json_t *counters = json_object_get(json, "counters");
	const char *event;
	json_t *value;
	if (counters && !json_is_object(counters))
		complain(r, "counters", "an object");
	struct assay_count *to = take(r, json_object_size(counters), sizeof(*to));
	ret->counters = to;
	json_object_foreach (counters, event, value) {
		if (!to)
			return;
		read_count(r, event, value, &to[ret->n_counters++]);
	}
}

static void read_estimate(struct reader *r, const json_t *json, struct assay_estimate *e)
{
	const struct {
		const char *key;
		double *to;
	} fields[] = {
		{"median", &e->median}, {"lo", &e->lo},     {"hi", &e->hi},   {"min", &e->min},
		{"max", &e->max},       {"mean", &e->mean}, {"sd", &e->sd},   {"mad", &e->mad},
		{"p50", &e->p50},       {"p90", &e->p90},   {"p99", &e->p99}, {"p999", &e->p999},
	};
	e->n = whole_of(r, json, "n", INT64_MAX);
	for (size_t i = 0; i < ASSAY_COUNT_OF(fields); i++)
		*fields[i].to = real_of(r, json, fields[i].key);
}

static void read_samples(struct reader *r, const json_t *json, struct assay_samples *s)
{
	const json_t *values, *flags, *ends;
	size_t n = items_of(r, json, "samples", &values);
	size_t n_flags = items_of(r, json, "sample_flags", &flags);
	size_t launches = items_of(r, json, "launch_ends", &ends);
	s->values = take(r, n, sizeof(*s->values));
	s->flags = take(r, n, sizeof(*s->flags));
	s->launch_end = take(r, launches, sizeof(*s->launch_end));
	if (n_flags != n && n_flags)
		complain(r, "sample_flags", "as long as 'samples'");
	for (size_t i = 0; i < n && r->code == ASSAY_OK; i++) {
		const json_t *value = json_array_get(values, i);
		if (!json_is_number(value) && !json_is_null(value))
			complain(r, "samples", "an array of numbers");
		s->values[i] = json_is_null(value) ? NAN : json_number_value(value);
		s->flags[i] =
			n_flags ? (uint8_t)item_of(r, flags, "sample_flags", i, UINT8_MAX) : 0;
	}
	for (size_t i = 0; i < launches && r->code == ASSAY_OK; i++) {
		s->launch_end[i] = (uint32_t)item_of(r, ends, "launch_ends", i, n);
		if (i && s->launch_end[i] < s->launch_end[i - 1])
			complain(r, "launch_ends", "ascending");
	}
	if (launches && r->code == ASSAY_OK && s->launch_end[launches - 1] != n)
		complain(r, "launch_ends", "ending at the number of samples");
	s->n = n;
	s->launches = launches;
}

static void read_histogram(struct reader *r, const json_t *json, struct assay_histogram_data *h)
{
	const json_t *histogram = json_object_get(json, "histogram"), *index, *counts;
	size_t n = items_of(r, histogram, "index", &index);
	if (items_of(r, histogram, "counts", &counts) != n)
		complain(r, "counts", "as long as 'index'");
	h->index = take(r, n, sizeof(*h->index));
	h->counts = take(r, n, sizeof(*h->counts));
	for (size_t i = 0; i < n && r->code == ASSAY_OK; i++) {
		h->index[i] = (uint32_t)item_of(r, index, "index", i, UINT32_MAX);
		h->counts[i] = item_of(r, counts, "counts", i, INT64_MAX);
		if (i && h->index[i] <= h->index[i - 1])
			complain(r, "index", "ascending");
	}
	h->n = n;
}

/* A name that results cannot do without. */
static const char *name_of(struct reader *r, const json_t *json, const char *key)
{
	const char *name = text_of(r, json, key, "");
	if (!*name)
		complain(r, key, "given");
	return name;
}

static void read_result(struct reader *r, const json_t *json, struct assay_result *ret)
{
	if (!json_is_object(json)) {
		complain(r, "results", "an array of objects");
		return;
	}
	ret->name = name_of(r, json, "name");
	r->where = ret->name;
	ret->suite = name_of(r, json, "suite");
	ret->benchmark = name_of(r, json, "benchmark");
	ret->subject = text_of(r, json, "subject", "");
	ret->version = (unsigned)whole_of(r, json, "version", INT32_MAX);
	ret->threads = (unsigned)whole_of(r, json, "threads", INT32_MAX);
	ret->metric.name = name_of(r, json, "metric");
	ret->metric.unit = text_of(r, json, "unit", "");
	ret->metric.better = strcmp(text_of(r, json, "better", "lower"), "higher") == 0
				     ? ASSAY_HIGHER
				     : ASSAY_LOWER;
	ret->primary = json_is_true(json_object_get(json, "primary"));
	int status = assay_status_parse(text_of(r, json, "status", ""));
	if (status < 0)
		complain(r, "status", "one of ok, skipped, failed, crashed, timeout, unstable");
	ret->status = (enum assay_status)status;
	ret->reason = text_of(r, json, "reason", "");
	ret->cpu_ratio = real_of(r, json, "samples_cpu_ratio");
	ret->noise = letter_of(r, json, "noise");
	ret->driver = text_of(r, json, "driver", "");
	ret->clock = text_of(r, json, "clock", "");
	ret->flags = (unsigned)whole_of(r, json, "flags", INT32_MAX);
	ret->started_ns = whole_of(r, json, "started_ns", INT64_MAX);
	ret->elapsed_ns = whole_of(r, json, "elapsed_ns", INT64_MAX);
	ret->bytes_per_op = real_of(r, json, "bytes_per_op");
	ret->flops_per_op = real_of(r, json, "flops_per_op");
	read_params(r, json, ret);
	read_estimate(r, json, &ret->estimate);
	read_counters(r, json, ret);
	read_samples(r, json, &ret->samples);
	read_histogram(r, json, &ret->histogram);
}

static void read_tags(struct reader *r, const json_t *json, struct assay_run_info *ret)
{
	json_t *tags = json_object_get(json, "tags");
	const char *key;
	json_t *value;
	if (tags && !json_is_object(tags))
		complain(r, "tags", "an object");
	struct assay_tag *to = take(r, json_object_size(tags), sizeof(*to));
	ret->tags = to;
	json_object_foreach (tags, key, value) {
		if (!to || !json_is_string(value)) {
			complain(r, "tags", "an object of texts");
			return;
		}
		to[ret->n_tags++] =
			(struct assay_tag){copy(r, key), copy(r, json_string_value(value))};
	}
}

static enum assay_run_status run_status_of(struct reader *r, const json_t *json)
{
	const char *name = text_of(r, json, "status", "imported");
	for (int s = ASSAY_RUN_COMPLETE; s <= ASSAY_RUN_IMPORTED; s++)
		if (strcmp(assay_run_status_name((enum assay_run_status)s), name) == 0)
			return (enum assay_run_status)s;
	/* What was running when it was written down will not go on here. */
	if (strcmp(name, assay_run_status_name(ASSAY_RUN_RUNNING)) == 0)
		return ASSAY_RUN_INTERRUPTED;
	complain(r, "status", "one of complete, interrupted, crashed, imported");
	return ASSAY_RUN_IMPORTED;
}

static void read_run(struct reader *r, const json_t *json, struct assay_run_info *ret)
{
	bytes_of(r, json, "uuid", ret->uuid, sizeof(ret->uuid));
	bytes_of(r, json, "fingerprint", ret->fingerprint, sizeof(ret->fingerprint));
	bytes_of(r, json, "environment_hash", ret->environment_hash, sizeof(ret->environment_hash));
	ret->status = run_status_of(r, json);
	ret->started_ns = whole_of(r, json, "started_ns", INT64_MAX);
	ret->finished_ns = whole_of(r, json, "finished_ns", INT64_MAX);
	const char *seed = text_of(r, json, "seed", "0");
	char *end;
	errno = 0;
	ret->seed = strtoull(seed, &end, 10);
	if (errno || *end || end == seed)
		complain(r, "seed", "a whole number as text");
	ret->noise = letter_of(r, json, "noise");
	ret->profile = text_of(r, json, "profile", "");
	ret->version = text_of(r, json, "version", "");
	ret->commit = text_of(r, json, "commit", NULL);
	ret->dirty = json_is_true(json_object_get(json, "dirty"));
	ret->machine_name = text_of(r, json, "machine", "");
	ret->command = dump_of(r, json, "command", "");
	ret->plan = dump_of(r, json, "plan", "");
	ret->machine_json = dump_of(r, json, "machine_facts", "");
	ret->environment_json = dump_of(r, json, "environment", "");
	ret->topology_xml = text_of(r, json, "topology_xml", NULL);
	read_tags(r, json, ret);
}

enum assay_code assay_run_parse_begin(const json_t *json, struct assay_run_info *ret_run,
				      struct assay_result_list *ret_results, struct assay_err *err)
{
	struct reader reader = {.arena = store_arena_new(), .where = "the run", .err = err};
	*ret_run = (struct assay_run_info){0};
	*ret_results = (struct assay_result_list){.memory = reader.arena};
	if (!reader.arena)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	if (!json_is_object(json))
		complain(&reader, "runs", "an array of objects");
	read_run(&reader, json, ret_run);
	if (reader.code != ASSAY_OK)
		assay_result_list_done(ret_results);
	return reader.code;
}

/* Room for one more; the list doubles whenever it is full, which is at powers of two. */
static bool grow(struct assay_result_list *list)
{
	if (list->n & (list->n - 1))
		return true;
	void *larger =
		reallocarray(list->results, list->n ? 2 * list->n : 1, sizeof(*list->results));
	if (larger)
		list->results = larger;
	return larger != NULL;
}

enum assay_code assay_run_parse_add(const json_t *json, struct assay_run_info *run,
				    struct assay_result_list *results, struct assay_err *err)
{
	struct reader reader = {.arena = results->memory, .where = "the run", .err = err};
	if (!grow(results))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu results",
				  results->n + 1);
	struct assay_result *result = &results->results[results->n];
	*result = (struct assay_result){0};
	read_result(&reader, json, result);
	if (reader.code == ASSAY_OK)
		run->n_results = ++results->n;
	return reader.code;
}

enum assay_code assay_run_parse(const json_t *json, struct assay_run_info *ret_run,
				struct assay_result_list *ret_results, struct assay_err *err)
{
	enum assay_code code = assay_run_parse_begin(json, ret_run, ret_results, err);
	if (code != ASSAY_OK)
		return code;
	struct reader reader = {.where = "the run", .err = err};
	const json_t *results;
	size_t n = items_of(&reader, json, "results", &results);
	code = reader.code;
	for (size_t i = 0; i < n && code == ASSAY_OK; i++)
		code = assay_run_parse_add(json_array_get(results, i), ret_run, ret_results, err);
	if (code != ASSAY_OK)
		assay_result_list_done(ret_results);
	return code;
}

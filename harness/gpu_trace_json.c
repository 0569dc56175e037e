/* SPDX-License-Identifier: MIT */
/* gpu_trace_json: a trace of devices as JSON, and back from bytes that may come from anywhere. */
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/gpu_trace.h"

#define SCHEMA "assay/gpu-trace/1"

/* One activity is a list: kind, device, stream, begin (since the trace's), length, bytes, name, and for kernels
 * registers, shared memory, grid and block. */
enum { WORK_FIELDS = 7, KERNEL_FIELDS = 15, SUM_FIELDS = 10 };

static void put(json_t *list, uint64_t number)
{
	json_array_append_new(list, json_integer((json_int_t)number));
}

static json_t *activity_json(const struct assay_gpu_trace_head *head,
			     const struct assay_gpu_activity *a)
{
	json_t *list = json_array();
	put(list, a->kind);
	put(list, a->device);
	put(list, a->stream);
	put(list, a->begin_ns - head->begin_ns); /* negative when before it */
	put(list, a->end_ns - a->begin_ns);
	put(list, a->bytes);
	json_array_append_new(list, assay_json_text(a->name));
	if (a->kind != ASSAY_GPU_KERNEL)
		return list;
	put(list, a->registers);
	put(list, a->shared_bytes);
	for (size_t i = 0; i < 3; i++)
		put(list, a->grid[i]);
	for (size_t i = 0; i < 3; i++)
		put(list, a->block[i]);
	return list;
}

static json_t *sum_json(const struct assay_gpu_sum *s)
{
	json_t *list = json_array();
	const uint64_t numbers[] = {s->kind,   s->device, s->stream,    s->count,       s->total_ns,
				    s->max_ns, s->bytes,  s->registers, s->shared_bytes};
	for (size_t i = 0; i < ASSAY_COUNT_OF(numbers); i++)
		put(list, numbers[i]);
	json_array_append_new(list, assay_json_text(s->name));
	return list;
}

static json_t *head_json(const struct assay_gpu_trace_head *h)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "begin_ns",
			 (json_int_t)h->begin_ns, "end_ns", (json_int_t)h->end_ns, "busy_ns",
			 (json_int_t)h->busy_ns, "dropped", (json_int_t)h->dropped, "damaged",
			 (json_int_t)h->damaged, "outside", (json_int_t)h->outside, "left_out",
			 (json_int_t)h->left_out, "unsummed", (json_int_t)h->unsummed);
}

enum assay_code assay_gpu_trace_encode(const struct assay_gpu_trace *trace, char **ret,
				       size_t *ret_size, struct assay_err *err)
{
	json_t *sums = json_array(), *activities = json_array();
	for (size_t i = 0; i < trace->n_sums; i++)
		json_array_append_new(sums, sum_json(&trace->sums[i]));
	for (size_t i = 0; i < trace->n; i++)
		json_array_append_new(activities,
				      activity_json(&trace->head, &trace->activities[i]));
	json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "schema", SCHEMA, "head",
				 head_json(&trace->head), "sums", sums, "activities", activities);
	*ret = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory to store a trace");
	*ret_size = strlen(*ret);
	return ASSAY_OK;
}

static enum assay_code damaged(struct assay_err *err, const char *what, size_t which)
{
	return assay_fail(err, ASSAY_EPARSE, "a stored trace is damaged: %s %zu", what, which);
}

static uint64_t count_of(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));
	return value > 0 ? (uint64_t)value : 0;
}

static void read_head(const json_t *json, struct assay_gpu_trace_head *ret)
{
	*ret = (struct assay_gpu_trace_head){
		.begin_ns = count_of(json, "begin_ns"),
		.end_ns = count_of(json, "end_ns"),
		.busy_ns = count_of(json, "busy_ns"),
		.dropped = count_of(json, "dropped"),
		.damaged = count_of(json, "damaged"),
		.outside = count_of(json, "outside"),
		.left_out = count_of(json, "left_out"),
		.unsummed = count_of(json, "unsummed"),
	};
	if (ret->end_ns < ret->begin_ns)
		ret->end_ns = ret->begin_ns;
}

/* Item `at` of a list, a number of 0 to `most`; false where it is none. */
static bool number_at(const json_t *list, size_t at, uint64_t most, uint64_t *ret)
{
	const json_t *item = json_array_get(list, at);
	json_int_t value = json_integer_value(item);
	*ret = (uint64_t)value;
	return json_is_integer(item) && value >= 0 && (uint64_t)value <= most;
}

static bool small_at(const json_t *list, size_t at, uint32_t *ret)
{
	uint64_t value;
	bool ok = number_at(list, at, UINT32_MAX, &value);
	*ret = (uint32_t)value;
	return ok;
}

static bool name_at(const json_t *list, size_t at, char *ret, size_t size)
{
	const char *text = json_string_value(json_array_get(list, at));
	if (text)
		assay_copy(ret, size, text);
	return text != NULL;
}

static bool read_activity(const json_t *list, const struct assay_gpu_trace_head *head,
			  struct assay_gpu_activity *ret)
{
	uint64_t length_ns;
	const json_t *begin = json_array_get(list, 3);
	*ret = (struct assay_gpu_activity){0};
	bool ok = small_at(list, 0, &ret->kind) && ret->kind < ASSAY_GPU_KINDS &&
		  small_at(list, 1, &ret->device) && small_at(list, 2, &ret->stream) &&
		  json_is_integer(begin) && number_at(list, 4, INT64_MAX, &length_ns) &&
		  number_at(list, 5, INT64_MAX, &ret->bytes) &&
		  name_at(list, 6, ret->name, sizeof(ret->name));
	if (!ok)
		return false;
	ret->begin_ns = head->begin_ns + (uint64_t)json_integer_value(begin);
	ret->end_ns = ret->begin_ns + length_ns;
	if (ret->end_ns < ret->begin_ns)
		return false;
	if (ret->kind != ASSAY_GPU_KERNEL)
		return json_array_size(list) == WORK_FIELDS;
	ok = json_array_size(list) == KERNEL_FIELDS && small_at(list, 7, &ret->registers) &&
	     small_at(list, 8, &ret->shared_bytes);
	for (size_t i = 0; ok && i < 3; i++)
		ok = small_at(list, 9 + i, &ret->grid[i]) && small_at(list, 12 + i, &ret->block[i]);
	return ok;
}

static bool read_sum(const json_t *list, struct assay_gpu_sum *ret)
{
	*ret = (struct assay_gpu_sum){0};
	return json_array_size(list) == SUM_FIELDS && small_at(list, 0, &ret->kind) &&
	       ret->kind < ASSAY_GPU_KINDS && small_at(list, 1, &ret->device) &&
	       small_at(list, 2, &ret->stream) && number_at(list, 3, INT64_MAX, &ret->count) &&
	       number_at(list, 4, INT64_MAX, &ret->total_ns) &&
	       number_at(list, 5, INT64_MAX, &ret->max_ns) &&
	       number_at(list, 6, INT64_MAX, &ret->bytes) && small_at(list, 7, &ret->registers) &&
	       small_at(list, 8, &ret->shared_bytes) &&
	       name_at(list, 9, ret->name, sizeof(ret->name));
}

static enum assay_code read_all(const json_t *json, struct assay_gpu_trace *ret,
				struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	const json_t *item;
	size_t i;
	read_head(json_object_get(json, "head"), &ret->head);
	json_array_foreach (json_object_get(json, "sums"), i, item) {
		struct assay_gpu_sum sum;
		rc = read_sum(item, &sum) ? assay_gpu_trace_add_sum(ret, &sum, err)
					  : damaged(err, "sum", i);
		if (rc != ASSAY_OK)
			return rc;
	}
	json_array_foreach (json_object_get(json, "activities"), i, item) {
		struct assay_gpu_activity activity;
		rc = read_activity(item, &ret->head, &activity)
			     ? assay_gpu_trace_keep(ret, &activity, err)
			     : damaged(err, "activity", i);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

enum assay_code assay_gpu_trace_decode(const void *bytes, size_t size, struct assay_gpu_trace *ret,
				       struct assay_err *err)
{
	json_error_t where;
	json_t *json = json_loadb(bytes, size, 0, &where);
	const char *schema = json_string_value(json_object_get(json, "schema"));
	*ret = (struct assay_gpu_trace){0};
	enum assay_code rc = schema && strcmp(schema, SCHEMA) == 0
				     ? read_all(json, ret, err)
				     : assay_fail(err, ASSAY_EPARSE,
						  "a stored trace is not of the form %s", SCHEMA);
	json_decref(json);
	if (rc != ASSAY_OK)
		assay_gpu_trace_done(ret);
	return rc;
}

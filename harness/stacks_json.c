/* SPDX-License-Identifier: MIT */
/* stacks_json: the tree of call stacks as JSON, and back from bytes that may come from anywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/stacks.h"

#define SCHEMA "assay/stacks/1"
/* More than any sampler makes; a hostile file must not make us allocate without end. */
enum { MOST_NODES = 4 * 1024 * 1024 };

static json_t *facts_json(const struct assay_stacks_facts *f)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "title", assay_json_text(f->title), "engine", assay_json_text(f->engine),
			 "unit", assay_json_text(f->unit), "unwind", assay_json_text(f->unwind),
			 "rate_hz", assay_json_real(f->rate_hz), "cost_ns",
			 assay_json_real(f->cost_ns), "cost_lo_ns", assay_json_real(f->cost_lo_ns),
			 "cost_hi_ns", assay_json_real(f->cost_hi_ns), "wall_ns",
			 (json_int_t)f->wall_ns, "samples", (json_int_t)f->samples, "outside",
			 (json_int_t)f->outside, "lost", (json_int_t)f->lost, "partial",
			 (json_int_t)f->partial, "remarks", assay_json_text(f->remarks));
}

static json_t *numbers(json_int_t a, json_int_t b, json_int_t c)
{
	json_t *list = json_array();
	json_array_append_new(list, json_integer(a));
	json_array_append_new(list, json_integer(b));
	json_array_append_new(list, json_integer(c));
	return list;
}

static json_t *frame_json(const struct assay_stack_frame *f)
{
	json_t *list = json_array();
	json_array_append_new(list, assay_json_text(f->function));
	json_array_append_new(list, assay_json_text(f->module));
	json_array_append_new(list, assay_json_text(f->file));
	json_array_append_new(list, json_integer(f->line));
	return list;
}

enum assay_code assay_stacks_encode(const struct assay_stacks *stacks, char **ret, size_t *ret_size,
				    struct assay_err *err)
{
	json_t *frames = json_array(), *nodes = json_array();
	for (size_t i = 0; i < stacks->n_frames; i++)
		json_array_append_new(frames, frame_json(&stacks->frames[i]));
	for (size_t i = 0; i < stacks->n_nodes; i++)
		json_array_append_new(nodes,
				      numbers(stacks->nodes[i].parent, stacks->nodes[i].frame,
					      (json_int_t)stacks->nodes[i].self));
	json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "schema", SCHEMA, "facts",
				 facts_json(&stacks->facts), "frames", frames, "nodes", nodes);
	*ret = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!*ret)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory to store call stacks");
	*ret_size = strlen(*ret);
	return ASSAY_OK;
}

static double real_of(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static uint64_t count_of(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));
	return value > 0 ? (uint64_t)value : 0;
}

static enum assay_code read_facts(const json_t *json, struct assay_stacks *stacks,
				  struct assay_err *err)
{
	const struct assay_stacks_facts facts = {
		.title = json_string_value(json_object_get(json, "title")),
		.engine = json_string_value(json_object_get(json, "engine")),
		.unit = json_string_value(json_object_get(json, "unit")),
		.unwind = json_string_value(json_object_get(json, "unwind")),
		.remarks = json_string_value(json_object_get(json, "remarks")),
		.rate_hz = real_of(json, "rate_hz"),
		.cost_ns = real_of(json, "cost_ns"),
		.cost_lo_ns = real_of(json, "cost_lo_ns"),
		.cost_hi_ns = real_of(json, "cost_hi_ns"),
		.wall_ns = count_of(json, "wall_ns"),
		.samples = count_of(json, "samples"),
		.outside = count_of(json, "outside"),
		.lost = count_of(json, "lost"),
		.partial = count_of(json, "partial"),
	};
	return assay_stacks_describe(stacks, &facts, err);
}

static enum assay_code damaged(struct assay_err *err, const char *what, size_t which)
{
	return assay_fail(err, ASSAY_EPARSE, "stored call stacks are damaged: %s %zu", what, which);
}

/* Numbers of the frames as the tree has them go to map[]. */
static enum assay_code read_frames(const json_t *json, struct assay_stacks *stacks, uint32_t *map,
				   struct assay_err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach (json, i, item) {
		struct assay_stack_frame frame = {
			.function = json_string_value(json_array_get(item, 0)),
			.module = json_string_value(json_array_get(item, 1)),
			.file = json_string_value(json_array_get(item, 2)),
			.line = (unsigned)json_integer_value(json_array_get(item, 3)),
		};
		if (!frame.function || !frame.module || !frame.file)
			return damaged(err, "frame", i);
		enum assay_code rc = assay_stacks_frame(stacks, &frame, &map[i], err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

/* One stored node: [parent, frame, self]. */
struct stored {
	json_int_t parent, frame, self;
};

static struct stored stored_node(const json_t *item)
{
	return (struct stored){
		json_integer_value(json_array_get(item, 0)),
		json_integer_value(json_array_get(item, 1)),
		json_integer_value(json_array_get(item, 2)),
	};
}

static enum assay_code read_nodes(const json_t *json, struct assay_stacks *stacks,
				  const uint32_t *map, size_t n_frames, struct assay_err *err)
{
	uint32_t path[ASSAY_STACKS_DEPTH];
	size_t n = json_array_size(json);
	for (size_t i = 0; i < n; i++) {
		struct stored node = stored_node(json_array_get(json, i));
		size_t depth = 0;
		if (node.self < 0)
			return damaged(err, "node", i);
		for (size_t at = i; at != 0; at = (size_t)node.parent) {
			node = stored_node(json_array_get(json, at));
			if (node.parent < 0 || (size_t)node.parent >= at || node.frame < 0 ||
			    (size_t)node.frame >= n_frames || depth == ASSAY_STACKS_DEPTH)
				return damaged(err, "node", i);
			path[ASSAY_STACKS_DEPTH - ++depth] = map[node.frame];
		}
		uint64_t self = (uint64_t)stored_node(json_array_get(json, i)).self;
		enum assay_code rc = assay_stacks_add(stacks, path + ASSAY_STACKS_DEPTH - depth,
						      depth, self, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return ASSAY_OK;
}

static enum assay_code read_tree(const json_t *json, struct assay_stacks *stacks,
				 struct assay_err *err)
{
	const json_t *frames = json_object_get(json, "frames"),
		     *nodes = json_object_get(json, "nodes");
	size_t n = json_array_size(frames);
	if (!json_is_array(frames) || !json_is_array(nodes) || n > MOST_NODES ||
	    json_array_size(nodes) > MOST_NODES)
		return assay_fail(err, ASSAY_EPARSE, "stored call stacks are damaged: no tree");
	uint32_t *map = calloc(n + 1, sizeof(*map));
	if (!map)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu frames", n);
	enum assay_code rc = read_facts(json_object_get(json, "facts"), stacks, err);
	if (rc == ASSAY_OK)
		rc = read_frames(frames, stacks, map, err);
	if (rc == ASSAY_OK)
		rc = read_nodes(nodes, stacks, map, n, err);
	free(map);
	return rc;
}

enum assay_code assay_stacks_decode(const char *bytes, size_t size, struct assay_stacks **ret,
				    struct assay_err *err)
{
	json_error_t why;
	*ret = NULL;
	json_t *json = json_loadb(bytes, size, 0, &why);
	if (!json)
		return assay_fail(err, ASSAY_EPARSE, "stored call stacks are damaged: %s",
				  why.text);
	const char *schema = json_string_value(json_object_get(json, "schema"));
	enum assay_code rc;
	if (!schema || strcmp(schema, SCHEMA) != 0)
		rc = assay_fail(err, ASSAY_EPARSE,
				"stored call stacks of schema '%.40s', where %s is known",
				schema ? schema : "none", SCHEMA);
	else
		rc = assay_stacks_new(ret, err);
	if (rc == ASSAY_OK)
		rc = read_tree(json, *ret, err);
	if (rc != ASSAY_OK) {
		assay_stacks_free(*ret);
		*ret = NULL;
	}
	json_decref(json);
	return rc;
}

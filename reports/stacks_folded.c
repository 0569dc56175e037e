/* SPDX-License-Identifier: MIT */
/* stacks_folded: folded stacks, and speedscope's JSON. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "harness/base/json.h"
#include "reports/escape.h"
#include "reports/stacks.h"

static enum assay_code written(FILE *out, struct assay_err *err)
{
	return ferror(out) ? assay_fail(err, ASSAY_EIO, "write: %s", strerror(errno)) : ASSAY_OK;
}

/* A semicolon or a line's end inside a name would make other frames of it. */
static void add_name(struct assay_str *line, const char *name)
{
	size_t begin = line->length;
	assay_escape_plain(line, name, 0);
	for (size_t i = begin; i < line->length; i++)
		if (line->text[i] == ';')
			line->text[i] = ':';
}

static size_t path_to(const struct assay_stacks *stacks, size_t node, uint32_t *path)
{
	size_t n = 0;
	for (; node && n < ASSAY_STACKS_DEPTH; node = stacks->nodes[node].parent)
		path[n++] = stacks->nodes[node].frame;
	return n;
}

enum assay_code assay_stacks_folded(const struct assay_stacks *stacks, FILE *out,
				    struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	for (size_t i = 0; i < stacks->n_nodes; i++) {
		uint32_t path[ASSAY_STACKS_DEPTH];
		if (!stacks->nodes[i].self)
			continue;
		size_t n = path_to(stacks, i, path);
		assay_str_clear(&line);
		for (size_t k = n; k-- > 0;) {
			add_name(&line, stacks->frames[path[k]].function);
			assay_str_add(&line, "%s", k ? ";" : "");
		}
		assay_str_add(&line, "%s %" PRIu64 "\n", n ? "" : "[no stack]",
			      stacks->nodes[i].self);
		if (line.failed)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a stack");
		fwrite(line.text, 1, line.length, out);
	}
	return written(out, err);
}

static json_t *frames_json(const struct assay_stacks *stacks)
{
	json_t *frames = json_array();
	for (size_t i = 0; i < stacks->n_frames; i++) {
		const struct assay_stack_frame *f = &stacks->frames[i];
		json_t *frame = json_object();
		json_object_set_new(frame, "name", assay_json_text(f->function));
		if (f->file[0])
			json_object_set_new(frame, "file", assay_json_text(f->file));
		else if (f->module[0])
			json_object_set_new(frame, "file", assay_json_text(f->module));
		if (f->line)
			json_object_set_new(frame, "line", json_integer(f->line));
		json_array_append_new(frames, frame);
	}
	return frames;
}

enum assay_code assay_stacks_speedscope(const struct assay_stacks *stacks, FILE *out,
					struct assay_err *err)
{
	json_t *samples = json_array(), *weights = json_array();
	json_int_t total = 0;
	for (size_t i = 0; i < stacks->n_nodes; i++) {
		uint32_t path[ASSAY_STACKS_DEPTH];
		if (!stacks->nodes[i].self)
			continue;
		json_t *sample = json_array();
		for (size_t k = path_to(stacks, i, path); k-- > 0;)
			json_array_append_new(sample, json_integer(path[k]));
		json_array_append_new(samples, sample);
		json_array_append_new(weights, json_integer((json_int_t)stacks->nodes[i].self));
		total += (json_int_t)stacks->nodes[i].self;
	}
	const char *unit = strcmp(stacks->facts.unit, "B") == 0 ? "bytes" : "none";
	json_t *profile =
		json_pack("{s:s, s:o, s:s, s:i, s:I, s:o, s:o}", "type", "sampled", "name",
			  assay_json_text(stacks->facts.title), "unit", unit, "startValue", 0,
			  "endValue", total, "samples", samples, "weights", weights);
	json_t *document =
		json_pack("{s:s, s:o, s:s, s:{s:o}, s:[o]}", "$schema",
			  "https://www.speedscope.app/file-format-schema.json", "name",
			  assay_json_text(stacks->facts.title), "exporter", "assay " ASSAY_VERSION,
			  "shared", "frames", frames_json(stacks), "profiles", profile);
	if (!document)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a speedscope document");
	return assay_json_line(document, out, err);
}

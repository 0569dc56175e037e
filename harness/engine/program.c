/* SPDX-License-Identifier: MIT */
/* program: from a description to an entry of the registry, and a launch's figures to records. */
#include "harness/engine/program.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/engine/frame.h"
#include "harness/machine/placement.h"

static const struct assay_program_kind *const kinds[] = {&assay_command_kind, &assay_gbench_kind};

static const struct assay_program_kind *find_kind(const json_t *description)
{
	const char *name = json_string_value(json_object_get(description, "kind"));
	for (size_t i = 0; name && i < ASSAY_COUNT_OF(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

static enum assay_code make(const char *text, struct assay_program **ret, struct assay_err *err)
{
	if (strlen(text) > ASSAY_PROGRAM_MAX_BYTES)
		return assay_fail(err, ASSAY_EUSAGE,
				  "the command is too long: its description may have %d bytes",
				  ASSAY_PROGRAM_MAX_BYTES);
	json_t *description = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const struct assay_program_kind *kind = find_kind(description);
	enum assay_code rc =
		kind ? kind->make(description, ret, err)
		     : assay_fail(err, ASSAY_EPARSE, "the description of a program is damaged");
	json_decref(description);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_program *program = *ret;
	program->kind = kind;
	program->description = strdup(text);
	if (program->description)
		return ASSAY_OK;
	kind->free(program);
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
}

static void release(void *owned)
{
	struct assay_program *program = owned;
	free(program->description);
	program->kind->free(program);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Programs may share a name when their first axis or their threads tell them apart. */
static enum assay_code refuse_twin(const struct assay_registry *registry,
				   const struct assay_program *program, struct assay_err *err)
{
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(registry, &benches);
	for (size_t i = 0; i < n; i++) {
		const struct assay_program *other = benches[i].program;
		if (other && other->kind == program->kind &&
		    strcmp(other->name, program->name) == 0 &&
		    same_text(other->axes[0].values, program->axes[0].values) &&
		    same_text(other->bench.threads, program->bench.threads))
			return assay_fail(err, ASSAY_EUSAGE,
					  "'%s' is there twice; a run holds each case once",
					  program->brief);
	}
	return ASSAY_OK;
}

enum assay_code assay_program_add(struct assay_registry *registry, const char *description,
				  const struct assay_program **ret, struct assay_err *err)
{
	struct assay_program *program;
	enum assay_code rc = make(description, &program, err);
	if (rc != ASSAY_OK)
		return rc;
	program->bench.brief = program->brief;
	program->bench.axes = program->axes;
	program->bench.subjects = ASSAY_NO_SUBJECT;
	const struct assay_bench_entry entry = {
		.suite = program->kind->suite.name,
		.name = program->name,
		.bench = &program->bench,
		.program = program,
	};
	rc = refuse_twin(registry, program, err);
	if (rc == ASSAY_OK)
		rc = assay_registry_adopt(registry, &program->kind->suite, &entry, program, release,
					  err);
	if (rc != ASSAY_OK) {
		release(program);
		return rc;
	}
	if (ret)
		*ret = program;
	return ASSAY_OK;
}

void assay_program_launch(const struct assay_program *program, struct assay_launch *launch)
{
	const struct assay_job *job = launch->job;
	/* Started by hand it finds the environment as it is; only one kept to some CPUs is told. */
	if (!job->n_cpus)
		launch->n_threads = 0;
	launch->passes_output = program->passes_output;
	launch->timeout_ns = program->kind->deadline_ns(program, &job->effort, job->timeout_ns);
}

/* The metrics introduced so far, in order. */
struct stream {
	int fd;
	char names[16][64];
	size_t n_names;
	struct assay_err err;
};

static bool introduce(struct stream *stream, const struct assay_figure *figure)
{
	struct assay_metric_frame frame = {
		.index = (uint32_t)stream->n_names,
		.better = figure->better,
	};
	assay_copy(frame.name, sizeof(frame.name), figure->metric);
	assay_copy(frame.unit, sizeof(frame.unit), figure->unit);
	assay_copy(stream->names[stream->n_names++], sizeof(stream->names[0]), figure->metric);
	return assay_frame_write(stream->fd, ASSAY_FRAME_METRIC, &frame, sizeof(frame),
				 &stream->err) == ASSAY_OK;
}

static bool on_figure(void *context, const struct assay_figure *figure)
{
	struct stream *stream = context;
	size_t i = 0;
	while (i < stream->n_names && strcmp(stream->names[i], figure->metric) != 0)
		i++;
	if (i == ASSAY_COUNT_OF(stream->names))
		return true; /* as many as a case may have */
	if (i == stream->n_names && !introduce(stream, figure))
		return false;
	const struct assay_sample_frame frame = {
		.metric = (uint32_t)i,
		.value = figure->value,
		.wall_ns = figure->wall_ns,
		.cpu_ns = figure->cpu_ns,
		.ops = 1,
	};
	return assay_frame_write(stream->fd, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame),
				 &stream->err) == ASSAY_OK;
}

static bool on_count(void *context, const struct assay_count *count)
{
	struct stream *stream = context;
	return assay_frame_write(stream->fd, ASSAY_FRAME_COUNTER, count, sizeof(*count),
				 &stream->err) == ASSAY_OK;
}

/* The program inherits our CPUs. Without any it may use all, as when started by hand. */
static enum assay_code keep_to(const struct assay_job *job, struct assay_err *err)
{
	return job->n_cpus ? assay_pin_to_all(job->cpus, job->n_cpus, err) : ASSAY_OK;
}

static enum assay_code write_hello(const struct assay_program *program, const struct assay_job *job,
				   const char *clock, struct assay_err *err)
{
	struct assay_hello hello = {.pinned = 1};
	assay_copy(hello.driver, sizeof(hello.driver), program->kind->name);
	assay_copy(hello.clock, sizeof(hello.clock), *clock ? clock : "monotonic");
	return assay_frame_write(job->fd, ASSAY_FRAME_HELLO, &hello, sizeof(hello), err);
}

enum assay_code assay_program_measure(const struct assay_case *c, const struct assay_job *job,
				      struct assay_program_end *end, struct assay_err *err)
{
	const struct assay_program *program = c->bench->program;
	struct stream stream = {.fd = job->fd};
	const struct assay_program_sink sink = {on_figure, on_count, &stream};
	struct assay_err why = {0};
	*end = (struct assay_program_end){0};
	if (keep_to(job, &why) != ASSAY_OK) {
		end->status = ASSAY_STATUS_FAILED;
		assay_copy(end->reason, sizeof(end->reason), why.text);
		return ASSAY_OK;
	}
	enum assay_code rc = write_hello(program, job, "", err);
	if (rc == ASSAY_OK)
		rc = program->kind->measure(program, c, job, &sink, end, err);
	if (rc == ASSAY_OK && stream.err.code != ASSAY_OK)
		rc = assay_fail(err, stream.err.code, "%s", stream.err.text);
	if (rc == ASSAY_OK && end->clock[0])
		rc = write_hello(program, job, end->clock, err);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* command: descriptions of commands, and what they make. */
#include "harness/engine/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/command_launch.h"

enum { SLUG_MAX = 40 };

/* ---- describing ---- */

static json_t *words_json(const struct assay_argv *argv)
{
	json_t *list = json_array();
	for (size_t i = 0; i < argv->n; i++)
		if (json_array_append_new(list, json_string(argv->words[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

bool assay_command_mentions(const struct assay_command_spec *spec, const char *name)
{
	char *files[] = {(char *)(uintptr_t)spec->input, (char *)(uintptr_t)spec->output};
	for (size_t i = 0; i < ASSAY_COUNT_OF(files); i++)
		if (files[i] &&
		    assay_argv_mentions(&(struct assay_argv){.words = &files[i], .n = 1}, name))
			return true;
	return assay_argv_mentions(&spec->argv, name) || assay_argv_mentions(&spec->prepare, name);
}

static bool holds_axis_name(const char *values)
{
	while (*values) {
		size_t n = strcspn(values, ",");
		if (assay_plan_knows_name(values, n))
			return true;
		values += n + (values[n] == ',');
	}
	return false;
}

/* A range, or a number of this machine; anything else stands for itself. */
static bool is_numeric(const char *values)
{
	return strstr(values, "..") || strchr(values, '*') || holds_axis_name(values);
}

static enum assay_code check_words(const struct assay_override *param, struct assay_err *err)
{
	char **words;
	size_t n;
	enum assay_code rc = assay_axis_words(param->values, &words, &n, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "parameter '%s'", param->axis);
	assay_words_free(words, n);
	return ASSAY_OK;
}

static enum assay_code add_param(const struct assay_override *param, json_t *axes,
				 struct assay_err *err)
{
	if (!assay_name_valid(param->axis) || strcmp(param->axis, "cmd") == 0 ||
	    strcmp(param->axis, "subject") == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "a parameter cannot be called '%.60s': names are [a-z0-9_]+, and "
				  "cmd and subject are taken",
				  param->axis);
	if (json_array_size(axes) + 1 == ASSAY_CASE_MAX_AXES)
		return assay_fail(err, ASSAY_EUSAGE, "more than %d parameters",
				  ASSAY_CASE_MAX_AXES - 1);
	bool numeric = is_numeric(param->values);
	enum assay_code rc = numeric ? ASSAY_OK : check_words(param, err);
	if (rc == ASSAY_OK)
		json_array_append_new(axes,
				      json_pack("{s:s, s:s, s:s}", "name", param->axis, "unit",
						numeric ? "" : "name", "values", param->values));
	return rc;
}

static enum assay_code add_params(const struct assay_command_spec *spec, json_t *description,
				  struct assay_err *err)
{
	json_t *axes = json_array();
	json_object_set_new(description, "axes", axes);
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < spec->n_params; i++) {
		const struct assay_override *param = &spec->params[i];
		if (strcmp(param->axis, "threads") == 0)
			json_object_set_new(description, "threads", json_string(param->values));
		else if (assay_command_mentions(spec, param->axis))
			rc = add_param(param, axes, err);
	}
	return rc;
}

enum assay_code assay_command_describe(const struct assay_command_spec *spec, char **ret,
				       struct assay_err *err)
{
	json_t *description =
		json_pack("{s:s, s:o, s:o, s:s?, s:s, s:i, s:b, s:s?}", "kind", "command", "argv",
			  words_json(&spec->argv), "prepare", words_json(&spec->prepare), "input",
			  spec->input, "output", spec->output ? spec->output : "null", "warmup",
			  (int)spec->warmup, "ignore_failure", (int)spec->ignore_failure, "label",
			  spec->label);
	if (!description)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"a word of the command is not valid UTF-8, in which it is stored");
	enum assay_code rc = add_params(spec, description, err);
	if (rc == ASSAY_OK && !(*ret = json_dumps(description, JSON_COMPACT)))
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	json_decref(description);
	return rc;
}

/* ---- making ---- */

static void command_free(struct assay_program *program)
{
	struct command *command = (struct command *)program;
	if (!command)
		return;
	assay_argv_done(&command->argv);
	assay_argv_done(&command->prepare);
	json_decref(command->description);
	free(command);
}

static enum assay_code damaged(struct assay_err *err)
{
	return assay_fail(err, ASSAY_EPARSE, "the description of a command is damaged");
}

static enum assay_code read_words(const json_t *list, struct assay_argv *ret, struct assay_err *err)
{
	size_t i;
	json_t *word;
	enum assay_code rc = json_is_array(list) ? ASSAY_OK : damaged(err);
	json_array_foreach (list, i, word)
		if (rc == ASSAY_OK)
			rc = json_is_string(word)
				     ? assay_argv_add(ret, json_string_value(word), err)
				     : damaged(err);
	return rc;
}

/* What decides the work that is timed, and nothing else: see docs/decisions/. */
static enum assay_code identity(const struct command *command, char ret[ASSAY_DIGEST_SIZE],
				struct assay_err *err)
{
	bool kept = strcmp(command->output, "null") != 0;
	json_t *json = json_pack("{s:o, s:o, s:s?, s:s?}", "argv", words_json(&command->argv),
				 "prepare", words_json(&command->prepare), "input", command->input,
				 "output", kept ? command->output : NULL);
	ASSAY_AUTO_FREE char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	if (!text)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	assay_digest(text, strlen(text), ret);
	return ASSAY_OK;
}

static enum assay_code make_label(struct command *command, struct assay_err *err)
{
	const char *given = json_string_value(json_object_get(command->description, "label"));
	char slug[SLUG_MAX + 1], digest[ASSAY_DIGEST_SIZE];
	if (given) {
		assay_slug(command->label, sizeof(command->label), given);
		if (strcmp(command->label, given) == 0)
			return ASSAY_OK;
		return assay_fail(
			err, ASSAY_EUSAGE,
			"a label is made of letters, digits, '_', '.' and '-', at most 63: "
			"not '%.80s'",
			given);
	}
	ASSAY_AUTO(assay_str_done) struct assay_str arguments = {0};
	for (size_t i = 1; i < command->argv.n; i++)
		assay_str_add(&arguments, "%s%s", i > 1 ? " " : "", command->argv.words[i]);
	assay_slug(slug, sizeof(slug), assay_str_text(&arguments));
	enum assay_code rc = identity(command, digest, err);
	if (rc == ASSAY_OK)
		snprintf(command->label, sizeof(command->label), "%s%s%s", slug, *slug ? "-" : "",
			 digest);
	return rc;
}

static enum assay_code make_axes(struct command *command, struct assay_err *err)
{
	struct assay_axis *axis = command->program.axes;
	*axis++ = (struct assay_axis){.name = "cmd", .unit = "name", .values = command->label};
	const json_t *axes = json_object_get(command->description, "axes");
	if (json_array_size(axes) >= ASSAY_CASE_MAX_AXES)
		return damaged(err);
	size_t i;
	json_t *one;
	json_array_foreach (axes, i, one) {
		*axis = (struct assay_axis){
			.name = json_string_value(json_object_get(one, "name")),
			.unit = json_string_value(json_object_get(one, "unit")),
			.values = json_string_value(json_object_get(one, "values")),
		};
		if (!axis->name || !axis->unit || !axis->values)
			return damaged(err);
		axis++;
	}
	return ASSAY_OK;
}

static enum assay_code read_description(struct command *command, struct assay_err *err)
{
	const json_t *json = command->description;
	enum assay_code rc = read_words(json_object_get(json, "argv"), &command->argv, err);
	if (rc == ASSAY_OK)
		rc = read_words(json_object_get(json, "prepare"), &command->prepare, err);
	if (rc != ASSAY_OK)
		return rc;
	command->input = json_string_value(json_object_get(json, "input"));
	command->output = json_string_value(json_object_get(json, "output"));
	command->warmup = (unsigned)json_integer_value(json_object_get(json, "warmup"));
	command->ignore_failure = json_is_true(json_object_get(json, "ignore_failure"));
	if (!command->argv.n || !command->output)
		return damaged(err);
	rc = make_label(command, err);
	return rc == ASSAY_OK ? make_axes(command, err) : rc;
}

static enum assay_code command_make(const json_t *description, struct assay_program **ret,
				    struct assay_err *err)
{
	struct command *command = calloc(1, sizeof(*command));
	if (!command)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	command->description = json_deep_copy(description);
	struct assay_program *program = &command->program;
	enum assay_code rc = read_description(command, err);
	if (rc != ASSAY_OK) {
		command_free(program);
		return rc;
	}
	const char *slash = strrchr(command->argv.words[0], '/');
	assay_slug_name(program->name, SLUG_MAX + 1, slash ? slash + 1 : command->argv.words[0],
			"program");
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	assay_argv_quote(&command->argv, &line);
	assay_sanitise(program->brief, sizeof(program->brief), assay_str_text(&line));
	program->bench.mode = ASSAY_ONCE;
	program->bench.threads =
		json_string_value(json_object_get(command->description, "threads"));
	program->passes_output = strcmp(command->output, "inherit") == 0;
	*ret = program;
	return ASSAY_OK;
}

/* ---- filling in ---- */

/* The value of a parameter of the case; an assay_param_fn whose context is a struct filling. */
struct filling {
	const struct assay_case *c;
	char threads[16];
};

static const char *value_of(void *context, const char *name, size_t length)
{
	struct filling *filling = context;
	if (length == strlen("threads") && strncmp(name, "threads", length) == 0)
		return filling->threads;
	for (size_t i = 0; i < filling->c->n_params; i++) {
		const struct assay_case_param *param = &filling->c->params[i];
		if (strlen(param->name) == length && strncmp(param->name, name, length) == 0 &&
		    strcmp(param->name, "cmd") != 0)
			return param->text;
	}
	return NULL;
}

enum assay_code assay_command_fill(const struct assay_case *c, const struct assay_argv *argv,
				   struct assay_argv *ret, struct assay_err *err)
{
	struct filling filling = {.c = c};
	snprintf(filling.threads, sizeof(filling.threads), "%u", c->threads);
	return assay_argv_fill(argv, value_of, &filling, ret, err);
}

enum assay_code assay_command_line(const struct assay_case *c, struct assay_str *out,
				   struct assay_err *err)
{
	const struct command *command = (const struct command *)c->bench->program;
	struct assay_argv argv = {0};
	enum assay_code rc = assay_command_fill(c, &command->argv, &argv, err);
	if (rc == ASSAY_OK)
		assay_argv_quote(&argv, out);
	assay_argv_done(&argv);
	return rc;
}

const struct assay_program_kind assay_command_kind = {
	.name = "command",
	.suite = {"command", &(const struct assay_suite){.brief = "commands, timed whole"}},
	.make = command_make,
	.free = command_free,
	.measure = assay_command_measure,
	.deadline_ns = assay_command_deadline_ns,
};

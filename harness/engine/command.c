/* SPDX-License-Identifier: MIT */
/* command: descriptions of commands, and one launch of samples. */
#include "harness/engine/command.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/child.h"

enum {
	SAMPLES_AT_LEAST = 2, /* per launch, however long the command takes */
	SLUG_MAX = 40,
	STARTUP_NS = 1000000000, /* of a worker, on a bad day several times over */
};

/* A command as the registry holds it. Texts of axes belong to `description`. */
struct command {
	struct assay_program program;
	json_t *description;
	struct assay_argv argv, prepare;
	const char *input, *output;
	unsigned warmup;
	bool ignore_failure;
	char label[64]; /* the value of the axis cmd */
};

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
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		if (strlen(words[i]) >= sizeof(((struct assay_case_param *)NULL)->text))
			rc = assay_fail(err, ASSAY_EUSAGE,
					"parameter '%s': a value may have 63 bytes", param->axis);
	assay_words_free(words, n);
	return rc;
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

static enum assay_code fill(const struct assay_case *c, const struct assay_argv *argv,
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
	enum assay_code rc = fill(c, &command->argv, &argv, err);
	if (rc == ASSAY_OK)
		assay_argv_quote(&argv, out);
	assay_argv_done(&argv);
	return rc;
}

/* ---- measuring ---- */

/* One of the two programs of a command, ready to be started. */
struct ready {
	struct assay_argv argv;
	char *path;
};

/* All that a launch holds on to. */
struct launch {
	const struct command *command;
	const struct assay_job *job;
	const struct assay_program_sink *sink;
	struct assay_program_end *end;
	struct ready timed, prepare;
	struct assay_argv files; /* of input and output, filled in; "" where there is none */
	int null;
	bool shows_rss; /* its memory can be told from ours */
	struct rusage sum;
	unsigned taken;
};

static enum assay_code make_ready(const struct assay_case *c, const struct assay_argv *argv,
				  struct ready *ret, struct assay_err *err)
{
	if (!argv->n)
		return ASSAY_OK;
	enum assay_code rc = fill(c, argv, &ret->argv, err);
	return rc == ASSAY_OK ? assay_child_find(ret->argv.words[0], &ret->path, err) : rc;
}

static void launch_done(struct launch *launch)
{
	assay_argv_done(&launch->timed.argv);
	assay_argv_done(&launch->prepare.argv);
	assay_argv_done(&launch->files);
	free(launch->timed.path);
	free(launch->prepare.path);
	if (launch->null >= 0)
		close(launch->null);
}

static enum assay_code launch_init(struct launch *launch, const struct assay_case *c,
				   struct assay_err *err)
{
	const struct command *command = launch->command;
	launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (launch->null < 0)
		return assay_fail(err, ASSAY_EIO, "open /dev/null: %s", strerror(errno));
	struct assay_argv files = {0};
	enum assay_code rc = assay_argv_add(&files, command->input ? command->input : "", err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(&files, command->output, err);
	if (rc == ASSAY_OK)
		rc = fill(c, &files, &launch->files, err);
	assay_argv_done(&files);
	if (rc == ASSAY_OK)
		rc = make_ready(c, &command->argv, &launch->timed, err);
	if (rc == ASSAY_OK)
		rc = make_ready(c, &command->prepare, &launch->prepare, err);
	return rc;
}

static enum assay_code open_file(const char *path, int flags, int *ret, struct assay_err *err)
{
	*ret = open(path, flags | O_CLOEXEC, 0666);
	return *ret >= 0 ? ASSAY_OK
			 : assay_fail(err, ASSAY_EIO, "open '%.200s': %s", path, strerror(errno));
}

/* What the program gets as descriptors 0 to 2. Its errors go where we can quote them. */
static enum assay_code connect_child(const struct launch *launch, struct assay_child *child,
				     struct assay_err *err)
{
	const char *input = launch->files.words[0], *output = launch->files.words[1];
	const char *kind =
		launch->command->output; /* before filling in: a file cannot become one */
	child->in = child->out = launch->null;
	child->errors = STDERR_FILENO;
	if (strcmp(kind, "pipe") == 0) {
		child->out = STDOUT_FILENO;
	} else if (strcmp(kind, "inherit") == 0) {
		child->out = ASSAY_WORKER_OUTPUT;
		child->errors = ASSAY_WORKER_ERRORS;
	} else if (strcmp(kind, "null") != 0) {
		enum assay_code rc =
			open_file(output, O_WRONLY | O_CREAT | O_TRUNC, &child->out, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return *input ? open_file(input, O_RDONLY, &child->in, err) : ASSAY_OK;
}

static void disconnect_child(const struct launch *launch, const struct assay_child *child)
{
	if (child->in != launch->null && child->in >= 0)
		close(child->in);
	if (child->out != launch->null && child->out > ASSAY_WORKER_ERRORS)
		close(child->out);
}

static bool fail(struct launch *launch, enum assay_status status, const char *fmt, ...)
	ASSAY_PRINTF(3, 4);
static bool fail(struct launch *launch, enum assay_status status, const char *fmt, ...)
{
	struct assay_program_end *end = launch->end;
	va_list args;
	va_start(args, fmt);
	vsnprintf(end->reason, sizeof(end->reason), fmt, args);
	va_end(args);
	end->status = status;
	return false;
}

/* Did it end as it should? `who` begins the reason. */
static bool accept(struct launch *launch, const char *who, const struct assay_child_end *end,
		   bool ignore_failure)
{
	char text[100];
	if (end->timed_out)
		return fail(launch, ASSAY_STATUS_TIMEOUT, "%sdid not end within %.3g s", who,
			    (double)launch->job->timeout_ns / 1e9);
	const char *complaint =
		ignore_failure ? NULL : assay_child_complaint(end, text, sizeof(text));
	if (!complaint)
		return true;
	launch->end->quote_output = true;
	return fail(launch,
		    WIFSIGNALED(end->wait_status) ? ASSAY_STATUS_CRASHED : ASSAY_STATUS_FAILED,
		    "%s%s", who, complaint);
}

static bool prepare(struct launch *launch)
{
	const struct assay_child child = {
		.path = launch->prepare.path,
		.argv = &launch->prepare.argv,
		.in = launch->null,
		.out = launch->null,
		.errors = STDERR_FILENO,
	};
	struct assay_child_end end;
	struct assay_err err = {0};
	if (!launch->prepare.path)
		return true;
	if (assay_child_run(&child, launch->job->timeout_ns, &end, &err) != ASSAY_OK)
		return fail(launch, ASSAY_STATUS_FAILED, "prepare command: %s", err.text);
	return accept(launch, "prepare command: ", &end, false);
}

/* One run of the command, with what comes before it. False ends the launch. */
static bool run_once(struct launch *launch, struct assay_child_end *ret)
{
	struct assay_child child = {.path = launch->timed.path, .argv = &launch->timed.argv};
	struct assay_err err = {0};
	if (!prepare(launch))
		return false;
	enum assay_code rc = connect_child(launch, &child, &err);
	if (rc == ASSAY_OK)
		rc = assay_child_run(&child, launch->job->timeout_ns, ret, &err);
	disconnect_child(launch, &child);
	if (rc != ASSAY_OK)
		return fail(launch, ASSAY_STATUS_FAILED, "%s", err.text);
	return accept(launch, "", ret, launch->command->ignore_failure);
}

static double time_ns(struct timeval t)
{
	return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3;
}

/*
 * The peak that the kernel keeps begins as that of the process that spawned it: us, because memory is
 * shared until exec. A figure no larger than ours says nothing about the command.
 */
static bool rss_is_its_own(const struct rusage *usage)
{
	struct rusage ours;
	return getrusage(RUSAGE_SELF, &ours) == 0 && usage->ru_maxrss > ours.ru_maxrss;
}

static bool deliver(struct launch *launch, const struct assay_child_end *end)
{
	const struct rusage *u = &end->usage;
	double wall = (double)end->wall_ns, user = time_ns(u->ru_utime), sys = time_ns(u->ru_stime);
	if (!launch->taken++)
		launch->shows_rss = rss_is_its_own(u);
	launch->sum.ru_minflt += u->ru_minflt;
	launch->sum.ru_majflt += u->ru_majflt;
	launch->sum.ru_nvcsw += u->ru_nvcsw;
	launch->sum.ru_nivcsw += u->ru_nivcsw;
	timeradd(&launch->sum.ru_utime, &u->ru_utime, &launch->sum.ru_utime);
	timeradd(&launch->sum.ru_stime, &u->ru_stime, &launch->sum.ru_stime);
	const struct assay_figure figures[] = {
		{"time", "ns/op", ASSAY_LOWER, wall, wall, user + sys},
		{"user_time", "ns/op", ASSAY_LOWER, user, 0, 0},
		{"system_time", "ns/op", ASSAY_LOWER, sys, 0, 0},
		{"max_rss", "B", ASSAY_LOWER, (double)u->ru_maxrss * 1024, 0, 0},
	};
	bool heard = true;
	for (size_t i = 0; heard && i < ASSAY_COUNT_OF(figures) - !launch->shows_rss; i++)
		heard = launch->sink->figure(launch->sink->context, &figures[i]);
	return heard;
}

static double counted(const struct rusage *u, const char *event)
{
	const struct {
		const char *event;
		double value;
	} known[] = {
		{"context_switches", (double)(u->ru_nvcsw + u->ru_nivcsw)},
		{"rusage:voluntary_switches", (double)u->ru_nvcsw},
		{"rusage:involuntary_switches", (double)u->ru_nivcsw},
		{"page_faults", (double)(u->ru_minflt + u->ru_majflt)},
		{"minor_faults", (double)u->ru_minflt},
		{"major_faults", (double)u->ru_majflt},
		{"task_clock", time_ns(u->ru_utime) + time_ns(u->ru_stime)},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++)
		if (strcmp(known[i].event, event) == 0)
			return known[i].value;
	return NAN;
}

/* Of the events asked for, those that the kernel accounts for every process anyway. */
static void deliver_counts(const struct launch *launch)
{
	const char *const *events = launch->job->events;
	for (size_t i = 0; events && launch->taken && events[i]; i++) {
		struct assay_count count = {.quality = ASSAY_EXACT};
		double value = counted(&launch->sum, events[i]);
		assay_copy(count.event, sizeof(count.event), events[i]);
		if (isnan(value)) {
			count.quality = ASSAY_UNAVAILABLE;
			assay_copy(count.reason, sizeof(count.reason),
				   "a command is another process, in which nothing counts this");
		} else {
			assay_copy(count.source, sizeof(count.source), "wait4");
			assay_copy(count.unit, sizeof(count.unit),
				   strcmp(events[i], "task_clock") == 0 ? "ns" : "");
			count.value = value / launch->taken;
			count.raw = (uint64_t)value;
		}
		if (!launch->sink->count(launch->sink->context, &count))
			return;
	}
}

/* All that were wanted, or the time is up and a few are there. */
static bool enough(const struct assay_effort *effort, unsigned taken, uint64_t began_ns)
{
	return taken >= effort->samples ||
	       (taken >= SAMPLES_AT_LEAST && assay_now_ns() - began_ns >= effort->time_ns);
}

static void take_samples(struct launch *launch)
{
	struct assay_child_end end;
	for (unsigned i = 0; i < launch->command->warmup; i++)
		if (!run_once(launch, &end))
			return;
	uint64_t began = assay_now_ns();
	while (!enough(&launch->job->effort, launch->taken, began))
		if (!run_once(launch, &end) || !deliver(launch, &end))
			return;
	deliver_counts(launch);
}

static enum assay_code command_measure(const struct assay_program *program,
				       const struct assay_case *c, const struct assay_job *job,
				       const struct assay_program_sink *sink,
				       struct assay_program_end *end, struct assay_err *err)
{
	struct launch launch = {
		.command = (const struct command *)program,
		.job = job,
		.sink = sink,
		.end = end,
	};
	struct assay_err why = {0};
	(void)err;
	if (program->passes_output) {
		fcntl(ASSAY_WORKER_OUTPUT, F_SETFD, FD_CLOEXEC);
		fcntl(ASSAY_WORKER_ERRORS, F_SETFD, FD_CLOEXEC);
	}
	if (launch_init(&launch, c, &why) == ASSAY_OK)
		take_samples(&launch);
	else
		fail(&launch, ASSAY_STATUS_FAILED, "%s", why.text);
	launch_done(&launch);
	return ASSAY_OK;
}

/* No run starts after the time is up, but for the first few; each may be the longest allowed. */
static uint64_t command_deadline_ns(const struct assay_program *program,
				    const struct assay_effort *effort, uint64_t timeout_ns)
{
	const struct command *command = (const struct command *)program;
	double each = (double)timeout_ns * (command->prepare.n ? 2 : 1) + STARTUP_NS;
	double most = (double)effort->samples * each;
	double timed = (double)effort->time_ns + SAMPLES_AT_LEAST * each;
	double total = 5.0 * STARTUP_NS + command->warmup * each + fmin(most, timed);
	return total < 1e18 ? (uint64_t)total : (uint64_t)1e18;
}

const struct assay_program_kind assay_command_kind = {
	.name = "command",
	.suite = {"command", &(const struct assay_suite){.brief = "commands, timed whole"}},
	.make = command_make,
	.free = command_free,
	.measure = command_measure,
	.deadline_ns = command_deadline_ns,
};

/* SPDX-License-Identifier: MIT */
/* run_request: profiles, overrides, and the JSON that --resume reads. */
#include "cli/run_request.h"

#include <stdlib.h>
#include <string.h>

#include "cli/counters.h"
#include "cli/eta.h"
#include "cli/run_command.h"
#include "cli/run_ranks.h"
#include "cli/settings.h"
#include "cli/settings_named.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/engine/program.h"
#include "harness/result.h"

struct profile {
	const char *name;
	uint64_t samples, launches, time_ns, timeout_ns;
};

/* What each profile means. `quick` is for looking, `ci` for judging, `full` for publishing, `card` for
 * knowing a machine: card_patterns, with the quick values of their axes. */
static const struct profile profiles[] = {
	{"quick", 30, 1, 60000000, 20000000000},
	{"card", 20, 3, 40000000, 20000000000},
	{"ci", 40, 5, 200000000, 60000000000},
	{"full", 100, 7, 1000000000, 300000000000},
};

/* What a machine card holds unless patterns say otherwise. */
static const char *const card_patterns[] = {
	"memory/clock",   "memory/flops",          "memory/levels",       "memory/line",
	"memory/latency", "memory/bandwidth",      "memory/mlp",          "memory/tlb",
	"memory/page",    "memory/loaded_latency", "memory/core_to_core", "memory/numa",
};

/*
 * For commands: short launches and many, because launches are what is interleaved. Each takes at least
 * two samples and then as many as its time holds; `quick` comes to 10 samples and 3 s at least.
 */
static const struct profile command_profiles[] = {
	{"quick", 1000, 5, 600000000, 60000000000},
	{"ci", 1000, 10, 1000000000, 300000000000},
	{"full", 1000, 20, 2000000000, 3600000000000},
};

/* For Google Benchmark executables a sample is a repetition of time/samples. */
static const struct profile gbench_profiles[] = {
	{"quick", 10, 1, 500000000, 60000000000},
	{"ci", 10, 3, 1000000000, 300000000000},
	{"full", 20, 5, 10000000000, 3600000000000},
};

/* With -n N and no -t a launch of a command takes N samples, however long that is. */

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
}

static enum assay_code add_text(char ***list, size_t *n, const char *text, struct assay_err *err)
{
	char **grown = realloc(*list, (*n + 2) * sizeof(*grown));
	if (!grown)
		return no_memory(err);
	*list = grown;
	grown[*n] = strdup(text);
	if (!grown[*n])
		return no_memory(err);
	grown[++*n] = NULL;
	return ASSAY_OK;
}

static enum assay_code add_list(char ***list, size_t *n, const char *commas, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(commas);
	if (!copy)
		return no_memory(err);
	enum assay_code rc = ASSAY_OK;
	char *cursor = copy;
	while (rc == ASSAY_OK && cursor) {
		char *item = strsep(&cursor, ",");
		if (*item)
			rc = add_text(list, n, item, err);
	}
	return rc;
}

static void free_list(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

void run_request_done(struct run_request *q)
{
	free(q->profile);
	free(q->base);
	free(q->sets);
	free(q->axis_optional);
	free(q->cpus);
	free(q->driver);
	free(q->launcher);
	free(q->bind);
	free_list(q->patterns, q->n_patterns);
	free_list(q->subjects, q->n_subjects);
	free_list(q->values, q->n_axes);
	free_list(q->axes, q->n_axes);
	free_list(q->events, q->n_events);
	free_list(q->plugins, q->n_plugins);
	free_list(q->programs, q->n_programs);
	free(q->overrides);
	assay_anchor_done(&q->anchor);
	*q = (struct run_request){0};
}

/* Options that are settings too: the command line is their last layer. */
static enum assay_code options_into_settings(struct cli *cli, const struct cli_args *args,
					     struct assay_err *err)
{
	static const char *const names[][2] = {
		{"set", "--set"},       {"profile", "--profile"},   {"samples", "--samples"},
		{"time", "--time"},     {"launches", "--launches"}, {"timeout", "--timeout"},
		{"budget", "--budget"}, {"cpus", "--cpus"},         {"counters", "--counters"},
		{"seed", "--seed"},     {"subjects", "--subjects"}, {"anchor", "--anchor"},
	};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(names); i++) {
		const char *value = cli_value(args, names[i][0]);
		if (value)
			rc = config_set(cli->config, names[i][0], value, names[i][1], err);
		if (rc == ASSAY_OK && i == 0) /* the options below win over what a set says */
			rc = config_apply_sets(cli->config, err);
	}
	for (size_t i = 0; rc == ASSAY_OK && i < args->n_given; i++) {
		if (strcmp(args->given[i].option->name, "param") != 0)
			continue;
		const char *text = args->given[i].value, *equals = strchr(text, '=');
		char key[96];
		if (!equals || (size_t)(equals - text) > 64)
			return assay_fail(err, ASSAY_EUSAGE,
					  "-P wants AXIS=VALUES, such as -P size=16,256, not '%s'",
					  text);
		snprintf(key, sizeof(key), "params.%.*s", (int)(equals - text), text);
		rc = config_set(cli->config, key, equals + 1, "-P", err);
	}
	return rc == ASSAY_OK ? config_apply_profile(cli->config, err) : rc;
}

static uint64_t setting_number(const struct cli *cli, const char *key, uint64_t otherwise)
{
	uint64_t value = otherwise;
	const char *text = config_get(cli->config, key);
	if (text) /* checked when it was set */
		assay_parse_u64(text, 0, UINT64_MAX, &value, NULL);
	return value;
}

static const struct profile *find_profile(const struct cli *cli, const struct cli_args *args)
{
	const struct profile *table = args->dashes                ? command_profiles
				      : cli_value(args, "gbench") ? gbench_profiles
								  : profiles;
	const char *name = config_profile_base(cli->config);
	size_t n = table == profiles ? ASSAY_COUNT_OF(profiles) : ASSAY_COUNT_OF(command_profiles);
	_Static_assert(ASSAY_COUNT_OF(command_profiles) == ASSAY_COUNT_OF(gbench_profiles),
		       "one for each of quick, ci and full");
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return &table[0];
}

static bool is_card(const struct run_request *q)
{
	return strcmp(q->base, "card") == 0;
}

/* Without patterns on the command line: those of the profile. */
static enum assay_code add_patterns(const struct cli *cli, const struct cli_args *args,
				    struct run_request *q, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	const char *patterns = config_named_get(cli->config, "profiles", q->profile, "patterns");
	if (strcmp(config_profile_base(cli->config), "card") == 0 &&
	    (args->dashes || cli_value(args, "gbench")))
		return assay_fail(err, ASSAY_EUSAGE,
				  "profile card measures this machine, not commands; they know "
				  "quick, ci and full");
	if (q->n_patterns || args->dashes || cli_value(args, "gbench"))
		return ASSAY_OK;
	if (patterns)
		return add_list(&q->patterns, &q->n_patterns, patterns, err);
	if (!is_card(q))
		return ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(card_patterns); i++)
		rc = add_text(&q->patterns, &q->n_patterns, card_patterns[i], err);
	return rc;
}

static enum assay_code read_settings(struct cli *cli, const struct cli_args *args,
				     struct run_request *q, struct assay_err *err)
{
	const struct profile *profile = find_profile(cli, args);
	const char *cpus = config_get(cli->config, "cpus");
	const char *sets = config_get(cli->config, "set");
	q->profile = strdup(config_get(cli->config, "profile"));
	q->base = strdup(profile->name);
	q->cpus = strdup(cpus ? cpus : "compact");
	q->sets = sets ? strdup(sets) : NULL;
	if (!q->profile || !q->base || !q->cpus || (sets && !q->sets))
		return no_memory(err);
	q->samples = setting_number(cli, "samples", profile->samples);
	q->launches = setting_number(cli, "launches", profile->launches);
	q->time_ns = config_duration(cli->config, "time", profile->time_ns);
	q->timeout_ns = config_duration(cli->config, "timeout", profile->timeout_ns);
	q->budget_ns = config_duration(cli->config, "budget", 0);
	if (args->dashes && cli_value(args, "samples") && !cli_value(args, "time"))
		q->time_ns = ETA_UNLIMITED_NS;
	const char *seed = config_get(cli->config, "seed");
	q->seed = seed ? setting_number(cli, "seed", 0) : assay_random_seed();
	const char *subjects = config_get(cli->config, "subjects");
	return subjects ? add_list(&q->subjects, &q->n_subjects, subjects, err) : ASSAY_OK;
}

static enum assay_code read_events(struct cli *cli, struct run_request *q, struct assay_err *err)
{
	const char *counters = config_get(cli->config, "counters");
	return counters_expand(cli, counters ? counters : "default", &q->events, &q->n_events, err);
}

static enum assay_code read_params(struct cli *cli, struct run_request *q, struct assay_err *err)
{
	size_t n;
	const struct config_setting *settings = config_settings(cli->config, &n);
	enum assay_code rc = ASSAY_OK;
	q->axis_optional = calloc(n + 1, sizeof(*q->axis_optional));
	if (!q->axis_optional)
		return no_memory(err);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		if (strncmp(settings[i].key, "params.", 7) != 0 || !settings[i].value)
			continue;
		size_t values = q->n_axes;
		q->axis_optional[q->n_axes] = config_is_from_set(&settings[i]);
		rc = add_text(&q->values, &values, settings[i].value, err);
		if (rc == ASSAY_OK)
			rc = add_text(&q->axes, &q->n_axes, settings[i].key + 7, err);
	}
	return rc;
}

void run_request_of_programs(const struct cli *cli, struct run_request *q)
{
	size_t n;
	const struct config_setting *settings = config_settings(cli->config, &n);
	free_list(q->subjects, q->n_subjects);
	q->subjects = NULL;
	q->n_subjects = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t a = 0; a < q->n_axes; a++)
			if (strncmp(settings[i].key, "params.", 7) == 0 &&
			    strcmp(settings[i].key + 7, q->axes[a]) == 0 &&
			    strcmp(settings[i].origin, "-P") != 0)
				q->axis_optional[a] = true;
	for (size_t a = 0; q->overrides && a < q->n_axes; a++)
		q->overrides[a].optional = q->axis_optional[a];
}

/* Ranks are in the place of threads, unless both are asked for. A benchmark may have its own number of threads. */
static enum assay_code one_thread_each(struct run_request *q, struct assay_err *err)
{
	size_t values = q->n_axes;
	for (size_t i = 0; i < q->n_axes; i++)
		if (strcmp(q->axes[i], "threads") == 0)
			return ASSAY_OK;
	q->axis_optional[q->n_axes] = true; /* room: read_params() */
	enum assay_code rc = add_text(&q->values, &values, "1", err);
	return rc == ASSAY_OK ? add_text(&q->axes, &q->n_axes, "threads", err) : rc;
}

static enum assay_code make_overrides(struct run_request *q, struct assay_err *err)
{
	q->overrides = calloc(q->n_axes + 1, sizeof(*q->overrides));
	if (!q->overrides)
		return no_memory(err);
	for (size_t i = 0; i < q->n_axes; i++)
		q->overrides[i] =
			(struct assay_override){q->axes[i], q->values[i], q->axis_optional[i]};
	return ASSAY_OK;
}

static enum assay_code derive(struct cli *cli, struct run_request *q, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < q->n_plugins; i++)
		rc = assay_registry_load(cli->registry, q->plugins[i], err);
	for (size_t i = 0; rc == ASSAY_OK && i < q->n_programs; i++) {
		const struct assay_program *program;
		rc = assay_program_add(cli->registry, q->programs[i], &program, err);
		if (rc == ASSAY_OK)
			q->program_suite = program->kind->suite.name;
	}
	if (rc == ASSAY_OK)
		rc = assay_placement_parse(q->cpus, q->cpu_list, RUN_MAX_CPUS, &q->placement, err);
	return rc;
}

/* A command may use every CPU, as when started by hand, unless the user says which or how many. */
static bool says_where(const struct cli *cli, const struct run_request *q)
{
	bool says = config_get(cli->config, "cpus") != NULL;
	for (size_t i = 0; i < q->n_axes; i++)
		says |= strcmp(q->axes[i], "threads") == 0;
	return says;
}

static enum assay_code open_anchor(const struct cli *cli, struct run_request *q, const char *path,
				   struct assay_err *err)
{
	return q->n_programs
		       ? assay_anchor_open_gbench(path, cli->program, &q->anchor, err)
		       : assay_anchor_open(path, cli->program, &cli_built_in, &q->anchor, err);
}

static enum assay_code read_driver(struct run_request *q, const char *name, struct assay_err *err)
{
	if (strcmp(name, "native") != 0 && strcmp(name, "gbench") != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "unknown driver '%.40s'; there are native and gbench", name);
	q->driver = strdup(name);
	return q->driver ? ASSAY_OK : no_memory(err);
}

/* The anchor of the settings is for benchmarks; an executable has one when it is asked for. */
enum assay_code run_request_anchor(struct cli *cli, const struct cli_args *args,
				   struct run_request *q, struct assay_err *err)
{
	const char *path = config_get(cli->config, "anchor");
	if (!path || q->launcher || (q->n_programs && !cli_value(args, "anchor")))
		return ASSAY_OK;
	if (args->dashes)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--anchor is for benchmarks; put a command to hold others against "
			"beside them, after ':::'");
	return open_anchor(cli, q, path, err);
}

enum assay_code run_request_read(struct cli *cli, const struct cli_args *args,
				 struct run_request *q, struct assay_err *err)
{
	*q = (struct run_request){0};
	run_ranks_letter(args);
	enum assay_code rc = options_into_settings(cli, args, err);
	if (rc == ASSAY_OK)
		rc = read_settings(cli, args, q, err);
	if (rc == ASSAY_OK)
		rc = read_events(cli, q, err);
	if (rc == ASSAY_OK)
		rc = read_params(cli, q, err);
	if (rc == ASSAY_OK && (args->dashes || cli_value(args, "gbench")))
		run_request_of_programs(cli, q);
	if (rc == ASSAY_OK && cli_value(args, "launcher"))
		rc = one_thread_each(q, err);
	if (rc == ASSAY_OK)
		rc = make_overrides(q, err);
	for (int i = 0; rc == ASSAY_OK && i < args->n_before; i++)
		rc = add_text(&q->patterns, &q->n_patterns, args->positional[i], err);
	if (rc == ASSAY_OK)
		rc = add_patterns(cli, args, q, err);
	for (size_t i = 0; rc == ASSAY_OK && i < args->n_given; i++)
		if (strcmp(args->given[i].option->name, "load") == 0)
			rc = add_text(&q->plugins, &q->n_plugins, args->given[i].value, err);
	if (rc == ASSAY_OK && cli_value(args, "driver"))
		rc = read_driver(q, cli_value(args, "driver"), err);
	q->place_programs = says_where(cli, q);
	q->counts = cli_flag(args, "counts");
	q->sandbox = cli_flag(args, "sandbox");
	if (rc == ASSAY_OK && q->counts && q->sandbox)
		rc = assay_fail(err, ASSAY_EUSAGE,
				"--counts replays outside of any sandbox: leave out one of "
				"--counts and --sandbox");
	if (rc == ASSAY_OK)
		rc = run_command_read(args, q, err);
	if (rc == ASSAY_OK)
		rc = run_ranks_read(cli, args, q, err);
	if (rc == ASSAY_OK && q->launcher && q->sandbox)
		rc = assay_fail(err, ASSAY_EUSAGE,
				"--sandbox has no network and one process tree, which ranks need: "
				"leave out one of --launcher and --sandbox");
	return rc == ASSAY_OK ? derive(cli, q, err) : rc;
}

static json_t *flags_json(const bool *list, size_t n)
{
	json_t *json = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(json, json_boolean(list[i]));
	return json;
}

static json_t *texts_json(char *const *list, size_t n)
{
	json_t *json = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(json, assay_json_text(list[i]));
	return json;
}

char *run_request_json(const struct run_request *q)
{
	json_t *json = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "profile",
		assay_json_text(q->profile), "cpus", assay_json_text(q->cpus), "driver",
		assay_json_text(q->driver), "patterns", texts_json(q->patterns, q->n_patterns),
		"subjects", texts_json(q->subjects, q->n_subjects), "axes",
		texts_json(q->axes, q->n_axes), "values", texts_json(q->values, q->n_axes),
		"events", texts_json(q->events, q->n_events), "plugins",
		texts_json(q->plugins, q->n_plugins), "samples", (json_int_t)q->samples, "launches",
		(json_int_t)q->launches, "time_ns", (json_int_t)q->time_ns, "timeout_ns",
		(json_int_t)q->timeout_ns, "budget_ns", (json_int_t)q->budget_ns);
	if (!json)
		return NULL;
	json_object_set_new(json, "seed", json_integer((json_int_t)q->seed));
	json_object_set_new(json, "base", assay_json_text(q->base));
	json_object_set_new(json, "sets", assay_json_text(q->sets));
	json_object_set_new(json, "optional", flags_json(q->axis_optional, q->n_axes));
	json_object_set_new(json, "programs", texts_json(q->programs, q->n_programs));
	json_object_set_new(json, "place_programs", json_boolean(q->place_programs));
	if (q->anchor.path) {
		json_object_set_new(json, "anchor", assay_json_text(q->anchor.path));
		json_object_set_new(json, "anchor_id", json_string(q->anchor.id));
	}
	json_object_set_new(json, "counts", json_boolean(q->counts));
	if (q->launcher) {
		json_object_set_new(json, "launcher", assay_json_text(q->launcher));
		json_object_set_new(json, "bind", assay_json_text(q->bind));
		json_object_set_new(json, "ranks", json_integer((json_int_t)q->ranks));
	}
	json_object_set_new(json, "sandbox", json_boolean(q->sandbox));
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(json);
	return text;
}

static enum assay_code texts_from(const json_t *json, const char *key, char ***list, size_t *n,
				  struct assay_err *err)
{
	size_t i;
	json_t *item;
	enum assay_code rc = ASSAY_OK;
	json_array_foreach (json_object_get(json, key), i, item)
		if (rc == ASSAY_OK && json_is_string(item))
			rc = add_text(list, n, json_string_value(item), err);
	return rc;
}

static uint64_t number_from(const json_t *json, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(json, key));
}

static char *text_from(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	return text ? strdup(text) : NULL;
}

static enum assay_code restore_lists(const json_t *json, struct run_request *q,
				     struct assay_err *err)
{
	size_t n_values = 0;
	enum assay_code rc = texts_from(json, "patterns", &q->patterns, &q->n_patterns, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "subjects", &q->subjects, &q->n_subjects, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "values", &q->values, &n_values, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "axes", &q->axes, &q->n_axes, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "events", &q->events, &q->n_events, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "plugins", &q->plugins, &q->n_plugins, err);
	if (rc == ASSAY_OK)
		rc = texts_from(json, "programs", &q->programs, &q->n_programs, err);
	q->axis_optional = calloc(q->n_axes + 1, sizeof(*q->axis_optional));
	if (rc == ASSAY_OK && !q->axis_optional)
		rc = no_memory(err);
	const json_t *optional = json_object_get(json, "optional");
	for (size_t i = 0; rc == ASSAY_OK && i < q->n_axes; i++)
		q->axis_optional[i] = json_is_true(json_array_get(optional, i));
	if (rc == ASSAY_OK && n_values != q->n_axes)
		rc = assay_fail(err, ASSAY_ESTORE, "the stored plan is damaged");
	return rc;
}

/* The other half of a run must be held against the same file as the first. */
static enum assay_code restore_anchor(struct cli *cli, const json_t *json, struct run_request *q,
				      struct assay_err *err)
{
	const char *path = json_string_value(json_object_get(json, "anchor"));
	const char *id = json_string_value(json_object_get(json, "anchor_id"));
	enum assay_code rc = path ? open_anchor(cli, q, path, err) : ASSAY_OK;
	if (rc == ASSAY_OK && path && (!id || strcmp(id, q->anchor.id) != 0))
		rc = assay_fail(err, ASSAY_EUSAGE,
				"the anchor '%s' is another file than when the run began", path);
	return rc;
}

enum assay_code run_request_restore(struct cli *cli, const char *text, struct run_request *q,
				    struct assay_err *err)
{
	*q = (struct run_request){0};
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;
	if (!json)
		return assay_fail(err, ASSAY_ESTORE, "this run has no stored plan to resume");
	q->profile = text_from(json, "profile");
	q->base = text_from(json, json_object_get(json, "base") ? "base" : "profile");
	q->sets = text_from(json, "sets");
	q->cpus = text_from(json, "cpus");
	q->driver = text_from(json, "driver");
	q->samples = number_from(json, "samples");
	q->launches = number_from(json, "launches");
	q->seed = number_from(json, "seed");
	q->time_ns = number_from(json, "time_ns");
	q->timeout_ns = number_from(json, "timeout_ns");
	q->budget_ns = number_from(json, "budget_ns");
	q->place_programs = json_is_true(json_object_get(json, "place_programs"));
	q->counts = json_is_true(json_object_get(json, "counts"));
	q->launcher = text_from(json, "launcher");
	q->bind = text_from(json, "bind");
	q->ranks = number_from(json, "ranks");
	q->sandbox = json_is_true(json_object_get(json, "sandbox"));
	enum assay_code rc = restore_lists(json, q, err);
	if (rc == ASSAY_OK)
		rc = restore_anchor(cli, json, q, err);
	json_decref(json);
	bool whole = q->profile && q->base && q->cpus && q->samples && q->launches &&
		     (!q->launcher || (q->bind && q->ranks));
	if (rc == ASSAY_OK && !whole)
		rc = assay_fail(err, ASSAY_ESTORE, "the stored plan is damaged");
	if (rc == ASSAY_OK)
		rc = make_overrides(q, err);
	return rc == ASSAY_OK ? derive(cli, q, err) : rc;
}

struct assay_plan_request run_request_scope(const struct run_request *q)
{
	/* The programs are all that is measured, and were chosen when they were read. */
	const bool programs = q->program_suite != NULL;
	return (struct assay_plan_request){
		.patterns = programs ? &q->program_suite : (const char *const *)q->patterns,
		.n_patterns = programs ? 1 : q->n_patterns,
		.subjects = (const char *const *)q->subjects,
		.n_subjects = q->n_subjects,
		.overrides = q->overrides,
		.n_overrides = q->n_axes,
		.quick = strcmp(q->base, "quick") == 0 || is_card(q),
		.placement = q->placement,
		.free_programs = !q->place_programs,
	};
}

enum assay_code run_request_plan(const struct cli *cli, const struct run_request *q,
				 const struct assay_topology *topology, struct assay_plan *ret,
				 struct assay_err *err)
{
	const struct assay_plan_request request = run_request_scope(q);
	/* CPUs that were listed have to be there: else each case would be skipped for the same reason. */
	if (q->placement.policy == ASSAY_CPU_LIST && !q->launcher) {
		unsigned cpus[RUN_MAX_CPUS];
		enum assay_code rc = assay_placement_plan(topology, &q->placement,
							  (unsigned)q->placement.n_list, cpus, err);
		if (rc != ASSAY_OK)
			return assay_context(err, rc == ASSAY_SKIP ? ASSAY_EUSAGE : rc, "--cpus");
	}
	return assay_plan_make(cli->registry, topology, &request, ret, err);
}

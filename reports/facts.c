/* SPDX-License-Identifier: MIT */
/* facts: the machine card, the environment and the command of a run, out of what the store kept. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "reports/model.h"

/* A positive number of an object, or NaN. */
static double number(const json_t *json, const char *key)
{
	const json_t *found = json_object_get(json, key);
	double value = json_number_value(found);
	return json_is_number(found) && isfinite(value) && value > 0 ? value : NAN;
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	return text ? text : "";
}

static void add_fact(struct assay_report_machine *machine, const char *key, const char *value)
{
	if (value && *value)
		machine->facts[machine->n_facts++] = (struct assay_report_fact){key, value, NULL};
}

static void add_count(struct assay_str *text, double n, const char *one, const char *many)
{
	if (!isnan(n))
		assay_str_add(text, "%s%.0f %s", text->length ? ", " : "", n, n > 1 ? many : one);
}

static const char *describe_cores(struct assay_report_model *model, const json_t *shape)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	double packages = number(shape, "packages"), nodes = number(shape, "numa_nodes");
	add_count(&text, number(shape, "cores"), "core", "cores");
	add_count(&text, number(shape, "pus"), "hardware thread", "hardware threads");
	add_count(&text, packages, "package", "packages");
	add_count(&text, nodes, "NUMA node", "NUMA nodes");
	return assay_report_printf(model, "%s", assay_str_text(&text));
}

/* "1 MiB", exact when it comes out even, else two decimals. */
static void size_in_words(double bytes, char *text, size_t size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;
	while (bytes >= 1024 && unit + 1 < ASSAY_COUNT_OF(units)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, size, "%.*f %s",
		 bytes == floor(bytes) ? 0
		 : bytes < 100         ? 1
				       : 0,
		 bytes, units[unit]);
}

static const char *describe_caches(struct assay_report_model *model,
				   const struct assay_report_machine *machine)
{
	const struct {
		const char *name;
		double bytes;
	} levels[] = {{"L1d", machine->l1d_bytes},
		      {"L2", machine->l2_bytes},
		      {"last level", machine->llc_bytes}};
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(levels); i++) {
		char bytes[24];
		if (isnan(levels[i].bytes))
			continue;
		size_in_words(levels[i].bytes, bytes, sizeof(bytes));
		assay_str_add(&text, "%s%s %s", text.length ? ", " : "", levels[i].name, bytes);
	}
	return assay_report_printf(model, "%s", assay_str_text(&text));
}

static const char *describe_memory(struct assay_report_model *model, double bytes)
{
	char text[24];
	if (isnan(bytes))
		return "";
	size_in_words(bytes, text, sizeof(text));
	return assay_report_printf(model, "%s", text);
}

static const char *describe_clock(struct assay_report_model *model, double hz)
{
	if (isnan(hz))
		return "";
	return assay_report_printf(model, "%.2f GHz, measured", hz * 1e-9);
}

static enum assay_code read_machine(struct assay_report_model *model, struct assay_report_run *run,
				    const json_t *json, struct assay_err *err)
{
	enum { FACTS = 6 };
	struct assay_report_machine *machine = &run->machine;
	const json_t *shape = json_object_get(json, "shape");
	const char *name = run->info->machine_name ? run->info->machine_name : "";
	const char *cpu =
		assay_report_printf(model, "%s", text_of(json_object_get(json, "cpu"), "name"));
	const char *reason = text_of(json_object_get(json, "noise"), "reason");
	machine->noise_reason = assay_report_printf(model, "%s", reason);
	machine->facts = assay_report_grab(model, FACTS * sizeof(*machine->facts));
	if (!cpu || !machine->noise_reason || !machine->facts)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the machine's facts");
	machine->title = *cpu ? cpu : *name ? name : "unknown machine";
	machine->l1d_bytes = number(shape, "l1d_bytes");
	machine->l2_bytes = number(shape, "l2_bytes");
	machine->llc_bytes = number(shape, "llc_bytes");
	add_fact(machine, "Name", name);
	add_fact(machine, "Processor", cpu);
	add_fact(machine, "Shape", describe_cores(model, shape));
	add_fact(machine, "Caches", describe_caches(model, machine));
	add_fact(machine, "Memory", describe_memory(model, number(shape, "memory_bytes")));
	add_fact(machine, "Core clock", describe_clock(model, number(json, "core_clock_hz")));
	return ASSAY_OK;
}

/* A fact's value as text: strings as they are, anything else as JSON. NULL: out of memory. */
static const char *value_text(struct assay_report_model *model, const json_t *value)
{
	if (json_is_string(value))
		return assay_report_printf(model, "%s", json_string_value(value));
	char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	const char *text = dump ? assay_report_printf(model, "%s", dump) : NULL;
	assay_auto_free(&dump);
	return text;
}

static enum assay_code read_environment(struct assay_report_model *model,
					struct assay_report_run *run, json_t *json,
					struct assay_err *err)
{
	run->environment =
		assay_report_grab(model, json_object_size(json) * sizeof(*run->environment));
	if (!run->environment)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the environment");
	const char *key;
	json_t *member;
	json_object_foreach (json, key, member) {
		struct assay_report_fact *fact = &run->environment[run->n_environment];
		const json_t *why = json_object_get(member, "unavailable");
		fact->key = assay_report_printf(model, "%s", key);
		if (why)
			fact->unavailable = value_text(model, why);
		else
			fact->value = value_text(model, member);
		if (!fact->key || (!fact->value && !fact->unavailable))
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for the environment");
		run->n_environment++;
	}
	return ASSAY_OK;
}

/* One word as a shell reads it back. */
static void add_word(struct assay_str *line, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_@%+=:,./-";
	assay_str_add(line, "%s", line->length ? " " : "");
	if (*word && strspn(word, plain) == strlen(word)) {
		assay_str_add(line, "%s", word);
		return;
	}
	assay_str_add(line, "'");
	for (; *word; word++) {
		if (*word == '\'')
			assay_str_add(line, "'\\''");
		else
			assay_str_put(line, word, 1);
	}
	assay_str_add(line, "'");
}

static bool is_program(const char *word)
{
	const char *slash = strrchr(word, '/');
	return strcmp(slash ? slash + 1 : word, "assay") == 0;
}

/*
 * The arguments of the run as one line, with the seed it drew, so that the schedule is the same again. Only
 * `assay run` takes a seed: after `--` stands a foreign command.
 */
static enum assay_code read_command(struct assay_report_model *model, struct assay_report_run *run,
				    const json_t *arguments, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	bool seeded = false;
	assay_str_add(&line, "assay");
	size_t i;
	json_t *argument;
	json_array_foreach (arguments, i, argument) {
		const char *word = json_string_value(argument);
		if (!word || (i == 0 && is_program(word)))
			continue;
		bool dashes = strcmp(word, "--") == 0;
		if (dashes && !seeded) {
			assay_str_add(&line, " --seed %" PRIu64, run->info->seed);
			seeded = true;
		}
		seeded |= strncmp(word, "--seed", 6) == 0;
		add_word(&line, word);
	}
	if (!seeded && json_array_size(arguments) > 0)
		assay_str_add(&line, " --seed %" PRIu64, run->info->seed);
	run->command = assay_report_printf(model, "%s",
					   json_array_size(arguments) ? assay_str_text(&line) : "");
	if (line.failed || !run->command)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the command line");
	return ASSAY_OK;
}

/* A document of the store; one that is missing or malformed is as good as empty here. */
static json_t *parse(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

enum assay_code assay_report_read_facts(struct assay_report_model *model,
					struct assay_report_run *run, struct assay_err *err)
{
	json_t *machine = parse(run->info->machine_json);
	json_t *environment = parse(run->info->environment_json);
	json_t *arguments = parse(run->info->command);
	enum assay_code rc = read_machine(model, run, machine, err);
	if (rc == ASSAY_OK)
		rc = read_environment(model, run, environment, err);
	if (rc == ASSAY_OK)
		rc = read_command(model, run, arguments, err);
	json_decref(machine);
	json_decref(environment);
	json_decref(arguments);
	return rc;
}

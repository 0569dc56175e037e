/* SPDX-License-Identifier: MIT */
/* list: benchmarks, their axes and subjects. Loads no library and asks no hardware. */
#include <string.h>

#include "cli/cli.h"
#include "cli/counters.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/engine/measure.h"
#include "harness/engine/plan.h"

static const struct cli_option options[] = {
	{"counters", 0, NULL, "the counters, and the groups of them"},
	{"load", 0, "FILE.so", "a plug-in with more benchmarks or subjects"},
	{0},
};

static const char *mode_name(enum assay_mode mode)
{
	static const char *const names[] = {
		[ASSAY_RATE] = "rate",
		[ASSAY_CONTENDED] = "contended",
		[ASSAY_LATENCY] = "latency",
		[ASSAY_ONCE] = "once",
	};
	return names[mode];
}

static bool wanted(const struct cli *cli, const struct cli_args *args,
		   const struct assay_bench_entry *bench)
{
	if (!args->n_positional)
		return !assay_registry_hidden(cli->registry, bench->suite);
	struct assay_str name = {0};
	assay_str_add(&name, "%s/%s", bench->suite, bench->name);
	bool match = false;
	for (int i = 0; !match && i < args->n_positional; i++)
		match = assay_pattern_matches(args->positional[i], assay_str_text(&name));
	assay_str_done(&name);
	return match;
}

static void add_subjects(const struct assay_registry *registry,
			 const struct assay_bench_entry *bench, struct assay_str *out)
{
	const char *interface = assay_bench_interface(registry, bench);
	const struct assay_subject_entry *subjects;
	size_t n = assay_registry_subjects(registry, &subjects);
	for (size_t i = 0; *interface && i < n; i++)
		if (strcmp(subjects[i].suite, bench->suite) == 0 &&
		    strcmp(assay_subject_interface(registry, &subjects[i]), interface) == 0)
			assay_str_add(out, "%s%s", out->length ? "," : "", subjects[i].name);
}

static void add_axes(const struct assay_bench *bench, struct assay_str *out)
{
	for (const struct assay_axis *a = bench->axes; a && a->name; a++)
		assay_str_add(out, "%s%s=%s", out->length ? " " : "", a->name, a->values);
	if (bench->threads)
		assay_str_add(out, "%sthreads=%s", out->length ? " " : "", bench->threads);
}

enum { INDENT = 14, WIDTH = 80 };

/* The bytes of the word at `text` that go together: a word as wide as a line may be broken at a comma. */
static size_t chunk(const char *text, char separator)
{
	const char *end = strchr(text, separator);
	size_t word = end ? (size_t)(end - text) : strlen(text), at = WIDTH - INDENT;
	if (word <= at)
		return word;
	while (at > 1 && text[at - 1] != ',')
		at--;
	return at > 1 ? at : word;
}

/* "    label     a,b,c" within 80 columns, broken only at a separator. */
static void print_wrapped(const char *label, const char *text, char separator)
{
	size_t column = INDENT;
	if (!*text)
		return;
	printf("    %-10s", label);
	while (*text) {
		size_t word = chunk(text, separator);
		size_t after = word + (text[word] == separator);
		if (column > INDENT && column + after > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT && separator == ' ') {
			putchar(' ');
		}
		printf("%.*s", (int)(separator == ' ' ? word : after), text);
		column += after;
		text += after;
	}
	putchar('\n');
}

static void list_text(const struct cli *cli, const struct assay_bench_entry *bench)
{
	struct assay_str subjects = {0}, axes = {0};
	add_subjects(cli->registry, bench, &subjects);
	add_axes(bench->bench, &axes);
	struct assay_metric_info metric = assay_primary_metric(bench->bench, NULL);
	int at = printf("%s/%s  ", bench->suite, bench->name);
	cli_fill(stdout, at, 4, bench->bench->brief);
	printf("    %s in %s, mode %s\n", metric.name, metric.unit, mode_name(bench->bench->mode));
	print_wrapped("axes", assay_str_text(&axes), ' ');
	print_wrapped("subjects", assay_str_text(&subjects), ',');
	if (cli->verbose && bench->bench->source)
		print_wrapped("source", bench->bench->source, ' ');
	assay_str_done(&subjects);
	assay_str_done(&axes);
}

static json_t *bench_json(const struct cli *cli, const struct assay_bench_entry *bench)
{
	struct assay_metric_info metric = assay_primary_metric(bench->bench, NULL);
	json_t *axes = json_array(), *subjects = json_array();
	for (const struct assay_axis *a = bench->bench->axes; a && a->name; a++)
		json_array_append_new(axes,
				      json_pack("{s:s, s:s?, s:s, s:s?}", "name", a->name, "unit",
						a->unit, "values", a->values, "quick", a->quick));
	if (bench->bench->threads)
		json_array_append_new(axes, json_pack("{s:s, s:s, s:s}", "name", "threads", "unit",
						      "threads", "values", bench->bench->threads));
	struct assay_str names = {0};
	add_subjects(cli->registry, bench, &names);
	char *cursor = names.text;
	while (cursor)
		json_array_append_new(subjects, json_string(strsep(&cursor, ",")));
	assay_str_done(&names);
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s?, s:i, s:o, s:o}", "suite",
			 bench->suite, "benchmark", bench->name, "brief",
			 assay_json_text(bench->bench->brief), "metric", metric.name, "unit",
			 metric.unit, "better", metric.better == ASSAY_HIGHER ? "higher" : "lower",
			 "mode", mode_name(bench->bench->mode), "source", bench->bench->source,
			 "version", (int)bench->bench->version, "axes", axes, "subjects", subjects);
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < args->n_given; i++)
		if (strcmp(args->given[i].option->name, "load") == 0)
			rc = assay_registry_load(cli->registry, args->given[i].value, err);
	if (rc != ASSAY_OK)
		return rc;
	if (cli_flag(args, "counters") && args->n_positional)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--counters lists the counters of this machine; '%.60s' is one too many",
			args->positional[0]);
	if (cli_flag(args, "counters"))
		return counters_list(cli, err);
	const struct assay_bench_entry *benches;
	size_t n = assay_registry_benches(cli->registry, &benches);
	json_t *list = json_array();
	size_t shown = 0;
	for (size_t i = 0; i < n; i++) {
		if (!wanted(cli, args, &benches[i]))
			continue;
		if (!cli->json_is_stdout)
			list_text(cli, &benches[i]);
		json_array_append_new(list, bench_json(cli, &benches[i]));
		shown++;
	}
	if (shown && cli->json)
		return assay_json_document(
			json_pack("{s:s, s:o}", "schema", "assay/1", "benchmarks", list), cli->json,
			err);
	json_decref(list);
	return shown ? ASSAY_OK : assay_pattern_unknown(cli->registry, args->positional[0], err);
}

const struct cli_verb cli_verb_list = {
	.name = "list",
	.usage = "[PATTERN...]",
	.brief = "benchmarks, subjects, axes, metrics",
	.options = options,
	.paged = true,
	.run = run,
};

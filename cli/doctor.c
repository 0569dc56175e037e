/* SPDX-License-Identifier: MIT */
/* doctor: what can be measured here, what makes it noisy, and the command that would fix it. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/declared.h"
#include "cli/diagnosis.h"
#include "cli/settings.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

static const struct cli_option options[] = {
	{"probe", 0, "TIME", "how long to listen for noise (250ms)"},
	{0},
};

struct feature {
	const char *name;
	bool present;
	const char *purpose;
};

static const struct feature features[] = {
	{"hwloc", ASSAY_HAVE_HWLOC, "machine topology"},
	{"papi", ASSAY_HAVE_PAPI, "hardware and software counters"},
	{"libdw", ASSAY_HAVE_LIBDW, "names and callers in call stacks"},
	{"gbench", ASSAY_HAVE_GBENCH, "the Google Benchmark driver"},
	{"openmp", ASSAY_HAVE_OPENMP, "subjects of concurrency/, opened at run time"},
	{"tbb", ASSAY_HAVE_TBB, "a subject of concurrency/"},
	{"opencl", ASSAY_HAVE_OPENCL, "a subject of gpu/, opened at run time"},
};

enum { LABEL = 20, WIDTH = 80 };

static void heading(const struct cli *cli, const char *text)
{
	printf("\n%s%s%s\n", cli->color_out ? "\033[1m" : "", text,
	       cli->color_out ? "\033[0m" : "");
}

/* Words from column `indent` on, broken before column WIDTH; the cursor stands at `at`. */
static void fill(const char *text, int at, int indent)
{
	char clean[1024];
	assay_sanitise(clean, sizeof(clean), text);
	for (const char *word = clean; *word;) {
		int n = (int)strcspn(word, " ");
		if (at > indent && at + 1 + n > WIDTH) {
			putchar('\n');
			at = 0;
		} else if (at > indent) {
			putchar(' ');
			at++;
		}
		if (at < indent)
			at += printf("%*s", indent - at, "");
		at += printf("%.*s", n, word);
		word += n;
		word += strspn(word, " ");
	}
	putchar('\n');
}

ASSAY_PRINTF(2, 3)
static void item(const char *label, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	int at = printf("  %-*s", LABEL - 2, label);
	fill(text, at, LABEL);
}

/* A fact of the environment record, or why it is missing. */
static void fact_item(const struct diagnosis *d, const char *label, const char *key)
{
	const char *why;
	const char *value = diagnosis_fact(d, key, &why);
	item(label, "%s%s", value ? "" : "unknown: ", value ? value : why);
}

/* The same for a number of bytes or "kB". */
static void bytes_item(const struct diagnosis *d, const char *label, const char *key)
{
	const char *why;
	const char *value = diagnosis_fact(d, key, &why);
	char *unit, text[32];
	double bytes = value ? strtod(value, &unit) : 0;
	if (value && unit != value)
		item(label, "%s",
		     cli_declared_value(bytes * (strcmp(unit, " kB") == 0 ? 1024 : 1), "B", text,
					sizeof(text)));
	else if (value)
		item(label, "%s", strcmp(value, "max") == 0 ? "none" : value);
	else
		fact_item(d, label, key);
}

static void show_build(const struct cli *cli, const struct diagnosis *d)
{
	const char *why;
	const char *commit = diagnosis_fact(d, "build.commit", &why);
	heading(cli, "Build");
	item("assay", "%s%s%s", ASSAY_VERSION, commit ? ", commit " : "", commit ? commit : "");
	fact_item(d, "compiler", "build.compiler");
	fact_item(d, "build type", "build.type");
	for (size_t i = 0; i < ASSAY_COUNT_OF(features); i++)
		item(features[i].name, "%s (%s)", features[i].present ? "yes" : "not built in",
		     features[i].purpose);
}

static void show_machine(const struct cli *cli, const struct diagnosis *d)
{
	struct assay_machine_shape shape;
	assay_topology_shape(d->topology, &shape);
	heading(cli, "Machine");
	item("processor", "%s", shape.cpu_model[0] ? shape.cpu_model : "unknown");
	item("usable", "%u core%s, %u hardware thread%s, %u NUMA node%s", shape.cores,
	     shape.cores == 1 ? "" : "s", shape.pus, shape.pus == 1 ? "" : "s", shape.numa_nodes,
	     shape.numa_nodes == 1 ? "" : "s");
	fact_item(d, "hypervisor", "cpu.hypervisor");
	fact_item(d, "container", "container.kind");
	fact_item(d, "kernel", "kernel.release");
	bytes_item(d, "memory free", "memory.available");
	bytes_item(d, "memory limit", "cgroup.memory_max");
	fact_item(d, "CPU quota", "cgroup.cpu_quota");
	fact_item(d, "huge pages", "memory.thp");
	fact_item(d, "governor", "cpu.governor");
	fact_item(d, "limits", "process.limits");
	putchar('\n');
	cli_declared_print(d->topology, d->core_clock_hz, stdout);
}

static void show_clock(const struct cli *cli, const struct diagnosis *d)
{
	heading(cli, "Clock");
	fact_item(d, "source", "clock.source");
	item("tick", "%llu ns is the smallest step seen", (unsigned long long)d->tick_ns);
	item("cost", "%.1f ns a reading; %.0f ns of a thread's CPU time", d->clock_cost_ns,
	     d->cpu_clock_cost_ns);
}

/* The source for tests counts nothing of anybody else's. */
static bool shown(const struct diagnosis_source *entry)
{
	return strcmp(entry->source->name, "fake") != 0;
}

/* Each event that is counted here: the first source that can, and the others that could as well. */
static void show_events(const struct diagnosis *d)
{
	printf("\n  %-23s%-13s%s\n", "event", "counted by", "others that could");
	for (size_t i = 0; i < d->n_events; i++) {
		const struct assay_count *count = &d->events[i];
		ASSAY_AUTO(assay_str_done) struct assay_str others = {0};
		if (count->quality == ASSAY_UNAVAILABLE)
			continue;
		for (size_t s = 0; s < d->n_sources; s++)
			if (shown(&d->sources[s]) && d->counted[i][s] &&
			    strcmp(count->source, d->sources[s].source->name) != 0)
				assay_str_add(&others, "%s%s", others.length ? ", " : "",
					      d->sources[s].source->name);
		printf("  %-23s%-13s%s\n", count->event, count->source,
		       others.length ? assay_str_text(&others) : "-");
	}
}

/* Why nobody counts the others, each reason once; it names the command that would help. */
static void show_refusals(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_events; i++) {
		const char *reason = d->events[i].reason;
		bool first = d->events[i].quality == ASSAY_UNAVAILABLE;
		ASSAY_AUTO(assay_str_done) struct assay_str names = {0};
		for (size_t k = 0; k < d->n_events && first; k++) {
			bool same = d->events[k].quality == ASSAY_UNAVAILABLE &&
				    strcmp(d->events[k].reason, reason) == 0;
			first = !same || k >= i;
			if (same)
				assay_str_add(&names, "%s%s", names.length ? ", " : "",
					      d->events[k].event);
		}
		if (!first)
			continue;
		assay_str_add(&names, ": %s", reason[0] ? reason : "no source knows it");
		putchar('\n');
		fill(assay_str_text(&names), 0, 2);
	}
}

static void show_counters(const struct cli *cli, const struct diagnosis *d)
{
	heading(cli, "Counters");
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct diagnosis_source *entry = &d->sources[i];
		item(entry->source->name, "%s: %s", entry->usable ? "usable" : "unusable",
		     entry->usable ? entry->source->brief : entry->reason);
	}
	show_events(d);
	show_refusals(d);
}

/* Limits that are known, and the others' names to `unknown`. */
static void limits_text(json_t *limits, struct assay_str *known, struct assay_str *unknown)
{
	const char *name;
	json_t *value;
	json_object_foreach (limits, name, value) {
		char text[32];
		bool bytes = strcmp(name, "memory") == 0 || strcmp(name, "link") == 0;
		if (json_is_real(value))
			assay_str_add(known, "%s%s %s", known->length ? ", " : "", name,
				      assay_format_value(json_real_value(value),
							 bytes ? "B/s" : "op/s", text,
							 sizeof(text)));
		else
			assay_str_add(unknown, "%s%s", unknown->length ? ", " : "", name);
	}
}

static void show_device(json_t *device)
{
	ASSAY_AUTO(assay_str_done) struct assay_str known = {0}, unknown = {0};
	const char *subject = json_string_value(json_object_get(device, "subject"));
	const char *text = json_string_value(json_object_get(device, "text"));
	const char *reason = json_string_value(json_object_get(device, "reason"));
	const char *compiler = json_string_value(json_object_get(device, "compiler"));
	const char *no_limit = json_string_value(json_object_get(device, "no_limit"));
	item(subject ? subject : "device", "%s%s", text ? "" : "unusable: ",
	     text     ? text
	     : reason ? reason
		      : "no reason");
	if (!text)
		return;
	if (compiler)
		item("", "compiles with %s", compiler);
	limits_text(json_object_get(device, "limits"), &known, &unknown);
	if (known.length)
		item("", "at most %s", assay_str_text(&known));
	if (unknown.length)
		item("", "limits unavailable (%s): %s", assay_str_text(&unknown),
		     no_limit ? no_limit : "not known");
	size_t i;
	json_t *lack;
	json_array_foreach (json_object_get(device, "lacks"), i, lack)
		item("", "- %s", json_string_value(lack));
}

static void show_devices(const struct cli *cli, const struct diagnosis *d)
{
	const char *problem = json_string_value(json_object_get(d->devices, "problem"));
	size_t i;
	json_t *one;
	heading(cli, "Devices");
	if (problem)
		item("problem", "%s", problem);
	json_array_foreach (json_object_get(d->devices, "devices"), i, one)
		show_device(one);
	json_array_foreach (json_object_get(d->devices, "toolkits"), i, one)
		item(i ? "" : "toolkits", "%s", json_string_value(json_object_get(one, "path")));
}

static void show_noise(const struct cli *cli, const struct diagnosis *d)
{
	static const char *const meanings[] = {
		"quiet: fit for small differences", "some noise: fit for most work",
		"noisy: only large differences show", "useless for timing now"};
	const struct assay_noise *noise = &d->noise;
	const char *color = noise->grade <= 'B'   ? "\033[32m"
			    : noise->grade == 'C' ? "\033[33m"
						  : "\033[31m";
	heading(cli, "Noise");
	printf("  %-*s%s%c%s  %s\n", LABEL - 2, "grade", cli->color_out ? color : "", noise->grade,
	       cli->color_out ? "\033[0m" : "", meanings[noise->grade - 'A']);
	item("because", "%s", noise->reason);
	char longest[32];
	item("gaps", "%llu in %.2f s, %.2g %% of the time, the longest %s",
	     (unsigned long long)noise->gaps, noise->spin_ns / 1e9, noise->gap_share * 100,
	     assay_format_value(noise->max_gap_ns, "ns", longest, sizeof(longest)));
	item("pushed off", "%llu time%s", (unsigned long long)noise->involuntary_switches,
	     noise->involuntary_switches == 1 ? "" : "s");
	if (isnan(noise->run_queue))
		item("other tasks", "unknown");
	else
		item("other tasks", "%.1f runnable on %u CPU%s", noise->run_queue, noise->cpus,
		     noise->cpus == 1 ? "" : "s");
	if (isnan(noise->psi_cpu_avg10))
		item("pressure", "unknown: this kernel has no /proc/pressure/cpu");
	else
		item("pressure", "%.2f %% of the last 10 s some task waited for a CPU",
		     noise->psi_cpu_avg10);
	if (isnan(noise->steal_share))
		item("steal", "unknown");
	else
		item("steal", "%.2f %% of the CPU time", noise->steal_share * 100);
}

static void show_store(const struct cli *cli, const struct diagnosis *d)
{
	const struct diagnosis_store *store = &d->store;
	heading(cli, "Store");
	item("file", "%s (%s)", cli->db, store->exists ? "exists" : "not there yet");
	if (store->problem[0]) {
		item("problem", "%s", store->problem);
		return;
	}
	item("file system", "%s, %s", store->filesystem[0] ? store->filesystem : "unknown",
	     store->local ? "local" : "not known to be local");
}

static void show_advice(const struct cli *cli, const struct diagnosis *d)
{
	heading(cli, "What makes it noisy, and what would help");
	if (!d->n_advice)
		printf("  nothing: this machine is as good as it gets\n");
	for (size_t i = 0; i < d->n_advice; i++) {
		const struct assay_advice *advice = &d->advice[i];
		int at = printf("  %zu. ", i + 1);
		fill(advice->what, at, 5);
		fill(advice->why, 0, 5);
		printf("     %s%s%s%s\n", cli->color_out ? "\033[36m" : "",
		       advice->command ? "$ " : "nothing can be done from inside",
		       advice->command ? advice->command : "", cli->color_out ? "\033[0m" : "");
	}
}

static json_t *build_json(const struct diagnosis *d)
{
	const char *why;
	json_t *present = json_object();
	for (size_t i = 0; i < ASSAY_COUNT_OF(features); i++)
		json_object_set_new(present, features[i].name, json_boolean(features[i].present));
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "version", ASSAY_VERSION, "commit",
			 assay_json_text(diagnosis_fact(d, "build.commit", &why)), "compiler",
			 assay_json_text(diagnosis_fact(d, "build.compiler", &why)), "type",
			 assay_json_text(diagnosis_fact(d, "build.type", &why)), "features",
			 present);
}

static json_t *counters_json(const struct diagnosis *d)
{
	json_t *sources = json_array(), *events = json_array();
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct diagnosis_source *entry = &d->sources[i];
		json_array_append_new(
			sources, json_pack("{s:s, s:b, s:o}", "name", entry->source->name, "usable",
					   entry->usable, "reason",
					   assay_json_text(entry->usable ? NULL : entry->reason)));
	}
	for (size_t i = 0; i < d->n_events; i++) {
		const struct assay_count *count = &d->events[i];
		bool counted = count->quality != ASSAY_UNAVAILABLE;
		json_array_append_new(
			events,
			json_pack("{s:s, s:o, s:s, s:o}", "event", count->event, "source",
				  assay_json_text(counted ? count->source : NULL), "quality",
				  assay_quality_name(count->quality), "reason",
				  assay_json_text(count->reason[0] ? count->reason : NULL)));
	}
	return json_pack("{s:o, s:o}", "sources", sources, "events", events);
}

static json_t *clock_json(const struct diagnosis *d)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "tick_ns", (json_int_t)d->tick_ns, "cost_ns",
			 assay_json_real(d->clock_cost_ns), "cpu_clock_cost_ns",
			 assay_json_real(d->cpu_clock_cost_ns), "core_clock_hz",
			 d->core_clock_hz > 0 ? assay_json_real(d->core_clock_hz) : json_null());
}

static json_t *store_json(const struct cli *cli, const struct diagnosis_store *store)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:b, s:o}", "path", assay_json_text(cli->db),
			 "exists", store->exists, "folder",
			 assay_json_text(store->folder[0] ? store->folder : NULL), "filesystem",
			 assay_json_text(store->filesystem[0] ? store->filesystem : NULL), "local",
			 store->local, "problem",
			 assay_json_text(store->problem[0] ? store->problem : NULL));
}

static json_t *advice_json(const struct diagnosis *d)
{
	json_t *array = json_array();
	for (size_t i = 0; i < d->n_advice; i++)
		json_array_append_new(array, json_pack("{s:o, s:o, s:o}", "what",
						       assay_json_text(d->advice[i].what), "why",
						       assay_json_text(d->advice[i].why), "command",
						       assay_json_text(d->advice[i].command)));
	return array;
}

static enum assay_code show_json(const struct cli *cli, const struct diagnosis *d,
				 struct assay_err *err)
{
	json_t *document = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:o, s:o}", "schema", "assay/1", "build",
		build_json(d), "machine", assay_topology_json(d->topology), "clock", clock_json(d),
		"noise", assay_noise_json(&d->noise), "counters", counters_json(d), "environment",
		assay_environment_json(&d->environment), "devices", d->devices, "store",
		store_json(cli, &d->store), "advice", advice_json(d));
	return assay_json_document(document, cli->json, err);
}

static void show_text(const struct cli *cli, const struct diagnosis *d)
{
	printf("What can be measured on this machine, as it is now.\n");
	show_build(cli, d);
	show_machine(cli, d);
	show_clock(cli, d);
	show_counters(cli, d);
	show_devices(cli, d);
	show_noise(cli, d);
	show_store(cli, d);
	show_advice(cli, d);
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	const char *text = cli_value(args, "probe");
	enum assay_code rc =
		text ? config_set(cli->config, "probe", text, "--probe", err) : ASSAY_OK;
	if (rc != ASSAY_OK)
		return rc;
	if (args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is one too many: doctor takes no arguments",
				  args->positional[0]);
	struct diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));
	if (!diagnosis)
		return assay_fail(err, ASSAY_ENOMEM, "doctor: out of memory");
	rc = diagnosis_make(cli, config_duration(cli->config, "probe", 0), diagnosis, err);
	if (rc == ASSAY_OK && cli->json)
		rc = show_json(cli, diagnosis, err);
	if (rc == ASSAY_OK && !cli->json_is_stdout)
		show_text(cli, diagnosis);
	diagnosis_done(diagnosis);
	free(diagnosis);
	return rc;
}

const struct cli_verb cli_verb_doctor = {
	.name = "doctor",
	.usage = "[--probe TIME]",
	.brief = "what can be measured here, and what makes it noisy",
	.details =
		"Everything is tried, nothing is only asked for. Nothing is changed: the commands\n"
		"at the end are for you to run. Needs no privileges; what only root may see is\n"
		"named as such.",
	.options = options,
	.paged = true,
	.run = run,
};

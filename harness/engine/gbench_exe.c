/* SPDX-License-Identifier: MIT */
/* gbench_exe: list, describe, run for its JSON, and hand each repetition on. */
#include "harness/engine/gbench_exe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/engine/child.h"
#include "harness/engine/gbench_json.h"

#define LIST_TIMEOUT_NS 10000000000u
#define STARTUP_NS      2000000000.0
enum {
	LIST_LIMIT_BYTES = 4 << 20,
	REPORT_LIMIT_BYTES = 64 << 20,
	NAME_MAX_BYTES = 4096,
};

struct gbench_exe {
	struct assay_program program;
	json_t *description;
	const char *executable, *benchmark;
	struct assay_gbench_name name;
};

/* ---- listing ---- */

static enum assay_code no_gbench(const char *executable, const char *why, struct assay_err *err)
{
	char shown[120];
	assay_sanitise(shown, sizeof(shown), executable);
	return assay_fail(err, ASSAY_EUSAGE,
			  "'%s' %s: is it an executable made with Google Benchmark?", shown, why);
}

static enum assay_code take_lines(char *text, struct assay_argv *ret, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	while (rc == ASSAY_OK && text) {
		const char *line = strsep(&text, "\n");
		if (*line && strlen(line) <= NAME_MAX_BYTES)
			rc = assay_argv_add(ret, line, err);
	}
	return rc;
}

static enum assay_code read_list(const char *executable, const struct assay_child_end *end,
				 struct assay_str *output, struct assay_argv *ret,
				 struct assay_err *err)
{
	char text[100], why[160];
	const char *complaint = assay_child_complaint(end, text, sizeof(text));
	if (end->timed_out)
		return no_gbench(executable, "does not list its benchmarks within 10 s", err);
	if (complaint) {
		snprintf(why, sizeof(why), "does not list its benchmarks (%s)", complaint);
		return no_gbench(executable, why, err);
	}
	/* An executable whose filter matches nothing says so in words, and ends well. */
	const char *names = assay_str_text(output);
	if (!*names || *names == '-' || strstr(names, "Failed to match any benchmarks"))
		return no_gbench(executable, "lists no benchmarks", err);
	return take_lines(output->text, ret, err);
}

enum assay_code assay_gbench_list(const char *executable, struct assay_argv *ret,
				  struct assay_err *err)
{
	struct assay_argv argv = {0}, names = {0};
	struct assay_child_end end;
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	ASSAY_AUTO_FREE char *path = NULL;
	enum assay_code rc = assay_child_find(executable, &path, err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(&argv, executable, err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(&argv, "--benchmark_list_tests=true", err);
	const struct assay_child child = {.path = path, .argv = &argv, .in = -1, .errors = -1};
	if (rc == ASSAY_OK)
		rc = assay_child_capture(&child, LIST_TIMEOUT_NS, LIST_LIMIT_BYTES, &output, &end,
					 err);
	if (rc == ASSAY_OK)
		rc = read_list(executable, &end, &output, &names, err);
	assay_argv_done(&argv);
	if (rc != ASSAY_OK) {
		assay_argv_done(&names);
		return rc;
	}
	*ret = names;
	return ASSAY_OK;
}

/* ---- describing and making ---- */

enum assay_code assay_gbench_describe(const char *executable, const char *benchmark,
				      const char *label, char **ret, struct assay_err *err)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s?}", "kind", "gbench-exe", "executable",
				 executable, "benchmark", benchmark, "label", label);
	if (!json)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"the name of a benchmark is not valid UTF-8, in which it is stored");
	*ret = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return *ret ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory for a benchmark");
}

/*
 * "/threads:4" of the name is our axis of that name; what follows it ("/real_time") stays. *ret_rest
 * is the name without it.
 */
static void split_threads(const char *name, char threads[16], struct assay_str *ret_rest)
{
	static const char mark[] = "/threads:";
	const char *at = strstr(name, mark);
	const char *digits = at ? at + strlen(mark) : "";
	size_t n = strspn(digits, "0123456789");
	uint64_t value;
	assay_copy(threads, 16, "1");
	if (!n || n > 5 || (digits[n] && digits[n] != '/')) {
		assay_str_add(ret_rest, "%s", name);
		return;
	}
	char number[8] = "";
	memcpy(number, digits, n);
	if (assay_parse_u64(number, 1, 65536, &value, NULL) == ASSAY_OK)
		snprintf(threads, 16, "%u", (unsigned)value);
	assay_str_add(ret_rest, "%.*s%s", (int)(at - name), name, digits + n);
}

void assay_gbench_name(const char *executable, const char *benchmark, struct assay_gbench_name *ret)
{
	const char *slash = strrchr(executable, '/');
	ASSAY_AUTO(assay_str_done) struct assay_str rest = {0};
	assay_slug_name(ret->benchmark, sizeof(ret->benchmark), slash ? slash + 1 : executable,
			"executable");
	split_threads(benchmark, ret->threads, &rest);
	assay_slug_label(ret->label, sizeof(ret->label), assay_str_text(&rest));
}

static void gbench_free(struct assay_program *program)
{
	struct gbench_exe *exe = (struct gbench_exe *)program;
	if (!exe)
		return;
	json_decref(exe->description);
	free(exe);
}

static enum assay_code gbench_make(const json_t *description, struct assay_program **ret,
				   struct assay_err *err)
{
	struct gbench_exe *exe = calloc(1, sizeof(*exe));
	if (!exe)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a benchmark");
	exe->description = json_deep_copy(description);
	exe->executable = json_string_value(json_object_get(exe->description, "executable"));
	exe->benchmark = json_string_value(json_object_get(exe->description, "benchmark"));
	if (!exe->executable || !exe->benchmark) {
		gbench_free(&exe->program);
		return assay_fail(err, ASSAY_EPARSE, "the description of a benchmark is damaged");
	}
	const char *label = json_string_value(json_object_get(exe->description, "label"));
	struct assay_program *program = &exe->program;
	assay_gbench_name(label ? label : exe->executable, exe->benchmark, &exe->name);
	assay_copy(program->name, sizeof(program->name), exe->name.benchmark);
	assay_sanitise(program->brief, sizeof(program->brief), exe->benchmark);
	program->axes[0] =
		(struct assay_axis){.name = "case", .unit = "name", .values = exe->name.label};
	program->bench.threads = exe->name.threads;
	program->bench.own_threads = true;
	*ret = program;
	return ASSAY_OK;
}

const char *assay_gbench_original(const struct assay_program *program)
{
	if (!program || program->kind != &assay_gbench_kind)
		return NULL;
	return ((const struct gbench_exe *)program)->benchmark;
}

/* ---- measuring ---- */

void assay_gbench_filter(const char *benchmark, struct assay_str *out)
{
	assay_str_add(out, "^");
	for (const char *c = benchmark; *c; c++) {
		if (strchr(".[]{}()*+?^$|\\", *c))
			assay_str_add(out, "\\");
		assay_str_put(out, c, 1);
	}
	assay_str_add(out, "$");
}

static enum assay_code build_argv(const struct gbench_exe *exe, const struct assay_effort *effort,
				  struct assay_argv *ret, struct assay_err *err)
{
	unsigned repetitions = effort->samples ? effort->samples : 1;
	char text[64];
	ASSAY_AUTO(assay_str_done) struct assay_str filter = {0};
	assay_str_add(&filter, "--benchmark_filter=");
	assay_gbench_filter(exe->benchmark, &filter);
	const char *const fixed[] = {
		exe->executable,
		"--benchmark_format=json",
		"--benchmark_report_aggregates_only=false",
		"--benchmark_color=false",
		assay_str_text(&filter),
	};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT_OF(fixed); i++)
		rc = assay_argv_add(ret, fixed[i], err);
	snprintf(text, sizeof(text), "--benchmark_repetitions=%u", repetitions);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, text, err);
	/* Plain seconds: every version takes them, a suffix only the newer ones. */
	snprintf(text, sizeof(text), "--benchmark_min_time=%.6f",
		 (double)effort->time_ns / repetitions / 1e9);
	return rc == ASSAY_OK ? assay_argv_add(ret, text, err) : rc;
}

static bool deliver_rates(const struct assay_gbench_run *run, const struct assay_program_sink *sink)
{
	static const struct {
		const char *counter, *metric, *unit;
	} rates[] = {
		{"bytes_per_second", "bandwidth", "B/s"},
		{"items_per_second", "item_rate", "op/s"},
	};
	for (size_t i = 0; i < run->n_counters; i++)
		for (size_t r = 0; r < ASSAY_COUNT_OF(rates); r++) {
			if (strcmp(run->counters[i].name, rates[r].counter) != 0 ||
			    !isfinite(run->counters[i].value))
				continue;
			const struct assay_figure figure = {rates[r].metric,
							    rates[r].unit,
							    ASSAY_HIGHER,
							    run->counters[i].value,
							    0,
							    0};
			if (!sink->figure(sink->context, &figure))
				return false;
		}
	return true;
}

static bool deliver_run(const struct assay_gbench_run *run, const struct assay_program_sink *sink)
{
	bool both = run->iterations > 0 && isfinite(run->cpu_ns);
	const struct assay_figure time = {
		.metric = "time",
		.unit = "ns/op",
		.better = ASSAY_LOWER,
		.value = run->real_ns,
		.wall_ns = both ? run->real_ns * run->iterations : 0,
		.cpu_ns = both ? run->cpu_ns * run->iterations : 0,
	};
	if (!sink->figure(sink->context, &time))
		return false;
	const struct assay_figure cpu = {"cpu_time", "ns/op", ASSAY_LOWER, run->cpu_ns, 0, 0};
	if (isfinite(run->cpu_ns) && !sink->figure(sink->context, &cpu))
		return false;
	return deliver_rates(run, sink);
}

/* Every repetition writes the same counters in the same order. */
static double counter_value(const struct assay_gbench_run *run, size_t i, const char *name)
{
	if (i >= run->n_counters || strcmp(run->counters[i].name, name) != 0)
		return NAN;
	return run->counters[i].value;
}

/* What the benchmark counts itself has no direction that we could know: a count, not a metric. */
static bool deliver_counters(const struct assay_gbench_report *report,
			     const struct assay_program_sink *sink)
{
	const struct assay_gbench_run *first = &report->runs[0];
	for (size_t i = 0; i < first->n_counters; i++) {
		struct assay_count count = {.quality = ASSAY_DERIVED};
		const char *name = first->counters[i].name;
		if (strcmp(name, "bytes_per_second") == 0 || strcmp(name, "items_per_second") == 0)
			continue;
		double sum = 0;
		for (size_t r = 0; r < report->n; r++)
			sum += counter_value(&report->runs[r], i, name);
		snprintf(count.event, sizeof(count.event), "gbench:%.56s", name);
		assay_copy(count.source, sizeof(count.source), "gbench");
		count.value = sum / (double)report->n;
		if (!isfinite(count.value)) {
			count.quality = ASSAY_UNAVAILABLE;
			assay_copy(count.reason, sizeof(count.reason), "it is no finite number");
		}
		if (!sink->count(sink->context, &count))
			return false;
	}
	return true;
}

static enum assay_code end_with(struct assay_program_end *end, enum assay_status status,
				const char *reason)
{
	end->status = status;
	assay_sanitise(end->reason, sizeof(end->reason), reason);
	return ASSAY_OK;
}

/* Hand the repetitions on; the first that failed ends it. Figures come after all were looked at. */
static enum assay_code deliver(const struct gbench_exe *exe,
			       const struct assay_gbench_report *report,
			       const struct assay_program_sink *sink, struct assay_program_end *end)
{
	if (!report->n)
		return end_with(end, ASSAY_STATUS_FAILED, "it did not run this benchmark");
	for (size_t i = 0; i < report->n; i++) {
		const struct assay_gbench_run *run = &report->runs[i];
		if (strcmp(run->name, exe->benchmark) != 0)
			return end_with(end, ASSAY_STATUS_FAILED, "it ran another benchmark");
		if (run->skip)
			return end_with(end, ASSAY_STATUS_SKIPPED, run->skip);
		if (run->error)
			return end_with(end, ASSAY_STATUS_FAILED, run->error);
		if (!isfinite(run->real_ns))
			return end_with(end, ASSAY_STATUS_FAILED, "it states no time");
	}
	bool heard = true;
	for (size_t i = 0; heard && i < report->n; i++)
		heard = deliver_run(&report->runs[i], sink);
	if (heard)
		deliver_counters(report, sink);
	if (report->runs[0].threads > 1 && assay_gbench_divides_wall_time(report->version))
		assay_copy(end->clock, sizeof(end->clock), ASSAY_GBENCH_OLD_CLOCK);
	else
		assay_copy(end->clock, sizeof(end->clock), "gbench");
	return ASSAY_OK;
}

static enum assay_code judge(const struct gbench_exe *exe, const struct assay_job *job,
			     const struct assay_child_end *ended, const struct assay_str *output,
			     const struct assay_program_sink *sink, struct assay_program_end *end)
{
	char text[100];
	struct assay_gbench_report report;
	struct assay_err why = {0};
	const char *complaint = assay_child_complaint(ended, text, sizeof(text));
	if (ended->timed_out) {
		snprintf(text, sizeof(text), "did not end within %.3g s",
			 (double)job->timeout_ns / 1e9);
		return end_with(end, ASSAY_STATUS_TIMEOUT, text);
	}
	if (complaint) {
		end->quote_output = true;
		return end_with(end, ASSAY_STATUS_CRASHED, complaint);
	}
	if (assay_gbench_read(assay_str_text(output), output->length, &report, &why) != ASSAY_OK)
		return end_with(end, ASSAY_STATUS_FAILED, why.text);
	enum assay_code rc = deliver(exe, &report, sink, end);
	assay_gbench_report_done(&report);
	return rc;
}

static enum assay_code gbench_measure(const struct assay_program *program,
				      const struct assay_case *c, const struct assay_job *job,
				      const struct assay_program_sink *sink,
				      struct assay_program_end *end, struct assay_err *err)
{
	const struct gbench_exe *exe = (const struct gbench_exe *)program;
	struct assay_argv argv = {0};
	struct assay_child_end ended;
	struct assay_err why = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str output = {0};
	ASSAY_AUTO_FREE char *path = NULL;
	(void)c;
	(void)err;
	enum assay_code rc = assay_child_find(exe->executable, &path, &why);
	if (rc == ASSAY_OK)
		rc = build_argv(exe, &job->effort, &argv, &why);
	const struct assay_child child = {
		.path = path,
		.argv = &argv,
		.in = -1,
		.errors = STDERR_FILENO,
	};
	if (rc == ASSAY_OK)
		rc = assay_child_capture(&child, job->timeout_ns, REPORT_LIMIT_BYTES, &output,
					 &ended, &why);
	assay_argv_done(&argv);
	if (rc != ASSAY_OK)
		return end_with(end, ASSAY_STATUS_FAILED, why.text);
	return judge(exe, job, &ended, &output, sink, end);
}

static uint64_t gbench_deadline_ns(const struct assay_program *program,
				   const struct assay_effort *effort, uint64_t timeout_ns)
{
	(void)program;
	(void)effort;
	return timeout_ns + (uint64_t)STARTUP_NS;
}

const struct assay_program_kind assay_gbench_kind = {
	.name = "gbench-exe",
	.suite = {"gbench", &(const struct assay_suite){.brief = "Google Benchmark executables"}},
	.make = gbench_make,
	.free = gbench_free,
	.measure = gbench_measure,
	.deadline_ns = gbench_deadline_ns,
};

/* SPDX-License-Identifier: MIT */
/* run_command: options into descriptions of programs, and their results for people. */
#include "cli/run_command.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/engine/child.h"
#include "harness/engine/command.h"
#include "harness/engine/gbench_exe.h"
#include "harness/engine/world.h"
#include "harness/stats/compare.h"
#include "harness/stats/estimate.h"

enum { MAX_WARMUP = 10000 };
#define FIRST_RUN_SLOW 1.3

static const char *const command_options[] = {"warmup", "prepare", "ignore-failure", "input",
					      "output"};

/* Takes over `description`. */
static enum assay_code add_program(struct run_request *q, char *description, struct assay_err *err)
{
	char **grown = realloc(q->programs, (q->n_programs + 2) * sizeof(*grown));
	if (!grown) {
		free(description);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	}
	q->programs = grown;
	grown[q->n_programs++] = description;
	grown[q->n_programs] = NULL;
	return ASSAY_OK;
}

/* ---- commands ---- */

static enum assay_code read_spec(const struct cli_args *args, const struct run_request *q,
				 struct assay_command_spec *spec, struct assay_err *err)
{
	uint64_t warmup = 0;
	enum assay_code rc = ASSAY_OK;
	const char *text = cli_value(args, "warmup");
	if (text)
		rc = assay_context(err, assay_parse_u64(text, 0, MAX_WARMUP, &warmup, err),
				   "--warmup");
	spec->warmup = (unsigned)warmup;
	spec->ignore_failure = cli_flag(args, "ignore-failure");
	spec->input = cli_value(args, "input");
	spec->output = cli_value(args, "output");
	spec->params = q->overrides;
	spec->n_params = q->n_axes;
	text = cli_value(args, "prepare");
	if (rc == ASSAY_OK && text)
		rc = assay_context(err, assay_argv_split(text, &spec->prepare, err), "--prepare");
	return rc;
}

/* A program that is named outright can be looked for before anything is measured. */
static enum assay_code check_exists(const struct assay_argv *argv, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *path = NULL;
	if (!argv->n || strchr(argv->words[0], '{'))
		return ASSAY_OK;
	return assay_child_find(argv->words[0], &path, err);
}

/*
 * words[n] up to the next ":::" as one command; *ret_taken counts the separator too. Marks in
 * used[q->n_axes] the parameters it mentions.
 */
static enum assay_code read_command(const struct run_request *q, struct assay_command_spec *spec,
				    char *const *words, int n, int *ret_taken, bool *used,
				    char **ret, struct assay_err *err)
{
	struct assay_argv argv = {0};
	enum assay_code rc = ASSAY_OK;
	int i = 0;
	for (; rc == ASSAY_OK && i < n && strcmp(words[i], ":::") != 0; i++)
		rc = assay_argv_add(&argv, words[i], err);
	*ret_taken = i + 1;
	if (rc == ASSAY_OK && !argv.n)
		rc = assay_fail(err, ASSAY_EUSAGE, "a command is missing at ':::' or after '--'");
	if (rc == ASSAY_OK)
		rc = check_exists(&argv, err);
	spec->argv = argv;
	for (size_t a = 0; a < q->n_axes; a++)
		used[a] |= assay_command_mentions(spec, q->axes[a]);
	if (rc == ASSAY_OK)
		rc = assay_command_describe(spec, ret, err);
	assay_argv_done(&argv);
	return rc;
}

/* Values for a parameter that nothing uses are a mistake, such as a misspelt name. */
static enum assay_code check_used(const struct run_request *q, const bool *used,
				  struct assay_err *err)
{
	for (size_t i = 0; i < q->n_axes; i++)
		if (!used[i] && !q->axis_optional[i] && strcmp(q->axes[i], "threads") != 0)
			return assay_fail(err, ASSAY_EUSAGE, "-P %s: no command has {%s} in it",
					  q->axes[i], q->axes[i]);
	return ASSAY_OK;
}

/* Takes over the description of a command. */
typedef enum assay_code command_fn(void *context, char *description, struct assay_err *err);

static enum assay_code each_command(const struct cli_args *args, const struct run_request *q,
				    struct assay_command_spec *spec, bool *used, command_fn *fn,
				    void *context, struct assay_err *err)
{
	char *const *words = args->positional + args->n_before;
	int n = args->n_positional - args->n_before, taken = 0;
	enum assay_code rc = ASSAY_OK;
	/* One more round after a last ":::", whose command is missing. */
	for (int at = 0; rc == ASSAY_OK && at <= n; at += taken) {
		char *description = NULL;
		rc = read_command(q, spec, words + at, n - at, &taken, used, &description, err);
		if (rc == ASSAY_OK)
			rc = fn(context, description, err);
		if (at + taken > n)
			break;
	}
	return rc == ASSAY_OK ? check_used(q, used, err) : rc;
}

static enum assay_code read_commands(const struct cli_args *args, const struct run_request *q,
				     command_fn *fn, void *context, struct assay_err *err)
{
	struct assay_command_spec spec = {0};
	if (args->n_before)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%.60s' stands before the '--': benchmarks are measured or "
				  "commands, not both",
				  args->positional[0]);
	if (cli_value(args, "driver"))
		return assay_fail(err, ASSAY_EUSAGE, "--driver is for benchmarks, not commands");
	bool *used = calloc(q->n_axes + 1, sizeof(*used));
	if (!used)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a run");
	enum assay_code rc = read_spec(args, q, &spec, err);
	if (rc == ASSAY_OK)
		rc = assay_context(err, check_exists(&spec.prepare, err), "--prepare");
	if (rc == ASSAY_OK)
		rc = each_command(args, q, &spec, used, fn, context, err);
	free(used);
	assay_argv_done(&spec.prepare);
	return rc;
}

static enum assay_code add_command(void *context, char *description, struct assay_err *err)
{
	return add_program(context, description, err);
}

struct command_pair {
	char **descriptions;
	size_t n;
};

static enum assay_code add_to_pair(void *context, char *description, struct assay_err *err)
{
	struct command_pair *pair = context;
	if (pair->n < 2) {
		pair->descriptions[pair->n++] = description;
		return ASSAY_OK;
	}
	free(description);
	return assay_fail(err, ASSAY_EUSAGE, "a gate compares two commands, BASE ::: CANDIDATE");
}

enum assay_code run_command_pair(const struct cli_args *args, const struct run_request *q,
				 char *ret[2], struct assay_err *err)
{
	struct command_pair pair = {.descriptions = ret};
	ret[0] = ret[1] = NULL;
	enum assay_code rc = read_commands(args, q, add_to_pair, &pair, err);
	if (rc == ASSAY_OK && pair.n < 2)
		rc = assay_fail(err, ASSAY_EUSAGE,
				"a gate compares two commands, BASE ::: CANDIDATE; there is one");
	for (int i = 0; rc != ASSAY_OK && i < 2; i++) {
		free(ret[i]);
		ret[i] = NULL;
	}
	return rc;
}

/* ---- Google Benchmark ---- */

static bool wanted(const struct cli_args *args, const char *benchmark)
{
	if (!args->n_positional)
		return true;
	for (int i = 0; i < args->n_positional; i++)
		if (assay_pattern_matches(args->positional[i], benchmark))
			return true;
	return false;
}

static enum assay_code no_match(const struct cli_args *args, const struct assay_argv *list,
				struct assay_err *err)
{
	const char *near =
		assay_nearest(args->positional[0], (const char *const *)list->words, list->n);
	char shown[80];
	assay_sanitise(shown, sizeof(shown), near ? near : list->words[0]);
	return assay_fail(err, ASSAY_EUSAGE, "none of its %zu benchmarks matches '%.60s'; %s '%s'",
			  list->n, args->positional[0],
			  near ? "did you mean" : "the first is called", shown);
}

static enum assay_code read_gbench(const struct cli_args *args, struct run_request *q,
				   struct assay_err *err)
{
	const char *executable = cli_value(args, "gbench");
	struct assay_argv list = {0};
	for (size_t i = 0; i < q->n_axes; i++)
		if (!q->axis_optional[i])
			return assay_fail(
				err, ASSAY_EUSAGE,
				"a Google Benchmark executable has no axes for -P to set: what it "
				"lists is what can be run");
	enum assay_code rc = assay_gbench_list(executable, &list, err);
	for (size_t i = 0; rc == ASSAY_OK && i < list.n; i++) {
		char *description = NULL;
		if (!wanted(args, list.words[i]))
			continue;
		rc = assay_gbench_describe(executable, list.words[i], NULL, &description, err);
		if (rc == ASSAY_OK)
			rc = add_program(q, description, err);
	}
	if (rc == ASSAY_OK && !q->n_programs)
		rc = no_match(args, &list, err);
	assay_argv_done(&list);
	return rc;
}

enum assay_code run_command_read(const struct cli_args *args, struct run_request *q,
				 struct assay_err *err)
{
	if (args->dashes && cli_value(args, "gbench"))
		return assay_fail(err, ASSAY_EUSAGE, "--gbench and commands cannot be one run");
	if ((args->dashes || cli_value(args, "gbench")) && cli_value(args, "subjects"))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--subjects is for benchmarks: neither commands nor the benchmarks of an "
			"executable have any");
	for (size_t i = 0; !args->dashes && i < ASSAY_COUNT_OF(command_options); i++)
		if (cli_value(args, command_options[i]))
			return assay_fail(err, ASSAY_EUSAGE,
					  "--%s is for commands: assay run --%s ... -- CMD",
					  command_options[i], command_options[i]);
	if (args->dashes)
		return read_commands(args, q, add_command, q, err);
	return cli_value(args, "gbench") ? read_gbench(args, q, err) : ASSAY_OK;
}

/* ---- showing ---- */

/* What is run for a case, as the user would write it. */
static enum assay_code describe(const struct assay_case *c, struct assay_str *out,
				struct assay_err *err)
{
	const char *original = assay_gbench_original(c->bench->program);
	enum assay_code rc = ASSAY_OK;
	if (original)
		assay_str_add(out, "%s", original);
	else
		rc = assay_command_line(c, out, err);
	if (!original && c->bench->bench->threads)
		assay_str_add(out, "  (threads:%u)", c->threads);
	return rc;
}

enum assay_code run_command_plan(const struct assay_plan *plan, FILE *out, struct assay_err *err)
{
	const char *const columns[] = {"case", "CPUs", "runs"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < plan->n; i++) {
		const struct assay_planned *planned = &plan->cases[i];
		ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
		char cpus[256] = "any";
		rc = describe(&planned->c, &line, err);
		if (planned->cpus)
			assay_cpus_text(planned->cpus, planned->c.threads, cpus, sizeof(cpus));
		const char *const cells[] = {
			planned->c.name,
			planned->skip ? planned->skip : cpus,
			assay_str_text(&line),
		};
		cli_table_row(table, cells);
	}
	cli_table_print(table, out);
	return rc;
}

enum assay_code run_command_events(const struct assay_plan *plan, FILE *out, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < plan->n; i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
		rc = describe(&plan->cases[i].c, &line, err);
		if (rc == ASSAY_OK)
			rc = assay_json_line(
				json_pack("{s:s, s:s, s:o, s:o}", "schema", "assay/1", "event",
					  "program", "name", assay_json_text(plan->cases[i].c.name),
					  "runs", assay_json_text(assay_str_text(&line))),
				out, err);
	}
	return rc;
}

void run_command_remarks(const struct assay_result_list *results, FILE *out)
{
	size_t n = 0;
	for (size_t i = 0; i < results->n; i++)
		n += results->results[i].primary &&
		     strcmp(results->results[i].clock, ASSAY_GBENCH_OLD_CLOCK) == 0;
	if (n)
		fprintf(out,
			"\n  remark    time of %zu case%s with several threads is wall time divided by "
			"their number:\n            the executable has a Google Benchmark before "
			"1.9.0, which counts so\n",
			n, n == 1 ? "" : "s");
}

/* One command with what was found of it. */
struct row {
	const struct assay_result *time;
	double user, system, rss; /* medians; NaN unknown */
	struct assay_str line;
};

static void fill_row(struct row *row, const struct assay_result_list *results, const char *name)
{
	row->user = row->system = row->rss = NAN;
	for (size_t i = 0; i < results->n; i++) {
		const struct assay_result *r = &results->results[i];
		if (strcmp(r->name, name) != 0)
			continue;
		if (r->primary)
			row->time = r;
		else if (strcmp(r->metric.name, "user_time") == 0)
			row->user = r->estimate.median;
		else if (strcmp(r->metric.name, "system_time") == 0)
			row->system = r->estimate.median;
		else if (strcmp(r->metric.name, "max_rss") == 0)
			row->rss = r->estimate.median;
	}
}

static bool measured(const struct row *row)
{
	return row->time && assay_status_measured(row->time->status) &&
	       isfinite(row->time->estimate.median);
}

static void add_row(struct cli_table *table, const struct row *row, double best)
{
	const struct assay_estimate *e = &row->time->estimate;
	char median[24], half[16] = "-", min[24], max[24], user[24], system[24], rss[24], n[24],
			 ratio[16];
	double percent = 100 * assay_plus_minus(e->median, e->lo, e->hi);
	if (percent >= 999.5)
		snprintf(half, sizeof(half), ">999 %%");
	else if (e->n > 1 && isfinite(percent))
		snprintf(half, sizeof(half), "%.*f %%", percent < 9.95 ? 1 : 0, percent);
	snprintf(n, sizeof(n), "%zu", e->n);
	snprintf(ratio, sizeof(ratio), "%.2f", e->median / best);
	const char *const cells[] = {
		assay_format_value(e->median, "ns", median, sizeof(median)),
		half,
		assay_format_value(e->min, "ns", min, sizeof(min)),
		assay_format_value(e->max, "ns", max, sizeof(max)),
		assay_format_value(row->user, "ns", user, sizeof(user)),
		assay_format_value(row->system, "ns", system, sizeof(system)),
		assay_format_value(row->rss, "B", rss, sizeof(rss)),
		n,
		ratio,
	};
	cli_table_line(table, assay_str_text(&row->line));
	cli_table_row(table, cells);
}

/* How many times as long as the others the first run of each launch took; NaN from too few. */
static double first_run_ratio(const struct assay_samples *s)
{
	enum { LAUNCHES = 3, RUNS = 3 };
	ASSAY_AUTO_FREE double *x = calloc(s->n + 1, sizeof(*x));
	if (!x || s->launches < LAUNCHES || s->n < s->launches * RUNS)
		return NAN;
	size_t first = 0, later = s->launches, from = 0;
	for (size_t l = 0; l < s->launches; l++) {
		for (size_t i = from; i < s->launch_end[l]; i++)
			x[i == from ? first++ : later++] = s->values[i];
		from = s->launch_end[l];
	}
	assay_sort(x, first);
	assay_sort(x + s->launches, later - s->launches);
	return assay_median(x, first) / assay_median(x + s->launches, later - s->launches);
}

static void print_hints(const struct row *rows, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		double ratio = first_run_ratio(&rows[i].time->samples);
		if (!(ratio > FIRST_RUN_SLOW))
			continue;
		char text[200];
		snprintf(text, sizeof(text),
			 "the first run of each launch took %.1f times as long as the others: "
			 "--warmup 1 leaves it out, --prepare brings every run into the same state",
			 ratio);
		fputc('\n', out);
		cli_fill(out, 0, 0, text);
		return;
	}
}

/* The table, fastest first. Returns how many were measured. */
static size_t print_table(struct row *rows, size_t n, FILE *out)
{
	const char *const columns[] = {">median",  ">±",       ">min",  ">max",     ">user",
				       "?>system", "?>memory", ">runs", ">relative"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	size_t shown = 0;
	for (size_t i = 0; i < n && measured(&rows[i]); i++, shown++)
		add_row(table, &rows[i], rows[0].time->estimate.median);
	if (shown)
		cli_table_print(table, out);
	else
		cli_table_free(table);
	return shown;
}

/* The runs of all commands were interleaved, so nothing is allowed for a drift between two of them. */
static enum assay_code print_comparison(const struct row *best, const struct row *other, FILE *out,
					struct assay_err *err)
{
	const struct assay_compare_policy policy = {.confidence = 0.95};
	const struct assay_side a = {&best->time->samples, &best->time->estimate};
	const struct assay_side b = {&other->time->samples, &other->time->estimate};
	struct assay_comparison c;
	enum assay_code rc = assay_compare(&a, &b, ASSAY_LOWER, &policy, &c, err);
	if (rc != ASSAY_OK)
		return rc;
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	const char *name = assay_str_text(&other->line);
	bool few = c.launches_a < ASSAY_COMPARE_LAUNCHES || c.launches_b < ASSAY_COMPARE_LAUNCHES;
	if (few || !isfinite(c.lo) || !isfinite(c.hi))
		assay_str_add(&line,
			      "  %.2f times as fast as %s (too few launches for an interval)",
			      c.ratio, name);
	else if (c.lo <= 1)
		assay_str_add(&line, "  as fast as %s as far as can be told (%.2f to %.2f times)",
			      name, c.lo, c.hi);
	else
		assay_str_add(&line, "  %.2f times as fast as %s (%.2f to %.2f)", c.ratio, name,
			      c.lo, c.hi);
	cli_print_line(assay_str_text(&line), out);
	return ASSAY_OK;
}

static enum assay_code print_comparisons(const struct row *rows, size_t n, FILE *out,
					 struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	if (n < 2)
		return ASSAY_OK;
	assay_str_add(&line, "%s ran", assay_str_text(&rows[0].line));
	fputc('\n', out);
	cli_print_line(assay_str_text(&line), out);
	for (size_t i = 1; rc == ASSAY_OK && i < n; i++)
		rc = print_comparison(&rows[0], &rows[i], out, err);
	return rc;
}

static void print_problems(const struct row *rows, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct assay_result *time = rows[i].time;
		if (!time || time->status == ASSAY_STATUS_OK)
			continue;
		ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
		assay_str_add(&line, "  %-8s  %s: %s", assay_status_name(time->status),
			      assay_str_text(&rows[i].line), time->reason);
		cli_print_line(assay_str_text(&line), out);
	}
}

static int by_median(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	if (!measured(a) || !measured(b))
		return (int)measured(b) - (int)measured(a);
	double x = a->time->estimate.median, y = b->time->estimate.median;
	return x < y ? -1 : x > y;
}

enum assay_code run_command_report(const struct assay_plan *plan,
				   const struct assay_result_list *results, FILE *out,
				   struct assay_err *err)
{
	struct row *rows = calloc(plan->n + 1, sizeof(*rows));
	enum assay_code rc = ASSAY_OK;
	if (!rows)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a table");
	for (size_t i = 0; rc == ASSAY_OK && i < plan->n; i++) {
		fill_row(&rows[i], results, plan->cases[i].c.name);
		rc = describe(&plan->cases[i].c, &rows[i].line, err);
	}
	if (rc == ASSAY_OK) {
		qsort(rows, plan->n, sizeof(*rows), by_median);
		fputc('\n', out);
		size_t shown = print_table(rows, plan->n, out);
		rc = print_comparisons(rows, shown, out, err);
		print_problems(rows, plan->n, out);
		print_hints(rows, shown, out);
	}
	for (size_t i = 0; i < plan->n; i++)
		assay_str_done(&rows[i].line);
	free(rows);
	return rc;
}

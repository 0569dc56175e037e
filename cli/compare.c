/* SPDX-License-Identifier: MIT */
/* compare: two runs side by side, with intervals, and words only where the figures carry them. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/eta.h"
#include "cli/pairs.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

static const struct cli_option options[] = {
	{"all", 'a', NULL, "list every series: unchanged, missing and new ones, too"},
	{"only", 0, "PATTERN", "compare only the cases that match"},
	{"metric", 0, "NAME", "compare only this metric"},
	{"margin", 0, "PERCENT", "differences up to this are 'same' (default 2)"},
	{0},
};

enum { MOST_ALIKE = 5 };

struct comparison {
	struct cli *cli;
	struct stored a, b;
	const struct assay_run_info *run_a, *run_b;
	struct stored_pairs both;
	bool all;
};

static const char *percent(double ratio_minus_one, char *text, size_t size)
{
	snprintf(text, size, "%.3g %%", 100 * ratio_minus_one);
	return text;
}

/* A value; the heading has said of what it is "per operation". */
static const char *value_cell(const struct assay_result *r, char *text, size_t size)
{
	const char *unit = r->metric.unit;
	if (strcmp(unit, "ns/op") == 0)
		unit = "ns";
	assay_format_value(r->estimate.median, unit, text, size);
	return text;
}

static const char *half_cell(const struct assay_result *r, char *text, size_t size)
{
	const struct assay_estimate *e = &r->estimate;
	double half = 100 * assay_plus_minus(e->median, e->lo, e->hi);
	if (isfinite(half))
		snprintf(text, size, "%.*f %%", half < 9.95 ? 1 : 0, half);
	else
		snprintf(text, size, "-");
	return text;
}

static const char *ratio_cell(const struct assay_comparison *c, char *text, size_t size)
{
	if (isfinite(c->ratio))
		snprintf(text, size, "%.3f [%.3f, %.3f]", c->ratio, c->lo, c->hi);
	else
		snprintf(text, size, "-");
	return text;
}

static const char *verdict_cell(const struct assay_pairs *pairs, const struct assay_pair *pair,
				char *text, size_t size)
{
	const struct assay_comparison *c = &pair->comparison;
	const char *symbol = c->verdict == ASSAY_SAME     ? "≈"
			     : c->verdict == ASSAY_UNSURE ? "?"
			     : pairs->hardware            ? (c->ratio < 1 ? "▼" : "▲")
			     : c->verdict == ASSAY_SLOWER ? "▲"
							  : "▼";
	snprintf(text, size, "%s %s", symbol, assay_pair_word(pairs, pair));
	return text;
}

static bool same_metric(const struct assay_pair *x, const struct assay_pair *y)
{
	const struct assay_metric_info *a = &x->a->metric, *b = &y->a->metric;
	return strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       a->better == b->better && x->a->primary == y->a->primary;
}

static size_t section_end(const struct assay_pairs *pairs, size_t from)
{
	size_t to = from + 1;
	while (to < pairs->n_compared && same_metric(&pairs->compared[from], &pairs->compared[to]))
		to++;
	return to;
}

/* One metric: heading, the rows worth showing, and the geometric mean over all of them. */
static void print_section(const struct comparison *c, struct cli_table *table, size_t from,
			  size_t to)
{
	const struct assay_metric_info *metric = &c->both.pairs.compared[from].a->metric;
	char heading[200], a[64], b[64], half_a[24], half_b[24], ratio[64], verdict[32];
	snprintf(heading, sizeof(heading), "%.60s in %.30s, %s is better", metric->name,
		 *metric->unit ? metric->unit : "counts",
		 metric->better == ASSAY_HIGHER ? "higher" : "lower");
	if (from)
		cli_table_line(table, "");
	cli_table_line(table, heading);
	size_t same = 0;
	for (size_t i = from; i < to; i++) {
		const struct assay_pair *pair = &c->both.pairs.compared[i];
		if (pair->comparison.verdict == ASSAY_SAME && !c->all) {
			same++;
			continue;
		}
		const char *cells[] = {pair->a->name,
				       value_cell(pair->a, a, sizeof(a)),
				       half_cell(pair->a, half_a, sizeof(half_a)),
				       value_cell(pair->b, b, sizeof(b)),
				       half_cell(pair->b, half_b, sizeof(half_b)),
				       ratio_cell(&pair->comparison, ratio, sizeof(ratio)),
				       verdict_cell(&c->both.pairs, pair, verdict, sizeof(verdict)),
				       pair->comparison.reason};
		cli_table_row(table, cells);
	}
	if (same) {
		snprintf(heading, sizeof(heading), "%zu unchanged", same);
		const char *cells[] = {heading, "", "", "", "", "", "≈ same", "--all lists them"};
		cli_table_row(table, cells);
	}
	size_t n;
	double geomean = assay_pairs_geomean(&c->both.pairs, from, to, &n);
	if (n > 1) {
		snprintf(heading, sizeof(heading), "geomean of %zu", n);
		snprintf(ratio, sizeof(ratio), "%.3f", geomean);
		const char *cells[] = {heading, "", "", "", "", ratio, "", ""};
		cli_table_row(table, cells);
	}
}

/* How many from `from` on are missing or new for the same reason in the same benchmark. */
static size_t alike(const struct assay_pair *list, size_t n, size_t from, bool lost)
{
	const struct assay_result *there = lost ? list[from].a : list[from].b;
	const struct assay_result *other = lost ? list[from].b : list[from].a;
	size_t to = from + 1;
	for (; to < n; to++) {
		const struct assay_result *next = lost ? list[to].a : list[to].b;
		const struct assay_result *beside = lost ? list[to].b : list[to].a;
		if (strcmp(there->suite, next->suite) != 0 ||
		    strcmp(there->benchmark, next->benchmark) != 0 || !other != !beside ||
		    (other && (other->status != beside->status ||
			       strcmp(other->reason, beside->reason) != 0)))
			break;
	}
	return to - from;
}

/* More than a few alike are one line: a run with another suite in it is no news worth a page. */
static void print_unpaired(const struct comparison *c, bool lost)
{
	const struct assay_pair *list = lost ? c->both.pairs.lost : c->both.pairs.found;
	size_t n = lost ? c->both.pairs.n_lost : c->both.pairs.n_found, step;
	for (size_t i = 0; i < n; i += step) {
		const struct assay_result *there = lost ? list[i].a : list[i].b;
		const struct assay_result *other = lost ? list[i].b : list[i].a;
		char what[600], line[1200];
		step = c->all ? 1 : alike(list, n, i, lost);
		if (step > MOST_ALIKE) {
			snprintf(what, sizeof(what), "%s/%s, %zu series (--all lists them)",
				 there->suite, there->benchmark, step);
		} else {
			snprintf(what, sizeof(what), "%s (%s)", there->name, there->metric.name);
			step = 1;
		}
		snprintf(line, sizeof(line), "%s %s%s%s%s%s",
			 lost ? "⊘ missing in B:" : "+ new in B:", what, other ? ": " : "",
			 other ? assay_status_name(other->status) : "",
			 other && *other->reason ? ", " : "", other ? other->reason : "");
		cli_print_line(line, stdout);
	}
}

/* Binding alone makes some figures several times better or worse: such runs are not held against each other. */
static void print_refused(const struct comparison *c)
{
	char a[16], b[16];
	size_t refused = assay_pairs_bound_apart(&c->both.pairs, a, b);
	if (!refused)
		return;
	char text[300], clean[300];
	snprintf(
		text, sizeof(text),
		"Refused: in %zu series the ranks of A are bound '%s' and those of B '%s', which is "
		"not a difference of what is measured. Measure both with the same --bind.",
		refused, a, b);
	assay_sanitise(clean, sizeof(clean), text);
	cli_fill(stdout, 0, 0, clean);
}

/* Why something could not be said, and how often. */
static void print_reasons(const struct assay_pairs *p)
{
	for (size_t i = 0; i < p->n_compared; i++) {
		const char *reason = p->compared[i].comparison.reason;
		size_t n = 0, earlier = 0;
		for (size_t k = 0; *reason && k < p->n_compared; k++) {
			bool same = strcmp(p->compared[k].comparison.reason, reason) == 0;
			n += same;
			earlier += same && k < i;
		}
		if (n && !earlier)
			printf("  %zu unsure: %s\n", n, reason);
	}
}

static void print_counts(const struct comparison *c)
{
	const struct assay_pairs *p = &c->both.pairs;
	size_t counts[4] = {0};
	char margin[24], allowance[24], text[400];
	for (size_t i = 0; i < p->n_compared; i++)
		counts[p->compared[i].comparison.verdict]++;
	printf("\n%zu compared: %zu same, ", p->n_compared, counts[ASSAY_SAME]);
	if (p->hardware)
		printf("%zu different, ", counts[ASSAY_FASTER] + counts[ASSAY_SLOWER]);
	else
		printf("%zu slower, %zu faster, ", counts[ASSAY_SLOWER], counts[ASSAY_FASTER]);
	printf("%zu unsure; %zu missing, %zu new.\n", counts[ASSAY_UNSURE], p->n_lost, p->n_found);
	if (p->n_neither)
		printf("%zu more measured in neither run.\n", p->n_neither);
	if (counts[ASSAY_UNSURE]) {
		print_reasons(p);
		cli_fill(stdout, 0, 0,
			 "Unsure: measure both again with more launches (--launches 5), on a "
			 "quieter machine.");
	}
	if (!p->n_compared)
		return;
	snprintf(text, sizeof(text),
		 "± is the 95 %% interval of the median; [..] is the 99 %% interval of B/A over "
		 "launches, widened by up to %s for what drifts between two runs at this noise. "
		 "Margin %s.",
		 percent(p->allowance, allowance, sizeof(allowance)),
		 percent(p->margin, margin, sizeof(margin)));
	cli_fill(stdout, 0, 0, text);
}

/* "30 samples, 1 launch, 60 ms each, sets tiny": what a run's profile came to; "" when it is not known. */
static const char *effort(const struct assay_run_info *run, char *text, size_t size)
{
	json_t *plan = run->plan ? json_loads(run->plan, 0, NULL) : NULL;
	const char *sets = json_string_value(json_object_get(plan, "sets"));
	json_int_t samples = json_integer_value(json_object_get(plan, "samples"));
	json_int_t launches = json_integer_value(json_object_get(plan, "launches"));
	json_int_t time_ns = json_integer_value(json_object_get(plan, "time_ns"));
	text[0] = '\0';
	char time[32] = "";
	if ((uint64_t)time_ns < ETA_UNLIMITED_NS)
		snprintf(time, sizeof(time), " of %.4g ms", (double)time_ns / 1e6);
	if (samples > 0 && launches > 0)
		snprintf(text, size,
			 "%" JSON_INTEGER_FORMAT " sample%s, %" JSON_INTEGER_FORMAT
			 " launch%s%s%s%.100s",
			 samples, samples == 1 ? "" : "s", launches, launches == 1 ? "" : "es",
			 time, sets ? ", sets " : "", sets ? sets : "");
	json_decref(plan);
	return text;
}

/* Runs of different profiles differ in axis values and effort; a profile may also have changed. */
static void print_profiles(const struct comparison *c)
{
	char a[200], b[200];
	bool same = strcmp(c->run_a->profile, c->run_b->profile) == 0;
	effort(c->run_a, a, sizeof(a));
	effort(c->run_b, b, sizeof(b));
	ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
	if (!same) {
		assay_str_add(&line, "The profiles differ: %s against %s.", c->run_a->profile,
			      c->run_b->profile);
		cli_print_line(assay_str_text(&line), stdout);
	}
	if (strcmp(a, b) == 0 || !*a || !*b)
		return;
	puts("They were measured differently:");
	assay_str_clear(&line);
	assay_str_add(&line, "  %s against", a);
	cli_print_line(assay_str_text(&line), stdout);
	assay_str_clear(&line);
	assay_str_add(&line, "  %s.", b);
	cli_print_line(assay_str_text(&line), stdout);
}

static void print_head(const struct comparison *c)
{
	char text[300], clean[300];
	assay_sanitise(clean, sizeof(clean), stored_describe(c->run_a, text, sizeof(text)));
	printf("A: %s\n", clean);
	assay_sanitise(clean, sizeof(clean), stored_describe(c->run_b, text, sizeof(text)));
	printf("B: %s\n", clean);
	if (c->both.pairs.hardware)
		puts("Hardware comparison: the machines differ, so nothing here is a regression.");
	else if (memcmp(c->run_a->environment_hash, c->run_b->environment_hash, 32) != 0)
		puts("The environments differ (kernel, settings or compiler): 'assay report --text'\n"
		     "of both says in what.");
	print_profiles(c);
	putchar('\n');
}

static void print_text(const struct comparison *c)
{
	print_head(c);
	const char *const columns[] = {"/case", ">A",   "?>±",     ">B",
				       "?>±",   ">B/A", "verdict", "?why"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0, end; i < c->both.pairs.n_compared; i = end) {
		end = section_end(&c->both.pairs, i);
		print_section(c, table, i, end);
	}
	if (c->both.pairs.n_compared)
		cli_table_print(table, stdout);
	else
		cli_table_free(table);
	print_unpaired(c, true);
	print_unpaired(c, false);
	print_refused(c);
	print_counts(c);
}

static json_t *side_json(const struct assay_result *r, size_t launches)
{
	json_t *json = json_object();
	json_object_set_new(json, "median", assay_json_real(r->estimate.median));
	json_object_set_new(json, "lo", assay_json_real(r->estimate.lo));
	json_object_set_new(json, "hi", assay_json_real(r->estimate.hi));
	json_object_set_new(json, "n", json_integer((json_int_t)r->estimate.n));
	json_object_set_new(json, "launches", json_integer((json_int_t)launches));
	json_object_set_new(json, "status", json_string(assay_status_name(r->status)));
	return json;
}

static json_t *name_json(const struct assay_result *r)
{
	json_t *json = json_object();
	json_object_set_new(json, "name", assay_json_text(r->name));
	json_object_set_new(json, "metric", assay_json_text(r->metric.name));
	json_object_set_new(json, "unit", assay_json_text(r->metric.unit));
	json_object_set_new(json, "better",
			    json_string(r->metric.better == ASSAY_HIGHER ? "higher" : "lower"));
	return json;
}

static json_t *pair_json(const struct assay_pairs *pairs, const struct assay_pair *pair)
{
	const struct assay_comparison *c = &pair->comparison;
	json_t *json = name_json(pair->a);
	json_object_set_new(json, "a", side_json(pair->a, c->launches_a));
	json_object_set_new(json, "b", side_json(pair->b, c->launches_b));
	json_object_set_new(json, "ratio", assay_json_real(c->ratio));
	json_object_set_new(json, "lo", assay_json_real(c->lo));
	json_object_set_new(json, "hi", assay_json_real(c->hi));
	json_object_set_new(json, "allowance", assay_json_real(pair->allowance));
	json_object_set_new(json, "verdict", json_string(assay_pair_word(pairs, pair)));
	json_object_set_new(json, "reason", assay_json_text(c->reason));
	return json;
}

static json_t *unpaired_json(const struct assay_pair *list, size_t n, bool lost)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct assay_result *other = lost ? list[i].b : list[i].a;
		json_t *json = name_json(lost ? list[i].a : list[i].b);
		json_object_set_new(json, "other_status",
				    other ? json_string(assay_status_name(other->status))
					  : json_null());
		json_object_set_new(json, "other_reason",
				    other ? assay_json_text(other->reason) : json_null());
		json_array_append_new(array, json);
	}
	return array;
}

static enum assay_code print_json(const struct comparison *c, struct assay_err *err)
{
	const struct assay_pairs *p = &c->both.pairs;
	json_t *series = json_array(), *geomeans = json_array();
	for (size_t i = 0; i < p->n_compared; i++)
		json_array_append_new(series, pair_json(p, &p->compared[i]));
	for (size_t i = 0, end; i < p->n_compared; i = end) {
		size_t n;
		end = section_end(p, i);
		double geomean = assay_pairs_geomean(p, i, end, &n);
		json_t *json = name_json(p->compared[i].a);
		json_object_del(json, "name");
		json_object_set_new(json, "ratio", assay_json_real(geomean));
		json_object_set_new(json, "n", json_integer((json_int_t)n));
		json_array_append_new(geomeans, json);
	}
	return assay_json_document(
		json_pack("{s:s, s:o, s:o, s:b, s:{s:f, s:f}, s:o, s:o, s:o, s:o}", "schema",
			  "assay/1", "a", assay_run_json(c->run_a, false), "b",
			  assay_run_json(c->run_b, false), "hardware_comparison", (int)p->hardware,
			  "policy", "margin", p->margin, "confidence", p->confidence, "series",
			  series, "geomeans", geomeans, "missing",
			  unpaired_json(p->lost, p->n_lost, true), "new",
			  unpaired_json(p->found, p->n_found, false)),
		c->cli->json, err);
}

static enum assay_code read_margin(const struct cli_args *args, double *ret, struct assay_err *err)
{
	const char *text = cli_value(args, "margin");
	*ret = 0.02;
	if (!text)
		return ASSAY_OK;
	char *end;
	double value = strtod(text, &end);
	if (end == text || (*end && strcmp(end, "%") != 0) || !(value >= 0 && value <= 100))
		return assay_fail(err, ASSAY_EUSAGE,
				  "--margin wants per cent from 0 to 100, not '%s'", text);
	*ret = value / 100;
	return ASSAY_OK;
}

static bool has_metric(const struct assay_result_list *list, const char *metric)
{
	for (size_t i = 0; i < list->n; i++)
		if (!metric || strcmp(list->results[i].metric.name, metric) == 0)
			return true;
	return false;
}

/* Is there anything of what was asked for? A pattern of nothing is a mistake, not lost coverage. */
static bool in_either(const struct stored_pairs *both, const char *metric)
{
	return has_metric(&both->a, metric) || has_metric(&both->b, metric);
}

/* B first: when A names the baselines of several machines, B's machine decides which one. */
static enum assay_code load(struct comparison *c, const struct cli_args *args,
			    struct assay_err *err)
{
	const char *a = args->n_positional > 0 ? args->positional[0] : "@last~1";
	const char *b = args->n_positional > 1 ? args->positional[1] : "@last";
	double margin;
	if (args->n_positional > 2)
		return assay_fail(err, ASSAY_EUSAGE,
				  "compare takes two runs, not %d; --only selects cases",
				  args->n_positional);
	enum assay_code code = read_margin(args, &margin, err);
	if (code == ASSAY_OK)
		code = stored_open(c->cli, b, &c->b, err);
	if (code == ASSAY_OK)
		code = stored_open(c->cli, a, &c->a, err);
	if (code == ASSAY_EUSAGE && args->n_positional == 0 && c->b.store)
		return assay_fail(
			err, ASSAY_EUSAGE,
			"compare takes two runs, and '%s' holds one: 'assay run' measures another",
			c->cli->db);
	if (code != ASSAY_OK)
		return code;
	c->run_b = stored_one(c->cli, b, &c->b, NULL);
	c->run_a = stored_one(c->cli, a, &c->a, c->run_b->fingerprint);
	if (stored_sandboxed_apart(c->run_a, c->run_b))
		return assay_fail(
			err, ASSAY_EENV,
			"'%.80s' was measured in a sandbox and '%.80s' was not, which alone "
			"changes figures; measure both with --sandbox, or both without",
			stored_sandboxed(c->run_a) ? a : b, stored_sandboxed(c->run_a) ? b : a);
	const char *only = cli_value(args, "only"), *metric = cli_value(args, "metric");
	code = stored_pairs_load(&c->a, c->run_a, &c->b, c->run_b, only, metric, margin, &c->both,
				 err);
	if (code == ASSAY_OK && (only || metric) && !in_either(&c->both, metric))
		return assay_fail(
			err, ASSAY_EUSAGE, "neither run has a case that matches%s%.100s%s%s%.60s",
			only ? " --only " : "", only ? only : "", only && metric ? " and" : "",
			metric ? " --metric " : "", metric ? metric : "");
	if (code == ASSAY_OK && memcmp(c->run_a->uuid, c->run_b->uuid, 16) == 0)
		cli_warn(c->cli, "'%s' and '%s' are the same run", a, b);
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	struct comparison c = {.cli = cli, .all = cli_flag(args, "all")};
	enum assay_code code = load(&c, args, err);
	if (code == ASSAY_OK && cli->json)
		code = print_json(&c, err);
	if (code == ASSAY_OK && !cli->json_is_stdout)
		print_text(&c);
	if (code == ASSAY_OK && c.both.pairs.n_compared == 0) {
		cli_warn(cli, "nothing was measured in both runs");
		*ret_exit = CLI_COVERAGE;
	}
	stored_pairs_done(&c.both);
	stored_done(&c.a);
	stored_done(&c.b);
	return code;
}

const struct cli_verb cli_verb_compare = {
	.name = "compare",
	.usage = "[A [B]]",
	.brief = "A/B table of two runs",
	.details =
		"A and B are runs: @last, @last~1, @base, tag:NAME, commit:SHA, machine:NAME, a\n"
		"run's number, FILE.db or FILE.db#RUN. Without B, A is compared with @last;\n"
		"without both, @last~1 with @last.\n"
		"\n"
		"'faster' and 'slower' need 3 launches on each side; runs of fewer launches can\n"
		"only be 'same' or 'unsure'. Runs on different machines are never called either.\n"
		"Exit 5 when the runs have no series in common.",
	.options = options,
	.paged = true,
	.run = run,
};

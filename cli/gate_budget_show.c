/* SPDX-License-Identifier: MIT */
/* gate_budget_show: the table, what is to be said of single rows, and the document. */
#include "cli/gate_budget_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/store/run_json.h"

const char *budget_word(const struct budget *budget, const struct assay_bound_outcome *outcome)
{
	if (!budget->bounded)
		return "not measurable";
	if (budget->claim && outcome->verdict == ASSAY_BOUND_MET)
		return outcome->exceeded ? "exceeded" : "reproduced";
	if (budget->claim && outcome->verdict == ASSAY_BOUND_MISSED)
		return "refuted";
	if (budget->claim && outcome->verdict == ASSAY_BOUND_SKIPPED)
		return "not measurable";
	return assay_bound_verdict_name(outcome->verdict);
}

/* In the unit of the bound; a benchmark's own unit, which may be long, is left to the remarks. */
static const char *value_text(const struct budget *b, double value, char *text, size_t size)
{
	if (b->bound.unit.quantity == ASSAY_QUANTITY_OTHER)
		return assay_format_value(value, "", text, size);
	return assay_unit_format(&b->bound.unit, value, text, size);
}

/* "<= 12.00 ns" */
const char *budget_asked(const struct budget *b, char *text, size_t size)
{
	char limit[40];
	value_text(b, b->bound.limit, limit, sizeof(limit));
	snprintf(text, size, "%s %s", b->bound.at_least ? ">=" : "<=", limit);
	return text;
}

/* Four digits, as the value has them. */
static void add_number(double value, char *text, size_t size)
{
	double a = fabs(value);
	size_t used = strlen(text);
	int decimals = a >= 999.95 ? 0 : a >= 99.995 ? 1 : a >= 9.9995 ? 2 : 3;
	if (a >= 1e6 || (a > 0 && a < 0.001))
		snprintf(text + used, size - used, "%.2e", value);
	else
		snprintf(text + used, size - used, "%.*f", decimals, value);
}

/* "7.310 ns [7.291, 7.342]": the interval has the prefix of the value. */
const char *budget_measured(const struct budget *b, const struct assay_bound_outcome *o, char *text,
			    size_t size)
{
	if (!b->bounded || isnan(o->value))
		return "-";
	value_text(b, o->value, text, size);
	double scale = o->value != 0 ? strtod(text, NULL) / o->value : 1;
	if (!isfinite(o->lo) || !isfinite(o->hi) || !isfinite(scale))
		return text;
	strncat(text, " [", size - strlen(text) - 1);
	add_number(o->lo * scale, text, size);
	strncat(text, ", ", size - strlen(text) - 1);
	add_number(o->hi * scale, text, size);
	strncat(text, "]", size - strlen(text) - 1);
	return text;
}

static void print_table(const struct budget_check *check, FILE *out)
{
	const char *const columns[] = {"budget", "asked", "measured [95 %]", "verdict"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	const char *path = NULL;
	for (size_t i = 0; i < check->list.n; i++) {
		const struct budget *b = &check->list.budgets[i];
		const struct assay_bound_outcome *o = &check->outcomes[i];
		char asked[48], measured[120];
		if (!path || strcmp(path, b->path) != 0)
			cli_table_line(table, b->path);
		path = b->path;
		const char *cells[] = {
			b->name, b->bounded ? budget_asked(b, asked, sizeof(asked)) : "-",
			budget_measured(b, o, measured, sizeof(measured)), budget_word(b, o)};
		cli_table_row(table, cells);
	}
	cli_table_print(table, out);
}

static void print_line(FILE *out, const char *text)
{
	enum { INDENT = 4 };
	char clean[800];
	assay_sanitise(clean, sizeof(clean), text);
	fprintf(out, "%*s", INDENT, "");
	cli_fill(out, INDENT, INDENT + 2, clean);
}

/* What the table has no room for: the series, the words, and why. */
static void print_remark(const struct budget *b, const struct assay_bound_outcome *o, FILE *out)
{
	char clean[300], head[400];
	assay_sanitise(clean, sizeof(clean), b->path);
	snprintf(head, sizeof(head), "%s: %s (%s:%zu)", b->name, budget_word(b, o), clean, b->line);
	fprintf(out, "\n  %s\n", head);
	if (b->text)
		print_line(out, b->text);
	if (b->source)
		print_line(out, b->source);
	if (b->asked)
		print_line(out, b->asked);
	if (b->reason || *o->reason)
		print_line(out, b->reason ? b->reason : o->reason);
}

static void print_counts(const struct budget_check *check, FILE *out)
{
	const size_t *n = check->counts;
	struct assay_str s = {0};
	size_t bounds = check->list.n - check->unbounded;
	assay_str_add(&s, "%zu bound%s: %zu met", bounds, bounds == 1 ? "" : "s",
		      n[ASSAY_BOUND_MET]);
	if (check->exceeded)
		assay_str_add(&s, " (%zu exceeded)", check->exceeded);
	for (int v = ASSAY_BOUND_MISSED; v < ASSAY_BOUND_VERDICTS; v++)
		if (n[v] || v == ASSAY_BOUND_MISSED)
			assay_str_add(&s, ", %zu %s", n[v],
				      assay_bound_verdict_name((enum assay_bound_verdict)v));
	if (check->unbounded)
		assay_str_add(&s, "; %zu not measurable", check->unbounded);
	fputc('\n', out);
	cli_fill(out, 0, 0, assay_str_text(&s));
	assay_str_done(&s);
	if (!check->run)
		return;
	char run[300], clean[300];
	assay_sanitise(clean, sizeof(clean), stored_describe(check->run, run, sizeof(run)));
	cli_fill(out, 0, 0, clean);
}

void budget_check_text(const struct budget_check *check, FILE *out)
{
	print_table(check, out);
	for (size_t i = 0; i < check->list.n; i++) {
		const struct assay_bound_outcome *o = &check->outcomes[i];
		const struct budget *b = &check->list.budgets[i];
		bool plain = b->bounded && o->verdict == ASSAY_BOUND_MET && !*o->reason;
		if (!plain || check->all)
			print_remark(b, o, out);
	}
	print_counts(check, out);
}

static json_t *side_json(const struct assay_bound_side *side)
{
	if (!side->series)
		return json_null();
	return json_pack("{s:o, s:o}", "name", assay_json_text(side->series), "metric",
			 assay_json_text(side->metric));
}

/* In the unit as written: 0.95 is 95 where the bound says %. */
static json_t *value_json(const struct budget *b, double value)
{
	return assay_json_real(value / b->bound.unit.factor);
}

static void add_bound(json_t *json, const struct budget *b, const struct assay_bound_outcome *o)
{
	json_object_set_new(json, "bound", assay_json_text(b->asked));
	json_object_set_new(json, "series", side_json(&b->bound.over));
	json_object_set_new(json, "relative_to", side_json(&b->bound.under));
	json_object_set_new(json, "relation", json_string(b->bound.at_least ? ">=" : "<="));
	json_object_set_new(json, "limit", value_json(b, b->bound.limit));
	json_object_set_new(json, "exceeded_beyond", value_json(b, b->bound.far));
	json_object_set_new(json, "unit", assay_json_text(b->bound.unit.text));
	json_object_set_new(json, "value", value_json(b, o->value));
	json_object_set_new(json, "lo", value_json(b, o->lo));
	json_object_set_new(json, "hi", value_json(b, o->hi));
	json_object_set_new(json, "launches", json_integer((json_int_t)o->launches));
}

static json_t *budget_json(const struct budget *b, const struct assay_bound_outcome *o)
{
	json_t *json = json_object();
	json_object_set_new(json, "name", assay_json_text(b->name));
	json_object_set_new(json, "file", assay_json_text(b->path));
	json_object_set_new(json, "line", json_integer((json_int_t)b->line));
	json_object_set_new(json, "text", assay_json_text(b->text));
	json_object_set_new(json, "source", assay_json_text(b->source));
	json_object_set_new(json, "claim", assay_json_text(b->claim));
	if (b->bounded)
		add_bound(json, b, o);
	json_object_set_new(json, "verdict", json_string(budget_word(b, o)));
	json_object_set_new(json, "reason", assay_json_text(b->reason ? b->reason : o->reason));
	return json;
}

enum assay_code budget_check_json(const struct budget_check *check, FILE *out,
				  struct assay_err *err)
{
	json_t *budgets = json_array(), *counts = json_object();
	for (size_t i = 0; i < check->list.n; i++)
		json_array_append_new(budgets,
				      budget_json(&check->list.budgets[i], &check->outcomes[i]));
	for (int v = 0; v < ASSAY_BOUND_VERDICTS; v++)
		json_object_set_new(counts, assay_bound_verdict_name((enum assay_bound_verdict)v),
				    json_integer((json_int_t)check->counts[v]));
	json_object_set_new(counts, "exceeded", json_integer((json_int_t)check->exceeded));
	json_object_set_new(counts, "not measurable", json_integer((json_int_t)check->unbounded));
	return assay_json_document(
		json_pack("{s:s, s:o, s:o, s:o, s:i}", "schema", "assay/1", "run",
			  check->run ? assay_run_json(check->run, false) : json_null(), "budgets",
			  budgets, "counts", counts, "exit", check->exit),
		out, err);
}

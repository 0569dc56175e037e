/* SPDX-License-Identifier: MIT */
/* history: how one series, or many, went over the runs in the store. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/stored.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"

static const struct cli_option options[] = {
	{"metric", 0, "NAME", "only this metric"},
	{"limit", 0, "N", "at most the newest N runs of each series (default 30, 0: all)"},
	{0},
};

enum { MOST_BARS = 40 };

static bool measured(const struct assay_history_point *point)
{
	return assay_status_measured(point->status) && isfinite(point->median);
}

/*
 * One block a run, oldest first; a blank where nothing was measured. The scale spans at least 5 %, so that
 * noise does not look like mountains.
 */
static void sparkline(const struct assay_history *series, struct assay_str *out)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t from = series->n > MOST_BARS ? series->n - MOST_BARS : 0;
	double lo = INFINITY, hi = -INFINITY;
	for (size_t i = from; i < series->n; i++) {
		if (!measured(&series->points[i]))
			continue;
		lo = fmin(lo, series->points[i].median);
		hi = fmax(hi, series->points[i].median);
	}
	double middle = (lo + hi) / 2, span = fmax(hi - lo, 0.05 * fabs(middle));
	for (size_t i = from; i < series->n; i++) {
		if (!measured(&series->points[i])) {
			assay_str_add(out, " ");
			continue;
		}
		double height = span > 0 ? 0.5 + (series->points[i].median - middle) / span : 0.5;
		assay_str_add(out, "%s", blocks[(int)fmin(7, fmax(0, height * 8))]);
	}
}

static const char *change_cell(double now, double before, char *text, size_t size)
{
	double percent = 100 * (now / before - 1);
	if (fabs(percent) < 0.05)
		snprintf(text, size, "0.0 %%");
	else if (isfinite(percent))
		snprintf(text, size, "%+.1f %%", percent);
	else
		snprintf(text, size, "-");
	return text;
}

/* The last point before `at` that was measured on the same machine, or NULL. */
static const struct assay_history_point *predecessor(const struct assay_history *series, size_t at)
{
	const struct assay_history_point *now = &series->points[at];
	while (at-- > 0)
		if (measured(&series->points[at]) &&
		    memcmp(series->points[at].fingerprint, now->fingerprint, 32) == 0)
			return &series->points[at];
	return NULL;
}

static void print_point(struct cli_table *table, const struct assay_history *series, size_t at)
{
	const struct assay_history_point *p = &series->points[at];
	char run[24], when[24], machine[9], value[40], half[24] = "-", change[24] = "-";
	snprintf(run, sizeof(run), "%" PRId64, p->run);
	stored_time(p->started_ns, when);
	for (int i = 0; i < 4; i++)
		snprintf(machine + 2 * i, 3, "%02x", p->fingerprint[i]);
	const struct assay_history_point *before = predecessor(series, at);
	if (measured(p)) {
		assay_format_value(p->median, series->unit, value, sizeof(value));
		if (isfinite((p->hi - p->lo) / p->median))
			snprintf(half, sizeof(half), "± %.1f %%",
				 50 * (p->hi - p->lo) / fabs(p->median));
		if (before)
			change_cell(p->median, before->median, change, sizeof(change));
	} else {
		snprintf(value, sizeof(value), "-");
	}
	char commit[11] = "-";
	if (p->commit)
		assay_copy(commit, sizeof(commit), p->commit);
	const char *cells[] = {run,   when, commit, machine,
			       value, half, change, assay_status_name(p->status)};
	cli_table_row(table, cells);
}

static void print_series(const struct assay_history *series)
{
	const char *const columns[] = {">run",    "started", "commit",  "machine",
				       ">median", ">95 %",   ">change", "status"};
	char name[600];
	ASSAY_AUTO(assay_str_done) struct assay_str bars = {0};
	sparkline(series, &bars);
	assay_sanitise(name, sizeof(name), series->name);
	printf("%s\n%s in %s, %s is better   %s\n\n", name, series->metric,
	       *series->unit ? series->unit : "counts",
	       series->better == ASSAY_HIGHER ? "higher" : "lower", assay_str_text(&bars));
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < series->n; i++)
		print_point(table, series, i);
	cli_table_print(table, stdout);
}

static void print_overview(const struct assay_history_list *list, const bool *wanted)
{
	const char *const columns[] = {"series", "metric", ">runs", ">last", ">change", "trend"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_history *s = &list->series[i];
		if (!wanted[i])
			continue;
		ASSAY_AUTO(assay_str_done) struct assay_str bars = {0};
		char runs[24], value[40] = "-", change[24] = "-";
		snprintf(runs, sizeof(runs), "%zu", s->n);
		size_t last = s->n;
		while (last > 0 && !measured(&s->points[last - 1]))
			last--;
		if (last) {
			const struct assay_history_point *p = &s->points[last - 1];
			const struct assay_history_point *before = predecessor(s, last - 1);
			assay_format_value(p->median, s->unit, value, sizeof(value));
			if (before)
				change_cell(p->median, before->median, change, sizeof(change));
		}
		sparkline(s, &bars);
		const char *cells[] = {s->name, s->metric, runs,
				       value,   change,    assay_str_text(&bars)};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

static json_t *point_json(const struct assay_history_point *p)
{
	char when[24], fingerprint[65];
	stored_time(p->started_ns, when);
	for (int i = 0; i < 32; i++)
		snprintf(fingerprint + 2 * i, 3, "%02x", p->fingerprint[i]);
	json_t *json = json_object();
	json_object_set_new(json, "run", json_integer(p->run));
	json_object_set_new(json, "started", json_string(when));
	json_object_set_new(json, "commit", assay_json_text(p->commit));
	json_object_set_new(json, "fingerprint", json_string(fingerprint));
	json_object_set_new(json, "status", json_string(assay_status_name(p->status)));
	json_object_set_new(json, "median", assay_json_real(p->median));
	json_object_set_new(json, "lo", assay_json_real(p->lo));
	json_object_set_new(json, "hi", assay_json_real(p->hi));
	return json;
}

static enum assay_code print_json(const struct cli *cli, const struct assay_history_list *list,
				  const bool *wanted, struct assay_err *err)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++) {
		const struct assay_history *s = &list->series[i];
		if (!wanted[i])
			continue;
		json_t *points = json_array();
		for (size_t p = 0; p < s->n; p++)
			json_array_append_new(points, point_json(&s->points[p]));
		json_array_append_new(array,
				      json_pack("{s:o, s:o, s:o, s:s, s:o}", "name",
						assay_json_text(s->name), "metric",
						assay_json_text(s->metric), "unit",
						assay_json_text(s->unit), "better",
						s->better == ASSAY_HIGHER ? "higher" : "lower",
						"points", points));
	}
	return assay_json_document(json_pack("{s:s, s:o}", "schema", "assay/1", "series", array),
				   cli->json, err);
}

/* As many path parts of `name` as `pattern` has: a mistyped benchmark is not near a whole case. */
static char *same_depth(const char *name, const char *pattern)
{
	size_t parts = 1, length = 0;
	for (const char *c = pattern; *c; c++)
		parts += *c == '/';
	while (name[length] && !(name[length] == '/' && --parts == 0))
		length++;
	return strndup(name, length);
}

/* What a pattern without a match was perhaps meant to be. */
static enum assay_code nothing(struct assay_store *store, const char *pattern,
			       struct assay_err *err)
{
	struct assay_history_list all;
	enum assay_code code = assay_store_history(store, NULL, 1, &all, err);
	if (code != ASSAY_OK)
		return code;
	char **names = calloc(all.n + 1, sizeof(*names));
	size_t n = 0;
	while (names && n < all.n && (names[n] = same_depth(all.series[n].name, pattern)))
		n++;
	const char *nearest = assay_nearest(pattern, (const char *const *)names, n);
	code = assay_fail(err, ASSAY_EUSAGE, "no series matches '%.100s'%s%.150s%s", pattern,
			  nearest ? "; did you mean '"
			  : all.n ? "; 'assay history' lists them"
				  : "",
			  nearest ? nearest : "", nearest ? "'?" : "");
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	assay_history_list_done(&all);
	return code;
}

static enum assay_code show(struct cli *cli, const struct cli_args *args,
			    const struct assay_history_list *list, struct assay_store *store,
			    struct assay_err *err)
{
	const char *pattern = args->n_positional ? args->positional[0] : "";
	const char *metric = cli_value(args, "metric");
	ASSAY_AUTO_FREE bool *wanted = calloc(list->n + 1, sizeof(*wanted));
	if (!wanted)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu series", list->n);
	size_t n = 0, only = 0;
	for (size_t i = 0; i < list->n; i++) {
		wanted[i] = !metric || strcmp(metric, list->series[i].metric) == 0;
		only = wanted[i] ? i : only;
		n += wanted[i];
	}
	if (n == 0 && *pattern)
		return nothing(store, pattern, err);
	enum assay_code code = cli->json ? print_json(cli, list, wanted, err) : ASSAY_OK;
	if (code != ASSAY_OK || cli->json_is_stdout)
		return code;
	if (n == 1)
		print_series(&list->series[only]);
	else
		print_overview(list, wanted);
	return code;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	uint64_t limit = 30;
	const char *text = cli_value(args, "limit");
	struct assay_store *store;
	if (args->n_positional > 1)
		return assay_fail(err, ASSAY_EUSAGE, "history takes one SERIES; quote a pattern");
	enum assay_code code = text ? assay_parse_u64(text, 0, 1000000, &limit, err) : ASSAY_OK;
	if (code != ASSAY_OK)
		return assay_context(err, code, "--limit");
	code = assay_store_open(cli->db, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	struct assay_history_list list;
	code = assay_store_history(store, args->n_positional ? args->positional[0] : NULL,
				   (size_t)limit, &list, err);
	if (code == ASSAY_OK) {
		code = show(cli, args, &list, store, err);
		assay_history_list_done(&list);
	}
	assay_store_close(store);
	return code;
}

const struct cli_verb cli_verb_history = {
	.name = "history",
	.usage = "[SERIES]",
	.brief = "a series over time",
	.details =
		"SERIES is a case's name, the beginning of one, or a glob. One series is shown\n"
		"run by run; of several, each with its last value and trend. 'change' is against\n"
		"the run before on the same machine; 'assay compare' says whether it is real.",
	.options = options,
	.run = run,
};

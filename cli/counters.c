/* SPDX-License-Identifier: MIT */
/* counters: names of events and groups, metrics, lists. */
#include "cli/counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "profiler/groups.h"

/* As many as one pass counts, see GANG_MAX_EVENTS. */
enum {
	MOST_EVENTS = 32,
	MOST_KNOWN = 160,
	MOST_COUNTS = 80,
	MOST_KNOWN_COUNTS = MOST_COUNTS + SHAPES_MOST
};

struct expansion {
	const struct cli *cli;
	struct counter_groups groups;
	char **list;
	size_t n;
};

/* A source's own name of an event: "papi:perf::TASK-CLOCK". */
static bool has_prefix(const struct cli *cli, const char *event)
{
	const struct assay_source *const *source = assay_registry_sources(cli->registry);
	for (; *source; source++) {
		size_t length = strlen((*source)->name);
		if (strncmp(event, (*source)->name, length) == 0 && event[length] == ':')
			return true;
	}
	return false;
}

static size_t known_names(const struct expansion *x, const char *known[MOST_KNOWN])
{
	size_t n = 0;
	known[n++] = "default";
	known[n++] = "none";
	for (size_t i = 0; assay_default_events[i] && n < MOST_KNOWN; i++)
		known[n++] = assay_default_events[i];
	for (size_t i = 0; i < x->groups.n; i++) {
		if (n < MOST_KNOWN)
			known[n++] = x->groups.groups[i].name;
		for (const char *const *e = x->groups.groups[i].events; *e && n < MOST_KNOWN; e++)
			known[n++] = *e;
	}
	const struct assay_source *const *source = assay_registry_sources(x->cli->registry);
	for (; *source; source++)
		for (const char *const *e = (*source)->events; e && *e && n < MOST_KNOWN; e++)
			known[n++] = *e;
	return n;
}

/* Cut short it would be another event. Of which characters it is made the settings have seen to. */
static enum assay_code check_length(const char *event, struct assay_err *err)
{
	enum { MOST = sizeof(((struct assay_count *)NULL)->event) - 1 };
	size_t n = strlen(event);
	if (n <= MOST)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE,
			  "the counter '%.60s...' has %zu characters; %d are possible", event, n,
			  MOST);
}

static enum assay_code check_event(const struct expansion *x, const char *event,
				   struct assay_err *err)
{
	const char *known[MOST_KNOWN];
	size_t n = known_names(x, known);
	enum assay_code rc = check_length(event, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 2; i < n; i++)
		if (strcmp(event, known[i]) == 0)
			return ASSAY_OK;
	if (has_prefix(x->cli, event))
		return ASSAY_OK;
	const char *near = assay_nearest(event, known, n);
	return assay_fail(err, ASSAY_EUSAGE, "unknown counter '%.60s'%s%s%s", event,
			  near ? "; did you mean '"
			       : "; 'assay list --counters' shows what there is",
			  near ? near : "", near ? "'?" : "");
}

static enum assay_code add_event(struct expansion *x, const char *event, struct assay_err *err)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->list[i], event) == 0)
			return ASSAY_OK;
	if (x->n == MOST_EVENTS)
		return assay_fail(err, ASSAY_EUSAGE, "more than %d counters at once", MOST_EVENTS);
	char **larger = realloc(x->list, (x->n + 2) * sizeof(*larger));
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	x->list = larger;
	x->list[x->n] = strdup(event);
	if (!x->list[x->n])
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	x->list[++x->n] = NULL;
	return ASSAY_OK;
}

static enum assay_code add_word(struct expansion *x, const char *word, struct assay_err *err)
{
	const struct counter_group *group = counter_group_find(&x->groups, word);
	const char *const one[] = {word, NULL};
	const char *const *events = strcmp(word, "default") == 0 ? assay_default_events
				    : group                      ? group->events
								 : one;
	if (strcmp(word, "none") == 0)
		return ASSAY_OK;
	enum assay_code rc = events == one ? check_event(x, word, err) : ASSAY_OK;
	for (; rc == ASSAY_OK && *events; events++)
		rc = add_event(x, *events, err);
	return rc;
}

enum assay_code counters_expand(const struct cli *cli, const char *text, char ***ret, size_t *ret_n,
				struct assay_err *err)
{
	struct expansion x = {.cli = cli};
	ASSAY_AUTO_FREE char *copy = strdup(text);
	char *cursor = copy, *word;
	enum assay_code rc = counter_groups_read(groups_text, &x.groups, err);
	while (rc == ASSAY_OK && (word = strsep(&cursor, ",")))
		if (*word)
			rc = add_word(&x, word, err);
	counter_groups_done(&x.groups);
	if (rc != ASSAY_OK) {
		for (size_t i = 0; i < x.n; i++)
			free(x.list[i]);
		free(x.list);
		return rc;
	}
	*ret = x.list;
	*ret_n = x.n;
	return ASSAY_OK;
}

/* Shapes beside the counts for formulas that name them; of these only the metrics are kept. */
static size_t derive_all(const struct counter_groups *groups, const struct shape_case *c,
			 struct assay_count *counts, size_t capacity)
{
	const struct assay_result *result = &c->results[c->which];
	struct assay_count known[MOST_KNOWN_COUNTS];
	size_t n = result->n_counters < MOST_COUNTS ? result->n_counters : MOST_COUNTS;
	if (n)
		memcpy(known, result->counters, n * sizeof(*known));
	n += shapes_of_case(c, known + n);
	return counter_groups_derive(groups, known, n, shape_time_ns(result), counts, capacity);
}

enum assay_code counters_derive(const struct assay_result *result, const struct ceilings *ceilings,
				struct assay_result *ret, struct assay_count **ret_counts,
				struct assay_err *err)
{
	struct counter_groups groups;
	const struct shape_case alone = {result, 1, 0, ceilings};
	size_t n = result->n_counters, most = 0;
	*ret = *result;
	*ret_counts = NULL;
	if (!result->primary || !assay_status_measured(result->status))
		return ASSAY_OK;
	enum assay_code rc = counter_groups_read(groups_text, &groups, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; i < groups.n; i++)
		most += groups.groups[i].n_metrics;
	struct assay_count *counts = calloc(n + most + 1, sizeof(*counts));
	if (counts) {
		if (n)
			memcpy(counts, result->counters, n * sizeof(*counts));
		ret->counters = *ret_counts = counts;
		ret->n_counters += derive_all(&groups, &alone, counts + n, most);
	} else {
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for metrics");
	}
	counter_groups_done(&groups);
	return rc;
}

static json_t *metric_json(const struct group_metric *m)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o}", "name", m->name, "unit", m->unit,
			 "better",
			 assay_json_text(m->better == 'h'   ? "higher"
					 : m->better == 'l' ? "lower"
							    : NULL),
			 "threshold", assay_json_real(m->threshold), "formula", m->text, "meaning",
			 assay_json_text(m->meaning[0] ? m->meaning : NULL));
}

static enum assay_code list_json(const struct cli *cli, const struct counter_groups *groups,
				 struct assay_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < groups->n; i++) {
		const struct counter_group *g = &groups->groups[i];
		json_t *metrics = json_array(), *events = json_array();
		for (size_t k = 0; k < g->n_metrics; k++)
			json_array_append_new(metrics, metric_json(&g->metrics[k]));
		for (const char *const *e = g->events; *e; e++)
			json_array_append_new(events, json_string(*e));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:o}", "name", g->name, "brief",
						g->brief, "events", events, "metrics", metrics));
	}
	return assay_json_document(
		json_pack("{s:s, s:o}", "schema", "assay/1", "counter_groups", list), cli->json,
		err);
}

static void list_text(const struct cli *cli, const struct counter_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct counter_group *g = &groups->groups[i];
		char text[400];
		ASSAY_AUTO(assay_str_done) struct assay_str needs = {0};
		char line[500];
		snprintf(line, sizeof(line), "%s  %s", g->name, g->brief);
		cli_print_line(line, stdout);
		assay_str_add(&needs, "    needs     %s",
			      g->events[0] ? "" : "nothing to be counted");
		for (const char *const *e = g->events; *e; e++)
			assay_str_add(&needs, "%s%s", *e, e[1] ? " " : "");
		cli_print_line(assay_str_text(&needs), stdout);
		for (size_t k = 0; k < g->n_metrics; k++) {
			snprintf(line, sizeof(line), "    %-18s %s", g->metrics[k].name,
				 group_metric_prose(&g->metrics[k], text, sizeof(text)));
			cli_print_line(line, stdout);
		}
	}
	putchar('\n');
	cli_print_line(
		"Sources, in the order they are asked; NAME behind a source's own prefix is its own:",
		stdout);
	const struct assay_source *const *s = assay_registry_sources(cli->registry);
	for (; *s; s++) {
		char line[200];
		snprintf(line, sizeof(line), "    %-9s %s", (*s)->name, (*s)->brief);
		cli_print_line(line, stdout);
	}
	printf("\n'assay doctor' shows which of them can be counted here.\n");
}

enum assay_code counters_list(const struct cli *cli, struct assay_err *err)
{
	struct counter_groups groups;
	enum assay_code rc = counter_groups_read(groups_text, &groups, err);
	if (rc != ASSAY_OK)
		return rc;
	if (cli->json)
		rc = list_json(cli, &groups, err);
	if (rc == ASSAY_OK && !cli->json_is_stdout)
		list_text(cli, &groups);
	counter_groups_done(&groups);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* groups: read groups.txt, compute metrics. */
#include "profiler/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

static const char time_name[] = "time_ns";
static const char source_name[] = "formula";
/* What a formula may name without it being an event to count. */
static const char *const given[] = {time_name,           "threads",       "bytes_per_op",
				    "flops_per_op",      "bound_ns",      "machine_clock",
				    "bandwidth_ceiling", "flops_ceiling", NULL};

static bool is_given(const char *name)
{
	for (const char *const *g = given; *g; g++)
		if (strcmp(*g, name) == 0)
			return true;
	return false;
}

static char *trimmed(char *text)
{
	text += strspn(text, " \t");
	size_t n = strlen(text);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
	return text;
}

/* "[name] brief" */
static enum assay_code begin_group(struct counter_groups *groups, char *line, size_t number,
				   struct assay_err *err)
{
	char *close = strchr(line, ']');
	struct counter_group *larger =
		realloc(groups->groups, (groups->n + 1) * sizeof(*groups->groups));
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for groups of counters");
	groups->groups = larger;
	struct counter_group *g = &larger[groups->n];
	memset(g, 0, sizeof(*g));
	if (close)
		*close = '\0';
	if (!close || !assay_name_valid(line + 1) || strlen(line + 1) >= sizeof(g->name))
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: no [name]", number);
	if (counter_group_find(groups, line + 1))
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: a second [%s]", number,
				  line + 1);
	assay_copy(g->name, sizeof(g->name), line + 1);
	if (!assay_copy(g->brief, sizeof(g->brief), trimmed(close + 1)))
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: too long a line", number);
	groups->n++;
	return ASSAY_OK;
}

static enum assay_code read_head(char *head, struct group_metric *m, size_t number,
				 struct assay_err *err)
{
	char better[8], threshold[16], *end;
	if (sscanf(head, "%31s %7s %7s %15s", m->name, m->unit, better, threshold) != 4 ||
	    !assay_name_valid(m->name))
		return assay_fail(err, ASSAY_EPARSE,
				  "groups, line %zu: no 'name unit better threshold = formula'",
				  number);
	bool higher = strcmp(better, "higher") == 0, lower = strcmp(better, "lower") == 0;
	if (!higher && !lower && strcmp(better, "none") != 0)
		return assay_fail(err, ASSAY_EPARSE,
				  "groups, line %zu: better is lower, higher or none, not '%s'",
				  number, better);
	m->better = higher ? 'h' : lower ? 'l' : '-';
	m->threshold = strcmp(threshold, "-") == 0 ? NAN : strtod(threshold, &end);
	if (strcmp(threshold, "-") != 0 && (*end || !isfinite(m->threshold) || m->better == '-'))
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: no threshold '%s'", number,
				  threshold);
	return ASSAY_OK;
}

/* The formula's names become the group's events, but for what is given. */
static enum assay_code need_events(struct counter_group *g, const struct formula *formula,
				   size_t number, struct assay_err *err)
{
	const char *const *names;
	size_t n = formula_names(formula, &names), have = 0;
	while (g->events[have])
		have++;
	for (size_t i = 0; i < n; i++) {
		bool there = is_given(names[i]);
		for (size_t k = 0; k < have; k++)
			there |= strcmp(g->events[k], names[i]) == 0;
		if (there)
			continue;
		if (have == GROUP_EVENTS - 1)
			return assay_fail(err, ASSAY_EPARSE,
					  "groups, line %zu: too many events in one group", number);
		g->events[have++] = names[i];
	}
	return ASSAY_OK;
}

static enum assay_code read_metric(struct counter_groups *groups, char *line, size_t number,
				   struct assay_err *err)
{
	struct counter_group *g = groups->n ? &groups->groups[groups->n - 1] : NULL;
	char *equals = strchr(line, '='), *bar = equals ? strchr(equals, '|') : NULL;
	if (!g || !equals || !bar || g->n_metrics == GROUP_METRICS)
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: %s", number,
				  !g                              ? "a metric before any [group]"
				  : g->n_metrics == GROUP_METRICS ? "too many metrics in a group"
								  : "no '= formula | meaning'");
	struct group_metric *m = &g->metrics[g->n_metrics];
	*equals = *bar = '\0';
	enum assay_code rc = read_head(line, m, number, err);
	if (rc != ASSAY_OK)
		return rc;
	const char *meaning = trimmed(bar + 1);
	if (!assay_copy(m->text, sizeof(m->text), trimmed(equals + 1)) ||
	    !assay_copy(m->meaning, sizeof(m->meaning), strcmp(meaning, "-") == 0 ? "" : meaning))
		return assay_fail(err, ASSAY_EPARSE, "groups, line %zu: too long a line", number);
	rc = formula_parse(m->text, &m->formula, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc, "groups, line %zu", number);
	g->n_metrics++;
	return need_events(g, m->formula, number, err);
}

enum assay_code counter_groups_read(const char *text, struct counter_groups *ret,
				    struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(text);
	char *cursor = copy, *line;
	enum assay_code rc = ASSAY_OK;
	*ret = (struct counter_groups){0};
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for groups of counters");
	for (size_t number = 1; rc == ASSAY_OK && (line = strsep(&cursor, "\n")); number++) {
		line = trimmed(line);
		if (!*line || *line == '#')
			continue;
		rc = *line == '[' ? begin_group(ret, line, number, err)
				  : read_metric(ret, line, number, err);
	}
	if (rc != ASSAY_OK)
		counter_groups_done(ret);
	return rc;
}

void counter_groups_done(struct counter_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->groups[i].n_metrics; k++)
			formula_free(groups->groups[i].metrics[k].formula);
	free(groups->groups);
	*groups = (struct counter_groups){0};
}

const struct counter_group *counter_group_find(const struct counter_groups *groups,
					       const char *name)
{
	for (size_t i = 0; i < groups->n; i++)
		if (strcmp(groups->groups[i].name, name) == 0)
			return &groups->groups[i];
	return NULL;
}

bool counter_groups_know(const struct counter_groups *groups, const char *event)
{
	for (size_t i = 0; i < groups->n; i++)
		for (const char *const *e = groups->groups[i].events; *e; e++)
			if (strcmp(*e, event) == 0)
				return true;
	return false;
}

const char *group_metric_prose(const struct group_metric *m, char *text, size_t size)
{
	const char *better = m->better == 'h'   ? ", higher is better"
			     : m->better == 'l' ? ", lower is better"
						: "";
	size_t n = (size_t)snprintf(text, size, "%s in %s%s", m->text, m->unit, better);
	if (!isnan(m->threshold) && n < size)
		snprintf(text + n, size - n, "; %s %g: %s", m->better == 'h' ? "below" : "above",
			 m->threshold, m->meaning);
	return text;
}

bool group_metric_beyond(const struct group_metric *m, double value)
{
	return m->better == 'h' ? value < m->threshold : value > m->threshold;
}

static const struct assay_count *count_of(const struct assay_count *counts, size_t n,
					  const char *event)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].event, event) == 0)
			return &counts[i];
	return NULL;
}

/* False when one of its events was not even asked for. */
static bool derive(const struct group_metric *m, const struct assay_count *counts, size_t n,
		   double time_ns, struct assay_count *ret)
{
	const char *const *names;
	double values[FORMULA_NAMES];
	size_t n_names = formula_names(m->formula, &names);
	const struct assay_count *missing = NULL, *remarked = NULL;
	bool scaled = false, simulated = false;
	*ret = (struct assay_count){.quality = ASSAY_DERIVED};
	for (size_t i = 0; i < n_names; i++) {
		bool time = strcmp(names[i], time_name) == 0;
		const struct assay_count *count = time ? NULL : count_of(counts, n, names[i]);
		if (!time && !count)
			return false;
		if (count && count->quality == ASSAY_UNAVAILABLE && !missing)
			missing = count;
		if (count && count->quality != ASSAY_UNAVAILABLE && count->reason[0] && !remarked)
			remarked = count;
		scaled |= count && count->quality == ASSAY_SCALED;
		simulated |= count && count->quality == ASSAY_SIMULATED;
		values[i] = time ? time_ns : count->value;
	}
	assay_copy(ret->event, sizeof(ret->event), m->name);
	assay_copy(ret->source, sizeof(ret->source), source_name);
	assay_copy(ret->unit, sizeof(ret->unit), m->unit);
	ret->value = missing ? NAN : formula_value(m->formula, values);
	if (!isnan(ret->value)) {
		if (simulated)
			ret->quality = ASSAY_SIMULATED;
		if (scaled)
			assay_copy(ret->reason, sizeof(ret->reason),
				   "of events that took turns on the performance unit");
		else if (remarked)
			assay_copy(ret->reason, sizeof(ret->reason), remarked->reason);
		return true;
	}
	ret->quality = ASSAY_UNAVAILABLE;
	ret->value = 0;
	if (missing)
		snprintf(ret->reason, sizeof(ret->reason), "needs %.40s: %.110s", missing->event,
			 missing->reason);
	else
		assay_copy(ret->reason, sizeof(ret->reason), "undefined: a division by zero");
	return true;
}

size_t counter_groups_derive(const struct counter_groups *groups, const struct assay_count *counts,
			     size_t n, double time_ns, struct assay_count *ret, size_t capacity)
{
	size_t made = 0;
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->groups[i].n_metrics && made < capacity; k++)
			made += derive(&groups->groups[i].metrics[k], counts, n, time_ns,
				       &ret[made]);
	return made;
}

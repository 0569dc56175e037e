/* SPDX-License-Identifier: MIT */
/* advice_rules: read advice.txt line by line; every name in it must mean something. */
#include "profiler/advice_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

struct reader {
	struct advisor *advisor;
	size_t number; /* of the line */
	struct assay_err *err;
};

static enum assay_code wrong(const struct reader *r, const char *what, const char *which)
{
	return assay_fail(r->err, ASSAY_EPARSE, "advice, line %zu: %s%s%.60s%s", r->number, what,
			  which ? " '" : "", which ? which : "", which ? "'" : "");
}

static char *trimmed(char *text)
{
	text += strspn(text, " \t");
	size_t n = strlen(text);
	while (n && strchr(" \t", text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* The next word of *cursor, or NULL. */
static char *word(char **cursor)
{
	char *found;
	do
		found = strsep(cursor, " \t");
	while (found && !*found);
	return found;
}

static struct rule *last_rule(const struct reader *r)
{
	return r->advisor->n_rules ? &r->advisor->rules[r->advisor->n_rules - 1] : NULL;
}

static bool rule_known(const struct advisor *a, const char *name)
{
	for (size_t i = 0; i < a->n_rules; i++)
		if (strcmp(a->rules[i].name, name) == 0)
			return true;
	return false;
}

static bool metric_known(const struct counter_groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->groups[i].n_metrics; k++)
			if (strcmp(groups->groups[i].metrics[k].name, name) == 0)
				return true;
	return false;
}

/* May a formula name it? */
static bool figure_known(const struct advisor *a, const char *name)
{
	for (size_t i = 0; i < a->n_shares; i++)
		if (strcmp(a->shares[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < a->n_events; i++)
		if (strcmp(a->events[i], name) == 0)
			return true;
	return shapes_know(name) || metric_known(&a->groups, name) ||
	       counter_groups_know(&a->groups, name);
}

static enum assay_code read_count(struct reader *r, char *rest)
{
	struct advisor *a = r->advisor;
	for (char *event; (event = word(&rest));) {
		if (!assay_name_valid(event))
			return wrong(r, "no name of an event:", event);
		if (a->n_events == RULES_EVENTS)
			return wrong(r, "too many events to count", NULL);
		a->events[a->n_events] = strdup(event);
		if (!a->events[a->n_events])
			return assay_fail(r->err, ASSAY_ENOMEM, "out of memory for advice");
		a->n_events++;
	}
	return ASSAY_OK;
}

static enum assay_code read_patterns(struct reader *r, char *rest, struct rule_share *share)
{
	for (char *pattern; (pattern = word(&rest));) {
		if (share->n == SHARE_PATTERNS)
			return wrong(r, "too many patterns for", share->name);
		share->patterns[share->n] = strdup(pattern);
		if (!share->patterns[share->n])
			return assay_fail(r->err, ASSAY_ENOMEM, "out of memory for advice");
		share->n++;
	}
	return share->n ? ASSAY_OK : wrong(r, "no pattern for", share->name);
}

static enum assay_code read_share(struct reader *r, char *rest)
{
	struct advisor *a = r->advisor;
	char *name = word(&rest), *equals = word(&rest);
	if (!name || !equals || strcmp(equals, "=") != 0 || !assay_name_valid(name))
		return wrong(r, "no 'share NAME = PATTERN...'", NULL);
	if (figure_known(a, name))
		return wrong(r, "there is a figure of that name already:", name);
	if (a->n_shares == RULES_SHARES || strlen(name) >= sizeof(a->shares[0].name))
		return wrong(r, "too many shares, or too long a name:", name);
	struct rule_share *share = &a->shares[a->n_shares++];
	assay_copy(share->name, sizeof(share->name), name);
	return read_patterns(r, rest, share);
}

/* "[name] code  what it is" */
static enum assay_code begin_rule(struct reader *r, char *line)
{
	struct advisor *a = r->advisor;
	char *close = strchr(line, ']'), *rest = close ? close + 1 : NULL;
	if (close)
		*close = '\0';
	const char *about = rest ? word(&rest) : NULL;
	if (!about || !rest || !assay_name_valid(line + 1) ||
	    (strcmp(about, "code") != 0 && strcmp(about, "machine") != 0))
		return wrong(r, "no '[NAME] code|machine  what it is'", NULL);
	if (rule_known(a, line + 1))
		return wrong(r, "a second", line + 1);
	struct rule *larger = realloc(a->rules, (a->n_rules + 1) * sizeof(*larger));
	if (!larger)
		return assay_fail(r->err, ASSAY_ENOMEM, "out of memory for advice");
	a->rules = larger;
	struct rule *rule = &a->rules[a->n_rules++];
	*rule = (struct rule){.machine = strcmp(about, "machine") == 0};
	if (!assay_copy(rule->name, sizeof(rule->name), line + 1) ||
	    !assay_copy(rule->text, sizeof(rule->text), trimmed(rest)) || !rule->text[0])
		return wrong(r, "too long, or without what it is:", line + 1);
	return ASSAY_OK;
}

static enum assay_code names_known(struct reader *r, const struct formula *formula)
{
	const char *const *names;
	size_t n = formula_names(formula, &names);
	for (size_t i = 0; i < n; i++)
		if (!figure_known(r->advisor, names[i]))
			return wrong(r, "there is no figure", names[i]);
	return ASSAY_OK;
}

/* "A > N" */
static enum assay_code read_condition(struct reader *r, char *text, struct rule_line *line)
{
	char *sign = text + strcspn(text, "<>"), *end;
	if (!*sign)
		return wrong(r, "neither > nor < in", text);
	if (line->n == ADVICE_FIGURES)
		return wrong(r, "too many conditions in a line", NULL);
	struct rule_condition *c = &line->conditions[line->n];
	c->above = *sign == '>';
	*sign = '\0';
	const char *number = trimmed(sign + 1);
	c->threshold = strtod(number, &end);
	if (end == number || *end || !isfinite(c->threshold))
		return wrong(r, "no number:", number);
	if (!assay_copy(c->text, sizeof(c->text), trimmed(text)))
		return wrong(r, "too long a formula", NULL);
	enum assay_code rc = formula_parse(c->text, &c->formula, r->err);
	if (rc != ASSAY_OK)
		return assay_context(r->err, rc, "advice, line %zu", r->number);
	line->n++;
	return names_known(r, c->formula);
}

static enum assay_code read_line(struct reader *r, enum advice_confidence confidence, char *rest)
{
	struct rule *rule = last_rule(r);
	enum assay_code rc = ASSAY_OK;
	if (rule->n_lines == RULE_LINES)
		return wrong(r, "too many lines for", rule->name);
	struct rule_line *line = &rule->lines[rule->n_lines++];
	line->confidence = confidence;
	for (char *part; rc == ASSAY_OK && (part = strsep(&rest, "&"));)
		rc = read_condition(r, part, line);
	return rc;
}

static enum assay_code read_unless(struct reader *r, char *rest)
{
	struct rule *rule = last_rule(r);
	for (char *name; (name = word(&rest));) {
		if (!rule_known(r->advisor, name) || strcmp(name, rule->name) == 0)
			return wrong(r, "no rule before this one is called", name);
		if (rule->n_unless == RULE_UNLESS)
			return wrong(r, "too many names", NULL);
		assay_copy(rule->unless[rule->n_unless++], sizeof(rule->unless[0]), name);
	}
	return ASSAY_OK;
}

static enum assay_code read_one(struct reader *r, char *line)
{
	char *rest = line;
	if (*line == '[')
		return begin_rule(r, line);
	const char *key = word(&rest);
	rest = rest ? rest : line + strlen(line);
	if (strcmp(key, "count") == 0)
		return read_count(r, rest);
	if (strcmp(key, "share") == 0)
		return read_share(r, rest);
	if (strcmp(key, "harness") == 0) {
		assay_copy(r->advisor->harness.name, sizeof(r->advisor->harness.name), key);
		return read_patterns(r, rest, &r->advisor->harness);
	}
	struct rule *rule = last_rule(r);
	if (!rule)
		return wrong(r, "this stands before any [RULE]:", key);
	for (int c = ADVICE_HINT; c <= ADVICE_STRONG; c++)
		if (strcmp(key, advice_confidence_name((enum advice_confidence)c)) == 0)
			return read_line(r, (enum advice_confidence)c, rest);
	if (strcmp(key, "unless") == 0)
		return read_unless(r, rest);
	if (strcmp(key, "try") != 0)
		return wrong(r, "this means nothing:", key);
	if (!assay_copy(rule->next, sizeof(rule->next), trimmed(rest)) || !rule->next[0])
		return wrong(r, "nothing to try, or too much", NULL);
	return ASSAY_OK;
}

/* A rule without a condition or without a way out helps nobody. */
static enum assay_code complete(const struct reader *r)
{
	for (size_t i = 0; i < r->advisor->n_rules; i++) {
		const struct rule *rule = &r->advisor->rules[i];
		if (!rule->n_lines || !rule->next[0])
			return assay_fail(r->err, ASSAY_EPARSE, "advice: [%s] has no %s",
					  rule->name, rule->n_lines ? "'try'" : "condition");
	}
	return ASSAY_OK;
}

enum assay_code advice_rules_read(const char *text, struct advisor *advisor, struct assay_err *err)
{
	struct reader r = {.advisor = advisor, .err = err};
	ASSAY_AUTO_FREE char *copy = strdup(text);
	char *cursor = copy, *line;
	enum assay_code rc = ASSAY_OK;
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
	while (rc == ASSAY_OK && (line = strsep(&cursor, "\n"))) {
		r.number++;
		line = trimmed(line);
		if (*line && *line != '#')
			rc = read_one(&r, line);
	}
	return rc == ASSAY_OK ? complete(&r) : rc;
}

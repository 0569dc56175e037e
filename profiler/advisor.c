/* SPDX-License-Identifier: MIT */
/* advisor: gather the figures, hold the rules against them. */
#include "profiler/advisor.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "profiler/advice_rules.h"

/* Figures of one subject; a share of fewer samples than this is chance. */
enum { FIGURES = 192, LEAST_SAMPLES = 50 };

struct figures {
	struct assay_count list[FIGURES];
	size_t n;
};

const char *advice_confidence_name(enum advice_confidence confidence)
{
	static const char *const names[] = {"hint", "likely", "strong"};
	return names[confidence];
}

enum assay_code advisor_new(const char *rules, const char *groups, struct advisor **ret,
			    struct assay_err *err)
{
	*ret = NULL;
	struct advisor *a = calloc(1, sizeof(*a));
	if (!a)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
	enum assay_code rc = counter_groups_read(groups, &a->groups, err);
	if (rc == ASSAY_OK)
		rc = advice_rules_read(rules, a, err);
	if (rc == ASSAY_OK)
		*ret = a;
	else
		advisor_free(a);
	return rc;
}

static void free_rule(struct rule *rule)
{
	for (size_t l = 0; l < rule->n_lines; l++)
		for (size_t c = 0; c < ADVICE_FIGURES; c++)
			formula_free(rule->lines[l].conditions[c].formula);
}

static void free_patterns(struct rule_share *share)
{
	for (size_t i = 0; i < share->n; i++)
		free(share->patterns[i]);
}

void advisor_free(struct advisor *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_rules; i++)
		free_rule(&a->rules[i]);
	for (size_t i = 0; i < a->n_shares; i++)
		free_patterns(&a->shares[i]);
	free_patterns(&a->harness);
	for (size_t i = 0; i < a->n_events; i++)
		free(a->events[i]);
	counter_groups_done(&a->groups);
	free(a->rules);
	free(a);
}

const char *const *advisor_events(const struct advisor *a)
{
	return (const char *const *)a->events;
}

/* ---- figures ---- */

static const struct assay_count *figure_of(const struct figures *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].event, name) == 0)
			return &f->list[i];
	return NULL;
}

/* Counters as they are, shapes, and the metrics anew: those of a stored result may lack a ceiling of today. */
static void add_case(const struct advisor *a, const struct shape_case *c, struct figures *f)
{
	const struct assay_result *r = &c->results[c->which];
	for (size_t i = 0; i < r->n_counters && f->n < FIGURES / 2; i++)
		if (strcmp(r->counters[i].source, "formula") != 0)
			f->list[f->n++] = r->counters[i];
	f->n += shapes_of_case(c, &f->list[f->n]);
	f->n += counter_groups_derive(&a->groups, f->list, f->n, shape_time_ns(r), &f->list[f->n],
				      FIGURES - f->n);
}

static bool frame_matches(const struct assay_stack_frame *frame, const struct rule_share *share)
{
	for (size_t p = 0; p < share->n; p++) {
		const char *pattern = share->patterns[p];
		if (strncmp(pattern, "in:", 3) == 0 ? strcmp(pattern + 3, frame->module) == 0
						    : fnmatch(pattern, frame->function, 0) == 0)
			return true;
	}
	return false;
}

/* What is below a function that matches is in it; to inside[n_nodes]. */
static enum assay_code find_inside(const struct assay_stacks *stacks,
				   const struct rule_share *share, bool *inside,
				   struct assay_err *err)
{
	ASSAY_AUTO_FREE bool *frames = calloc(stacks->n_frames + 1, sizeof(*frames));
	if (!frames)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for shares of stacks");
	for (size_t i = 0; i < stacks->n_frames; i++)
		frames[i] = frame_matches(&stacks->frames[i], share);
	inside[0] = false;
	for (size_t i = 1; i < stacks->n_nodes; i++)
		inside[i] = inside[stacks->nodes[i].parent] || frames[stacks->nodes[i].frame];
	return ASSAY_OK;
}

/* Each sample once, however many of its functions match. */
static double share_of(const struct assay_stacks *stacks, const bool *harness, const bool *inside)
{
	uint64_t all = 0, matched = 0;
	for (size_t i = 0; i < stacks->n_nodes; i++) {
		all += harness[i] ? 0 : stacks->nodes[i].self;
		matched += !harness[i] && inside[i] ? stacks->nodes[i].self : 0;
	}
	return all ? (double)matched / (double)all : 0;
}

static enum assay_code add_shares(const struct advisor *a, const struct assay_stacks *stacks,
				  struct figures *f, struct assay_err *err)
{
	ASSAY_AUTO_FREE bool *harness = calloc(stacks->n_nodes + 1, sizeof(*harness));
	ASSAY_AUTO_FREE bool *inside = calloc(stacks->n_nodes + 1, sizeof(*inside));
	if (!harness || !inside)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for shares of stacks");
	enum assay_code rc = find_inside(stacks, &a->harness, harness, err);
	for (size_t i = 0; rc == ASSAY_OK && i < a->n_shares && f->n < FIGURES; i++) {
		struct assay_count *share = &f->list[f->n++];
		*share = (struct assay_count){.quality = ASSAY_UNAVAILABLE, .source = "stacks"};
		assay_copy(share->event, sizeof(share->event), a->shares[i].name);
		snprintf(share->reason, sizeof(share->reason),
			 "%llu samples are too few: sample for longer or more often (--rate)",
			 (unsigned long long)stacks->facts.samples);
		if (stacks->facts.samples < LEAST_SAMPLES)
			continue;
		rc = find_inside(stacks, &a->shares[i], inside, err);
		share->quality = ASSAY_EXACT;
		share->value = share_of(stacks, harness, inside);
		share->reason[0] = '\0';
	}
	return rc;
}

/* ---- rules ---- */

enum answer { NO, YES, NOT_ASKED, MISSING };

/* 0: exact. */
static int vagueness(enum assay_quality quality)
{
	static const int order[] = {[ASSAY_EXACT] = 0,
				    [ASSAY_SCALED] = 1,
				    [ASSAY_DERIVED] = 2,
				    [ASSAY_SIMULATED] = 3,
				    [ASSAY_UNAVAILABLE] = 4};
	return order[quality];
}

static void note_source(struct advice_figure *figure, const struct assay_count *count)
{
	size_t n = strlen(figure->sources);
	if (vagueness(count->quality) > vagueness(figure->quality))
		figure->quality = count->quality;
	if (!strstr(figure->sources, count->source))
		snprintf(figure->sources + n, sizeof(figure->sources) - n, "%s%s", n ? ", " : "",
			 count->source);
}

/* *ret_missing: the figure that is not there, when the answer is MISSING. */
static enum answer ask(const struct rule_condition *c, const struct figures *f,
		       struct advice_figure *ret, const struct assay_count **ret_missing)
{
	const char *const *names;
	double values[FORMULA_NAMES];
	size_t n = formula_names(c->formula, &names);
	*ret = (struct advice_figure){
		.threshold = c->threshold, .above = c->above, .quality = ASSAY_EXACT};
	assay_copy(ret->name, sizeof(ret->name), c->text);
	if (n != 1 || strcmp(names[0], c->text) != 0) /* computed, however exact its parts are */
		ret->quality = ASSAY_DERIVED;
	for (size_t i = 0; i < n; i++) {
		const struct assay_count *count = figure_of(f, names[i]);
		if (!count)
			return NOT_ASKED;
		if (count->quality == ASSAY_UNAVAILABLE) {
			*ret_missing = count;
			return MISSING;
		}
		note_source(ret, count);
		values[i] = count->value;
	}
	ret->value = formula_value(c->formula, values);
	if (isnan(ret->value))
		return NOT_ASKED;
	return (c->above ? ret->value > c->threshold : ret->value < c->threshold) ? YES : NO;
}

/* One condition that does not hold settles it, whatever is missing for the others. */
static enum answer ask_line(const struct rule_line *line, const struct figures *f,
			    struct advice *ret, const struct assay_count **ret_missing)
{
	enum answer whole = YES;
	ret->n_figures = 0;
	for (size_t i = 0; i < line->n; i++) {
		enum answer one = ask(&line->conditions[i], f, &ret->figures[i], ret_missing);
		if (one == NO)
			return NO;
		whole = one > whole ? one : whole;
		ret->n_figures++;
	}
	ret->confidence = line->confidence;
	for (size_t i = 0; i < ret->n_figures; i++)
		if (ret->figures[i].quality == ASSAY_SIMULATED && ret->confidence > ADVICE_LIKELY)
			ret->confidence = ADVICE_LIKELY;
	return whole;
}

static void fill_in(const struct rule *rule, const char *what, struct advice *ret)
{
	const char *hole = strstr(rule->next, "{what}");
	ret->machine = rule->machine;
	assay_copy(ret->rule, sizeof(ret->rule), rule->name);
	assay_copy(ret->text, sizeof(ret->text), rule->text);
	if (hole)
		snprintf(ret->next, sizeof(ret->next), "%.*s%.120s%s", (int)(hole - rule->next),
			 rule->next, what, hole + strlen("{what}"));
	else
		assay_copy(ret->next, sizeof(ret->next), rule->next);
}

static bool found(const struct advice_list *list, const char *rule)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->advice[i].rule, rule) == 0)
			return true;
	return false;
}

/* The first line that holds; what is missing counts only when no line could be decided. */
static void judge(const struct rule *rule, const struct figures *f, const char *what,
		  struct advice_list *list)
{
	const struct assay_count *missing = NULL;
	bool decided = false;
	for (size_t i = 0; i < rule->n_unless; i++)
		if (found(list, rule->unless[i]))
			return;
	for (size_t l = 0; l < rule->n_lines; l++) {
		struct advice *next = &list->advice[list->n];
		enum answer answer = ask_line(&rule->lines[l], f, next, &missing);
		decided |= answer == NO;
		if (answer != YES)
			continue;
		fill_in(rule, what, next);
		list->n++;
		return;
	}
	if (decided || !missing)
		return;
	struct advice_open *open = &list->open[list->n_open++];
	assay_copy(open->rule, sizeof(open->rule), rule->name);
	bool metric = strncmp(missing->reason, "needs ", 6) == 0;
	snprintf(open->reason, sizeof(open->reason), "%s%s%s%s", metric ? "" : "needs ",
		 metric ? "" : missing->event, metric ? "" : ": ", missing->reason);
}

enum assay_code advisor_judge(const struct advisor *a, const struct advice_subject *subject,
			      struct advice_list *ret, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	ASSAY_AUTO_FREE struct figures *figures = calloc(1, sizeof(*figures));
	*ret = (struct advice_list){.advice = calloc(a->n_rules + 1, sizeof(*ret->advice)),
				    .open = calloc(a->n_rules + 1, sizeof(*ret->open))};
	if (!figures || !ret->advice || !ret->open)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for advice");
	if (rc == ASSAY_OK && subject->shape_case)
		add_case(a, subject->shape_case, figures);
	if (rc == ASSAY_OK && subject->shape_command)
		figures->n += shapes_of_command(subject->shape_command, &figures->list[figures->n]);
	if (rc == ASSAY_OK && subject->stacks &&
	    strcmp(subject->stacks->facts.unit, "samples") == 0)
		rc = add_shares(a, subject->stacks, figures, err);
	for (size_t i = 0; rc == ASSAY_OK && i < a->n_rules; i++)
		judge(&a->rules[i], figures, subject->what, ret);
	if (rc != ASSAY_OK)
		advice_list_done(ret);
	return rc;
}

void advice_list_done(struct advice_list *list)
{
	free(list->advice);
	free(list->open);
	*list = (struct advice_list){0};
}

const char *advice_because(const struct advice *advice, char *text, size_t size)
{
	size_t used = 0;
	*text = '\0';
	for (size_t i = 0; i < advice->n_figures && used < size; i++) {
		const struct advice_figure *f = &advice->figures[i];
		used += (size_t)snprintf(text + used, size - used, "%s%s %.3g %c %g (%s, %s)",
					 i ? "; " : "", f->name, f->value, f->above ? '>' : '<',
					 f->threshold, assay_quality_name(f->quality), f->sources);
	}
	return text;
}

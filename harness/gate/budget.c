/* SPDX-License-Identifier: MIT */
/* budget: reading a bound, and finding its series. */
#include "harness/gate/budget.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/engine/case.h"
#include "harness/engine/measure.h"
#include "harness/engine/plan.h"

#define FORM      "a bound is written 'SERIES [METRIC] <= NUMBER [UNIT]', or with >="
#define EXCEEDING 1.1

/* The words of a bound, one after the other; NULL behind the last. */
struct words {
	char *cursor;
	const char *word;
};

static void advance(struct words *w)
{
	do
		w->word = strsep(&w->cursor, " \t\r\n");
	while (w->word && !*w->word);
}

static bool is_comparison(const char *word)
{
	return word && word[0] && strchr("<>=", word[0]);
}

static enum assay_code take_side(struct words *w, struct assay_bound_side *side,
				 struct assay_err *err)
{
	if (!w->word || is_comparison(w->word) || !strchr(w->word, '/') || w->word[0] == '/')
		return assay_fail(err, ASSAY_EUSAGE, "'%.80s' is no series; " FORM,
				  w->word ? w->word : "");
	side->series = strdup(w->word);
	advance(w);
	bool metric = w->word && !is_comparison(w->word) && strcmp(w->word, "/") != 0;
	if (metric && !assay_name_valid(w->word))
		return assay_fail(err, ASSAY_EUSAGE, "'%.80s' is no metric; " FORM, w->word);
	if (metric) {
		side->metric = strdup(w->word);
		advance(w);
	}
	if (!side->series || (metric && !side->metric))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a bound");
	return ASSAY_OK;
}

/* "12ns" or "12 ns", up to the end: the number in base units of its unit. */
static enum assay_code take_value(struct words *w, struct assay_unit *unit, double *ret,
				  struct assay_err *err)
{
	char *end = NULL;
	errno = 0;
	const char *word = w->word ? w->word : "";
	bool plain = isdigit((unsigned char)word[0]) && strncasecmp(word, "0x", 2) != 0;
	double value = plain ? strtod(word, &end) : NAN;
	if (!plain || errno || !isfinite(value) ||
	    (*end && *end != '%' && !isalpha((unsigned char)*end)))
		return assay_fail(err, ASSAY_EUSAGE, "'%.40s' is not a number to compare with",
				  word);
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_str_add(&text, "%s", end);
	for (advance(w); w->word; advance(w)) /* a benchmark's own unit may be several words */
		assay_str_add(&text, "%s%s", text.length ? " " : "", w->word);
	if (text.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a bound");
	enum assay_code code = assay_unit_parse(assay_str_text(&text), unit, err);
	*ret = value * unit->factor;
	return code;
}

/* No measurement is at or below nothing, and all are at least that: such a bound says nothing. */
static enum assay_code check_limit(const struct assay_bound *bound, struct assay_err *err)
{
	bool share = bound->unit.quantity == ASSAY_QUANTITY_NUMBER ||
		     bound->unit.quantity == ASSAY_QUANTITY_BYTES ||
		     bound->unit.quantity == ASSAY_QUANTITY_OTHER;
	if (bound->limit > 0 && isfinite(bound->limit))
		return ASSAY_OK;
	if (bound->limit == 0 && !bound->at_least && share && !bound->under.series)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EUSAGE, "a bound of '%s %g' says nothing",
			  bound->at_least ? ">=" : "<=", bound->limit);
}

static enum assay_code check_unit(const struct assay_bound *bound, struct assay_err *err)
{
	const char *text = bound->unit.text;
	if (bound->under.series && bound->unit.quantity != ASSAY_QUANTITY_NUMBER)
		return assay_fail(err, ASSAY_EUSAGE, "a ratio has no unit but %%, not '%s'", text);
	const char *near =
		bound->unit.quantity == ASSAY_QUANTITY_OTHER ? assay_unit_nearest(text) : NULL;
	if (near)
		return assay_fail(err, ASSAY_EUSAGE, "unknown unit '%s'; did you mean '%s'?", text,
				  near);
	return ASSAY_OK;
}

static enum assay_code parse(struct words *w, struct assay_bound *bound, struct assay_err *err)
{
	enum assay_code code = take_side(w, &bound->over, err);
	if (code == ASSAY_OK && w->word && strcmp(w->word, "/") == 0) {
		advance(w);
		code = take_side(w, &bound->under, err);
	}
	if (code != ASSAY_OK)
		return code;
	bool at_most = w->word && strcmp(w->word, "<=") == 0;
	bound->at_least = w->word && strcmp(w->word, ">=") == 0;
	if (!at_most && !bound->at_least)
		return assay_fail(err, ASSAY_EUSAGE, "'%.40s' stands where <= or >= is expected",
				  w->word ? w->word : "");
	advance(w);
	code = take_value(w, &bound->unit, &bound->limit, err);
	if (code == ASSAY_OK)
		code = check_limit(bound, err);
	if (code == ASSAY_OK)
		code = check_unit(bound, err);
	bound->far = bound->at_least ? bound->limit * EXCEEDING : bound->limit / EXCEEDING;
	return code;
}

enum assay_code assay_bound_parse(const char *text, struct assay_bound *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(text);
	*ret = (struct assay_bound){0};
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a bound");
	struct words words = {.cursor = copy};
	advance(&words);
	enum assay_code code = parse(&words, ret, err);
	if (code != ASSAY_OK)
		assay_bound_done(ret);
	return code;
}

static void side_done(struct assay_bound_side *side)
{
	free(side->series);
	free(side->metric);
}

void assay_bound_done(struct assay_bound *bound)
{
	side_done(&bound->over);
	side_done(&bound->under);
	*bound = (struct assay_bound){0};
}

enum assay_code assay_bound_set_far(struct assay_bound *bound, const char *text,
				    struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(text);
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a bound");
	struct words words = {.cursor = copy};
	struct assay_unit unit;
	double far;
	bool inverse;
	advance(&words);
	enum assay_code code = take_value(&words, &unit, &far, err);
	if (code != ASSAY_OK)
		return code;
	if (!assay_unit_fits(&unit, &bound->unit, &inverse) || inverse)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is in another unit than the bound",
				  text);
	if (bound->at_least ? far < bound->limit : far > bound->limit)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' does not lie beyond the bound", text);
	bound->far = far;
	return ASSAY_OK;
}

/* The primary metric of the case, where that is the one meant; else *ret_known is false. */
static enum assay_code primary_unit(const struct assay_bound_side *side, const struct assay_case *c,
				    struct assay_unit *ret, bool *ret_known, struct assay_err *err)
{
	struct assay_metric_info info =
		assay_primary_metric(c->bench->bench, c->subject ? c->subject->subject : NULL);
	*ret_known = !side->metric || strcmp(side->metric, info.name) == 0;
	return *ret_known ? assay_unit_parse(info.unit, ret, err) : ASSAY_OK;
}

/* Is what the name begins with a benchmark? */
static bool has_benchmark(const struct assay_registry *registry, const char *series)
{
	char copy[160];
	assay_copy(copy, sizeof(copy), series);
	char *cursor = copy;
	const char *suite = strsep(&cursor, "/");
	const char *bench = strsep(&cursor, "/");
	return bench && assay_registry_bench(registry, suite, bench);
}

static enum assay_code resolve_side(struct assay_bound_side *side,
				    const struct assay_registry *registry, struct assay_unit *unit,
				    bool *known, struct assay_err *err)
{
	struct assay_case c;
	*known = false;
	if (!has_benchmark(registry, side->series))
		return assay_pattern_unknown(registry, side->series, err);
	enum assay_code code = assay_case_resolve(registry, side->series, &c, err);
	if (code != ASSAY_OK)
		return code;
	code = primary_unit(side, &c, unit, known, err);
	free(side->series);
	side->series = c.name; /* taken over */
	return code;
}

static enum assay_code unfit(const struct assay_bound_side *side, const char *metric_unit,
			     const struct assay_unit *bound, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EUSAGE, "%.100s is measured in %s; '%s' does not fit",
			  side->series, *metric_unit ? metric_unit : "numbers",
			  *bound->text ? bound->text : "a bare number");
}

enum assay_code assay_bound_resolve(struct assay_bound *bound,
				    const struct assay_registry *registry, struct assay_err *err)
{
	struct assay_unit over, under;
	bool over_known, under_known = false, inverse;
	enum assay_code code = resolve_side(&bound->over, registry, &over, &over_known, err);
	if (code == ASSAY_OK && bound->under.series)
		code = resolve_side(&bound->under, registry, &under, &under_known, err);
	if (code != ASSAY_OK)
		return code;
	if (bound->under.series && strcmp(bound->over.series, bound->under.series) == 0 &&
	    over_known == under_known &&
	    (over_known || strcmp(bound->over.metric, bound->under.metric) == 0))
		return assay_fail(err, ASSAY_EUSAGE, "%.100s is compared with itself",
				  bound->over.series);
	if (!bound->under.series && over_known && !assay_unit_fits(&over, &bound->unit, &inverse))
		return unfit(&bound->over, over.text, &bound->unit, err);
	if (over_known && under_known && (!assay_unit_fits(&over, &under, &inverse) || inverse))
		return assay_fail(err, ASSAY_EUSAGE, "%s and %s have no ratio", over.text,
				  under.text);
	return ASSAY_OK;
}

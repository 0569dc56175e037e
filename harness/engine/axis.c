/* SPDX-License-Identifier: MIT */
/* axis: the value grammar. */
#include "harness/engine/axis.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

struct values {
	double *list;
	size_t n;
};

static enum assay_code add_value(struct values *v, double value, struct assay_err *err)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i] == value)
			return ASSAY_OK;
	if (v->n == ASSAY_AXIS_MAX_VALUES)
		return assay_fail(err, ASSAY_EUSAGE, "more than %d values", ASSAY_AXIS_MAX_VALUES);
	double *grown = realloc(v->list, (v->n + 1) * sizeof(*grown));
	if (!grown)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for an axis");
	grown[v->n++] = value;
	v->list = grown;
	return ASSAY_OK;
}

static enum assay_code lookup_name(const char *text, const struct assay_axis_name *names,
				   size_t n_names, uint64_t *ret, struct assay_err *err)
{
	for (size_t i = 0; i < n_names; i++) {
		if (strcmp(names[i].name, text) != 0)
			continue;
		if (!names[i].value)
			return assay_fail(err, ASSAY_EUSAGE,
					  "'%s' is not known on this machine; write a number",
					  text);
		*ret = names[i].value;
		return ASSAY_OK;
	}
	return assay_fail(
		err, ASSAY_EUSAGE,
		"'%s' is neither a size (4096, 4Ki, 64k) nor one of ncores, npus, l1, l2, "
		"llc, pustride",
		text);
}

/* A fraction such as 0.99: digits, a dot, digits. */
static bool parse_fraction(const char *text, double *ret)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	if (!whole || !part || text[whole + 1 + part] || whole + part > 15)
		return false;
	*ret = strtod(text, NULL);
	return true;
}

static enum assay_code parse_value(const char *text, const struct assay_axis_name *names,
				   size_t n_names, double *ret, struct assay_err *err)
{
	uint64_t whole;
	if (!*text)
		return assay_fail(err, ASSAY_EUSAGE, "a value is missing");
	if (assay_parse_size(text, &whole, NULL) == ASSAY_OK) {
		*ret = (double)whole;
		return ASSAY_OK;
	}
	if (parse_fraction(text, ret))
		return ASSAY_OK;
	const char *star = strchr(text, '*');
	char factor_text[24];
	uint64_t factor = 1, base = 0;
	if (!star) {
		enum assay_code rc = lookup_name(text, names, n_names, &base, err);
		*ret = (double)base;
		return rc;
	}
	if ((size_t)(star - text) >= sizeof(factor_text))
		return assay_fail(err, ASSAY_EUSAGE, "'%.30s' is not a value", text);
	memcpy(factor_text, text, (size_t)(star - text));
	factor_text[star - text] = '\0';
	enum assay_code rc = assay_parse_u64(factor_text, 1, 1u << 20, &factor, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = lookup_name(star + 1, names, n_names, &base, err);
	*ret = (double)factor * (double)base;
	if (rc == ASSAY_OK && *ret > 0x1p53)
		rc = assay_fail(err, ASSAY_EUSAGE, "'%s' is too large", text);
	return rc;
}

struct step {
	bool multiply;
	double by;
};

static enum assay_code parse_step(char *text, const struct assay_axis_name *names, size_t n_names,
				  struct step *ret, struct assay_err *err)
{
	*ret = (struct step){.by = 1};
	if (!text)
		return ASSAY_OK;
	enum assay_code rc;
	if (*text == 'x') {
		uint64_t factor = 2;
		ret->multiply = true;
		rc = assay_parse_u64(text + 1, 2, 1u << 20, &factor, err);
		ret->by = (double)factor;
	} else if (*text == '+') {
		rc = parse_value(text + 1, names, n_names, &ret->by, err);
	} else {
		return assay_fail(err, ASSAY_EUSAGE,
				  "step '%s' starts with neither x (factor) nor + (distance)",
				  text);
	}
	if (rc == ASSAY_OK && ret->by <= 0)
		return assay_fail(err, ASSAY_EUSAGE, "a step of 0 never ends");
	return rc;
}

static enum assay_code add_range(struct values *v, double lo, double hi, struct step step,
				 struct assay_err *err)
{
	if (lo > hi)
		return assay_fail(err, ASSAY_EUSAGE, "the range runs backwards (%g is above %g)",
				  lo, hi);
	if (step.multiply && lo == 0)
		return assay_fail(err, ASSAY_EUSAGE, "a range from 0 cannot go by a factor");
	double value = lo;
	for (unsigned i = 1;; i++) {
		enum assay_code rc = add_value(v, value, err);
		if (rc != ASSAY_OK || value >= hi)
			return rc;
		/* from the start each time, so that the errors of 0.1 do not add up */
		value = step.multiply ? value * step.by : lo + i * step.by;
		if (value > hi * (1 - 1e-12))
			value = hi;
	}
}

static enum assay_code add_item(struct values *v, char *item, const struct assay_axis_name *names,
				size_t n_names, struct assay_err *err)
{
	char *dots = strstr(item, "..");
	double lo, hi;
	if (!dots) {
		enum assay_code rc = parse_value(item, names, n_names, &lo, err);
		return rc == ASSAY_OK ? add_value(v, lo, err) : rc;
	}
	*dots = '\0';
	char *end = dots + 2;
	char *colon = strchr(end, ':');
	if (colon)
		*colon++ = '\0';
	struct step step;
	enum assay_code rc = parse_value(item, names, n_names, &lo, err);
	if (rc == ASSAY_OK)
		rc = parse_value(end, names, n_names, &hi, err);
	if (rc == ASSAY_OK)
		rc = parse_step(colon, names, n_names, &step, err);
	return rc == ASSAY_OK ? add_range(v, lo, hi, step, err) : rc;
}

enum assay_code assay_axis_expand(const char *text, const struct assay_axis_name *names,
				  size_t n_names, double **ret, size_t *ret_n,
				  struct assay_err *err)
{
	struct values v = {0};
	ASSAY_AUTO_FREE char *copy = strdup(text);
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for an axis");
	char *cursor = copy;
	enum assay_code rc = ASSAY_OK;
	while (rc == ASSAY_OK && cursor) {
		char *item = strsep(&cursor, ",");
		rc = add_item(&v, item, names, n_names, err);
	}
	if (rc != ASSAY_OK) {
		free(v.list);
		char shown[64];
		assay_sanitise(shown, sizeof(shown), text);
		return assay_context(err, rc == ASSAY_EPARSE ? ASSAY_EUSAGE : rc, "values '%s'",
				     shown);
	}
	*ret = v.list;
	*ret_n = v.n;
	return ASSAY_OK;
}

void assay_words_free(char **words, size_t n)
{
	for (size_t i = 0; words && i < n; i++)
		free(words[i]);
	free(words);
}

static bool word_valid(const char *word)
{
	size_t n =
		strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
	return n > 0 && n < 64 && !word[n];
}

static enum assay_code check_word(const char *word, struct assay_err *err)
{
	char shown[64];
	assay_sanitise(shown, sizeof(shown), word);
	return word_valid(word) ? ASSAY_OK
				: assay_fail(err, ASSAY_EUSAGE, "'%s' is not a word", shown);
}

static enum assay_code check_text(const char *text, struct assay_err *err)
{
	char shown[ASSAY_AXIS_TEXT_MAX + 1];
	assay_sanitise(shown, sizeof(shown), text);
	if (!*text)
		return assay_fail(err, ASSAY_EUSAGE, "a value is missing");
	if (strlen(text) > ASSAY_AXIS_TEXT_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "'%.40s...' is longer than %d bytes", shown,
				  ASSAY_AXIS_TEXT_MAX);
	if (strcmp(shown, text) != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%.80s' has characters that cannot be printed; rename the file",
				  shown);
	return ASSAY_OK;
}

static enum assay_code split(const char *text,
			     enum assay_code (*check)(const char *word, struct assay_err *err),
			     char ***ret, size_t *ret_n, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(text);
	size_t capacity = 1;
	for (const char *c = text; *c; c++)
		capacity += *c == ',';
	char **words = calloc(capacity, sizeof(*words));
	size_t n = 0;
	enum assay_code rc = ASSAY_OK;
	if (!copy || !words)
		rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for an axis");
	char *cursor = copy;
	while (rc == ASSAY_OK && cursor) {
		char *word = strsep(&cursor, ",");
		rc = check(word, err);
		if (rc == ASSAY_OK && !(words[n++] = strdup(word)))
			rc = assay_fail(err, ASSAY_ENOMEM, "out of memory for an axis");
	}
	if (rc != ASSAY_OK) {
		assay_words_free(words, n);
		return rc;
	}
	*ret = words;
	*ret_n = n;
	return ASSAY_OK;
}

enum assay_code assay_axis_words(const char *text, char ***ret, size_t *ret_n,
				 struct assay_err *err)
{
	return split(text, check_word, ret, ret_n, err);
}

enum assay_code assay_axis_texts(const char *text, char ***ret, size_t *ret_n,
				 struct assay_err *err)
{
	return split(text, check_text, ret, ret_n, err);
}

/* SPDX-License-Identifier: MIT */
/* case: composing and parsing the names that the command line, the store and exports share. */
#include "harness/engine/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/engine/axis.h"

bool assay_axis_is_words(const struct assay_axis *axis)
{
	return axis->unit && strcmp(axis->unit, "name") == 0;
}

bool assay_axis_is_paths(const struct assay_axis *axis)
{
	return axis->unit && strcmp(axis->unit, "path") == 0;
}

void assay_case_param_number(struct assay_case_param *param, const struct assay_axis *axis,
			     double value)
{
	param->name = axis->name;
	param->value = value;
	if (axis->unit && strcmp(axis->unit, "bytes") == 0)
		assay_format_size((uint64_t)value, param->text, sizeof(param->text));
	else
		snprintf(param->text, sizeof(param->text), "%.15g", value);
}

enum assay_code assay_case_param_word(struct assay_case_param *param, const struct assay_axis *axis,
				      const char *word, struct assay_err *err)
{
	char **words;
	size_t n;
	enum assay_code rc = assay_axis_words(axis->values, &words, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		param->name = axis->name;
		param->value = (double)i;
		assay_copy(param->text, sizeof(param->text), word);
		assay_words_free(words, n);
		return ASSAY_OK;
	}
	const char *near = assay_nearest(word, (const char *const *)words, n);
	rc = assay_fail(err, ASSAY_EUSAGE, "axis '%s' has no value '%.40s'; %s%s", axis->name, word,
			near ? "did you mean " : "it has ", near ? near : axis->values);
	assay_words_free(words, n);
	return rc;
}

enum assay_code assay_case_param_path(struct assay_case_param *param, const struct assay_axis *axis,
				      const char *path, struct assay_err *err)
{
	char **known;
	size_t n;
	enum assay_code rc = assay_axis_paths(axis->values, &known, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	param->name = axis->name;
	param->value = -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(known[i], path) == 0)
			param->value = (double)i;
	assay_copy(param->text, sizeof(param->text), path);
	assay_words_free(known, n);
	return ASSAY_OK;
}

/* What would end a part of a name, or act in a pattern, becomes %XX. */
static void add_escaped(struct assay_str *s, const char *text)
{
	for (; *text; text++) {
		if (strchr("/:%*?[]\\ ", *text))
			assay_str_add(s, "%%%02X", (unsigned)(unsigned char)*text);
		else
			assay_str_put(s, text, 1);
	}
}

/* The way back, in place; false when what follows a % is not two hexadecimal digits. */
static bool unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from; to++) {
		if (*from != '%') {
			*to = *from++;
			continue;
		}
		char digits[3] = {from[1], from[1] ? from[2] : '\0', '\0'};
		if (strspn(digits, "0123456789ABCDEF") != 2)
			return false;
		*to = (char)strtol(digits, NULL, 16);
		from += 3;
	}
	*to = '\0';
	return true;
}

enum assay_code assay_case_compose(struct assay_case *c, struct assay_err *err)
{
	struct assay_str s = {0};
	assay_str_add(&s, "%s/%s", c->bench->suite, c->bench->name);
	for (size_t i = 0; i < c->n_params; i++) {
		assay_str_add(&s, "/%s:", c->params[i].name);
		add_escaped(&s, c->params[i].text);
	}
	if (c->subject)
		assay_str_add(&s, "/subject:%s", c->subject->name);
	assay_str_add(&s, "/threads:%u", c->threads);
	if (s.failed) {
		assay_str_done(&s);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a case's name");
	}
	c->name = s.text;
	return ASSAY_OK;
}

void assay_case_done(struct assay_case *c)
{
	free(c->name);
	c->name = NULL;
}

static const struct assay_axis *find_axis(const struct assay_bench *bench, const char *name)
{
	for (const struct assay_axis *a = bench->axes; a && a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static enum assay_code parse_axis(struct assay_case *c, const char *key, char *value,
				  struct assay_err *err)
{
	const struct assay_axis *axis = find_axis(c->bench->bench, key);
	if (!axis)
		return assay_fail(err, ASSAY_EUSAGE, "%s/%s has no axis '%s'", c->bench->suite,
				  c->bench->name, key);
	if (c->n_params == ASSAY_CASE_MAX_AXES)
		return assay_fail(err, ASSAY_EUSAGE, "more than %d axes", ASSAY_CASE_MAX_AXES);
	struct assay_case_param *param = &c->params[c->n_params];
	enum assay_code rc;
	if (assay_axis_is_words(axis)) {
		rc = assay_case_param_word(param, axis, value, err);
	} else if (assay_axis_is_paths(axis)) {
		rc = unescape(value) && strlen(value) <= ASSAY_AXIS_PATH_MAX
			     ? assay_case_param_path(param, axis, value, err)
			     : assay_fail(err, ASSAY_EUSAGE, "'%.80s' is no path of a name", value);
	} else {
		double *number;
		size_t n;
		rc = assay_axis_expand(value, NULL, 0, &number, &n, err);
		if (rc != ASSAY_OK)
			return rc;
		assay_case_param_number(param, axis, number[0]);
		if (n != 1)
			rc = assay_fail(err, ASSAY_EUSAGE, "'%s' is not one value", value);
		free(number);
	}
	c->n_params += rc == ASSAY_OK;
	return rc;
}

static enum assay_code parse_part(const struct assay_registry *registry, struct assay_case *c,
				  char *part, struct assay_err *err)
{
	char *colon = strchr(part, ':');
	if (!colon)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is not of the form axis:value", part);
	*colon = '\0';
	char *value = colon + 1;
	if (strcmp(part, "threads") == 0) {
		uint64_t threads;
		enum assay_code rc = assay_parse_u64(value, 1, 65536, &threads, err);
		c->threads = (unsigned)threads;
		return rc;
	}
	if (strcmp(part, "subject") == 0) {
		c->subject = assay_registry_subject(registry, c->bench->suite, value);
		return c->subject ? ASSAY_OK
				  : assay_fail(err, ASSAY_EUSAGE, "suite %s has no subject '%s'",
					       c->bench->suite, value);
	}
	return parse_axis(c, part, value, err);
}

enum assay_code assay_case_parse(const struct assay_registry *registry, const char *name,
				 struct assay_case *ret, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(name);
	struct assay_case c = {.threads = 1};
	if (!copy || !(c.name = strdup(name))) {
		free(c.name);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a case");
	}
	char *cursor = copy;
	const char *suite = strsep(&cursor, "/");
	const char *bench = strsep(&cursor, "/");
	enum assay_code rc = ASSAY_OK;
	c.bench = bench ? assay_registry_bench(registry, suite, bench) : NULL;
	if (!c.bench)
		rc = assay_fail(err, ASSAY_EUSAGE, "there is no such benchmark");
	while (rc == ASSAY_OK && cursor)
		rc = parse_part(registry, &c, strsep(&cursor, "/"), err);
	if (rc != ASSAY_OK) {
		assay_case_done(&c);
		return assay_context(err, ASSAY_EUSAGE, "case '%.100s'", name);
	}
	*ret = c;
	return ASSAY_OK;
}

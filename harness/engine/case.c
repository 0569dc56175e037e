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

bool assay_axis_is_texts(const struct assay_axis *axis)
{
	return axis->unit && strcmp(axis->unit, "text") == 0;
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

enum assay_code assay_case_param_text(struct assay_case_param *param, const struct assay_axis *axis,
				      const char *text, struct assay_err *err)
{
	char **known;
	size_t n;
	enum assay_code rc = assay_axis_texts(axis->values, &known, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	param->name = axis->name;
	param->value = -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(known[i], text) == 0)
			param->value = (double)i;
	assay_copy(param->text, sizeof(param->text), text);
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

static enum assay_code unknown_axis(const struct assay_bench_entry *entry, const char *key,
				    struct assay_err *err)
{
	const char *names[ASSAY_CASE_MAX_AXES + 2] = {"threads", "subject"};
	size_t n = 2;
	const struct assay_axis *a = entry->bench->axes;
	for (; a && a->name && n < ASSAY_COUNT_OF(names); a++)
		names[n++] = a->name;
	const char *near = assay_nearest(key, names, n);
	return assay_fail(err, ASSAY_EUSAGE, "%s/%s has no axis '%s'%s%s%s", entry->suite,
			  entry->name, key, near ? "; did you mean '" : "", near ? near : "",
			  near ? "'?" : "");
}

static enum assay_code parse_axis(struct assay_case *c, const char *key, char *value,
				  struct assay_err *err)
{
	const struct assay_axis *axis = find_axis(c->bench->bench, key);
	if (!axis)
		return unknown_axis(c->bench, key, err);
	for (size_t i = 0; i < c->n_params; i++)
		if (strcmp(c->params[i].name, key) == 0)
			return assay_fail(err, ASSAY_EUSAGE, "axis '%s' is named twice", key);
	if (c->n_params == ASSAY_CASE_MAX_AXES)
		return assay_fail(err, ASSAY_EUSAGE, "more than %d axes", ASSAY_CASE_MAX_AXES);
	struct assay_case_param *param = &c->params[c->n_params];
	enum assay_code rc;
	if (assay_axis_is_words(axis)) {
		rc = assay_case_param_word(param, axis, value, err);
	} else if (assay_axis_is_texts(axis)) {
		rc = unescape(value) && strlen(value) <= ASSAY_AXIS_TEXT_MAX
			     ? assay_case_param_text(param, axis, value, err)
			     : assay_fail(err, ASSAY_EUSAGE, "'%.80s' is no text of a name", value);
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

/* The names of the subjects that `bench` takes, up to max; returns how many there are of them. */
static size_t subject_names(const struct assay_registry *registry,
			    const struct assay_bench_entry *bench, const char **ret, size_t max)
{
	const char *interface = assay_bench_interface(registry, bench);
	const struct assay_subject_entry *subjects;
	size_t n = assay_registry_subjects(registry, &subjects), found = 0;
	for (size_t i = 0; *interface && i < n && found < max; i++)
		if (strcmp(subjects[i].suite, bench->suite) == 0 &&
		    strcmp(assay_subject_interface(registry, &subjects[i]), interface) == 0)
			ret[found++] = subjects[i].name;
	return found;
}

enum { MAX_SUBJECTS = 128 };

static enum assay_code unknown_subject(const struct assay_registry *registry,
				       const struct assay_bench_entry *bench, const char *name,
				       struct assay_err *err)
{
	const char *names[MAX_SUBJECTS];
	const char *near =
		assay_nearest(name, names, subject_names(registry, bench, names, MAX_SUBJECTS));
	return assay_fail(err, ASSAY_EUSAGE, "suite %s has no subject '%s'%s%s%s", bench->suite,
			  name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
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
		return c->subject ? ASSAY_OK : unknown_subject(registry, c->bench, value, err);
	}
	return parse_axis(c, part, value, err);
}

/* Fill in `c`, whose threads stay as they are when the name says nothing of them. */
static enum assay_code parse_name(const struct assay_registry *registry, const char *name,
				  struct assay_case *c, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *copy = strdup(name);
	if (!copy)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a case");
	char *cursor = copy;
	const char *suite = strsep(&cursor, "/");
	const char *bench = strsep(&cursor, "/");
	enum assay_code rc = ASSAY_OK;
	c->bench = bench ? assay_registry_bench(registry, suite, bench) : NULL;
	if (!c->bench)
		rc = assay_fail(err, ASSAY_EUSAGE, "there is no such benchmark");
	while (rc == ASSAY_OK && cursor)
		rc = parse_part(registry, c, strsep(&cursor, "/"), err);
	return rc;
}

enum assay_code assay_case_parse(const struct assay_registry *registry, const char *name,
				 struct assay_case *ret, struct assay_err *err)
{
	struct assay_case c = {.threads = 1};
	enum assay_code rc = parse_name(registry, name, &c, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc == ASSAY_ENOMEM ? rc : ASSAY_EUSAGE, "case '%.100s'",
				     name);
	c.name = strdup(name);
	if (!c.name)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a case");
	*ret = c;
	return ASSAY_OK;
}

/* Threads: as named; or as many as the roles are; or the one of a benchmark that has no such axis. */
static enum assay_code complete_threads(struct assay_case *c, struct assay_err *err)
{
	const struct assay_bench *bench = c->bench->bench;
	unsigned fixed = 0;
	for (const struct assay_role *r = bench->roles; r && r->name; r++)
		fixed += r->threads;
	uint64_t only = 0;
	if (bench->threads && assay_parse_u64(bench->threads, 1, 65536, &only, NULL) == ASSAY_OK &&
	    !fixed && !c->threads)
		c->threads = (unsigned)only; /* an axis of one value */
	if (!c->threads && !fixed && bench->threads)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'threads' is missing; it is measured with threads %s",
				  bench->threads);
	if (!c->threads)
		c->threads = fixed ? fixed : 1;
	if (fixed && c->threads != fixed)
		return assay_fail(err, ASSAY_EUSAGE, "%s/%s has %u threads, not %u",
				  c->bench->suite, c->bench->name, fixed, c->threads);
	return ASSAY_OK;
}

static enum assay_code complete_subject(const struct assay_registry *registry,
					const struct assay_case *c, struct assay_err *err)
{
	const char *names[MAX_SUBJECTS];
	size_t n = subject_names(registry, c->bench, names, MAX_SUBJECTS);
	if (!c->subject && n == 0)
		return ASSAY_OK;
	for (size_t i = 0; c->subject && i < n; i++)
		if (strcmp(names[i], c->subject->name) == 0)
			return ASSAY_OK;
	struct assay_str list = {0};
	for (size_t i = 0; i < n; i++)
		assay_str_add(&list, "%s%s", i ? ", " : "", names[i]);
	enum assay_code rc =
		!c->subject ? assay_fail(err, ASSAY_EUSAGE, "'subject' is missing; it takes %s",
					 assay_str_text(&list))
			    : assay_fail(err, ASSAY_EUSAGE, "%s/%s does not take subject '%s'%s%s",
					 c->bench->suite, c->bench->name, c->subject->name,
					 n ? "; it takes " : "", assay_str_text(&list));
	assay_str_done(&list);
	return rc;
}

/* Every axis named, and in the order of the benchmark. */
static enum assay_code complete_axes(struct assay_case *c, struct assay_err *err)
{
	size_t at = 0;
	for (const struct assay_axis *a = c->bench->bench->axes; a && a->name; a++, at++) {
		size_t i = at;
		while (i < c->n_params && strcmp(c->params[i].name, a->name) != 0)
			i++;
		if (i >= c->n_params)
			return assay_fail(err, ASSAY_EUSAGE,
					  "axis '%s' is missing; it is measured with %s", a->name,
					  a->values);
		struct assay_case_param param = c->params[i];
		c->params[i] = c->params[at];
		c->params[at] = param;
	}
	return ASSAY_OK;
}

enum assay_code assay_case_resolve(const struct assay_registry *registry, const char *name,
				   struct assay_case *ret, struct assay_err *err)
{
	struct assay_case c = {0};
	enum assay_code rc = parse_name(registry, name, &c, err);
	if (rc == ASSAY_OK)
		rc = complete_axes(&c, err);
	if (rc == ASSAY_OK)
		rc = complete_subject(registry, &c, err);
	if (rc == ASSAY_OK)
		rc = complete_threads(&c, err);
	if (rc == ASSAY_OK)
		rc = assay_case_compose(&c, err);
	if (rc != ASSAY_OK)
		return assay_context(err, rc == ASSAY_ENOMEM ? rc : ASSAY_EUSAGE, "case '%.100s'",
				     name);
	*ret = c;
	return ASSAY_OK;
}

/* SPDX-License-Identifier: MIT */
/* argv: a small automaton for quotes, one pass over braces, and slugs. */
#include "harness/engine/argv.h"

#include <ctype.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum assay_code assay_argv_add(struct assay_argv *argv, const char *word, struct assay_err *err)
{
	char **grown = realloc(argv->words, (argv->n + 2) * sizeof(*grown));
	if (grown)
		argv->words = grown;
	char *copy = strdup(word);
	if (!grown || !copy) {
		free(copy);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	}
	grown[argv->n++] = copy;
	grown[argv->n] = NULL;
	return ASSAY_OK;
}

void assay_argv_done(struct assay_argv *argv)
{
	if (!argv)
		return;
	for (size_t i = 0; i < argv->n; i++)
		free(argv->words[i]);
	free(argv->words);
	*argv = (struct assay_argv){0};
}

/* One text on its way to becoming words. */
struct splitter {
	const char *at;
	struct assay_str word;
	bool in_word; /* also when it is empty so far: '' is a word */
	struct assay_argv words;
};

static enum assay_code end_word(struct splitter *s, struct assay_err *err)
{
	if (!s->in_word)
		return ASSAY_OK;
	if (s->word.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	enum assay_code rc = assay_argv_add(&s->words, assay_str_text(&s->word), err);
	assay_str_clear(&s->word);
	s->in_word = false;
	return rc;
}

static enum assay_code no_shell(char what, struct assay_err *err)
{
	return assay_fail(
		err, ASSAY_EUSAGE,
		"no shell reads this, so that '%c' would be passed on as it stands: quote "
		"it, or write sh -c '...'",
		what);
}

/* After the opening '. */
static enum assay_code single_quoted(struct splitter *s, struct assay_err *err)
{
	const char *end = strchr(s->at, '\'');
	if (!end)
		return assay_fail(err, ASSAY_EUSAGE, "the quote ' is not closed");
	assay_str_put(&s->word, s->at, (size_t)(end - s->at));
	s->at = end + 1;
	return ASSAY_OK;
}

/* After the opening ". */
static enum assay_code double_quoted(struct splitter *s, struct assay_err *err)
{
	for (; *s->at && *s->at != '"'; s->at++) {
		if (*s->at == '$' || *s->at == '`')
			return no_shell(*s->at, err);
		if (*s->at == '\\' && s->at[1] == '\n') {
			s->at++;
			continue;
		}
		if (*s->at == '\\' && s->at[1] && strchr("\"\\$`", s->at[1]))
			s->at++;
		assay_str_put(&s->word, s->at, 1);
	}
	if (!*s->at)
		return assay_fail(err, ASSAY_EUSAGE, "the quote \" is not closed");
	s->at++;
	return ASSAY_OK;
}

static enum assay_code escaped(struct splitter *s, struct assay_err *err)
{
	if (!*s->at)
		return assay_fail(err, ASSAY_EUSAGE, "a backslash at the end quotes nothing");
	if (*s->at != '\n') {
		s->in_word = true;
		assay_str_put(&s->word, s->at, 1);
	}
	s->at++;
	return ASSAY_OK;
}

/* Take the next character, or the whole quoted part that it opens. */
static enum assay_code take(struct splitter *s, struct assay_err *err)
{
	char c = *s->at++;
	if (c == ' ' || c == '\t' || c == '\n')
		return end_word(s, err);
	if (c == '\\')
		return escaped(s, err);
	if (strchr("|&;<>()$`*?[", c) || (c == '#' && !s->in_word) || (c == '~' && !s->in_word))
		return no_shell(c, err);
	s->in_word = true;
	if (c == '\'')
		return single_quoted(s, err);
	if (c == '"')
		return double_quoted(s, err);
	assay_str_put(&s->word, &c, 1);
	return ASSAY_OK;
}

enum assay_code assay_argv_split(const char *text, struct assay_argv *ret, struct assay_err *err)
{
	struct splitter s = {.at = text};
	enum assay_code rc = ASSAY_OK;
	while (rc == ASSAY_OK && *s.at)
		rc = take(&s, err);
	if (rc == ASSAY_OK)
		rc = end_word(&s, err);
	if (rc == ASSAY_OK && !s.words.n)
		rc = assay_fail(err, ASSAY_EUSAGE, "the command is empty");
	assay_str_done(&s.word);
	if (rc != ASSAY_OK) {
		assay_argv_done(&s.words);
		return rc;
	}
	*ret = s.words;
	return ASSAY_OK;
}

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || strchr("_./:=,+@%-{}", c);
}

static void quote_word(const char *word, struct assay_str *out)
{
	size_t plain = 0;
	while (word[plain] && is_plain(word[plain]))
		plain++;
	if (plain && !word[plain]) {
		assay_str_add(out, "%s", word);
		return;
	}
	assay_str_add(out, "'");
	for (const char *c = word; *c; c++)
		assay_str_put(out, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
	assay_str_add(out, "'");
}

void assay_argv_quote(const struct assay_argv *argv, struct assay_str *out)
{
	for (size_t i = 0; i < argv->n; i++) {
		if (i)
			assay_str_add(out, " ");
		quote_word(argv->words[i], out);
	}
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes of "{name}" at `text`, or 0 when no such thing stands there. */
static size_t brace_length(const char *text)
{
	size_t n = 1;
	while (is_name_byte(text[n]))
		n++;
	return n > 1 && text[n] == '}' ? n + 1 : 0;
}

static enum assay_code fill_word(const char *word, assay_param_fn value_of, void *context,
				 struct assay_argv *ret, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str filled = {0};
	while (*word) {
		size_t length = *word == '{' ? brace_length(word) : 0;
		const char *value = length ? value_of(context, word + 1, length - 2) : NULL;
		if (value)
			assay_str_add(&filled, "%s", value);
		else
			assay_str_put(&filled, word, 1);
		word += value ? length : 1;
	}
	if (filled.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	return assay_argv_add(ret, assay_str_text(&filled), err);
}

enum assay_code assay_argv_fill(const struct assay_argv *argv, assay_param_fn value_of,
				void *context, struct assay_argv *ret, struct assay_err *err)
{
	struct assay_argv filled = {0};
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < argv->n; i++)
		rc = fill_word(argv->words[i], value_of, context, &filled, err);
	if (rc != ASSAY_OK) {
		assay_argv_done(&filled);
		return rc;
	}
	*ret = filled;
	return ASSAY_OK;
}

bool assay_argv_mentions(const struct assay_argv *argv, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < argv->n; i++)
		for (const char *at = strchr(argv->words[i], '{'); at; at = strchr(at + 1, '{'))
			if (brace_length(at) == length + 2 && strncmp(at + 1, name, length) == 0)
				return true;
	return false;
}

void assay_digest(const void *bytes, size_t length, char ret[ASSAY_DIGEST_SIZE])
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&hash);
	sha256_update(&hash, length, bytes);
	sha256_digest(&hash, sizeof(digest), digest);
	for (size_t i = 0; i < (ASSAY_DIGEST_SIZE - 1) / 2; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* Copy what `keep` says stays, one `gap` for each run of other bytes, none at the ends. */
static size_t slug(char *to, size_t size, const char *text, bool (*keep)(char), char gap)
{
	size_t n = 0;
	bool pending = false;
	for (; *text && n + 1 < size; text++) {
		if (!keep(*text)) {
			pending = n > 0;
			continue;
		}
		if (pending && (*text == gap || to[n - 1] == gap))
			pending = false;
		if (pending && n + 2 >= size)
			break;
		if (pending)
			to[n++] = gap;
		pending = false;
		to[n++] = *text;
	}
	to[n] = '\0';
	return n;
}

static bool fits_param(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

void assay_slug(char *to, size_t size, const char *text)
{
	size_t n = slug(to, size, text, fits_param, '-');
	size_t lead = strspn(to, "-");
	memmove(to, to + lead, n - lead + 1);
	for (n -= lead; n && to[n - 1] == '-';)
		to[--n] = '\0';
}

static bool fits_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void assay_slug_name(char *to, size_t size, const char *text, const char *otherwise)
{
	if (!slug(to, size, text, fits_name, '_'))
		assay_copy(to, size, otherwise);
	for (; *to; to++)
		*to = (char)tolower((unsigned char)*to);
}

void assay_slug_label(char *ret, size_t size, const char *name)
{
	ASSAY_AUTO(assay_str_done) struct assay_str dotted = {0};
	bool faithful = strlen(name) < size;
	for (const char *c = name; *c; c++) {
		assay_str_put(&dotted, *c == '/' ? "." : c, 1);
		faithful &= isalnum((unsigned char)*c) || *c == '_' || *c == '-' || *c == '/';
	}
	assay_slug(ret, faithful ? size : size - ASSAY_DIGEST_SIZE, assay_str_text(&dotted));
	faithful &= strcmp(ret, assay_str_text(&dotted)) == 0;
	if (faithful)
		return;
	char digest[ASSAY_DIGEST_SIZE];
	assay_digest(name, strlen(name), digest);
	ret[size - ASSAY_DIGEST_SIZE - 1] = '\0';
	size_t n = strlen(ret);
	snprintf(ret + n, size - n, "%s%s", n ? "-" : "", digest);
}

/* SPDX-License-Identifier: MIT */
/* escape: text from outside made safe for each place it may stand. */
#include "reports/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

static size_t sequence_length(unsigned char first)
{
	return first < 0x80   ? 1
	       : first < 0xc2 ? 0
	       : first < 0xe0 ? 2
	       : first < 0xf0 ? 3
	       : first < 0xf5 ? 4
			      : 0;
}

/* Decode one character; an invalid byte is one U+FFFD. Returns bytes taken, 0 at the end. */
static size_t next(const char *text, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t n = sequence_length(s[0]);
	if (!s[0])
		return 0;
	*ret = n == 1 ? s[0] : n ? s[0] & (0x7fu >> n) : REPLACEMENT;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			n = 0;
		else
			*ret = (*ret << 6) | (s[i] & 0x3f);
	}
	bool surrogate = *ret >= 0xd800 && *ret <= 0xdfff;
	if (n > 1 && (*ret < least[n] || surrogate || *ret > 0x10ffff))
		n = 0;
	if (n == 0)
		*ret = REPLACEMENT;
	return n ? n : 1;
}

static void put(struct assay_str *to, uint32_t c)
{
	char out[4];
	size_t n = 0;
	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | (c >> 6));
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | (c >> 12));
		out[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | (c >> 18));
		out[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
		out[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
	}
	if (c >= 0x80)
		out[n++] = (char)(0x80 | (c & 0x3f));
	assay_str_put(to, out, n);
}

/* Characters that are invisible, reorder their neighbours, or are not allowed in XML. */
static bool is_unfit(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} unfit[] = {
		{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfdd0, 0xfdef},
		{0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(unfit); i++)
		if (c >= unfit[i].from && c <= unfit[i].to)
			return true;
	return (c & 0xfffe) == 0xfffe;
}

typedef const char *substitute(uint32_t c, char *scratch);

/* Walk the text; `special` says what stands for a character, NULL for itself. */
static void escape(struct assay_str *to, const char *text, size_t limit, substitute *special)
{
	uint32_t c;
	size_t done = 0;
	for (size_t n; (n = next(text, &c)); text += n, done++) {
		char scratch[8];
		if (limit && done + 1 == limit && text[n]) {
			assay_str_add(to, "…");
			return;
		}
		c = is_unfit(c) ? REPLACEMENT : c;
		const char *instead = special(c, scratch);
		if (instead)
			assay_str_put(to, instead, strlen(instead));
		else
			put(to, c);
	}
}

static const char *special_plain(uint32_t c, char *scratch)
{
	(void)c, (void)scratch;
	return NULL;
}

static const char *special_html(uint32_t c, char *scratch)
{
	(void)scratch;
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/*
 * Behind `@` and `#` stands an empty comment: GitHub looks for who and what is mentioned in the text that a backslash
 * or an entity leaves, so that neither would keep it from that [github/cmark-gfm, issue 181].
 */
static const char *special_markdown(uint32_t c, char *scratch)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '@':
		return "@<!-- -->";
	case '#':
		return "\\#<!-- -->";
	case '|':
		return "&#124;";
	case '`':
		return "&#96;";
	default:
		break;
	}
	if (c >= 0x80 || !strchr("\\*_{}[]()+!~$^=", (int)c))
		return NULL;
	scratch[0] = '\\';
	scratch[1] = (char)c;
	scratch[2] = '\0';
	return scratch;
}

/* A doubled apostrophe would do by the manual, but gnuplot 5.4 misreads one at the start of a text. */
static const char *special_gnuplot(uint32_t c, char *scratch)
{
	(void)scratch;
	return c == '\'' ? "’" : NULL;
}

void assay_escape_plain(struct assay_str *to, const char *text, size_t limit)
{
	escape(to, text, limit, special_plain);
}

/* The byte behind so many characters. */
static size_t behind(const char *text, size_t characters)
{
	uint32_t c;
	size_t at = 0;
	for (size_t n; characters && (n = next(text + at, &c)); characters--)
		at += n;
	return at;
}

void assay_escape_middle(struct assay_str *to, const char *text, size_t limit)
{
	size_t n = assay_characters(text), head = (limit - 1) / 2;
	if (n <= limit) {
		assay_escape_plain(to, text, 0);
		return;
	}
	assay_escape_plain(to, text, head + 1);
	assay_escape_plain(to, text + behind(text, n - (limit - 1 - head)), 0);
}

void assay_escape_html(struct assay_str *to, const char *text, size_t limit)
{
	escape(to, text, limit, special_html);
}

void assay_escape_markdown(struct assay_str *to, const char *text, size_t limit)
{
	escape(to, text, limit, special_markdown);
}

void assay_escape_gnuplot(struct assay_str *to, const char *text, size_t limit)
{
	assay_str_add(to, "'");
	escape(to, text, limit, special_gnuplot);
	assay_str_add(to, "'");
}

void assay_escape_id(struct assay_str *to, const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	for (; *text; text++) {
		if (strchr(plain, *text))
			assay_str_put(to, text, 1);
		else
			assay_str_add(to, "-%02x", (unsigned char)*text);
	}
}

void assay_escape_uri(struct assay_str *to, const char *path)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	if (*path == '/')
		assay_str_add(to, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			assay_str_put(to, path, 1);
		else
			assay_str_add(to, "%%%02X", (unsigned char)*path);
	}
}

static const char *special_message(uint32_t c, char *scratch)
{
	(void)scratch;
	return c == '%' ? "%25" : NULL;
}

static const char *special_property(uint32_t c, char *scratch)
{
	(void)scratch;
	return c == '%' ? "%25" : c == ':' ? "%3A" : c == ',' ? "%2C" : NULL;
}

void assay_escape_workflow(struct assay_str *to, const char *text, bool property)
{
	for (;;) {
		size_t n = strcspn(text, "\n");
		ASSAY_AUTO(assay_str_done) struct assay_str line = {0};
		assay_str_put(&line, text, n);
		escape(to, assay_str_text(&line), 0, property ? special_property : special_message);
		to->failed |= line.failed;
		if (!text[n])
			return;
		assay_str_add(to, "%%0A");
		text += n + 1;
	}
}

size_t assay_characters(const char *text)
{
	uint32_t c;
	size_t count = 0;
	for (size_t n; (n = next(text, &c)); text += n)
		count++;
	return count;
}

/* SPDX-License-Identifier: MIT */
/* wrap: breaking lines between words, counted in characters. */
#include "reports/wrap.h"

#include <string.h>

#include "reports/escape.h"

/* Where text goes, and how far the line is. */
struct lines {
	struct assay_str *to;
	size_t column, indent, width;
};

static void next_line(struct lines *lines)
{
	assay_str_add(lines->to, "\n%*s", (int)lines->indent, "");
	lines->column = lines->indent;
}

/* How many bytes of a word fill at most `room` columns, up to behind its last joint if it has one. */
static size_t bytes_within(const char *word, size_t bytes, size_t room)
{
	size_t end = 0, joint = 0;
	while (end < bytes && room > 0) {
		bool joins = strchr("/:=,&?_-", word[end]) != NULL;
		do
			end++;
		while (end < bytes && ((unsigned char)word[end] & 0xc0) == 0x80);
		joint = joins ? end : joint;
		room--;
	}
	return joint > 1 && end < bytes ? joint : end;
}

/* A word wider than a line, from the line it is on. */
static void put_pieces(struct lines *lines, const char *word, size_t bytes)
{
	while (bytes > 0) {
		size_t room = lines->width > lines->column ? lines->width - lines->column : 1;
		size_t n = bytes_within(word, bytes, room);
		ASSAY_AUTO(assay_str_done) struct assay_str piece = {0};
		assay_str_put(&piece, word, n);
		assay_str_put(lines->to, word, n);
		lines->column += assay_characters(assay_str_text(&piece));
		word += n;
		bytes -= n;
		if (bytes > 0)
			next_line(lines);
	}
}

static void put_words(struct lines *lines, const char *text, bool break_words)
{
	ASSAY_AUTO(assay_str_done) struct assay_str clean = {0};
	assay_escape_plain(&clean, text, 2000);
	const char *word = assay_str_text(&clean);
	for (bool fresh = true; *word; fresh = false) {
		size_t bytes = strcspn(word, " ");
		ASSAY_AUTO(assay_str_done) struct assay_str one = {0};
		assay_str_put(&one, word, bytes);
		size_t columns = assay_characters(assay_str_text(&one));
		size_t room = lines->width > lines->column ? lines->width - lines->column : 0;
		if (fresh && break_words && columns > room && room < lines->width / 2 &&
		    lines->column > lines->indent) {
			next_line(lines);
		} else if (!fresh && 1 + columns > room) {
			next_line(lines);
		} else if (!fresh) {
			assay_str_add(lines->to, " ");
			lines->column++;
		}
		if (break_words && lines->column + columns > lines->width) {
			put_pieces(lines, word, bytes);
		} else {
			assay_str_put(lines->to, word, bytes);
			lines->column += columns;
		}
		word += bytes + (word[bytes] == ' ');
	}
	assay_str_add(lines->to, "\n");
}

void assay_wrap(struct assay_str *to, const char *text, size_t column, size_t indent, size_t width)
{
	put_words(&(struct lines){to, column, indent, width}, text, false);
}

void assay_wrap_all(struct assay_str *to, const char *text, size_t column, size_t indent,
		    size_t width)
{
	put_words(&(struct lines){to, column, indent, width}, text, true);
}

/* SPDX-License-Identifier: MIT */
/* str: text buffer, nearest name, sanitising. */
#include "harness/base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct assay_str *s, size_t extra)
{
	if (s->failed)
		return false;
	size_t need = s->length + extra + 1;
	if (need <= s->capacity)
		return true;
	size_t capacity = s->capacity ? s->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	char *text = realloc(s->text, capacity);
	if (!text) {
		s->failed = true;
		return false;
	}
	s->text = text;
	s->capacity = capacity;
	return true;
}

void assay_str_put(struct assay_str *s, const char *bytes, size_t length)
{
	if (!reserve(s, length))
		return;
	if (length)
		memcpy(s->text + s->length, bytes, length);
	s->length += length;
	s->text[s->length] = '\0';
}

void assay_str_add(struct assay_str *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	s->failed |= n < 0; /* more than INT_MAX bytes */
	if (n >= 0 && reserve(s, (size_t)n)) {
		vsnprintf(s->text + s->length, (size_t)n + 1, fmt, again);
		s->length += (size_t)n;
	}
	va_end(again);
}

void assay_str_clear(struct assay_str *s)
{
	s->length = 0;
	if (s->text)
		s->text[0] = '\0';
}

void assay_str_done(struct assay_str *s)
{
	if (!s)
		return;
	free(s->text);
	*s = (struct assay_str){0};
}

const char *assay_str_text(const struct assay_str *s)
{
	return s->text ? s->text : "";
}

bool assay_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);
	bool fits = length < size;
	size_t n = fits ? length : size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
	return fits;
}

enum { NEAREST_MAX = 63 };

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

/* Optimal string alignment over three rows; both strings cut at NEAREST_MAX. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t na = strnlen(a, NEAREST_MAX);
	size_t nb = strnlen(b, NEAREST_MAX);
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t cost = a[i - 1] != b[j - 1];
			now[j] = min3(now[j - 1] + 1, last[j] + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		size_t *recycled = before;
		before = last;
		last = now;
		now = recycled;
	}
	return last[nb];
}

const char *assay_nearest(const char *name, const char *const *names, size_t count)
{
	size_t length = strnlen(name, NEAREST_MAX);
	size_t limit = length / 3 < 2 ? 2 : length / 3;
	const char *best = NULL;
	size_t best_distance = limit + 1;
	for (size_t i = 0; i < count; i++) {
		size_t d = edit_distance(name, names[i]);
		size_t other = strnlen(names[i], NEAREST_MAX);
		size_t longer = length > other ? length : other;
		if (2 * d <= longer && d < best_distance) { /* half of it must stand */
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}

bool assay_name_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n > 0 && n < 64 && name[n] == '\0' && name[0] != '_';
}

size_t assay_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	size_t n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/*
 * Would these n valid bytes do something to a terminal line rather than stand in it? C0, DEL, C1
 * (also escapes), line separators U+2028-9, and the controls of direction U+202A-E, U+2066-9, which
 * can make a line read as something else than it says.
 */
static bool is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return n == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

void assay_sanitise(char *to, size_t size, const char *from)
{
	size_t out = 0;
	while (*from) {
		size_t n = assay_utf8_length(from);
		bool plain = n && !is_control((const unsigned char *)from, n);
		size_t width = plain ? n : 1;
		if (out + width + 1 > size)
			break;
		if (plain)
			memcpy(to + out, from, n);
		else
			to[out] = '?';
		out += width;
		from += n ? n : 1;
	}
	to[out] = '\0';
}

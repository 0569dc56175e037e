/* SPDX-License-Identifier: MIT */
/* str: a growing text buffer, and the few string questions that several folders ask. */
#ifndef ASSAY_BASE_STR_H
#define ASSAY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/attr.h"

/* Zero-initialised is the empty string. `text` is NUL-terminated, or NULL while empty. */
struct assay_str {
	char *text;
	size_t length;
	size_t capacity;
	bool failed; /* an allocation failed: the content is incomplete, later appends do nothing */
};

/* Append formatted text. Sticky failure: check `failed` once at the end. */
void assay_str_add(struct assay_str *s, const char *fmt, ...) ASSAY_PRINTF(2, 3);
/* Append `length` bytes as they are. */
void assay_str_put(struct assay_str *s, const char *bytes, size_t length);
/* Empty the string but keep its memory. */
void assay_str_clear(struct assay_str *s);
/* Free the memory; NULL and the empty string are fine. */
void assay_str_done(struct assay_str *s);
/* The content, never NULL; valid until the next change. */
const char *assay_str_text(const struct assay_str *s);

/* Copy `from` to to[size], always terminated; true when all of it fitted. */
bool assay_copy(char *to, size_t size, const char *from);

/*
 * The entry of names[count] closest to `name` by Damerau-Levenshtein distance (optimal string
 * alignment), or NULL when none is within a third of the name's length (at least 2 edits, and never
 * more than half of the longer one). For "did you mean". The result points into names.
 */
const char *assay_nearest(const char *name, const char *const *names, size_t count);

/* True for a name that may become part of a case's name: [a-z0-9][a-z0-9_]*, at most 63 bytes. */
bool assay_name_valid(const char *name);

/* Bytes of the valid UTF-8 sequence at `text` (RFC 3629: no overlongs, no surrogates), or 0. */
size_t assay_utf8_length(const char *text);

/*
 * Make text from outside safe to show on one terminal line: control characters, line separators,
 * controls of writing direction, and bytes that are not UTF-8 become '?' each. Writes to to[size],
 * size > 0, always terminated; never cuts inside a character.
 */
void assay_sanitise(char *to, size_t size, const char *from);

#endif

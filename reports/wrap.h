/* SPDX-License-Identifier: MIT */
/* wrap: text from outside on lines of a terminal. */
#ifndef ASSAY_REPORTS_WRAP_H
#define ASSAY_REPORTS_WRAP_H

#include "harness/base/str.h"

/*
 * Append `text`, escaped for a terminal, broken at blanks so that no line is wider than `width` columns
 * unless one word is, and a newline. The first line starts at `column`, the others are indented.
 */
void assay_wrap(struct assay_str *to, const char *text, size_t column, size_t indent, size_t width);

/* The same, but a word wider than a line is broken as well, behind '/', '-' and the like where it has one. */
void assay_wrap_all(struct assay_str *to, const char *text, size_t column, size_t indent,
		    size_t width);

#endif

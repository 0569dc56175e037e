/* SPDX-License-Identifier: MIT */
/*
 * escape: one function per place where text from outside may stand. All of them also replace what
 * cannot or must not be shown (invalid UTF-8, control characters, bidirectional overrides) by U+FFFD.
 * `limit` cuts after so many characters with an ellipsis; 0 does not cut.
 */
#ifndef ASSAY_REPORTS_ESCAPE_H
#define ASSAY_REPORTS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/str.h"

/* As it is: terminals and plain text. */
void assay_escape_plain(struct assay_str *to, const char *text, size_t limit);
/* The same, but what is cut out is the middle: names that begin alike mostly end differently. limit > 0. */
void assay_escape_middle(struct assay_str *to, const char *text, size_t limit);
/* Content or quoted attribute of HTML and XML. */
void assay_escape_html(struct assay_str *to, const char *text, size_t limit);
/* A cell of a Markdown table: no markup, no mention, no HTML, no new cell. */
void assay_escape_markdown(struct assay_str *to, const char *text, size_t limit);
/* A single-quoted gnuplot string, quotes included. Nothing is interpreted inside; apostrophes turn. */
void assay_escape_gnuplot(struct assay_str *to, const char *text, size_t limit);
/* Part of an id or a link's target: [a-zA-Z0-9_-], everything else as -XX. */
void assay_escape_id(struct assay_str *to, const char *text);
/* A path as a URI reference: all but unreserved characters and '/' as %XX; absolute ones get file://. */
void assay_escape_uri(struct assay_str *to, const char *path);
/* The message of a GitHub workflow command; of a property when `property`. Line breaks stay, as %0A. */
void assay_escape_workflow(struct assay_str *to, const char *text, bool property);

/* How many characters `text` has; invalid bytes count one each. */
size_t assay_characters(const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * page_data: the data behind a page, inside it: JSON Lines, deflated (RFC 1950) and in base64, in a script element
 * that no browser runs. A thousand rows would be 4 MB as they are. They are written and read line by line, so that a
 * page of 100,000 rows needs little more memory than it has bytes. Pages made before have one line: a document.
 */
#ifndef ASSAY_REPORTS_PAGE_DATA_H
#define ASSAY_REPORTS_PAGE_DATA_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/err.h"
#include "harness/base/str.h"

/* What a sample keeps where the page would be heavy: a relative error of 5e-7 at most. */
enum { ASSAY_PAGE_DIGITS = 7 };

/* Append `json` with each number of its lists "samples" in so many digits. */
void assay_page_data_round(struct assay_str *to, const char *json);

struct assay_page_writer;
/* Begin the element at the end of *to, to which nothing else is appended until the end. ASSAY_ENOMEM. */
enum assay_code assay_page_writer_new(struct assay_str *to, bool rounded,
				      struct assay_page_writer **ret, struct assay_err *err);
/* One line; steals the reference. What fails is said at the end. */
void assay_page_writer_add(struct assay_page_writer *writer, json_t *line);
/* Close the element, free the writer. ASSAY_ENOMEM when something is missing. */
enum assay_code assay_page_writer_end(struct assay_page_writer *writer, struct assay_err *err);

/* Is there such an element in `page`? */
bool assay_page_data_is_in(const char *page);

struct assay_page_reader;
/* The lines in `page`, which is borrowed. ASSAY_EPARSE when there are none. */
enum assay_code assay_page_reader_new(const char *page, struct assay_page_reader **ret,
				      struct assay_err *err);
/*
 * The next line without its end, valid until the next call; *ret is NULL behind the last. ASSAY_EPARSE when the
 * data are damaged, cut off or too large.
 */
enum assay_code assay_page_reader_next(struct assay_page_reader *reader, const char **ret,
				       struct assay_err *err);
void assay_page_reader_free(struct assay_page_reader *reader);

#endif

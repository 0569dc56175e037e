/* SPDX-License-Identifier: MIT */
/*
 * page_data: the data behind a page, inside it: JSON, deflated (RFC 1950) and in base64, in a script element that
 * no browser runs. A thousand rows would be 4 MB as they are.
 */
#ifndef ASSAY_REPORTS_PAGE_DATA_H
#define ASSAY_REPORTS_PAGE_DATA_H

#include <stdbool.h>

#include "harness/base/err.h"
#include "harness/base/str.h"

/* What a sample keeps where the page would be heavy: a relative error of 5e-7 at most. */
enum { ASSAY_PAGE_DIGITS = 7 };

/* `json` with each number of its lists "samples" in so many digits; malloc'd, NULL when out of memory. */
char *assay_page_data_round(const char *json);

/* Append the element with `json`. ASSAY_ENOMEM. */
enum assay_code assay_page_data_put(struct assay_str *to, const char *json, struct assay_err *err);

/* Is there such an element in `page`? */
bool assay_page_data_is_in(const char *page);
/* The JSON in `page`: *ret is malloc'd. ASSAY_EPARSE when there is none, or it is damaged or too large. */
enum assay_code assay_page_data_get(const char *page, char **ret, struct assay_err *err);

#endif

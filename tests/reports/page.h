/* SPDX-License-Identifier: MIT */
/* page: what every page must be: well-formed, unambiguous, inert but for its one script. */
#ifndef ASSAY_TESTS_REPORTS_PAGE_H
#define ASSAY_TESTS_REPORTS_PAGE_H

#include "reports/report.h"

/* Path of xmllint, set once in main; NULL: not installed, and pages are not parsed. */
extern const char *page_xmllint;

/* Asserts all of it. */
void page_assert_sound(const char *page);
/* The page of several runs, sound, without figures; malloc'd. */
char *page_of_runs(const struct assay_report_input *inputs, size_t n);
/* Its data: an array of runs, each with its `results`; new reference. */
json_t *page_runs(const char *page);

#endif

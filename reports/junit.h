/* SPDX-License-Identifier: MIT */
/* junit: what the JUnit files of runs and of gates have in common. */
#ifndef ASSAY_REPORTS_JUNIT_H
#define ASSAY_REPORTS_JUNIT_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/str.h"

/* Tests that ended in some way. A file or a suite says how many. */
struct junit_tally {
	size_t tests, failures, errors, skipped;
	uint64_t elapsed_ns;
};

/* ` name="value"`, escaped, at most 1000 characters of it; NULL is empty. */
void junit_attribute(struct assay_str *to, const char *name, const char *value);
/* ` tests=".." failures=".." errors=".." skipped=".." time=".."` */
void junit_counts(struct assay_str *to, const struct junit_tally *tally);
/* ` timestamp="2026-03-01T14:05:06"`; nothing for 0. */
void junit_timestamp(struct assay_str *to, uint64_t wall_ns);
/* `<property name=".." value=".."/>` on a line. */
void junit_property(struct assay_str *to, const char *name, const char *value);

#endif

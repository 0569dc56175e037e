/* SPDX-License-Identifier: MIT */
/*
 * formula: arithmetic over named values, for metrics made of counters. Numbers, names, + - * / and
 * parentheses, min(a, b), max(a, b). Nothing loops, nothing calls; what cannot be computed is undefined.
 */
#ifndef ASSAY_PROFILER_FORMULA_H
#define ASSAY_PROFILER_FORMULA_H

#include <stddef.h>

#include "harness/base/err.h"

enum { FORMULA_NAMES = 16 };

struct formula;

/* ASSAY_EPARSE says what is wrong and where; ASSAY_ENOMEM. */
enum assay_code formula_parse(const char *text, struct formula **ret, struct assay_err *err);
void formula_free(struct formula *formula); /* takes NULL */

/* The distinct names in it; valid as long as the formula. */
size_t formula_names(const struct formula *formula, const char *const **ret);
/*
 * Its value with values[i] for the i-th of its names. NaN when a value is NaN, on division by zero, and
 * when the result is not finite.
 */
double formula_value(const struct formula *formula, const double *values);

#endif

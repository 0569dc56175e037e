/* SPDX-License-Identifier: MIT */
/* axis: from "4Ki..4*llc:x2" to the values it names. */
#ifndef ASSAY_ENGINE_AXIS_H
#define ASSAY_ENGINE_AXIS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

/* Names that stand for a number of this machine inside an axis. */
struct assay_axis_name {
	const char *name; /* "ncores" */
	uint64_t value;   /* 0: unknown here, using it is an error that says so */
};

/*
 * The grammar of axis values:
 *
 *   list  := item { "," item }
 *   item  := value | value ".." value [ ":" ( "x" number | "+" value ) ]
 *   value := size | fraction | name | number "*" name
 *
 * A range without a step goes by 1 ("1..ncores"); with x2 it multiplies; the upper end is always
 * included, also when the steps do not meet it. Duplicates are dropped, order is kept. At most 4096
 * values. Errors: ASSAY_EUSAGE with the item and what is wrong with it.
 */
enum { ASSAY_AXIS_MAX_VALUES = 4096 };
enum assay_code assay_axis_expand(const char *text, const struct assay_axis_name *names,
				  size_t n_names, double **ret, size_t *ret_n,
				  struct assay_err *err);

/*
 * The words of a comma-separated list of [A-Za-z0-9_.-]+ (axes with unit "name"): malloc'd array of
 * malloc'd words. Free with assay_words_free().
 */
enum assay_code assay_axis_words(const char *text, char ***ret, size_t *ret_n,
				 struct assay_err *err);
/*
 * The same of a comma-separated list of texts (axes with unit "text"): UTF-8 without control
 * characters, 1 to ASSAY_AXIS_TEXT_MAX bytes each.
 */
enum { ASSAY_AXIS_TEXT_MAX = 254 };
enum assay_code assay_axis_texts(const char *text, char ***ret, size_t *ret_n,
				 struct assay_err *err);
void assay_words_free(char **words, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* json: the little that every writer of JSON needs on top of jansson. */
#ifndef ASSAY_BASE_JSON_H
#define ASSAY_BASE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "harness/base/err.h"

/* A JSON number, or null when `value` is NaN or infinite: JSON has neither. New reference. */
json_t *assay_json_real(double value);

/* A JSON string; bytes that are not UTF-8 become '?'; NULL becomes null. New reference. */
json_t *assay_json_text(const char *text);

/* Write `value` to `out` as one line and flush; steals the reference. ASSAY_EIO when it fails. */
enum assay_code assay_json_line(json_t *value, FILE *out, struct assay_err *err);

/* Write `value` to `out` indented, with a final newline; steals the reference. */
enum assay_code assay_json_document(json_t *value, FILE *out, struct assay_err *err);

#endif

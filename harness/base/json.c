/* SPDX-License-Identifier: MIT */
/* json: null for NaN, clean text, one object per line. */
#include "harness/base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

json_t *assay_json_real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *assay_json_text(const char *text)
{
	if (!text)
		return json_null();
	json_t *json = json_string(text);
	if (json)
		return json;
	ASSAY_AUTO_FREE char *clean = strdup(text);
	if (!clean)
		return NULL;
	for (char *c = clean; *c;) {
		size_t n = assay_utf8_length(c);
		if (!n)
			*c = '?';
		c += n ? n : 1;
	}
	return json_string(clean);
}

static enum assay_code dump(json_t *value, FILE *out, size_t flags, struct assay_err *err)
{
	if (!value)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while building JSON");
	int rc = json_dumpf(value, out, flags | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY);
	json_decref(value);
	if (rc != 0 || fputc('\n', out) == EOF || fflush(out) != 0)
		return assay_fail(err, ASSAY_EIO, "write JSON: %s", strerror(errno));
	return ASSAY_OK;
}

enum assay_code assay_json_line(json_t *value, FILE *out, struct assay_err *err)
{
	return dump(value, out, JSON_COMPACT, err);
}

enum assay_code assay_json_document(json_t *value, FILE *out, struct assay_err *err)
{
	return dump(value, out, JSON_INDENT(2), err);
}

/* SPDX-License-Identifier: MIT */
/* replay: from the axes of a case to a trace and a capacity. */
#include "suites/cache/replay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/parse.h"

static bool is_synthetic(const char *name)
{
	const char *names = TRACE_SYNTHETIC_NAMES;
	size_t length = strlen(name);
	while (*names) {
		size_t n = strcspn(names, ",");
		if (n == length && strncmp(names, name, n) == 0)
			return true;
		names += n + (names[n] == ',');
	}
	return false;
}

enum assay_code replay_load(struct assay_run *run, struct trace *ret, struct assay_err *err)
{
	const char *name = assay_axis_text(run, "trace");
	if (is_synthetic(name))
		return trace_synthetic(name, ret, err);
	if (!strpbrk(name, "/.") && access(name, F_OK) != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "trace '%s' is neither a file nor one of " TRACE_SYNTHETIC_NAMES,
				  name);
	return trace_read(name, ret, err);
}

/* 0.1, 0.001: a share, digits alone so that neither locale nor exponents come in. */
static bool parse_share(const char *text, double *ret)
{
	if (strncmp(text, "0.", 2) != 0 || !text[2] || strlen(text) > 17)
		return false;
	if (text[2 + strspn(text + 2, "0123456789")])
		return false;
	*ret = strtod(text, NULL);
	return *ret > 0;
}

enum assay_code replay_capacity(const char *text, const struct trace *trace, uint64_t *ret,
				bool *ret_by_bytes, struct assay_err *err)
{
	double share;
	*ret_by_bytes = false;
	if (parse_share(text, &share)) {
		*ret = (uint64_t)(share * trace->n_objects);
		*ret += *ret == 0;
		return ASSAY_OK;
	}
	struct assay_err why = {0};
	if (assay_parse_size(text, ret, &why) != ASSAY_OK || *ret == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "capacity '%.40s' is neither objects (8181, 8Ki), nor bytes "
				  "(64KiB), nor a share of the distinct objects (0.1)",
				  text);
	*ret_by_bytes = text[strlen(text) - 1] == 'B';
	return ASSAY_OK;
}

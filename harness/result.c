/* SPDX-License-Identifier: MIT */
/* result: names of statuses and qualities, and the default events. */
#include "harness/result.h"

#include <math.h>
#include <string.h>

static const char *const status_names[] = {
	[ASSAY_STATUS_OK] = "ok",           [ASSAY_STATUS_SKIPPED] = "skipped",
	[ASSAY_STATUS_FAILED] = "failed",   [ASSAY_STATUS_CRASHED] = "crashed",
	[ASSAY_STATUS_TIMEOUT] = "timeout", [ASSAY_STATUS_UNSTABLE] = "unstable",
};

const char *assay_status_name(enum assay_status status)
{
	return status_names[status];
}

int assay_status_parse(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(status_names); i++)
		if (strcmp(status_names[i], name) == 0)
			return (int)i;
	return -1;
}

bool assay_status_measured(enum assay_status status)
{
	return status == ASSAY_STATUS_OK || status == ASSAY_STATUS_UNSTABLE;
}

double assay_plus_minus(double median, double lo, double hi)
{
	double side = fmax(hi - median, median - lo) / fabs(median);
	return isfinite(lo) && isfinite(hi) && isfinite(side) ? side : NAN;
}

const char *assay_quality_name(enum assay_quality quality)
{
	static const char *const names[] = {
		[ASSAY_UNAVAILABLE] = "unavailable", [ASSAY_EXACT] = "exact",
		[ASSAY_SCALED] = "scaled",           [ASSAY_SIMULATED] = "simulated",
		[ASSAY_DERIVED] = "derived",
	};
	return names[quality];
}

bool assay_count_is_level(const struct assay_count *count)
{
	static const char *const units[] = {"ratio", "Hz", "W", "degC"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(units); i++)
		if (strcmp(count->unit, units[i]) == 0)
			return true;
	return false;
}

const char *const assay_default_events[] = {
	"cycles",      "instructions",     "branch_misses",  "cache_misses", "task_clock",
	"page_faults", "context_switches", "cpu_migrations", NULL,
};

enum assay_quality assay_quality_parse(const char *name)
{
	for (int q = ASSAY_UNAVAILABLE; q <= ASSAY_DERIVED; q++)
		if (strcmp(assay_quality_name((enum assay_quality)q), name) == 0)
			return (enum assay_quality)q;
	return ASSAY_UNAVAILABLE;
}

/* SPDX-License-Identifier: MIT */
/* take: counts that nobody has, of a source that knows them by name. */
#include "profiler/take.h"

#include "harness/base/str.h"

bool take_any(const struct assay_count *counts, size_t n, take_unit_fn unit_of)
{
	for (size_t i = 0; i < n; i++)
		if (counts[i].quality == ASSAY_UNAVAILABLE && unit_of(counts[i].event))
			return true;
	return false;
}

void take_all(struct assay_count *counts, size_t n, const char *source, take_unit_fn unit_of)
{
	for (size_t i = 0; i < n; i++) {
		const char *unit = unit_of(counts[i].event);
		if (counts[i].quality != ASSAY_UNAVAILABLE || !unit)
			continue;
		assay_copy(counts[i].source, sizeof(counts[i].source), source);
		assay_copy(counts[i].unit, sizeof(counts[i].unit), unit);
		counts[i].quality = ASSAY_EXACT;
		counts[i].reason[0] = '\0';
	}
}

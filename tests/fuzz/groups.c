/* SPDX-License-Identifier: MIT */
/* groups: any text is groups of counters, or refused in words; any formula ends. */
#include <math.h>

#include "profiler/groups.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct counter_groups groups;
	struct assay_count counts[2] = {{.event = "a", .quality = ASSAY_EXACT, .value = 3},
					{.event = "b", .quality = ASSAY_EXACT}};
	struct assay_count made[16];
	char *text = fuzz_text(data, size);
	if (counter_groups_read(text, &groups, &err) == ASSAY_OK) {
		size_t n = counter_groups_derive(&groups, counts, 2, 1.5, made, 16);
		for (size_t i = 0; i < n; i++)
			must(made[i].quality == ASSAY_DERIVED ? isfinite(made[i].value) != 0
							      : made[i].reason[0] != '\0');
		counter_groups_done(&groups);
	} else {
		must(err.text[0] != '\0');
	}
	free(text);
	return 0;
}

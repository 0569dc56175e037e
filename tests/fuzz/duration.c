/* SPDX-License-Identifier: MIT */
/* duration: what is taken has a unit, and a message comes with every refusal. */
#include <inttypes.h>

#include "harness/base/parse.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct assay_err err = {0};
	uint64_t ns = 0, again = 0;
	if (assay_parse_duration(text, &ns, &err) == ASSAY_OK) {
		size_t length = strlen(text);
		must(length >= 2 && strchr("smhd", text[length - 1]));
		/* Up to 2^53 a double is exact, so the number must survive in the smallest unit. */
		if (ns < (UINT64_C(1) << 53)) {
			char printed[32];
			snprintf(printed, sizeof(printed), "%" PRIu64 "ns", ns);
			must(assay_parse_duration(printed, &again, &err) == ASSAY_OK);
			must(again == ns);
		}
	} else {
		must(err.text[0] != '\0');
	}
	free(text);
	return 0;
}

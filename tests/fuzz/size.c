/* SPDX-License-Identifier: MIT */
/* size: whatever is taken as a size is printed as text that is taken as the same size. */
#include "harness/base/parse.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct assay_err err = {0};
	uint64_t value = 0, again = 0;
	if (assay_parse_size(text, &value, &err) == ASSAY_OK) {
		char printed[24];
		assay_format_size(value, printed, sizeof(printed));
		must(assay_parse_size(printed, &again, &err) == ASSAY_OK);
		must(again == value);
	} else {
		must(err.text[0] != '\0');
	}
	free(text);
	return 0;
}

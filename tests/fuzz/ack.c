/* SPDX-License-Identifier: MIT */
/* ack: a limit that is taken accepts something, an end that is taken lies ahead. */
#include "cli/ack_words.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t now = UINT64_C(1700000000000000000);
	char *text = fuzz_text(data, size);
	for (int rate = 0; rate < 2; rate++) {
		struct assay_err err = {0};
		double ratio = 0;
		char printed[32];
		enum assay_better better = rate ? ASSAY_HIGHER : ASSAY_LOWER;
		if (ack_parse_limit(text, better, &ratio, &err) == ASSAY_OK) {
			must(ratio > 1 && ratio <= 101);
			must(*ack_limit(ratio, better, printed, sizeof(printed)) ==
			     (rate ? '-' : '+'));
		} else {
			must(err.text[0] != '\0');
		}
	}
	struct assay_err err = {0};
	uint64_t end = 0;
	if (ack_parse_expiry(text, now, &end, &err) == ASSAY_OK)
		must(end ? end > now : strcmp(text, "never") == 0);
	else
		must(err.text[0] != '\0');
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* variants: a manifest is read whole or refused with a reason, and names no file outside its folder. */
#include "harness/gate/variants.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_variants set = {.folder = strdup("folder")};
	bool complete = false;
	char *text = fuzz_text(data, size);
	text = realloc(text, size ? size : 1); /* it is not terminated where it comes from */
	must(text && set.folder);
	if (assay_variants_parse(text, size, &set, &complete, &err) == ASSAY_OK) {
		must(set.output && set.symbol);
		must(set.n >= 1 && set.n <= ASSAY_VARIANTS_MAX);
		for (size_t i = 0; i < set.n; i++) {
			must(strncmp(set.variants[i].path, "folder/", 7) == 0);
			must(!strchr(set.variants[i].path + 7, '/'));
			must(set.variants[i].path[7] && set.variants[i].path[7] != '.');
			must(i == 0 || set.variants[i].pad_bytes > set.variants[i - 1].pad_bytes);
		}
	} else {
		must(err.code == ASSAY_EPARSE && err.text[0]);
	}
	assay_variants_done(&set);
	free(text);
	return 0;
}

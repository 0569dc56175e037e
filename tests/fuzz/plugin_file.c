/* SPDX-License-Identifier: MIT */
/* plugin_file: the ABI of whatever is called a plug-in is read within its bounds, or refused. */
#include "harness/engine/plugin_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	unsigned abi = 0;
	char *bytes = fuzz_text(data, size);
	bytes = realloc(bytes, size ? size : 1); /* reading past the end is seen */
	must(bytes);
	if (assay_plugin_abi(bytes, size, &abi, &err) != ASSAY_OK)
		must(err.code == ASSAY_EUSAGE && err.text[0]);
	free(bytes);
	return 0;
}

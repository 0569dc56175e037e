/* SPDX-License-Identifier: MIT */
/* elf: whatever a link command leaves behind is read within its bounds, or refused with a reason. */
#include "harness/gate/variants_elf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_elf_code code = {0};
	struct assay_elf_target target;
	char *bytes = fuzz_text(data, size);
	bytes = realloc(bytes, size ? size : 1); /* reading past the end is seen */
	must(bytes);
	if (assay_elf_target(bytes, size, &target, &err) != ASSAY_OK)
		must((err.code == ASSAY_EPARSE || err.code == ASSAY_EUSAGE) && err.text[0]);
	if (assay_elf_code(bytes, size, &code, &err) == ASSAY_OK) {
		must(target.linked);
		for (size_t i = 0; i < code.n; i++)
			must(code.functions[i] <= code.last);
		must(strlen(code.last_name) < sizeof(code.last_name));
	} else {
		must((err.code == ASSAY_EPARSE || err.code == ASSAY_EUSAGE) && err.text[0]);
	}
	assay_elf_code_done(&code);
	free(bytes);
	return 0;
}

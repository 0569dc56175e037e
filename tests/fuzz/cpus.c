/* SPDX-License-Identifier: MIT */
/* cpus: a list never overflows its array, and holds each number in range once. */
#include "harness/base/parse.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { CAPACITY = 300 };
	char *text = fuzz_text(data, size);
	struct assay_err err = {0};
	unsigned *cpus = malloc(CAPACITY * sizeof(*cpus));
	must(cpus);
	size_t n = 0;
	if (assay_parse_cpus(text, cpus, CAPACITY, &n, &err) == ASSAY_OK) {
		must(n >= 1 && n <= CAPACITY);
		for (size_t i = 0; i < n; i++) {
			must(cpus[i] <= 65535);
			for (size_t j = 0; j < i; j++)
				must(cpus[j] != cpus[i]);
		}
	} else {
		must(err.text[0] != '\0');
	}
	free(cpus);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* trace: bytes are a trace whose links and numbers hold, or are refused with a reason. */
#include "suites/cache/trace.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct trace t = {0};
	char *bytes =
		malloc(size ? size : 1); /* of its own, so that reading past its end is seen */
	must(bytes);
	memcpy(bytes, data, size);
	if (trace_parse(bytes, size, &t, &err) == ASSAY_OK) {
		must(t.n >= 1 && t.n_objects >= 1 && t.n_objects <= t.n && t.max_count <= t.n);
		for (uint32_t i = 0; i < t.n; i++) {
			must(t.objects[i] < t.n_objects && t.sizes[i] >= 1);
			must(t.next[i] == TRACE_NEVER || (t.next[i] > i && t.next[i] < t.n));
			must(t.next[i] == TRACE_NEVER || t.objects[t.next[i]] == t.objects[i]);
		}
		trace_done(&t);
	} else {
		must(err.code == ASSAY_EPARSE && err.text[0] && !t.objects);
	}
	free(bytes);
	return 0;
}

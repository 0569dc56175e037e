/* SPDX-License-Identifier: MIT */
/* gpu_trace: a stored trace from anywhere is refused in words, or decoded and the same ever after. */
#include "harness/gpu_trace.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_gpu_trace trace, again;
	char *text = fuzz_text(data, size), *bytes;
	size_t n;
	if (assay_gpu_trace_decode(text, size, &trace, &err) != ASSAY_OK) {
		must(!trace.n && !trace.n_sums && err.text[0]);
		free(text);
		return 0;
	}
	for (size_t i = 0; i < trace.n; i++)
		must(trace.activities[i].kind < ASSAY_GPU_KINDS &&
		     trace.activities[i].end_ns >= trace.activities[i].begin_ns);
	must(assay_gpu_trace_encode(&trace, &bytes, &n, &err) == ASSAY_OK);
	must(assay_gpu_trace_decode(bytes, n, &again, &err) == ASSAY_OK);
	must(again.n == trace.n && again.n_sums == trace.n_sums);
	assay_gpu_trace_done(&again);
	assay_gpu_trace_done(&trace);
	free(bytes);
	free(text);
	return 0;
}

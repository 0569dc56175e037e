/* SPDX-License-Identifier: MIT */
/* gpu_trace: a stored trace from anywhere is refused in words, or decoded and the same ever after. */
#include "harness/gpu_timeline.h"
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
	double from_ns = 0, to_ns = 0;
	struct assay_gpu_timeline timeline;
	size_t work = assay_gpu_span(&trace, 0, &from_ns, &to_ns);
	must(to_ns >= from_ns);
	must(assay_gpu_timeline_init(&timeline, &trace, from_ns, to_ns, 16, &err) == ASSAY_OK);
	must(timeline.left_out <= work);
	for (size_t i = 0; i < timeline.n; i++)
		for (size_t c = 0; c < timeline.cells; c++)
			must(timeline.tracks[i].share[c] >= 0);
	assay_gpu_timeline_done(&timeline);
	must(assay_gpu_trace_encode(&trace, &bytes, &n, &err) == ASSAY_OK);
	must(assay_gpu_trace_decode(bytes, n, &again, &err) == ASSAY_OK);
	must(again.n == trace.n && again.n_sums == trace.n_sums);
	assay_gpu_trace_done(&again);
	assay_gpu_trace_done(&trace);
	free(bytes);
	free(text);
	return 0;
}

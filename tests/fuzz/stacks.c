/* SPDX-License-Identifier: MIT */
/* stacks: stored call stacks from anywhere are refused in words, or decoded and the same ever after. */
#include "harness/stacks.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct assay_stacks *s, *again;
	char *text = fuzz_text(data, size), *bytes;
	size_t n;
	if (assay_stacks_decode(text, size, &s, &err) != ASSAY_OK) {
		must(!s && err.text[0]);
		free(text);
		return 0;
	}
	for (size_t i = 1; i < s->n_nodes; i++)
		must(s->nodes[i].parent < i && s->nodes[i].frame < s->n_frames);
	must(assay_stacks_encode(s, &bytes, &n, &err) == ASSAY_OK);
	must(assay_stacks_decode(bytes, n, &again, &err) == ASSAY_OK);
	must(again->n_nodes == s->n_nodes && again->n_frames == s->n_frames);
	assay_stacks_free(again);
	assay_stacks_free(s);
	free(bytes);
	free(text);
	return 0;
}

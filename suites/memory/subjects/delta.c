/* SPDX-License-Identifier: MIT */
/* delta: ours: differences from a guess, in planes of bytes. */
#include "suites/memory/delta_codec.h"

#include "suites/memory/memory.h"

static const struct codec ops = {delta_compress, delta_expand};

const struct assay_subject assay_subject_memory_delta = {
	.interface = MEMORY_CODEC,
	.brief = "ours, for numbers: differences from a guess, byte planes",
	.ops = &ops,
};

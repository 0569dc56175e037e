/* SPDX-License-Identifier: MIT */
/* size_law: how the sizes of allocations are distributed. */
#ifndef ASSAY_SUITES_MEMORY_SIZE_LAW_H
#define ASSAY_SUITES_MEMORY_SIZE_LAW_H

#include "harness/base/rng.h"

/* In the order of an axis "uniform,pareto,bimodal,program". */
enum size_law {
	LAW_UNIFORM, /* every size from 8 to the largest alike */
	LAW_PARETO, /* many small, few large: density falls as size^-2 (shape 1), cut at the largest */
	LAW_BIMODAL, /* nine of ten 32 bytes, one of ten the largest */
	LAW_PROGRAM, /* as programs allocate: mostly 16 to 128, a tail by doublings */
};

/* A size from 8 to `largest`, at least 8. */
size_t size_draw(enum size_law law, size_t largest, struct assay_rng *rng);

#endif

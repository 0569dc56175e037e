/* SPDX-License-Identifier: MIT */
/* assemble: from recorded samples to call stacks with names. */
#ifndef ASSAY_PROFILER_ASSEMBLE_H
#define ASSAY_PROFILER_ASSEMBLE_H

#include "harness/base/str.h"
#include "profiler/records.h"
#include "profiler/sampler.h"

/*
 * Add the samples in bytes[size] to an empty tree and count in its facts what is in it and what is not.
 * `dwarf`: unwind the recorded stacks; where that fails, and without, the kernel's chain of frame
 * pointers stands. Each sample weighs `weight`. Frames of our own preloaded libraries are left out.
 */
enum assay_code assemble(const void *bytes, size_t size, const struct record_layout *layout,
			 bool dwarf, const struct sampler_view *view, uint64_t weight,
			 struct assay_stacks *stacks, struct assay_str *remarks,
			 struct assay_err *err);

#endif

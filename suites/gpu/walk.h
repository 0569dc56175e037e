/* SPDX-License-Identifier: MIT */
/* walk: one work item goes from line to line of a device's memory in random order, each load waiting for the one before. */
#ifndef ASSAY_SUITES_GPU_WALK_H
#define ASSAY_SUITES_GPU_WALK_H

#include "suites/gpu/kernels.h"

enum { GPU_LINE_BYTES = 128, GPU_LINE_WORDS = GPU_LINE_BYTES / sizeof(uint32_t) };

/* Zero-initialise; session.ops first. */
struct gpu_walk {
	struct gpu_session session;
	struct gpu_kernel *kernel;
	struct gpu_buffer *buffers[2]; /* the next of each line; where the walk is */
	struct gpu_arg args[3];
	struct gpu_launch launch; /* goes on by args[2] steps */
	uint32_t *order;          /* the word where the walk is after so many steps, of `lines` */
	uint32_t *next;
	size_t lines;
	uint64_t done; /* steps so far */
};

/* The first device, with room for so many lines. */
enum assay_code gpu_walk_open(struct gpu_walk *w, size_t most_lines, struct assay_err *err);
void gpu_walk_close(struct gpu_walk *w);
/* Lay a cycle through all of 2 or more lines, at most as many as there is room for; the walk stands at its beginning. */
enum assay_code gpu_walk_lay(struct gpu_walk *w, size_t lines, uint64_t seed,
			     struct assay_err *err);
/* From now on a launch takes so many steps. */
void gpu_walk_set_steps(struct gpu_walk *w, uint32_t steps);
/* After so many launches, all of which have ended: is the walk where it should be? */
enum assay_code gpu_walk_check(struct gpu_walk *w, uint64_t launches, struct assay_err *err);
/* One launch, waited for and checked; *ret_ns its time by the device's clock, NaN: it has none. */
enum assay_code gpu_walk_run(struct gpu_walk *w, double *ret_ns, struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* check_queue: the second half of the suite's oracle. */
#ifndef ASSAY_SUITES_GPU_CHECK_QUEUE_H
#define ASSAY_SUITES_GPU_CHECK_QUEUE_H

#include "suites/gpu/gpu.h"

/*
 * Do copies, streams, graphs, gates and all kinds of memory of a device what gpu.h says? What it lacks is not asked
 * for. ASSAY_ECHECK names what differed.
 */
enum assay_code gpu_check_queues(const struct gpu_ops *ops, uint64_t seed, struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* cupti_activity: watches what devices do between two moments, and makes a trace of the records. */
#ifndef ASSAY_PROFILER_CUPTI_ACTIVITY_H
#define ASSAY_PROFILER_CUPTI_ACTIVITY_H

#include "harness/gpu_trace.h"
#include "profiler/cupti.h"

struct cupti_watch;

/*
 * Get ready: open the library, set memory aside for records, ask for every kind of them. ASSAY_SKIP: not here, and
 * why. The library serves one watch of a process at a time.
 */
enum assay_code cupti_watch_new(struct cupti_watch **ret, struct assay_err *err);
/* From here on what this thread starts is ours. Records of before are thrown away. */
enum assay_code cupti_watch_begin(struct cupti_watch *watch, struct assay_err *err);
/*
 * Until here; all of it must have ended. Only now records are fetched and read: nothing of that falls into the region.
 * trace->head says what was lost.
 */
enum assay_code cupti_watch_end(struct cupti_watch *watch, struct assay_gpu_trace *trace,
				struct assay_err *err);
void cupti_watch_free(struct cupti_watch *watch); /* takes NULL */

#endif

/* SPDX-License-Identifier: MIT */
/* sources: the counter sources of this build, in order of preference. */
#ifndef ASSAY_PROFILER_SOURCES_H
#define ASSAY_PROFILER_SOURCES_H

#include "harness/source.h"

/* NULL-terminated. */
extern const struct assay_source *const assay_source_table[];

#endif

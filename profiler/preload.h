/* SPDX-License-Identifier: MIT */
/* preload: libraries of ours that are loaded into the program under test: where they are, how to ask. */
#ifndef ASSAY_PROFILER_PRELOAD_H
#define ASSAY_PROFILER_PRELOAD_H

#include "harness/base/err.h"
#include "harness/base/str.h"

/* Names of the libraries, and of the variables they read. */
#define PRELOAD_SAMPLER     "libassay_sampler.so"
#define PRELOAD_SAMPLER_ENV "_ASSAY_SAMPLES" /* RATE:PATH */
#define PRELOAD_REGION_ENV  "_ASSAY_REGIONS" /* PATH; read by region.c in the program itself */
#define PRELOAD_ALLOC       "libassay_alloc.so"
#define PRELOAD_ALLOC_ENV   "_ASSAY_ALLOCATIONS" /* BYTES:PATH */

/*
 * Add "LD_PRELOAD=..." for a library to *pair, with what the caller's own environment preloads behind
 * it. It is looked for beside the program as it was built, and where it is installed. ASSAY_SKIP when it
 * is in neither place, or when its path holds a space or a colon, which the loader would take apart.
 */
enum assay_code preload_pair(const char *library, struct assay_str *pair, struct assay_err *err);

#endif

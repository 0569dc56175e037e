/* SPDX-License-Identifier: MIT */
/* gbench: Google Benchmark as a timed executor, behind four C functions. */
#ifndef ASSAY_ENGINE_GBENCH_H
#define ASSAY_ENGINE_GBENCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the library measured for one repetition of n iterations. */
struct gbench_times {
	double real_ns;
	double cpu_ns;
};

/* Version text of the library when built in, else NULL. */
const char *gbench_version(void);

/*
 * Run body(context) once under the library, with its clock around n iterations. The body must call
 * gbench_begin() and gbench_end() exactly once each. False when it did not, or without the
 * library. One thread at a time: the library keeps its benchmarks in a global list.
 */
bool gbench_run(uint64_t n, void (*body)(void *context), void *context, struct gbench_times *ret);
void gbench_begin(void *unused);
void gbench_end(void *unused);

#ifdef __cplusplus
}
#endif

#endif

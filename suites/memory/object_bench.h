/* SPDX-License-Identifier: MIT */
/* object_bench: what objpool and envpool have in common around their loop. */
#ifndef ASSAY_SUITES_MEMORY_OBJECT_BENCH_H
#define ASSAY_SUITES_MEMORY_OBJECT_BENCH_H

#include "suites/memory/memory.h"

/* setup(): a pool of objects of axis "size" becomes the run's state. Skips sizes below `least` bytes. */
void object_bench_setup(struct assay_run *run, size_t least);
/* teardown(): closes it. */
void object_bench_teardown(struct assay_run *run);

#endif

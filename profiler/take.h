/* SPDX-License-Identifier: MIT */
/* take: what sources do alike when they are asked for counts: which are theirs, and that they have them now. */
#ifndef ASSAY_PROFILER_TAKE_H
#define ASSAY_PROFILER_TAKE_H

#include <stdbool.h>

#include "harness/source.h"

/* The unit of an event that is the source's; NULL: it is another's. */
typedef const char *(*take_unit_fn)(const char *event);

/* Is one of the counts that nobody has ours? */
bool take_any(const struct assay_count *counts, size_t n, take_unit_fn unit_of);
/* All of them are, counted exactly by `source`. */
void take_all(struct assay_count *counts, size_t n, const char *source, take_unit_fn unit_of);

#endif

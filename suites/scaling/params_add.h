/* SPDX-License-Identifier: MIT */
/* params_add: the inner loop of a parameter server in shared memory: a gradient added in place, and the sum copied out. */
#ifndef ASSAY_SUITES_SCALING_PARAMS_ADD_H
#define ASSAY_SUITES_SCALING_PARAMS_ADD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * values[i] += gradient[i], and into[i] = values[i] unless `into` is NULL, for begin <= i < end. The same bits whatever the
 * vector width. `stream`: `into` is written past the caches where it is aligned to 32 bytes and `begin` a multiple of 8.
 */
void params_add(float *values, const float *gradient, float *into, size_t begin, size_t end,
		bool stream);

#endif

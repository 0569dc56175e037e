/* SPDX-License-Identifier: MIT */
/*
 * stride: the static stride scheduler of gRPC [static_stride_scheduler.cc]: backend i is picked in
 * weight_i of 65535 generations, spread evenly, by nothing but a counter.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_STRIDE_H
#define ASSAY_SUITES_CONCURRENCY_STRIDE_H

#include <stddef.h>
#include <stdint.h>

#define STRIDE_WEIGHT 65535

/*
 * Scale weights[n] into scaled[n]: the largest becomes 65535, but counts as at most ten times the mean;
 * the smallest as at least a hundredth of it; 0 becomes the mean of the others. Returns 0, and
 * nothing is written, when there is nothing to choose: n < 2 or all weights 0; else 1.
 */
int stride_scale(const double *weights, size_t n, uint16_t *scaled);

/* The next backend; *sequence is advanced, at most some 100 n times. */
size_t stride_next(const uint16_t *scaled, size_t n, uint64_t *sequence);

#endif

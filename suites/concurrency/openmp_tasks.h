/* SPDX-License-Identifier: MIT */
/* openmp_tasks: fork and join as OpenMP tasks, the one file that is compiled for OpenMP. */
#ifndef ASSAY_SUITES_CONCURRENCY_OPENMP_TASKS_H
#define ASSAY_SUITES_CONCURRENCY_OPENMP_TASKS_H

#include "suites/concurrency/concurrency.h"

/* All members NULL when the compiler has no OpenMP. */
extern const struct executor_ops concurrency_openmp_ops;

#endif

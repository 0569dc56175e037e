/* SPDX-License-Identifier: MIT */
/* serving: what the parts of that benchmark share. */
#ifndef ASSAY_TESTS_BENCH_SERVING_H
#define ASSAY_TESTS_BENCH_SERVING_H

#include <stdbool.h>
#include <stddef.h>

enum { SERVING_ROUNDS = 7 };

/* Print the median of values[n], which is sorted, beside its bound (0: none). False: it is missed. */
bool serving_show(const char *what, double *values, size_t n, bool at_least, double bound);

/* Our generator of load beside wrk, both on our server; and our server beside nginx, both under wrk. */
bool serving_wrk(void);

#endif

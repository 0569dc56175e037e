/* SPDX-License-Identifier: MIT */
/* movable: see movable.c. */
#ifndef ASSAY_TESTS_GATE_MOVABLE_H
#define ASSAY_TESTS_GATE_MOVABLE_H

#include "harness/base/attr.h"

ASSAY_API int movable_add(int a, int b);
ASSAY_API int movable_twice(int a);

#endif

/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/gpu. */
#include "harness/bench.h"

const struct assay_suite assay_suite_gpu = { .brief = "" };

/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/memory. */
#include "harness/bench.h"

const struct assay_suite assay_suite_memory = { .brief = "" };

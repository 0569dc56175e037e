/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/scaling. */
#include "harness/bench.h"

const struct assay_suite assay_suite_scaling = { .brief = "" };

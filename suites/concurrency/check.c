/* SPDX-License-Identifier: MIT */
/* check: the oracle of suites/concurrency. */
#include "harness/bench.h"

const struct assay_suite assay_suite_concurrency = { .brief = "" };

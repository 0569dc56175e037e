/* SPDX-License-Identifier: MIT */
/* known_anomalies: a benchmark of the suite "selftest": what is found of what was planted. */
#ifndef ASSAY_ENGINE_KNOWN_ANOMALIES_H
#define ASSAY_ENGINE_KNOWN_ANOMALIES_H

#include "harness/bench.h"

extern const struct assay_bench assay_known_anomalies;

#endif

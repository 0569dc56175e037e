/* SPDX-License-Identifier: MIT */
/*
 * known_cost: the suite "selftest", benchmarks whose cost is known beforehand. Every registry has it;
 * being hidden, it is measured only when a pattern names it.
 */
#ifndef ASSAY_ENGINE_KNOWN_COST_H
#define ASSAY_ENGINE_KNOWN_COST_H

#include "harness/engine/registry.h"

extern const struct assay_suite_entry assay_known_cost_suite;
/* Ends with a { 0 } entry. */
extern const struct assay_bench_entry assay_known_cost_benches[];

enum {
	ASSAY_KNOWN_ADDS = 64 * 32, /* dependent one-cycle adds in one operation of spin */
	ASSAY_KNOWN_SLEEP_NS = 2000000,
	ASSAY_KNOWN_PAGES = 64, /* fresh pages touched by one operation of touch */
};

#endif

/* SPDX-License-Identifier: MIT */
/* table: what the suites hold; the arrays are written by the build and end with a { 0 } entry. */
#ifndef ASSAY_SUITES_TABLE_H
#define ASSAY_SUITES_TABLE_H

#include "harness/engine/registry.h"

extern const struct assay_suite_entry assay_suite_table[];
extern const struct assay_bench_entry assay_bench_table[];
extern const struct assay_subject_entry assay_subject_table[];

#endif

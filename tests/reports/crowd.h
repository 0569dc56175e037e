/* SPDX-License-Identifier: MIT */
/* crowd: a run of many cases, for what must hold at size. */
#ifndef ASSAY_TESTS_REPORTS_CROWD_H
#define ASSAY_TESTS_REPORTS_CROWD_H

#include "reports/report.h"

struct crowd;

/* n cases of 40 benchmarks with 5 subjects each, with so many samples over 5 launches. Ends the program when out of memory. */
struct crowd *crowd_new(size_t n, size_t samples);
void crowd_free(struct crowd *crowd);
/* Valid as long as the crowd. */
/* All its figures times `factor`. */
void crowd_scale(struct crowd *c, double factor);
struct assay_report_input crowd_input(const struct crowd *crowd);

#endif

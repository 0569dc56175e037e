/* SPDX-License-Identifier: MIT */
/* fake_papi: a library behind struct papi_calls that lies on request, for tests of papi_session. */
#ifndef ASSAY_TESTS_FAKE_PAPI_H
#define ASSAY_TESTS_FAKE_PAPI_H

#include "profiler/papi_session.h"

/* How many hardware events fit at once before they conflict. */
#define FAKE_PAPI_COUNTERS 2

/*
 * Behaves like PAPI over a processor with two counters. Presets and perf:: names of hardware
 * events exist, and count 1000 + code per region. Software events:
 *   perf::TASK-CLOCK                always 5000
 *   perf::PAGE-FAULTS               accepted, but stays at 0
 *   perf::CONTEXT-SWITCHES          accepted, but stays at 0
 *   perf::CONTEXT-SWITCHES:u=1:k=1  permission refused
 *   perf::CPU-MIGRATIONS:u=1:k=1    2
 * A set that was made multiplexed takes any number of events; those beyond the counters read 0.
 */
extern const struct papi_calls fake_papi;
/* The same, but multiplexing is refused with -7, as PAPI does without hardware. */
extern const struct papi_calls fake_papi_no_multiplex;
/* How many sets exist now: 0 when nothing leaks. */
int fake_papi_sets(void);

#endif

/* SPDX-License-Identifier: MIT */
/* fakecupti: what the parts of the stand-in for CUPTI share, and its settings. */
#ifndef ASSAY_TESTS_FAKECUPTI_H
#define ASSAY_TESTS_FAKECUPTI_H

#include "profiler/cupti.h"

#define FAKE __attribute__((visibility("default")))

#define FAKE_CUPTI_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
CUPTI_TRACE_CALLS(FAKE_CUPTI_CALL)

/* A number from $FAKE_CUPTI ("enable=39,drop=7"), or 0. */
long fake_cupti_setting(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/* result_json: a result as the `result` event of schema assay/1. */
#ifndef ASSAY_RESULT_JSON_H
#define ASSAY_RESULT_JSON_H

#include <jansson.h>

#include "harness/result.h"

/*
 * One object with schema, event, name, suite, benchmark, subject, params, threads, metric, unit,
 * better, status, reason, the estimate, samples_cpu_ratio, noise, counters and driver; numbers that
 * are undefined become null. `whole` adds the samples and all else that the store keeps, so that the
 * result can be restored from it. New reference, NULL when out of memory.
 */
json_t *assay_result_json(const struct assay_result *result, bool whole);

/* {"value":..,"quality":..,"source":..} or {"value":null,"reason":..}; new reference. */
json_t *assay_count_json(const struct assay_count *count);

#endif

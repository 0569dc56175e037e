/* SPDX-License-Identifier: MIT */
/*
 * run_json: a run with its results as JSON, schema assay/1, and back: what `assay export` writes, a page
 * carries, and `assay import` restores.
 */
#ifndef ASSAY_STORE_RUN_JSON_H
#define ASSAY_STORE_RUN_JSON_H

#include <jansson.h>

#include "harness/store/store.h"

/* "0190f3c2-...": 36 characters. */
void assay_uuid_text(const uint8_t uuid[16], char text[37]);
/* "2025-11-20T14:03:59Z". */
void assay_time_text(uint64_t wall_ns, char text[24]);

/*
 * What a document says about a run: who, when, where, how. `whole` adds the facts of machine and environment,
 * the topology and the plan. `results` is their number. New reference.
 */
json_t *assay_run_json(const struct assay_run_info *run, bool whole);

/*
 * The run and the results in `json`, an object of assay_run_json(run, true) whose `results` is an array
 * of assay_result_json(result, true). What is missing is left empty, unknown keys are passed over; but
 * a name, a status or a number of the wrong kind is ASSAY_EPARSE that says where. Texts of *ret_run, and the
 * results, live as long as *ret_results.
 */
enum assay_code assay_run_parse(const json_t *json, struct assay_run_info *ret_run,
				struct assay_result_list *ret_results, struct assay_err *err);

/*
 * The same piece by piece, for runs too large to be held as JSON: the run without its results, then each
 * result, an object of assay_result_json(result, true). After a failed begin nothing is held; after a failed
 * add *results still is, and is as it was.
 */
enum assay_code assay_run_parse_begin(const json_t *json, struct assay_run_info *ret_run,
				      struct assay_result_list *ret_results, struct assay_err *err);
enum assay_code assay_run_parse_add(const json_t *json, struct assay_run_info *run,
				    struct assay_result_list *results, struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* run: what the parts of the store share about runs. */
#ifndef ASSAY_STORE_RUN_H
#define ASSAY_STORE_RUN_H

#include "harness/store/store.h"

/* The status as stored, except that "running" with a dead owner is crashed. */
enum assay_run_status store_run_status(const char *name, const char *owner);

/* Make `run` the one that results go to: fills run_machine and run_revision. */
enum assay_code store_select_run(struct assay_store *store, int64_t run, struct assay_err *err);

#endif

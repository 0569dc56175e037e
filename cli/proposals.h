/* SPDX-License-Identifier: MIT */
/* proposals: after a run, look at the histories it added to, and keep and say what seems to have changed. */
#ifndef ASSAY_CLI_PROPOSALS_H
#define ASSAY_CLI_PROPOSALS_H

#include "cli/cli.h"
#include "harness/store/store.h"

/* `store` is open for writing. A change is said once, to stderr, when it is first seen. */
enum assay_code proposals_after_run(const struct cli *cli, struct assay_store *store, int64_t run,
				    struct assay_err *err);

#endif

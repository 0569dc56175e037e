/* SPDX-License-Identifier: MIT */
/* run_ranks: `assay run --launcher`: which ranks are wanted, who came, and what is stored of them. */
#ifndef ASSAY_CLI_RUN_RANKS_H
#define ASSAY_CLI_RUN_RANKS_H

#include <signal.h>

#include "cli/cli.h"
#include "cli/run_request.h"
#include "harness/engine/ranks.h"
#include "harness/store/store.h"

/* With --launcher, -n is the number of ranks, as with mpirun: turn it into --ranks. --samples stays. */
void run_ranks_letter(const struct cli_args *args);
/* --launcher, --ranks and --bind into the request. ASSAY_EUSAGE: one without the other, an unknown launcher, or together
 * with what is measured by one worker alone. */
enum assay_code run_ranks_read(const struct cli *cli, const struct cli_args *args,
			       struct run_request *request, struct assay_err *err);
/* Start the ranks that the request asks for once and see who they are; says it on stderr. See assay_ranks_call(). */
enum assay_code run_ranks_call(const struct cli *cli, const struct run_request *request,
			       const volatile sig_atomic_t *interrupted, struct assay_ranks *ret,
			       struct assay_err *err);
/* Keep with the run who the ranks are: an attachment of kind "ranks", JSON. */
enum assay_code run_ranks_store(struct assay_store *store, int64_t run,
				const struct assay_ranks *ranks, struct assay_err *err);

#endif

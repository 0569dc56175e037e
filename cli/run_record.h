/* SPDX-License-Identifier: MIT */
/* run_record: what is stored of a run before its first result: who, where, on what, with what. */
#ifndef ASSAY_CLI_RUN_RECORD_H
#define ASSAY_CLI_RUN_RECORD_H

#include "cli/cli.h"
#include "cli/revision.h"
#include "harness/machine/environment.h"
#include "harness/machine/noise.h"
#include "harness/machine/topology.h"
#include "harness/store/store.h"

struct run_record {
	const struct cli *cli;
	const struct assay_topology *topology;
	const struct assay_noise *noise;
	const struct assay_environment *environment;
	uint64_t seed;
	const char *profile;
	const char *plan; /* JSON, see struct assay_run_info */
	const struct assay_tag *tags;
	size_t n_tags;
	const struct revision *revision; /* of what is measured; NULL: of the current folder */
};

/* Begin a run that is recorded so, owned by this process; *ret_run is its id. */
enum assay_code run_record_begin(const struct run_record *record, struct assay_store *store,
				 int64_t *ret_run, struct assay_err *err);

/*
 * Put the tags of --tag behind those that run->tags has. *ret, which is to be freed also on failure, holds
 * them and their texts. ASSAY_EUSAGE for what is not KEY=VALUE.
 */
enum assay_code run_record_tags(const struct cli_args *args, struct assay_run_info *run,
				struct assay_tag **ret, struct assay_err *err);

#endif

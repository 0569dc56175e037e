/* SPDX-License-Identifier: MIT */
/* ack_list: `assay ack --list`. */
#ifndef ASSAY_CLI_ACK_LIST_H
#define ASSAY_CLI_ACK_LIST_H

#include <jansson.h>

#include "cli/cli.h"
#include "harness/gate/acceptance.h"

/* Show all acknowledgements, or those of the series that match the one positional. */
enum assay_code ack_list(struct cli *cli, const struct cli_args *args, struct assay_err *err);

/* To stdout, what is acknowledged of one series; nothing when nothing is. */
enum assay_code ack_print_series(struct assay_store *store, const char *name, const char *metric,
				 struct assay_err *err);

/* The state as far as time alone decides: of the machine and the base only a gate knows. */
enum assay_ack_state ack_state_now(const struct assay_ack *ack);
/* What a document says about one, `state` in a word; new reference. */
json_t *ack_json(const struct assay_ack *ack, const char *state);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * stored: runs by reference, in the store in use or in another file. A reference is what
 * assay_store_runs() takes, or FILE.db (its newest run), or FILE.db#REFERENCE.
 */
#ifndef ASSAY_CLI_STORED_H
#define ASSAY_CLI_STORED_H

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "harness/store/store.h"

struct stored {
	struct assay_store *store;
	struct assay_run_list runs; /* newest first, at least one */
};

/* Open the store that `reference` speaks of, for reading, and find the runs. */
enum assay_code stored_open(const struct cli *cli, const char *reference, struct stored *ret,
			    struct assay_err *err);
void stored_done(struct stored *stored);
/* Open for writing a store that is there already: a typing error must not make a new one. */
enum assay_code stored_open_to_change(const char *path, struct assay_store **ret,
				      struct assay_err *err);
/* Does `reference` speak of a file of its own, in which runs have numbers of their own? */
bool stored_names_file(const char *reference);

/*
 * The one run meant: the newest; of several, such as the baselines of several machines, the newest on
 * the machine with `fingerprint` when there is one. `fingerprint` may be NULL. Says so when it chose.
 */
const struct assay_run_info *stored_one(const struct cli *cli, const char *reference,
					const struct stored *stored, const uint8_t *fingerprint);

/* "run 12, 2025-11-20 14:03, ci, commit 1a2b3c4d5e, noise B, complete". Returns text. */
const char *stored_describe(const struct assay_run_info *run, char *text, size_t size);
/* Was it measured in a sandbox? False also where it does not say. */
bool stored_sandboxed(const struct assay_run_info *run);
/* Only one of them was, and both say so: what they measured differs by that. */
bool stored_sandboxed_apart(const struct assay_run_info *a, const struct assay_run_info *b);
/* ASSAY_EUSAGE: no series has a name like `pattern`, and what it was perhaps meant to be. */
enum assay_code stored_no_series(struct assay_store *store, const char *pattern,
				 struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * drain: what is in a store's write-ahead log goes to its file by a thread, while more is written. It is SQLite's own
 * checkpoint, with its waits for the disk, that goes on beside the writer instead of in the middle of a commit.
 */
#ifndef ASSAY_STORE_DRAIN_H
#define ASSAY_STORE_DRAIN_H

#include "harness/store/sql.h"

struct store_drain;

/*
 * Pages of the log after which the thread is asked, and after which the writer waits for it and does the rest, so that
 * the log begins anew: it does so only when nothing is left in it, and would grow for ever behind a busy writer.
 */
struct store_drain_limits {
	int ask_after, wait_after;
};
#define STORE_DRAIN_USUAL ((struct store_drain_limits){2000, 32000})

/* NULL when there is no thread to be had: then commits do it, as always. */
struct store_drain *store_drain_new(struct assay_store *store, struct store_drain_limits limits);
/* Ends the thread, after what it is at; commits do it again. Takes NULL. */
void store_drain_free(struct store_drain *drain);

#endif

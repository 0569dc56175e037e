/* SPDX-License-Identifier: MIT */
/*
 * sync: what a loss of power must not take either. Each transaction is in the file's log, which no kill can undo, but
 * the log need not be on the disk yet: one wait for the disk per acknowledgement is enough, not one per row.
 */
#include "harness/store/sql.h"

enum assay_code assay_store_sync(struct assay_store *store, struct assay_err *err)
{
	sqlite3_file *log = NULL;
	if (store->depth)
		return ASSAY_OK; /* what is not committed yet cannot be acknowledged */
	int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	/* No log: then each transaction was synchronised as it ended. */
	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	return rc == SQLITE_OK ? ASSAY_OK : store_failed(store, rc, "write", err);
}

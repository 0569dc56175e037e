/* SPDX-License-Identifier: MIT */
/* anomalies: runs of a series, and stretches of samples within a run, that stand out. */
#ifndef ASSAY_CLI_ANOMALIES_H
#define ASSAY_CLI_ANOMALIES_H

#include "cli/history_view.h"

/*
 * Say which of the newest `limit` runs (0: all) of each view stand out among all runs on their machine, and which
 * stretches of their samples stand out within their launches: a table, or one document on cli->json. `metric`: NULL
 * is each benchmark's primary one.
 */
enum assay_code anomalies_show(const struct cli *cli, struct assay_store *store,
			       const struct history_views *views, const char *metric, size_t limit,
			       struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* names: columns that hold names or packed bytes, turned into our types. */
#ifndef ASSAY_STORE_NAMES_H
#define ASSAY_STORE_NAMES_H

#include "harness/store/sql.h"

enum assay_better store_better_parse(const char *name);

/* Columns encoding, n, launches, crc, data from `column` on. Valid until the next step. */
void store_column_payload(sqlite3_stmt *statement, int column, struct store_payload *ret);
/* Columns event, source, unit, quality, value, raw, enabled_ns, running_ns, reason from 0 on. */
void store_column_count(sqlite3_stmt *statement, struct assay_count *ret);

#endif

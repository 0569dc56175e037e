/* SPDX-License-Identifier: MIT */
/* names: columns that hold names or packed bytes, turned into our types; the order of case names. */
#ifndef ASSAY_STORE_NAMES_H
#define ASSAY_STORE_NAMES_H

#include "harness/store/sql.h"

/* Like strcmp(), but values such as `size:64` and `size:4Ki` compare by size. */
int store_compare_names(const char *a, const char *b);

enum assay_better store_better_parse(const char *name);

/* Columns encoding, n, launches, crc, data from `column` on. Valid until the next step. */
void store_column_payload(sqlite3_stmt *statement, int column, struct store_payload *ret);
/* Columns event, source, unit, quality, value, raw, enabled_ns, running_ns, reason from 0 on. */
void store_column_count(sqlite3_stmt *statement, struct assay_count *ret);

#endif

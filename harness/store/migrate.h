/* SPDX-License-Identifier: MIT */
/* migrate: creating the schema and bringing older files up to it. */
#ifndef ASSAY_STORE_MIGRATE_H
#define ASSAY_STORE_MIGRATE_H

#include <stddef.h>

#include "harness/base/err.h"
#include "harness/store/store.h"

/* "ASSY": what PRAGMA application_id says in a file of ours. */
enum { STORE_APPLICATION_ID = 0x41535359 };

/* schema.sql. */
extern const char store_schema_sql[];

/* Brings a file from version `to` - 1 to `to`. */
struct store_migration {
	int to;
	const char *sql;
};

struct store_schema {
	int version;
	const char *create;                       /* everything, for a new file */
	const struct store_migration *migrations; /* rising by one, the last one to `version` */
	size_t n_migrations;
};

/* What this program writes. */
extern const struct store_schema store_schema_current;

/* Create the schema in an empty file; harmless when another process was faster. */
enum assay_code store_create(struct assay_store *store, const struct store_schema *schema,
			     struct assay_err *err);
/*
 * Bring store->version up to the schema's: first a copy as `<path>.pre-v<N>`, then one transaction per
 * step. A step that fails leaves the file as the step found it.
 */
enum assay_code store_migrate(struct assay_store *store, const struct store_schema *schema,
			      struct assay_err *err);

/* Make the index of histories again if a bulk merge was cut short without it. */
enum assay_code store_restore_index(struct assay_store *store, struct assay_err *err);

/* Copy the whole database to a new file; `replace` an existing one or refuse. */
enum assay_code store_copy(struct assay_store *store, const char *to, bool replace,
			   struct assay_err *err);

/* Open with another schema and another patience than assay_store_open() has; for tests. */
enum assay_code store_open(const char *path, enum assay_store_mode mode,
			   const struct store_schema *schema, int busy_ms, struct assay_store **ret,
			   struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* digest: rows of a query as bytes of a hash. */
#ifndef ASSAY_STORE_DIGEST_H
#define ASSAY_STORE_DIGEST_H

#include <nettle/sha2.h>

#include "harness/store/sql.h"

/* Add all rows of `sql`, a literal: types, lengths and bytes, then how many there are. */
enum assay_code store_hash_query(struct assay_store *store, const char *sql,
				 struct sha256_ctx *hash, struct assay_err *err);

#endif

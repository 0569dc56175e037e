/* SPDX-License-Identifier: MIT */
/* merge_keys: is the key of each series that comes in the hash of what it stands for? */
#include <string.h>

#include "harness/base/str.h"
#include "harness/store/merge_sql.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

/* The parameters of series `id` of the file; texts are borrowed from the copies in `arena`. */
static enum assay_code read_params(struct assay_store *store, int64_t id, struct store_arena *arena,
				   struct assay_param *params, size_t capacity, size_t *ret_n,
				   struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, MERGE_PARAMS, err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, id);
	*ret_n = 0;
	for (;;) {
		bool row, failed = false;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (*ret_n == capacity)
			return assay_fail(err, ASSAY_ESTORE,
					  "a series has more than %zu parameters", capacity);
		params[(*ret_n)++] =
			(struct assay_param){store_column_copy(query, 0, arena, &failed),
					     store_column_copy(query, 1, arena, &failed)};
		if (failed)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for parameters");
	}
}

enum { MOST_PARAMS = 256 };

/* A key says what is measured: one that says something else would mix two histories. */
static enum assay_code check_key(struct assay_store *store, sqlite3_stmt *q,
				 struct store_arena *arena, struct assay_err *err)
{
	struct assay_param params[MOST_PARAMS];
	struct assay_result result = {
		.suite = store_column_text(q, 2),
		.benchmark = store_column_text(q, 3),
		.version = (unsigned)sqlite3_column_int64(q, 4),
		.subject = store_column_text(q, 5),
		.metric = {store_column_text(q, 6), store_column_text(q, 7),
			   store_better_parse(store_column_text(q, 8))},
		.threads = (unsigned)sqlite3_column_int64(q, 9),
		.params = params,
	};
	uint8_t stated[32], key[32];
	store_column_bytes(q, 1, stated, sizeof(stated));
	enum assay_code code = read_params(store, sqlite3_column_int64(q, 0), arena, params,
					   MOST_PARAMS, &result.n_params, err);
	if (code == ASSAY_OK)
		code = assay_series_key(&result, key, err);
	char clean[100];
	assay_sanitise(clean, sizeof(clean), store_column_text(q, 10));
	if (code == ASSAY_OK && memcmp(stated, key, sizeof(key)) != 0)
		return assay_fail(err, ASSAY_ESTORE, "the key of series %s is not its own", clean);
	return code;
}

enum assay_code store_merge_check_keys(struct assay_store *store, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, MERGE_UNKNOWN_SERIES, err);
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		struct store_arena *arena = store_arena_new();
		code = arena ? check_key(store, query, arena, err)
			     : assay_fail(err, ASSAY_ENOMEM, "out of memory");
		store_arena_free(arena);
		if (code != ASSAY_OK)
			return code;
	}
}

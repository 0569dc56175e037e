/* SPDX-License-Identifier: MIT */
/* series: keys that meet when stores are merged, and rows for benchmark, metric, series, params. */
#include "harness/store/series.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/store/sql.h"

void store_series_forget(struct store_series_cache *cache)
{
	if (cache->slots)
		memset(cache->slots, 0, cache->size * sizeof(cache->slots[0]));
	cache->used = 0;
}

void store_series_cache_done(struct store_series_cache *cache)
{
	free(cache->slots);
	*cache = (struct store_series_cache){0};
}

/* The slot that holds `key`, or the empty one where it belongs. */
static struct store_series_slot *find(const struct store_series_cache *cache, const uint8_t *key)
{
	size_t at;
	memcpy(&at, key, sizeof(at)); /* a SHA-256 is hash enough */
	for (;; at++) {
		struct store_series_slot *slot = &cache->slots[at & (cache->size - 1)];
		if (!slot->id || memcmp(slot->key, key, 32) == 0)
			return slot;
	}
}

/* A cache that cannot grow only costs time. */
static void remember(struct store_series_cache *cache, const uint8_t *key, int64_t id)
{
	if (cache->used * 2 >= cache->size) {
		struct store_series_cache larger = {.size = cache->size ? cache->size * 2 : 256};
		larger.slots = calloc(larger.size, sizeof(larger.slots[0]));
		if (!larger.slots)
			return;
		for (size_t i = 0; i < cache->size; i++)
			if (cache->slots[i].id)
				*find(&larger, cache->slots[i].key) = cache->slots[i];
		larger.used = cache->used;
		store_series_cache_done(cache);
		*cache = larger;
	}
	struct store_series_slot *slot = find(cache, key);
	cache->used += !slot->id;
	memcpy(slot->key, key, 32);
	slot->id = id;
}

const char *store_better_name(enum assay_better better)
{
	return better == ASSAY_HIGHER ? "higher" : "lower";
}

static void hash_text(struct sha256_ctx *hash, const char *text)
{
	size_t length = strlen(text);
	uint8_t prefix[8];
	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)((uint64_t)length >> (8 * i));
	sha256_update(hash, sizeof(prefix), prefix);
	sha256_update(hash, length, (const uint8_t *)text);
}

static int by_name_then_value(const void *a, const void *b)
{
	const struct assay_param *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->value, y->value);
}

enum assay_code assay_series_key(const struct assay_result *result, uint8_t ret[32],
				 struct assay_err *err)
{
	struct assay_param few[16];
	ASSAY_AUTO_FREE struct assay_param *many = NULL;
	struct assay_param *sorted = few;
	size_t n = result->n_params + 1;
	if (n > ASSAY_COUNT_OF(few)) {
		sorted = many = malloc(n * sizeof(*many));
		if (!many)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu parameters", n);
	}
	char threads[16], version[16], count[24];
	snprintf(threads, sizeof(threads), "%u", result->threads);
	snprintf(version, sizeof(version), "%u", result->version);
	snprintf(count, sizeof(count), "%zu", n);
	if (result->n_params)
		memcpy(sorted, result->params, result->n_params * sizeof(*sorted));
	sorted[n - 1] = (struct assay_param){"threads", threads};
	qsort(sorted, n, sizeof(*sorted), by_name_then_value);

	const struct assay_metric_info *metric = &result->metric;
	const char *const head[] = {
		result->suite,
		result->benchmark,
		version,
		result->subject,
		metric->name,
		metric->unit,
		store_better_name(metric->better),
		count,
	};
	struct sha256_ctx hash;
	sha256_init(&hash);
	for (size_t i = 0; i < ASSAY_COUNT_OF(head); i++)
		hash_text(&hash, head[i]);
	for (size_t i = 0; i < n; i++) {
		hash_text(&hash, sorted[i].name);
		hash_text(&hash, sorted[i].value);
	}
	sha256_digest(&hash, 32, ret);
	return ASSAY_OK;
}

static enum assay_code finish_id(struct assay_store *store, struct store_binder *b, int64_t *ret,
				 struct assay_err *err)
{
	bool row;
	if (b->rc != SQLITE_OK)
		return store_failed(store, b->rc, "write", err);
	enum assay_code code = store_step(store, b->statement, &row, "write", err);
	if (code != ASSAY_OK)
		return code;
	if (!row)
		return assay_fail(err, ASSAY_EBUG, "no id came back for a new row");
	*ret = sqlite3_column_int64(b->statement, 0);
	return ASSAY_OK;
}

static enum assay_code benchmark_id(struct assay_store *store, const struct assay_result *result,
				    int64_t *ret, struct assay_err *err)
{
	/* The no-op update makes RETURNING answer for rows that exist, too. */
	STORE_QUERY *insert =
		store_query(store,
			    "INSERT INTO benchmark (suite, name, version) VALUES (?, ?, ?)"
			    " ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id",
			    err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_text(&b, result->suite);
	store_bind_text(&b, result->benchmark);
	store_bind_int(&b, result->version);
	return finish_id(store, &b, ret, err);
}

static enum assay_code metric_id(struct assay_store *store, const struct assay_result *result,
				 int64_t *ret, struct assay_err *err)
{
	STORE_QUERY *insert =
		store_query(store,
			    "INSERT INTO metric (name, unit, better) VALUES (?, ?, ?)"
			    " ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id",
			    err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_text(&b, result->metric.name);
	store_bind_text(&b, result->metric.unit);
	store_bind_text(&b, store_better_name(result->metric.better));
	return finish_id(store, &b, ret, err);
}

static enum assay_code add_params(struct assay_store *store, int64_t series,
				  const struct assay_result *result, struct assay_err *err)
{
	for (size_t i = 0; i < result->n_params; i++) {
		const struct assay_param *param = &result->params[i];
		STORE_QUERY *insert =
			store_query(store,
				    "INSERT INTO param (series, position, name, value,"
				    " number) VALUES (?, ?, ?, ?, ?)",
				    err);
		if (!insert)
			return ASSAY_ESTORE;
		struct store_binder b = {insert};
		store_bind_int(&b, series);
		store_bind_int(&b, (int64_t)i);
		store_bind_text(&b, param->name);
		store_bind_text(&b, param->value);
		uint64_t number;
		if (assay_parse_size(param->value, &number, NULL) == ASSAY_OK)
			store_bind_real(&b, (double)number);
		else
			store_bind_null(&b);
		enum assay_code code = b.rc == SQLITE_OK
					       ? store_run_once(store, insert, "write", err)
					       : store_failed(store, b.rc, "write", err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

static enum assay_code add_series(struct assay_store *store, const uint8_t *key,
				  const struct assay_result *result, int64_t *ret,
				  struct assay_err *err)
{
	int64_t benchmark = 0, metric = 0;
	enum assay_code code = benchmark_id(store, result, &benchmark, err);
	if (code == ASSAY_OK)
		code = metric_id(store, result, &metric, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *insert = store_query(store,
					  "INSERT INTO series (key, benchmark, metric, subject,"
					  " threads, name) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
					  err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_blob(&b, key, 32);
	store_bind_int(&b, benchmark);
	store_bind_int(&b, metric);
	store_bind_text(&b, result->subject);
	store_bind_int(&b, result->threads);
	store_bind_text(&b, result->name);
	code = finish_id(store, &b, ret, err);
	return code == ASSAY_OK ? add_params(store, *ret, result, err) : code;
}

enum assay_code store_series_id(struct assay_store *store, const struct assay_result *result,
				int64_t *ret, struct assay_err *err)
{
	uint8_t key[32];
	enum assay_code code = assay_series_key(result, key, err);
	if (code != ASSAY_OK)
		return code;
	if (store->series.size) {
		*ret = find(&store->series, key)->id;
		if (*ret)
			return ASSAY_OK;
	}
	STORE_QUERY *select = store_query(store, "SELECT id FROM series WHERE key = ?", err);
	if (!select)
		return ASSAY_ESTORE;
	struct store_binder b = {select};
	store_bind_blob(&b, key, 32);
	bool row;
	code = store_step(store, select, &row, "read", err);
	if (code != ASSAY_OK)
		return code;
	if (row)
		*ret = sqlite3_column_int64(select, 0);
	else
		code = add_series(store, key, result, ret, err);
	if (code == ASSAY_OK)
		remember(&store->series, key, *ret);
	return code;
}

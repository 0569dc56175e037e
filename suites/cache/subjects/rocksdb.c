/* SPDX-License-Identifier: MIT */
/*
 * rocksdb: a log-structured merge tree with its default options; the write-ahead log is not forced. Puts gather in a batch
 * until sync, its way of a transaction; what an opened store holds is compacted into tables first, for else its gets
 * would be answered from a list in memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "suites/cache/anywhere.h"
#include "suites/cache/peer.h"
#include "suites/cache/store.h"

/* Of rocksdb/c.h. */
struct rocksdb;
struct rocksdb_options;
struct rocksdb_reading;
struct rocksdb_writing;
struct rocksdb_batch;
static struct {
	struct rocksdb_options *(*options_create)(void);
	void (*options_destroy)(struct rocksdb_options *options);
	void (*create_if_missing)(struct rocksdb_options *options, unsigned char yes);
	struct rocksdb_reading *(*reading_create)(void);
	void (*reading_destroy)(struct rocksdb_reading *options);
	struct rocksdb_writing *(*writing_create)(void);
	void (*writing_destroy)(struct rocksdb_writing *options);
	struct rocksdb *(*open)(const struct rocksdb_options *options, const char *path,
				char **error);
	void (*close)(struct rocksdb *db);
	char *(*get)(struct rocksdb *db, const struct rocksdb_reading *options, const char *key,
		     size_t key_n, size_t *ret_n, char **error);
	struct rocksdb_batch *(*batch_create)(void);
	void (*batch_destroy)(struct rocksdb_batch *batch);
	void (*batch_clear)(struct rocksdb_batch *batch);
	int (*batch_count)(struct rocksdb_batch *batch);
	void (*batch_put)(struct rocksdb_batch *batch, const char *key, size_t key_n,
			  const char *value, size_t value_n);
	void (*write)(struct rocksdb *db, const struct rocksdb_writing *options,
		      struct rocksdb_batch *batch, char **error);
	void (*compact_range)(struct rocksdb *db, const char *from, size_t from_n, const char *to,
			      size_t to_n);
	void (*free)(void *bytes);
} rdb;

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"rocksdb_options_create", &rdb.options_create},
		{"rocksdb_options_destroy", &rdb.options_destroy},
		{"rocksdb_options_set_create_if_missing", &rdb.create_if_missing},
		{"rocksdb_readoptions_create", &rdb.reading_create},
		{"rocksdb_readoptions_destroy", &rdb.reading_destroy},
		{"rocksdb_writeoptions_create", &rdb.writing_create},
		{"rocksdb_writeoptions_destroy", &rdb.writing_destroy},
		{"rocksdb_open", &rdb.open},
		{"rocksdb_close", &rdb.close},
		{"rocksdb_get", &rdb.get},
		{"rocksdb_writebatch_create", &rdb.batch_create},
		{"rocksdb_writebatch_destroy", &rdb.batch_destroy},
		{"rocksdb_writebatch_clear", &rdb.batch_clear},
		{"rocksdb_writebatch_count", &rdb.batch_count},
		{"rocksdb_writebatch_put", &rdb.batch_put},
		{"rocksdb_write", &rdb.write},
		{"rocksdb_compact_range", &rdb.compact_range},
		{"rocksdb_free", &rdb.free},
		{NULL, NULL},
	};
	return peer_open("librocksdb.so.7.8", "librocksdb7.8", symbols, err);
}

struct kv_store {
	struct rocksdb *db;
	struct rocksdb_options *options;
	struct rocksdb_reading *reading;
	struct rocksdb_writing *writing;
	struct rocksdb_batch *batch;
	size_t value_bytes;
};

/* Takes over the library's message. */
static enum assay_code failed(char *error, const char *what, struct assay_err *err)
{
	if (!error)
		return ASSAY_OK;
	enum assay_code rc = assay_fail(err, ASSAY_EIO, "rocksdb: %s: %s", what, error);
	rdb.free(error);
	return rc;
}

/* What was put so far becomes part of the store. */
static enum assay_code rocksdb_sync(struct kv_store *s, struct assay_err *err)
{
	char *error = NULL;
	rdb.write(s->db, s->writing, s->batch, &error);
	rdb.batch_clear(s->batch);
	return failed(error, "write", err);
}

static void rocksdb_close_store(struct kv_store *s)
{
	if (!s)
		return;
	if (s->db)
		rdb.close(s->db);
	rdb.batch_destroy(s->batch);
	rdb.options_destroy(s->options);
	rdb.reading_destroy(s->reading);
	rdb.writing_destroy(s->writing);
	free(s);
}

static enum assay_code rocksdb_open_store(const struct store_config *config, struct kv_store **ret,
					  struct assay_err *err)
{
	char path[FOLDER_BYTES + 16], *error = NULL;
	snprintf(path, sizeof(path), "%s/rocksdb", config->folder);
	struct kv_store *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "rocksdb: out of memory");
	s->value_bytes = config->value_bytes;
	s->options = rdb.options_create();
	s->reading = rdb.reading_create();
	s->writing = rdb.writing_create();
	s->batch = rdb.batch_create();
	rdb.create_if_missing(s->options, 1);
	struct anywhere anywhere = anywhere_begin(); /* its threads flush and compact */
	s->db = rdb.open(s->options, path, &error);
	anywhere_end(&anywhere);
	enum assay_code rc = failed(error, "open", err);
	if (rc != ASSAY_OK) {
		rocksdb_close_store(s);
		return rc;
	}
	rdb.compact_range(s->db, NULL, 0, NULL, 0);
	*ret = s;
	return ASSAY_OK;
}

static enum assay_code rocksdb_get_value(struct kv_store *s, uint64_t key, void *value,
					 struct assay_err *err)
{
	size_t n = 0;
	char *error = NULL;
	if (rdb.batch_count(s->batch) > 0) { /* it is not searched */
		enum assay_code rc = rocksdb_sync(s, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	char *found = rdb.get(s->db, s->reading, (const char *)&key, sizeof(key), &n, &error);
	if (error)
		return failed(error, "get", err);
	if (!found)
		return ASSAY_SKIP;
	enum assay_code rc = ASSAY_OK;
	if (n == s->value_bytes)
		memcpy(value, found, n);
	else
		rc = assay_fail(err, ASSAY_ECHECK, "rocksdb: a value of %zu bytes", n);
	rdb.free(found);
	return rc;
}

static enum assay_code rocksdb_put_value(struct kv_store *s, uint64_t key, const void *value,
					 struct assay_err *err)
{
	rdb.batch_put(s->batch, (const char *)&key, sizeof(key), value, s->value_bytes);
	return ASSAY_OK;
}

static const struct store_ops ops = {
	.open = rocksdb_open_store,
	.get = rocksdb_get_value,
	.put = rocksdb_put_value,
	.sync = rocksdb_sync,
	.close = rocksdb_close_store,
};

const struct assay_subject assay_subject_cache_rocksdb = {
	.interface = STORE_INTERFACE,
	.brief = "RocksDB with its default options, log not forced to disk",
	.ops = &ops,
	.probe = probe,
};

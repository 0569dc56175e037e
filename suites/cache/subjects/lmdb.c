/* SPDX-License-Identifier: MIT */
/*
 * lmdb: a memory-mapped B+ tree. Puts go into one write transaction until sync; gets use a read
 * transaction that is renewed after each sync. MDB_NOSYNC: the kernel writes when it likes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "suites/cache/peer.h"
#include "suites/cache/store.h"

/* Of lmdb.h, whose library interface is stable within version 0.9. */
typedef struct MDB_env MDB_env;
typedef struct MDB_txn MDB_txn;
struct mdb_val {
	size_t size;
	void *data;
};
enum {
	MDB_INTEGERKEY = 0x08,
	MDB_NOSYNC = 0x10000,
	MDB_RDONLY = 0x20000,
	MDB_CREATE = 0x40000,
	MDB_NOTFOUND = -30798,
};
static struct {
	int (*env_create)(MDB_env **env);
	int (*env_set_mapsize)(MDB_env *env, size_t bytes);
	int (*env_open)(MDB_env *env, const char *path, unsigned flags, mode_t mode);
	void (*env_close)(MDB_env *env);
	int (*txn_begin)(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn);
	int (*txn_commit)(MDB_txn *txn);
	void (*txn_abort)(MDB_txn *txn);
	int (*dbi_open)(MDB_txn *txn, const char *name, unsigned flags, unsigned *dbi);
	int (*get)(MDB_txn *txn, unsigned dbi, struct mdb_val *key, struct mdb_val *data);
	int (*put)(MDB_txn *txn, unsigned dbi, struct mdb_val *key, struct mdb_val *data,
		   unsigned flags);
	char *(*strerror)(int error);
} mdb;

static enum assay_code probe(struct assay_err *err)
{
	const struct peer_symbol symbols[] = {
		{"mdb_env_create", &mdb.env_create},
		{"mdb_env_set_mapsize", &mdb.env_set_mapsize},
		{"mdb_env_open", &mdb.env_open},
		{"mdb_env_close", &mdb.env_close},
		{"mdb_txn_begin", &mdb.txn_begin},
		{"mdb_txn_commit", &mdb.txn_commit},
		{"mdb_txn_abort", &mdb.txn_abort},
		{"mdb_dbi_open", &mdb.dbi_open},
		{"mdb_get", &mdb.get},
		{"mdb_put", &mdb.put},
		{"mdb_strerror", &mdb.strerror},
		{NULL, NULL},
	};
	return peer_open("liblmdb.so.0", "liblmdb0", symbols, err);
}

struct kv_store {
	MDB_env *env;
	MDB_txn *txn; /* the one that is open, NULL: none */
	bool writing;
	unsigned dbi;
	size_t value_bytes;
};

static enum assay_code failed(int error, const char *what, struct assay_err *err)
{
	return error ? assay_fail(err, ASSAY_EIO, "lmdb: %s: %s", what, mdb.strerror(error))
		     : ASSAY_OK;
}

static enum assay_code end_txn(struct kv_store *s, struct assay_err *err)
{
	MDB_txn *txn = s->txn;
	s->txn = NULL;
	if (txn && s->writing)
		return failed(mdb.txn_commit(txn), "commit", err);
	if (txn)
		mdb.txn_abort(txn);
	return ASSAY_OK;
}

static enum assay_code begin_txn(struct kv_store *s, bool writing, struct assay_err *err)
{
	if (s->txn && (s->writing || !writing))
		return ASSAY_OK;
	enum assay_code rc = end_txn(s, err);
	if (rc != ASSAY_OK)
		return rc;
	s->writing = writing;
	return failed(mdb.txn_begin(s->env, NULL, writing ? 0 : MDB_RDONLY, &s->txn), "begin", err);
}

static void lmdb_close(struct kv_store *s)
{
	if (!s)
		return;
	if (s->txn)
		mdb.txn_abort(s->txn);
	if (s->env)
		mdb.env_close(s->env);
	free(s);
}

static enum assay_code lmdb_open(const struct store_config *config, struct kv_store **ret,
				 struct assay_err *err)
{
	struct kv_store *s = calloc(1, sizeof(*s));
	if (!s)
		return assay_fail(err, ASSAY_ENOMEM, "lmdb: out of memory");
	s->value_bytes = config->value_bytes;
	size_t bytes = (size_t)config->most_values * (config->value_bytes + 64) * 4 + (64u << 20);
	enum assay_code rc = failed(mdb.env_create(&s->env), "create", err);
	if (rc == ASSAY_OK)
		rc = failed(mdb.env_set_mapsize(s->env, bytes / 4096 * 4096), "map size", err);
	if (rc == ASSAY_OK)
		rc = failed(mdb.env_open(s->env, config->folder, MDB_NOSYNC, 0600), "open", err);
	if (rc == ASSAY_OK)
		rc = begin_txn(s, true, err);
	if (rc == ASSAY_OK)
		rc = failed(mdb.dbi_open(s->txn, NULL, MDB_INTEGERKEY | MDB_CREATE, &s->dbi),
			    "database", err);
	if (rc == ASSAY_OK)
		rc = end_txn(s, err);
	if (rc != ASSAY_OK)
		lmdb_close(s);
	else
		*ret = s;
	return rc;
}

static enum assay_code lmdb_get(struct kv_store *s, uint64_t key, void *value,
				struct assay_err *err)
{
	enum assay_code rc = begin_txn(s, false, err);
	if (rc != ASSAY_OK)
		return rc;
	struct mdb_val k = {sizeof(key), &key}, v;
	int error = mdb.get(s->txn, s->dbi, &k, &v);
	if (error == MDB_NOTFOUND)
		return ASSAY_SKIP;
	if (error)
		return failed(error, "get", err);
	if (v.size != s->value_bytes)
		return assay_fail(err, ASSAY_ECHECK, "lmdb: a value of %zu bytes", v.size);
	memcpy(value, v.data, v.size);
	return ASSAY_OK;
}

static enum assay_code lmdb_put(struct kv_store *s, uint64_t key, const void *value,
				struct assay_err *err)
{
	enum assay_code rc = begin_txn(s, true, err);
	struct mdb_val k = {sizeof(key), &key}, v = {s->value_bytes, (void *)(uintptr_t)value};
	return rc == ASSAY_OK ? failed(mdb.put(s->txn, s->dbi, &k, &v, 0), "put", err) : rc;
}

static const struct store_ops ops = {
	.open = lmdb_open,
	.get = lmdb_get,
	.put = lmdb_put,
	.sync = end_txn,
	.close = lmdb_close,
};

const struct assay_subject assay_subject_cache_lmdb = {
	.interface = STORE_INTERFACE,
	.brief = "LMDB, a memory-mapped B+ tree, not forced to disk",
	.ops = &ops,
	.probe = probe,
};

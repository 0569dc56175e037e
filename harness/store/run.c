/* SPDX-License-Identifier: MIT */
/* run: beginning, finishing and taking over a run. */
#include <inttypes.h>
#include <nettle/sha2.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/rng.h"
#include "harness/store/owner.h"
#include "harness/store/run.h"
#include "harness/store/sql.h"

static const char *const status_names[] = {
	[ASSAY_RUN_RUNNING] = "running",         [ASSAY_RUN_COMPLETE] = "complete",
	[ASSAY_RUN_INTERRUPTED] = "interrupted", [ASSAY_RUN_CRASHED] = "crashed",
	[ASSAY_RUN_IMPORTED] = "imported",
};

const char *assay_run_status_name(enum assay_run_status status)
{
	return status_names[status];
}

enum assay_run_status store_run_status(const char *name, const char *owner)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(status_names); i++) {
		if (strcmp(status_names[i], name) != 0)
			continue;
		if (i == ASSAY_RUN_RUNNING && !store_owner_alive(owner))
			break;
		return (enum assay_run_status)i;
	}
	return ASSAY_RUN_CRASHED;
}

static void sha256(const void *bytes, size_t size, uint8_t ret[32])
{
	struct sha256_ctx hash;
	sha256_init(&hash);
	sha256_update(&hash, size, bytes);
	sha256_digest(&hash, 32, ret);
}

/*
 * A machine's UUID follows from its fingerprint and name (version 8, RFC 9562), so that two stores
 * filled on one machine agree on it without having met.
 */
static void machine_uuid(const struct assay_run_info *info, uint8_t uuid[16])
{
	struct sha256_ctx hash;
	uint8_t digest[32];
	sha256_init(&hash);
	sha256_update(&hash, sizeof(info->fingerprint), info->fingerprint);
	sha256_update(&hash, strlen(info->machine_name), (const uint8_t *)info->machine_name);
	sha256_digest(&hash, sizeof(digest), digest);
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* Step a bound INSERT ... RETURNING id. */
static enum assay_code insert_id(struct assay_store *store, struct store_binder *b, int64_t *ret,
				 struct assay_err *err)
{
	bool row;
	if (b->rc != SQLITE_OK)
		return store_failed(store, b->rc, "write", err);
	enum assay_code code = store_step(store, b->statement, &row, "write", err);
	if (code != ASSAY_OK)
		return code;
	*ret = sqlite3_column_int64(b->statement, 0);
	return ASSAY_OK;
}

static enum assay_code add_machine(struct assay_store *store, const struct assay_run_info *info,
				   int64_t *ret, struct assay_err *err)
{
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO machine (uuid, fingerprint, name, topology_xml, first_seen_ns)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE SET"
		" topology_xml = coalesce(machine.topology_xml, excluded.topology_xml) RETURNING id",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	uint8_t uuid[16];
	machine_uuid(info, uuid);
	struct store_binder b = {insert};
	store_bind_blob(&b, uuid, sizeof(uuid));
	store_bind_blob(&b, info->fingerprint, sizeof(info->fingerprint));
	store_bind_text(&b, info->machine_name);
	store_bind_text(&b, info->topology_xml);
	store_bind_int(&b, (int64_t)info->started_ns);
	return insert_id(store, &b, ret, err);
}

static enum assay_code add_environment(struct assay_store *store, const struct assay_run_info *info,
				       int64_t *ret, struct assay_err *err)
{
	STORE_QUERY *insert =
		store_query(store,
			    "INSERT INTO environment (hash, digest, facts) VALUES (?, ?, ?)"
			    " ON CONFLICT DO UPDATE SET facts = excluded.facts RETURNING id",
			    err);
	if (!insert)
		return ASSAY_ESTORE;
	uint8_t digest[32];
	sha256(info->environment_json, strlen(info->environment_json), digest);
	struct store_binder b = {insert};
	store_bind_blob(&b, info->environment_hash, sizeof(info->environment_hash));
	store_bind_blob(&b, digest, sizeof(digest));
	store_bind_text(&b, info->environment_json);
	return insert_id(store, &b, ret, err);
}

static enum assay_code add_revision(struct assay_store *store, const struct assay_run_info *info,
				    int64_t *ret, struct assay_err *err)
{
	STORE_QUERY *insert =
		store_query(store,
			    "INSERT INTO revision (sha, dirty) VALUES (?, ?)"
			    " ON CONFLICT DO UPDATE SET sha = excluded.sha RETURNING id",
			    err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_text(&b, info->commit);
	store_bind_int(&b, info->dirty);
	return insert_id(store, &b, ret, err);
}

static enum assay_code add_tags(struct assay_store *store, int64_t run,
				const struct assay_run_info *info, struct assay_err *err)
{
	for (size_t i = 0; i < info->n_tags; i++) {
		STORE_QUERY *insert =
			store_query(store,
				    "INSERT INTO run_tag (run, key, value)"
				    " VALUES (?, ?, ?)"
				    " ON CONFLICT DO UPDATE SET value = excluded.value",
				    err);
		if (!insert)
			return ASSAY_ESTORE;
		struct store_binder b = {insert};
		store_bind_int(&b, run);
		store_bind_text(&b, info->tags[i].key);
		store_bind_text(&b, info->tags[i].value);
		enum assay_code code = store_run_once(store, insert, "write", err);
		if (code != ASSAY_OK)
			return code;
	}
	return ASSAY_OK;
}

struct ids {
	int64_t machine, environment, revision;
};

static enum assay_code add_run(struct assay_store *store, const struct assay_run_info *info,
			       const struct ids *ids, int64_t *ret, struct assay_err *err)
{
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO run (uuid, machine, environment, revision, status, started_ns,"
		" finished_ns, owner, noise, seed, profile, version, machine_facts, argv, plan)"
		" VALUES (?, ?, ?, ?, 'running', ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	static const uint8_t zero[16];
	uint8_t uuid[16];
	memcpy(uuid, info->uuid, sizeof(uuid));
	if (memcmp(uuid, zero, sizeof(uuid)) == 0)
		assay_uuid(uuid);
	char owner[STORE_OWNER_SIZE];
	store_owner_self(owner);
	char noise[2] = {info->noise};
	struct store_binder b = {insert};
	store_bind_blob(&b, uuid, sizeof(uuid));
	store_bind_int(&b, ids->machine);
	store_bind_int(&b, ids->environment);
	if (ids->revision)
		store_bind_int(&b, ids->revision);
	else
		store_bind_null(&b);
	store_bind_int(&b, (int64_t)(info->started_ns ? info->started_ns : assay_wall_ns()));
	store_bind_text(&b, owner);
	store_bind_text(&b, noise);
	store_bind_int(&b, (int64_t)info->seed);
	store_bind_text(&b, info->profile);
	store_bind_text(&b, info->version);
	store_bind_text(&b, info->machine_json);
	store_bind_text(&b, info->command);
	store_bind_text(&b, info->plan);
	return insert_id(store, &b, ret, err);
}

static enum assay_code begin_inside(struct assay_store *store, const struct assay_run_info *info,
				    int64_t *ret_run, struct assay_err *err)
{
	struct ids ids = {0};
	enum assay_code code = add_machine(store, info, &ids.machine, err);
	if (code == ASSAY_OK)
		code = add_environment(store, info, &ids.environment, err);
	if (code == ASSAY_OK && info->commit)
		code = add_revision(store, info, &ids.revision, err);
	if (code == ASSAY_OK)
		code = add_run(store, info, &ids, ret_run, err);
	return code == ASSAY_OK ? add_tags(store, *ret_run, info, err) : code;
}

enum assay_code assay_store_begin_run(struct assay_store *store, const struct assay_run_info *info,
				      int64_t *ret_run, struct assay_err *err)
{
	/* Texts that the caller left out are empty, not unknown. */
	struct assay_run_info filled = *info;
	const char **const texts[] = {&filled.profile,      &filled.command,
				      &filled.plan,         &filled.machine_name,
				      &filled.machine_json, &filled.environment_json,
				      &filled.version};
	for (size_t i = 0; i < ASSAY_COUNT_OF(texts); i++)
		if (!*texts[i])
			*texts[i] = "";
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	return store_end(store, begin_inside(store, &filled, ret_run, err), err);
}

static enum assay_code no_such_run(struct assay_store *store, int64_t run, struct assay_err *err)
{
	return assay_fail(err, ASSAY_EUSAGE, "run %" PRId64 " is not in '%s'", run, store->path);
}

enum assay_code store_select_run(struct assay_store *store, int64_t run, struct assay_err *err)
{
	if (store->run == run && run)
		return ASSAY_OK;
	STORE_QUERY *select =
		store_query(store, "SELECT machine, revision FROM run WHERE id = ?", err);
	if (!select)
		return ASSAY_ESTORE;
	struct store_binder b = {select};
	store_bind_int(&b, run);
	bool row;
	enum assay_code code = store_step(store, select, &row, "read", err);
	if (code != ASSAY_OK)
		return code;
	if (!row)
		return no_such_run(store, run, err);
	store->run = run;
	store->run_machine = sqlite3_column_int64(select, 0);
	store->run_revision = sqlite3_column_int64(select, 1); /* NULL reads as 0 */
	return ASSAY_OK;
}

enum assay_code assay_store_finish_run(struct assay_store *store, int64_t run,
				       enum assay_run_status status, struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *update = store_query(
		store,
		"UPDATE run SET status = ?, finished_ns = max(started_ns, ?), owner = NULL WHERE id = ?",
		err);
	if (!update)
		return ASSAY_ESTORE;
	struct store_binder b = {update};
	store_bind_text(&b, status_names[status]);
	store_bind_int(&b, (int64_t)assay_wall_ns());
	store_bind_int(&b, run);
	code = store_run_once(store, update, "write", err);
	if (code == ASSAY_OK && sqlite3_changes(store->db) == 0)
		return no_such_run(store, run, err);
	return code == ASSAY_OK ? assay_store_sync(store, err) : code;
}

/* May this process continue the run? */
static enum assay_code check_resumable(struct assay_store *store, int64_t run,
				       struct assay_err *err)
{
	STORE_QUERY *select = store_query(store, "SELECT status, owner FROM run WHERE id = ?", err);
	if (!select)
		return ASSAY_ESTORE;
	struct store_binder b = {select};
	store_bind_int(&b, run);
	bool row;
	enum assay_code code = store_step(store, select, &row, "read", err);
	if (code != ASSAY_OK)
		return code;
	if (!row)
		return no_such_run(store, run, err);
	const char *owner = store_column_text(select, 1);
	switch (store_run_status(store_column_text(select, 0), owner)) {
	case ASSAY_RUN_RUNNING:
		return assay_fail(err, ASSAY_EUSAGE,
				  "run %" PRId64 " is still being measured by process %.*s", run,
				  (int)strcspn(owner, " "), owner);
	case ASSAY_RUN_COMPLETE:
	case ASSAY_RUN_IMPORTED:
		return assay_fail(err, ASSAY_EUSAGE, "run %" PRId64 " is %s: nothing to resume",
				  run, store_column_text(select, 0));
	case ASSAY_RUN_INTERRUPTED:
	case ASSAY_RUN_CRASHED:
		break;
	}
	return ASSAY_OK;
}

static enum assay_code resume_inside(struct assay_store *store, int64_t run, struct assay_err *err)
{
	enum assay_code code = check_resumable(store, run, err);
	if (code != ASSAY_OK)
		return code;
	STORE_QUERY *update = store_query(
		store,
		"UPDATE run SET status = 'running', finished_ns = NULL, owner = ? WHERE id = ?",
		err);
	if (!update)
		return ASSAY_ESTORE;
	char owner[STORE_OWNER_SIZE];
	store_owner_self(owner);
	struct store_binder b = {update};
	store_bind_text(&b, owner);
	store_bind_int(&b, run);
	return store_run_once(store, update, "write", err);
}

enum assay_code assay_store_resume_run(struct assay_store *store, int64_t run,
				       struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	return store_end(store, resume_inside(store, run, err), err);
}

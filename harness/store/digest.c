/* SPDX-License-Identifier: MIT */
/* digest: the content of a store as one number, the same however it came together. */
#include "harness/store/digest.h"

#include "harness/store/merge.h"
#include "harness/store/sql.h"

/*
 * Every table, ids replaced by what they stand for, in an order that the content alone decides. Left out: names of
 * cases and positions of parameters, which follow from the key, and owners.
 */
static const char *const queries[] = {
	"SELECT uuid, fingerprint, name, topology_xml, first_seen_ns FROM machine ORDER BY uuid",
	"SELECT hash, digest, facts FROM environment ORDER BY hash, digest",
	"SELECT repo, sha, dirty FROM revision ORDER BY repo, sha, dirty",
	"SELECT r.uuid, m.uuid, e.digest, v.sha, v.dirty, r.status, r.started_ns, r.finished_ns,"
	" r.noise, r.seed, r.profile, r.version, r.machine_facts, r.argv, r.plan FROM run r"
	" JOIN machine m ON m.id = r.machine JOIN environment e ON e.id = r.environment"
	" LEFT JOIN revision v ON v.id = r.revision ORDER BY r.uuid",
	"SELECT r.uuid, t.key, t.value FROM run_tag t JOIN run r ON r.id = t.run"
	" ORDER BY r.uuid, t.key",
	"SELECT s.key, b.suite, b.name, b.version, m.name, m.unit, m.better, s.subject, s.threads"
	" FROM series s JOIN benchmark b ON b.id = s.benchmark JOIN metric m ON m.id = s.metric"
	" ORDER BY s.key",
	"SELECT s.key, p.name, p.value, p.number FROM param p JOIN series s ON s.id = p.series"
	" ORDER BY s.key, p.name, p.value",
	"SELECT u.uuid, s.key, m.uuid, r.started_ns, r.elapsed_ns, r.is_primary, r.status,"
	" r.reason, r.n, r.median, r.lo, r.hi, r.min, r.max, r.mean, r.sd, r.mad, r.p50, r.p90,"
	" r.p99, r.p999, r.bytes_per_op, r.flops_per_op, r.cpu_ratio, r.flags, r.driver, r.clock,"
	" r.noise FROM result r JOIN run u ON u.id = r.run JOIN series s ON s.id = r.series"
	" JOIN machine m ON m.id = r.machine ORDER BY u.uuid, s.key",
	"SELECT u.uuid, s.key, d.kind, d.encoding, d.n, d.launches, d.crc, d.data"
	" FROM sample_set d JOIN result r ON r.id = d.result JOIN run u ON u.id = r.run"
	" JOIN series s ON s.id = r.series ORDER BY u.uuid, s.key, d.kind",
	"SELECT u.uuid, s.key, c.position, c.event, c.source, c.unit, c.quality, c.value, c.raw,"
	" c.enabled_ns, c.running_ns, c.reason FROM counter c JOIN result r ON r.id = c.result"
	" JOIN run u ON u.id = r.run JOIN series s ON s.id = r.series"
	" ORDER BY u.uuid, s.key, c.position",
	"SELECT u.uuid, s.key, g.kind, g.name, g.device, g.stream, g.count, g.total_ns, g.max_ns,"
	" g.bytes, g.attributes FROM gpu_activity g JOIN result r ON r.id = g.result"
	" JOIN run u ON u.id = r.run JOIN series s ON s.id = r.series"
	" ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
	"SELECT u.uuid, s.key, a.kind, a.name, a.encoding, a.size, a.crc, a.data"
	" FROM attachment a JOIN run u ON u.id = a.run LEFT JOIN result r ON r.id = a.result"
	" LEFT JOIN series s ON s.id = r.series ORDER BY 1, 2, 3, 4, 6, 7",
	"SELECT b.name, m.uuid, u.uuid, b.set_ns FROM baseline b JOIN machine m ON m.id = b.machine"
	" JOIN run u ON u.id = b.run ORDER BY 1, 2",
	"SELECT u.uuid, s.key, a.uuid, v.decision, v.reason, v.method, v.policy, v.n, v.ratio,"
	" v.lo, v.hi, v.p, v.made_ns FROM verdict v JOIN run u ON u.id = v.run"
	" JOIN series s ON s.id = v.series LEFT JOIN run a ON a.id = v.against"
	" ORDER BY 1, 2, 13, 6, 4",
	"SELECT uuid, series_key, fingerprint, since, decision, limit_ratio, author, note, made_ns,"
	" expires_ns FROM acknowledgement ORDER BY uuid",
	"SELECT s.key, m.uuid, u.uuid, c.state, c.method, c.ratio, c.lo, c.hi, c.p, c.made_ns"
	" FROM change_point c JOIN series s ON s.id = c.series JOIN machine m ON m.id = c.machine"
	" JOIN run u ON u.id = c.run ORDER BY 1, 2, 3",
};

static void add_number(struct sha256_ctx *hash, uint64_t value)
{
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	sha256_update(hash, sizeof(bytes), bytes);
}

/* Type and length before the bytes: no two different rows look alike. */
static void add_column(struct sha256_ctx *hash, sqlite3_stmt *q, int column)
{
	int type = sqlite3_column_type(q, column);
	add_number(hash, (uint64_t)type);
	union {
		double real;
		uint64_t bits;
	} pun;
	switch (type) {
	case SQLITE_INTEGER:
		add_number(hash, (uint64_t)sqlite3_column_int64(q, column));
		break;
	case SQLITE_FLOAT:
		pun.real = sqlite3_column_double(q, column);
		add_number(hash, pun.bits);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB: {
		const void *bytes = sqlite3_column_blob(q, column);
		size_t size = (size_t)sqlite3_column_bytes(q, column);
		add_number(hash, size);
		sha256_update(hash, size, size ? bytes : "");
		break;
	}
	default:
		break;
	}
}

enum assay_code store_hash_query(struct assay_store *store, const char *sql,
				 struct sha256_ctx *hash, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, sql, err);
	if (!query)
		return ASSAY_ESTORE;
	int columns = sqlite3_column_count(query);
	uint64_t rows = 0;
	for (;; rows++) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code != ASSAY_OK)
			return code;
		if (!row)
			break;
		for (int i = 0; i < columns; i++)
			add_column(hash, query, i);
	}
	add_number(hash, rows);
	return ASSAY_OK;
}

enum assay_code assay_store_digest(struct assay_store *store, uint8_t ret[32],
				   struct assay_err *err)
{
	struct sha256_ctx hash;
	sha256_init(&hash);
	store_abandon(store);
	enum assay_code code = store_script(store, "BEGIN", "read", err); /* one state of it */
	if (code != ASSAY_OK)
		return code;
	for (size_t i = 0; i < ASSAY_COUNT_OF(queries) && code == ASSAY_OK; i++)
		code = store_hash_query(store, queries[i], &hash, err);
	store_abandon(store);
	sha256_digest(&hash, 32, ret);
	return code;
}

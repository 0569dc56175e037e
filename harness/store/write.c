/* SPDX-License-Identifier: MIT */
/* write: one finished result, in one transaction. */
#include <math.h>
#include <string.h>

#include "harness/store/run.h"
#include "harness/store/sql.h"

static void bind_estimate(struct store_binder *b, const struct assay_estimate *e)
{
	const double values[] = {e->median, e->lo,  e->hi,  e->min, e->max, e->mean,
				 e->sd,     e->mad, e->p50, e->p90, e->p99, e->p999};
	store_bind_int(b, (int64_t)e->n);
	for (size_t i = 0; i < ASSAY_COUNT_OF(values); i++)
		store_bind_real(b, values[i]);
}

/* *ret_id is 0 when the run has a result of this series already. */
static enum assay_code insert_result(struct assay_store *store, int64_t series,
				     const struct assay_result *r, int64_t *ret_id,
				     struct assay_err *err)
{
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO result (run, series, machine, revision, started_ns, elapsed_ns,"
		" is_primary, status, reason, n, median, lo, hi, min, max, mean, sd, mad, p50, p90,"
		" p99, p999, bytes_per_op, flops_per_op, cpu_ratio, flags, driver, clock, noise)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?) ON CONFLICT (run, series) DO NOTHING",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	char noise[2] = {r->noise};
	struct store_binder b = {insert};
	store_bind_int(&b, store->run);
	store_bind_int(&b, series);
	store_bind_int(&b, store->run_machine);
	if (store->run_revision)
		store_bind_int(&b, store->run_revision);
	else
		store_bind_null(&b);
	store_bind_int(&b, (int64_t)r->started_ns);
	store_bind_int(&b, (int64_t)r->elapsed_ns);
	store_bind_int(&b, r->primary);
	store_bind_text(&b, assay_status_name(r->status));
	store_bind_text(&b, r->reason ? r->reason : "");
	bind_estimate(&b, &r->estimate);
	store_bind_real(&b, r->bytes_per_op);
	store_bind_real(&b, r->flops_per_op);
	store_bind_real(&b, r->cpu_ratio);
	store_bind_int(&b, r->flags);
	store_bind_text(&b, r->driver ? r->driver : "");
	store_bind_text(&b, r->clock ? r->clock : "");
	store_bind_text(&b, noise);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	enum assay_code code = store_run_once(store, insert, "write", err);
	*ret_id = sqlite3_changes(store->db) ? sqlite3_last_insert_rowid(store->db) : 0;
	return code;
}

/* Samples, histogram, counters and the rest go with it. */
static enum assay_code delete_result(struct assay_store *store, int64_t series,
				     struct assay_err *err)
{
	STORE_QUERY *delete =
		store_query(store, "DELETE FROM result WHERE run = ? AND series = ?", err);
	if (!delete)
		return ASSAY_ESTORE;
	struct store_binder b = {delete};
	store_bind_int(&b, store->run);
	store_bind_int(&b, series);
	return store_run_once(store, delete, "write", err);
}

static enum assay_code add_set(struct assay_store *store, int64_t result, const char *kind,
			       const struct store_payload *payload, struct assay_err *err)
{
	STORE_QUERY *insert = store_query(store,
					  "INSERT INTO sample_set (result, kind, encoding, n,"
					  " launches, crc, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
					  err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, result);
	store_bind_text(&b, kind);
	store_bind_text(&b, payload->zstd ? "zstd" : "raw");
	store_bind_int(&b, (int64_t)payload->n);
	store_bind_int(&b, (int64_t)payload->launches);
	store_bind_int(&b, payload->crc);
	store_bind_blob(&b, payload->data, payload->size);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	return store_run_once(store, insert, "write", err);
}

static enum assay_code add_sets(struct assay_store *store, int64_t result,
				const struct assay_result *r, struct assay_err *err)
{
	struct store_payload payload;
	enum assay_code code = ASSAY_OK;
	if (r->samples.n || r->samples.launches) {
		code = store_encode_samples(&store->codec, &r->samples, &payload, err);
		if (code == ASSAY_OK)
			code = add_set(store, result, "samples", &payload, err);
	}
	if (code == ASSAY_OK && r->histogram.n) {
		code = store_encode_histogram(&store->codec, &r->histogram, &payload, err);
		if (code == ASSAY_OK)
			code = add_set(store, result, "histogram", &payload, err);
	}
	return code;
}

static enum assay_code add_counter(struct assay_store *store, int64_t result, size_t position,
				   const struct assay_count *count, struct assay_err *err)
{
	STORE_QUERY *insert = store_query(
		store,
		"INSERT INTO counter (result, position, event, source, unit, quality, value, raw,"
		" enabled_ns, running_ns, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err);
	if (!insert)
		return ASSAY_ESTORE;
	struct store_binder b = {insert};
	store_bind_int(&b, result);
	store_bind_int(&b, (int64_t)position);
	store_bind_text(&b, count->event);
	store_bind_text(&b, count->source);
	store_bind_text(&b, count->unit);
	store_bind_text(&b, assay_quality_name(count->quality));
	/* No number is stored for what was not counted: a reader must not take 0 for a count. */
	store_bind_real(&b, count->quality == ASSAY_UNAVAILABLE ? NAN : count->value);
	store_bind_int(&b, (int64_t)count->raw);
	store_bind_int(&b, (int64_t)count->enabled_ns);
	store_bind_int(&b, (int64_t)count->running_ns);
	store_bind_text(&b, count->reason);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	return store_run_once(store, insert, "write", err);
}

static enum assay_code add_inside(struct assay_store *store, int64_t run,
				  const struct assay_result *result, struct assay_err *err)
{
	int64_t series, id;
	enum assay_code code = store_select_run(store, run, err);
	if (code == ASSAY_OK)
		code = store_series_id(store, result, &series, err);
	if (code == ASSAY_OK)
		code = insert_result(store, series, result, &id, err);
	if (code == ASSAY_OK && !id) {
		code = delete_result(store, series, err);
		if (code == ASSAY_OK)
			code = insert_result(store, series, result, &id, err);
	}
	if (code == ASSAY_OK)
		code = add_sets(store, id, result, err);
	for (size_t i = 0; i < result->n_counters && code == ASSAY_OK; i++)
		code = add_counter(store, id, i, &result->counters[i], err);
	if (code == ASSAY_OK)
		code = store_add_activities(store, run, id, result, err);
	return code;
}

enum assay_code assay_store_add_result(struct assay_store *store, int64_t run,
				       const struct assay_result *result, struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	return store_end(store, add_inside(store, run, result, err), err);
}

/* SPDX-License-Identifier: MIT */
/* check: is the file sound, down to the checksum of every sample set? */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"
#include "harness/store/migrate.h"
#include "harness/store/names.h"
#include "harness/store/sql.h"

/* The first problem is the one told. */
static void ASSAY_PRINTF(2, 3) problem(struct assay_store_report *report, const char *fmt, ...)
{
	if (report->problem[0])
		return;
	char text[sizeof(report->problem)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	assay_sanitise(report->problem, sizeof(report->problem), text);
}

/* SQLite tells of a page that it has no memory for as of one that is damaged, but for the number. */
static bool lacks_memory(const char *text)
{
	static const char number[] = "error code=";
	const char *at = strstr(text, number);
	return at && (strtol(at + sizeof(number) - 1, NULL, 10) & 0xff) == SQLITE_NOMEM;
}

static enum assay_code look_at_pages(struct assay_store *store, struct assay_store_report *report,
				     struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, "PRAGMA integrity_check(1)", err);
	bool row;
	if (!query)
		return ASSAY_ESTORE;
	enum assay_code code = store_step(store, query, &row, "check", err);
	if (code != ASSAY_OK || !row)
		return code;
	const char *text = store_column_text(query, 0);
	if (lacks_memory(text))
		return assay_fail(err, ASSAY_ENOMEM, "out of memory while checking");
	if (strcmp(text, "ok") != 0)
		problem(report, "%s", text);
	return ASSAY_OK;
}

/* Not always there is a number: a page is bad when it is so twice. */
static enum assay_code check_pages(struct assay_store *store, struct assay_store_report *report,
				   struct assay_err *err)
{
	enum assay_code code = look_at_pages(store, report, err);
	if (code != ASSAY_OK || !report->problem[0])
		return code;
	report->problem[0] = '\0';
	return look_at_pages(store, report, err);
}

static enum assay_code check_references(struct assay_store *store,
					struct assay_store_report *report, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store,
					 "SELECT \"table\", parent FROM"
					 " pragma_foreign_key_check",
					 err);
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "check", err);
		if (code != ASSAY_OK || !row)
			return code;
		report->orphans++;
		problem(report, "a row of table %s refers to a missing row of %s",
			store_column_text(query, 0), store_column_text(query, 1));
	}
}

static enum assay_code check_set(sqlite3_stmt *query, struct assay_store_report *report)
{
	struct store_arena *arena = store_arena_new();
	if (!arena)
		return ASSAY_ENOMEM;
	struct assay_err err = {0};
	struct store_payload payload;
	store_column_payload(query, 3, &payload);
	enum assay_code code;
	if (strcmp(store_column_text(query, 2), "histogram") == 0) {
		struct assay_histogram_data histogram;
		code = store_decode_histogram(&payload, arena, &histogram, &err);
	} else {
		struct assay_samples samples;
		code = store_decode_samples(&payload, arena, &samples, &err);
		if (code == ASSAY_OK && (uint64_t)sqlite3_column_int64(query, 8) > payload.n)
			code = assay_fail(&err, ASSAY_EPARSE, "the summary counts more samples");
		report->samples += code == ASSAY_OK ? payload.n : 0;
	}
	store_arena_free(arena);
	if (code != ASSAY_EPARSE)
		return code;
	report->damaged++;
	problem(report, "samples of %.90s in run %s: %s", store_column_text(query, 1),
		store_column_text(query, 0), err.text);
	return ASSAY_OK;
}

static enum assay_code check_sets(struct assay_store *store, struct assay_store_report *report,
				  struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		store,
		"SELECT r.run, s.name, d.kind, d.encoding, d.n, d.launches, d.crc, d.data, r.n"
		" FROM sample_set d JOIN result r ON r.id = d.result"
		" JOIN series s ON s.id = r.series ORDER BY d.result, d.kind",
		err);
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "check", err);
		if (code == ASSAY_OK && row)
			code = check_set(query, report);
		if (code == ASSAY_ENOMEM)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory while checking");
		if (code != ASSAY_OK || !row)
			return code;
	}
}

static enum assay_code check_attachments(struct assay_store *store,
					 struct assay_store_report *report, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store,
					 "SELECT kind, name, encoding, size, crc, data, run"
					 " FROM attachment ORDER BY id",
					 err);
	if (!query)
		return ASSAY_ESTORE;
	for (;;) {
		bool row;
		struct assay_err found;
		enum assay_code code = store_step(store, query, &row, "check", err);
		if (code != ASSAY_OK || !row)
			return code;
		code = store_check_attachment(query, &found);
		if (code == ASSAY_ENOMEM)
			return assay_fail(err, code, "%s", found.text);
		if (code == ASSAY_OK)
			continue;
		report->damaged++;
		problem(report, "in run %s %s", store_column_text(query, 6), found.text);
	}
}

static enum assay_code count(struct assay_store *store, const char *sql, uint64_t *ret,
			     struct assay_err *err)
{
	int64_t value;
	enum assay_code code = store_number(store, sql, &value, err);
	*ret = (uint64_t)value;
	return code;
}

static enum assay_code check_all(struct assay_store *store, struct assay_store_report *report,
				 struct assay_err *err)
{
	uint64_t pages, page_bytes;
	enum assay_code code = check_pages(store, report, err);
	if (code == ASSAY_OK)
		code = check_references(store, report, err);
	if (code == ASSAY_OK)
		code = check_sets(store, report, err);
	if (code == ASSAY_OK)
		code = check_attachments(store, report, err);
	if (code == ASSAY_OK)
		code = count(store, "SELECT count(*) FROM run", &report->runs, err);
	if (code == ASSAY_OK)
		code = count(store, "SELECT count(*) FROM result", &report->results, err);
	if (code == ASSAY_OK)
		code = count(store, "PRAGMA page_count", &pages, err);
	if (code == ASSAY_OK)
		code = count(store, "PRAGMA page_size", &page_bytes, err);
	if (code == ASSAY_OK)
		report->bytes = pages * page_bytes;
	return code;
}

static enum assay_code read_journal_mode(struct assay_store *store,
					 struct assay_store_report *report, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store, "PRAGMA journal_mode", err);
	bool row;
	if (!query)
		return ASSAY_ESTORE;
	enum assay_code code = store_step(store, query, &row, "check", err);
	if (code == ASSAY_OK && row)
		assay_copy(report->journal_mode, sizeof(report->journal_mode),
			   store_column_text(query, 0));
	return code;
}

enum assay_code assay_store_check(const char *path, struct assay_store_report *ret,
				  struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code code = assay_store_open(path, ASSAY_STORE_READ, &store, err);
	if (code != ASSAY_OK)
		return code;
	struct assay_err found = {0};
	*ret = (struct assay_store_report){.schema_version = store->version,
					   .newest_version = store_schema_current.version};
	code = read_journal_mode(store, ret, &found);
	if (code == ASSAY_OK)
		code = check_all(store, ret, &found);
	assay_store_close(store);
	if (code != ASSAY_OK && found.code == ASSAY_ENOMEM) /* says nothing about the file */
		return assay_fail(err, ASSAY_ENOMEM, "%s", found.text);
	if (code != ASSAY_OK) /* what stopped the check is what it was looking for */
		problem(ret, "%s", found.text);
	return ASSAY_OK;
}

/* SPDX-License-Identifier: MIT */
/* attachment: files that belong to a run, such as call stacks: written, listed, read back whole. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "harness/store/sql.h"

enum { ZSTD_LEVEL = 3 };
/* A size from a hostile file must not make us allocate without end. */
static const int64_t most_bytes = (int64_t)1 << 30;

static uint32_t checksum(const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(crc32_z(0, Z_NULL, 0), bytes, size);
}

static enum assay_code insert(struct assay_store *store, int64_t run, int64_t result,
			      const struct assay_attachment *a, const void *data, size_t stored,
			      bool packed, struct assay_err *err)
{
	STORE_QUERY *query =
		store_query(store,
			    "INSERT INTO attachment (run, result, kind, name, encoding,"
			    " size, crc, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	if (result)
		store_bind_int(&b, result);
	else
		store_bind_null(&b);
	store_bind_text(&b, a->kind);
	store_bind_text(&b, a->name);
	store_bind_text(&b, packed ? "zstd" : "raw");
	store_bind_int(&b, (int64_t)a->size);
	store_bind_int(&b, checksum(data, stored));
	store_bind_blob(&b, data, stored);
	if (b.rc != SQLITE_OK)
		return store_failed(store, b.rc, "write", err);
	return store_run_once(store, query, "write", err);
}

enum assay_code store_attach(struct assay_store *store, int64_t run, int64_t result,
			     const struct assay_attachment *attachment, struct assay_err *err)
{
	size_t bound = ZSTD_compressBound(attachment->size);
	ASSAY_AUTO_FREE uint8_t *packed = malloc(bound);
	if (!packed)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an attachment of %zu bytes",
				  attachment->size);
	size_t n = ZSTD_compress(packed, bound, attachment->bytes, attachment->size, ZSTD_LEVEL);
	bool pays = !ZSTD_isError(n) && n < attachment->size;
	return insert(store, run, result, attachment, pays ? packed : attachment->bytes,
		      pays ? n : attachment->size, pays, err);
}

enum assay_code assay_store_attach(struct assay_store *store, int64_t run,
				   const struct assay_attachment *attachment, struct assay_err *err)
{
	enum assay_code code = store_writable(store, err);
	if (code == ASSAY_OK)
		code = store_begin(store, err);
	if (code != ASSAY_OK)
		return code;
	return store_end(store, store_attach(store, run, 0, attachment, err), err);
}

static enum assay_code damaged(const char *name, struct assay_err *err)
{
	char clean[100];
	assay_sanitise(clean, sizeof(clean), name);
	return assay_fail(err, ASSAY_ESTORE, "the attachment '%.80s' is damaged", clean);
}

/* The row's bytes, checked and unpacked into the arena. */
static enum assay_code read_bytes(sqlite3_stmt *q, struct store_arena *arena,
				  struct assay_attachment *ret, struct assay_err *err)
{
	const void *data = sqlite3_column_blob(q, 5);
	size_t stored = (size_t)sqlite3_column_bytes(q, 5);
	int64_t size = sqlite3_column_int64(q, 3);
	bool packed = strcmp(store_column_text(q, 2), "zstd") == 0;
	if (size < 0 || size > most_bytes || (!packed && (size_t)size != stored) ||
	    checksum(data, stored) != (uint32_t)sqlite3_column_int64(q, 4))
		return damaged(ret->name, err);
	uint8_t *bytes = store_arena_take(arena, (size_t)size + 1);
	if (!bytes)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an attachment");
	if (!packed && stored)
		memcpy(bytes, data, stored);
	if (packed && ZSTD_decompress(bytes, (size_t)size, data, stored) != (size_t)size)
		return damaged(ret->name, err);
	ret->bytes = bytes;
	ret->size = (size_t)size;
	return ASSAY_OK;
}

enum assay_code store_check_attachment(sqlite3_stmt *row, struct assay_err *err)
{
	struct store_arena *arena = store_arena_new();
	if (!arena)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for an attachment");
	struct assay_attachment a = {.name = store_column_text(row, 1)};
	enum assay_code code = read_bytes(row, arena, &a, err);
	store_arena_free(arena);
	return code;
}

static enum assay_code read_row(sqlite3_stmt *q, struct assay_attachment_list *list,
				struct assay_err *err)
{
	bool failed = false;
	struct assay_attachment *larger =
		realloc(list->attachments, (list->n + 1) * sizeof(*larger));
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for attachments");
	list->attachments = larger;
	struct assay_attachment *a = &larger[list->n];
	*a = (struct assay_attachment){
		.kind = store_column_copy(q, 0, list->memory, &failed),
		.name = store_column_copy(q, 1, list->memory, &failed),
	};
	if (failed)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for attachments");
	list->n++;
	return read_bytes(q, list->memory, a, err);
}

static enum assay_code read_all(struct assay_store *store, int64_t run, const char *kind,
				struct assay_attachment_list *list, struct assay_err *err)
{
	STORE_QUERY *query = store_query(store,
					 "SELECT kind, name, encoding, size, crc, data FROM"
					 " attachment WHERE run = ? AND kind = ? ORDER BY id",
					 err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_int(&b, run);
	store_bind_text(&b, kind);
	for (;;) {
		bool row;
		enum assay_code code = store_step(store, query, &row, "read", err);
		if (code == ASSAY_OK && row)
			code = read_row(query, list, err);
		if (code != ASSAY_OK || !row)
			return code;
	}
}

void assay_attachment_list_done(struct assay_attachment_list *list)
{
	free(list->attachments);
	store_arena_free(list->memory);
	*list = (struct assay_attachment_list){0};
}

enum assay_code assay_store_attachments(struct assay_store *store, int64_t run, const char *kind,
					struct assay_attachment_list *ret, struct assay_err *err)
{
	*ret = (struct assay_attachment_list){.memory = store_arena_new()};
	if (!ret->memory)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for attachments");
	enum assay_code code = read_all(store, run, kind, ret, err);
	if (code != ASSAY_OK)
		assay_attachment_list_done(ret);
	return code;
}

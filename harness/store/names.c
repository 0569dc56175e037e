/* SPDX-License-Identifier: MIT */
/* names: how stored words become ours, and how case names are ordered for people. */
#include "harness/store/names.h"

#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

enum { WORD_MAX = 40 };

/* The next part of a name, up to one of "/:,"; *ret_length counts the separator in. */
static void take_word(const char *name, char word[WORD_MAX], size_t *ret_length)
{
	size_t n = strcspn(name, "/:,");
	size_t kept = n < WORD_MAX ? n : WORD_MAX - 1;
	memcpy(word, name, kept);
	word[kept] = '\0';
	*ret_length = n + (name[n] != '\0');
}

int assay_compare_names(const char *a, const char *b)
{
	const char *whole_a = a, *whole_b = b;
	while (*a && *b) {
		char x[WORD_MAX], y[WORD_MAX];
		size_t nx, ny;
		uint64_t vx, vy;
		take_word(a, x, &nx);
		take_word(b, y, &ny);
		bool sizes = assay_parse_size(x, &vx, NULL) == ASSAY_OK &&
			     assay_parse_size(y, &vy, NULL) == ASSAY_OK;
		if (sizes && vx != vy)
			return vx < vy ? -1 : 1;
		if (!sizes && strcmp(x, y) != 0)
			return strcmp(x, y);
		a += nx;
		b += ny;
	}
	if (*a || *b)
		return *a ? 1 : -1;
	return strcmp(whole_a, whole_b); /* long words, or 1Ki beside 1024 */
}

enum assay_better store_better_parse(const char *name)
{
	return strcmp(name, "higher") == 0 ? ASSAY_HIGHER : ASSAY_LOWER;
}

void store_column_payload(sqlite3_stmt *statement, int column, struct store_payload *ret)
{
	*ret = (struct store_payload){
		.zstd = strcmp(store_column_text(statement, column), "zstd") == 0,
		.n = (uint64_t)sqlite3_column_int64(statement, column + 1),
		.launches = (uint64_t)sqlite3_column_int64(statement, column + 2),
		.crc = (uint32_t)sqlite3_column_int64(statement, column + 3),
		.data = sqlite3_column_blob(statement, column + 4),
		.size = (size_t)sqlite3_column_bytes(statement, column + 4),
	};
	if (!ret->data)
		ret->data = (const uint8_t *)"";
}

void store_column_count(sqlite3_stmt *statement, struct assay_count *ret)
{
	*ret = (struct assay_count){
		.quality = assay_quality_parse(store_column_text(statement, 3)),
		/* Unavailable ones are NULL in the file; whoever made them left 0. */
		.value = sqlite3_column_double(statement, 4),
		.raw = (uint64_t)sqlite3_column_int64(statement, 5),
		.enabled_ns = (uint64_t)sqlite3_column_int64(statement, 6),
		.running_ns = (uint64_t)sqlite3_column_int64(statement, 7),
	};
	assay_copy(ret->event, sizeof(ret->event), store_column_text(statement, 0));
	assay_copy(ret->source, sizeof(ret->source), store_column_text(statement, 1));
	assay_copy(ret->unit, sizeof(ret->unit), store_column_text(statement, 2));
	assay_copy(ret->reason, sizeof(ret->reason), store_column_text(statement, 8));
}

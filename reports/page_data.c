/* SPDX-License-Identifier: MIT */
/* page_data: JSON Lines into a page and out again. */
#include "reports/page_data.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char opening[] = "<script type=\"application/zlib;base64\" id=\"assay-data\">";

enum {
	BLOCK = 3
		<< 12, /* bytes that go through at a time; of threes, so that base64 ends with them */
	/* What a line may hold, and all of them on top of so many times their packed size: a hostile page must not
	 * keep the reader busy for ever. */
	MOST_BYTES = 1 << 30,
	MOST_TIMES = 64,
};

/* ---- writing ---- */

struct assay_page_writer {
	struct assay_str *to;
	z_stream stream;
	struct base64_encode_ctx base64;
	struct assay_str line;
	bool rounded, failed;
};

enum assay_code assay_page_writer_new(struct assay_str *to, bool rounded,
				      struct assay_page_writer **ret, struct assay_err *err)
{
	struct assay_page_writer *w = *ret = calloc(1, sizeof(*w));
	if (!w || deflateInit(&w->stream, Z_DEFAULT_COMPRESSION) != Z_OK) {
		free(w);
		*ret = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the report");
	}
	w->to = to;
	w->rounded = rounded;
	base64_encode_init(&w->base64);
	assay_str_put(to, opening, strlen(opening));
	return ASSAY_OK;
}

/* What is pending goes through; all of it with Z_FINISH. */
static void deflate_into(struct assay_page_writer *w, const char *text, size_t n, int flush)
{
	uint8_t packed[BLOCK];
	char encoded[BASE64_ENCODE_LENGTH(BLOCK)];
	int rc;
	w->stream.next_in = (Bytef *)(uintptr_t)text;
	w->stream.avail_in = (uInt)n;
	do {
		w->stream.next_out = packed;
		w->stream.avail_out = sizeof(packed);
		rc = deflate(&w->stream, flush);
		size_t length = base64_encode_update(&w->base64, encoded,
						     sizeof(packed) - w->stream.avail_out, packed);
		assay_str_put(w->to, encoded, length);
	} while (w->stream.avail_out == 0 && rc == Z_OK);
}

void assay_page_writer_add(struct assay_page_writer *w, json_t *line)
{
	ASSAY_AUTO_FREE char *dump =
		line ? json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17))
		     : NULL;
	json_decref(line);
	assay_str_clear(&w->line);
	if (dump && w->rounded)
		assay_page_data_round(&w->line, dump);
	else if (dump)
		assay_str_put(&w->line, dump, strlen(dump));
	assay_str_put(&w->line, "\n", 1);
	w->failed |= !dump || w->line.failed;
	if (!w->failed)
		deflate_into(w, w->line.text, w->line.length, Z_NO_FLUSH);
}

enum assay_code assay_page_writer_end(struct assay_page_writer *w, struct assay_err *err)
{
	char last[BASE64_ENCODE_FINAL_LENGTH];
	deflate_into(w, "", 0, Z_FINISH);
	assay_str_put(w->to, last, base64_encode_final(&w->base64, last));
	assay_str_add(w->to, "</script>\n");
	bool failed = w->failed || w->to->failed;
	deflateEnd(&w->stream);
	assay_str_done(&w->line);
	free(w);
	return failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the report")
		      : ASSAY_OK;
}

/* Numbers from `at` on, shortened, until something else comes; returns what does. */
static const char *round_list(struct assay_str *to, const char *at)
{
	for (;;) {
		char *end;
		double value = strtod(at, &end);
		if (end == at)
			return at;
		assay_str_add(to, "%.*g", ASSAY_PAGE_DIGITS, value);
		at = end;
		if (*at != ',')
			return at;
		assay_str_put(to, at++, 1);
	}
}

void assay_page_data_round(struct assay_str *to, const char *json)
{
	/* Within a text its quotation marks would be escaped. */
	static const char key[] = "\"samples\":[";
	for (const char *next; (next = strstr(json, key));) {
		next += strlen(key);
		assay_str_put(to, json, (size_t)(next - json));
		json = round_list(to, next);
	}
	assay_str_put(to, json, strlen(json));
}

/* ---- reading ---- */

struct assay_page_reader {
	const char *from; /* what is not decoded yet ... */
	size_t left;      /* ... and its characters */
	uint64_t most;    /* bytes that may come out */
	z_stream stream;
	struct base64_decode_ctx base64;
	uint8_t packed[BLOCK];
	struct assay_str text; /* unpacked */
	size_t at;             /* where in it the next line begins */
	bool ended;
};

bool assay_page_data_is_in(const char *page)
{
	return strstr(page, opening) != NULL;
}

enum assay_code assay_page_reader_new(const char *page, struct assay_page_reader **ret,
				      struct assay_err *err)
{
	const char *from = strstr(page, opening);
	*ret = NULL;
	if (!from)
		return assay_fail(err, ASSAY_EPARSE, "no page of assay: it has no assay-data");
	struct assay_page_reader *r = calloc(1, sizeof(*r));
	if (!r || inflateInit(&r->stream) != Z_OK) {
		free(r);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the page");
	}
	r->from = from + strlen(opening);
	r->left = strcspn(r->from, "<");
	r->most = MOST_BYTES + (uint64_t)MOST_TIMES * r->left;
	base64_decode_init(&r->base64);
	*ret = r;
	return ASSAY_OK;
}

void assay_page_reader_free(struct assay_page_reader *r)
{
	if (!r)
		return;
	inflateEnd(&r->stream);
	assay_str_done(&r->text);
	free(r);
}

/* Decode the next characters; false when they are no base64, or there are none although there should be. */
static bool refill(struct assay_page_reader *r)
{
	size_t n = r->left < BLOCK ? r->left : BLOCK, size;
	if (!base64_decode_update(&r->base64, &size, r->packed, n, r->from))
		return false;
	r->from += n;
	r->left -= n;
	r->stream.next_in = r->packed;
	r->stream.avail_in = (uInt)size;
	return n > 0;
}

/* More text behind what there is; false when it is damaged. */
static bool unpack(struct assay_page_reader *r)
{
	char block[BLOCK];
	if (r->stream.avail_in == 0 && !refill(r))
		return false;
	r->stream.next_out = (Bytef *)block;
	r->stream.avail_out = sizeof(block);
	int rc = inflate(&r->stream, Z_NO_FLUSH);
	assay_str_put(&r->text, block, sizeof(block) - r->stream.avail_out);
	if (rc == Z_STREAM_END) {
		uint8_t rest[BLOCK];
		size_t size;
		r->ended = base64_decode_update(&r->base64, &size, rest,
						r->left < BLOCK ? r->left : BLOCK, r->from) &&
			   base64_decode_final(&r->base64);
		return r->ended;
	}
	return (rc == Z_OK || rc == Z_BUF_ERROR) && r->stream.total_out <= r->most &&
	       r->text.length <= MOST_BYTES;
}

enum assay_code assay_page_reader_next(struct assay_page_reader *r, const char **ret,
				       struct assay_err *err)
{
	*ret = NULL;
	/* What was given away makes room. */
	if (r->at) {
		memmove(r->text.text, r->text.text + r->at, r->text.length - r->at + 1);
		r->text.length -= r->at;
		r->at = 0;
	}
	char *end = NULL;
	for (size_t seen = 0;;) {
		end = r->text.length > seen
			      ? memchr(r->text.text + seen, '\n', r->text.length - seen)
			      : NULL;
		if (end || r->ended)
			break;
		seen = r->text.length;
		if (!unpack(r))
			return assay_fail(err, ASSAY_EPARSE,
					  "the data in the page is damaged or cut off");
		if (r->text.failed)
			return assay_fail(err, ASSAY_ENOMEM,
					  "out of memory for the data of the page");
	}
	if (!end && r->text.length == 0)
		return ASSAY_OK;
	r->at = end ? (size_t)(end - r->text.text) + 1 : r->text.length;
	if (end)
		*end = '\0';
	*ret = r->text.text;
	return ASSAY_OK;
}

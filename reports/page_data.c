/* SPDX-License-Identifier: MIT */
/* page_data: JSON into a page and out again. */
#include "reports/page_data.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char opening[] = "<script type=\"application/zlib;base64\" id=\"assay-data\">";
/* What a page may unfold to: a hostile one must not fill the memory. */
enum { MOST_BYTES = 1 << 30 };

enum assay_code assay_page_data_put(struct assay_str *to, const char *json, struct assay_err *err)
{
	uLong size = (uLong)strlen(json);
	uLongf n = compressBound(size);
	ASSAY_AUTO_FREE uint8_t *packed = malloc(n);
	if (!packed || compress2(packed, &n, (const Bytef *)json, size, Z_BEST_COMPRESSION) != Z_OK)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the report");
	ASSAY_AUTO_FREE char *text = malloc(BASE64_ENCODE_RAW_LENGTH(n) + 1);
	if (!text)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the report");
	base64_encode_raw(text, n, packed);
	assay_str_put(to, opening, strlen(opening));
	assay_str_put(to, text, BASE64_ENCODE_RAW_LENGTH(n));
	assay_str_add(to, "</script>\n");
	return ASSAY_OK;
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

char *assay_page_data_round(const char *json)
{
	/* Within a text its quotation marks would be escaped. */
	static const char key[] = "\"samples\":[";
	struct assay_str to = {0};
	for (const char *next; (next = strstr(json, key));) {
		next += strlen(key);
		assay_str_put(&to, json, (size_t)(next - json));
		json = round_list(&to, next);
	}
	assay_str_put(&to, json, strlen(json));
	if (!to.failed)
		return to.text;
	assay_str_done(&to);
	return NULL;
}

bool assay_page_data_is_in(const char *page)
{
	return strstr(page, opening) != NULL;
}

static enum assay_code unpack(const uint8_t *packed, size_t size, char **ret, struct assay_err *err)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)size};
	size_t room = 1 << 16;
	char *text = NULL;
	int rc = inflateInit(&stream);
	while (rc == Z_OK && room <= MOST_BYTES) {
		char *more = realloc(text, room + 1);
		if (!more) {
			rc = Z_MEM_ERROR;
			break;
		}
		text = more;
		stream.next_out = (Bytef *)text + stream.total_out;
		stream.avail_out = (uInt)(room - stream.total_out);
		rc = inflate(&stream, Z_NO_FLUSH);
		room *= 2;
	}
	size_t n = stream.total_out;
	inflateEnd(&stream);
	if (rc != Z_STREAM_END) {
		free(text);
		return rc == Z_MEM_ERROR ? assay_fail(err, ASSAY_ENOMEM,
						      "out of memory for the data of the page")
					 : assay_fail(err, ASSAY_EPARSE,
						      "the data in the page is damaged or cut off");
	}
	text[n] = '\0';
	*ret = text;
	return ASSAY_OK;
}

enum assay_code assay_page_data_get(const char *page, char **ret, struct assay_err *err)
{
	const char *from = strstr(page, opening);
	if (!from)
		return assay_fail(err, ASSAY_EPARSE, "no page of assay: it has no assay-data");
	from += strlen(opening);
	size_t n = strcspn(from, "<"), size = BASE64_DECODE_LENGTH(n);
	ASSAY_AUTO_FREE uint8_t *packed = malloc(size + 1);
	if (!packed || size > UINT32_MAX)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the data of the page");
	struct base64_decode_ctx context;
	base64_decode_init(&context);
	if (!base64_decode_update(&context, &size, packed, n, from) ||
	    !base64_decode_final(&context))
		return assay_fail(err, ASSAY_EPARSE, "the data in the page is damaged or cut off");
	return unpack(packed, size, ret, err);
}

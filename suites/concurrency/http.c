/* SPDX-License-Identifier: MIT */
/* http: one pass over the lines of a head that is known to be whole. */
#include "suites/concurrency/http.h"

#include <string.h>
#include <strings.h>

struct head {
	const char *at, *end; /* the rest of the head, up to its empty line */
	bool has_host, has_length, close, keep;
	size_t length;
	int minor;
};

static bool is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] >= 127 || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
			return false;
	return size > 0;
}

/* The next line without its CRLF; false when a line feed or a NUL stands alone in it. */
static bool next_line(struct head *h, const char **line, size_t *size)
{
	const char *cr = memchr(h->at, '\r', (size_t)(h->end - h->at));
	if (!cr || cr + 1 >= h->end || cr[1] != '\n')
		return false;
	*line = h->at;
	*size = (size_t)(cr - h->at);
	h->at = cr + 2;
	return !memchr(*line, '\n', *size) && !memchr(*line, '\0', *size);
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

static int parse_target(const char *target, size_t size, struct http_request *ret)
{
	if (!size || target[0] != '/')
		return 400;
	for (size_t i = 0; i < size; i++)
		if (target[i] <= ' ' || target[i] >= 127)
			return 400;
	const char *query = memchr(target, '?', size);
	ret->path = target;
	ret->path_size = query ? (size_t)(query - target) : size;
	return HTTP_OK;
}

static int parse_request_line(struct head *h, struct http_request *ret)
{
	static const char *const methods[] = {"GET", "HEAD", "POST"};
	const char *line;
	size_t size;
	if (!next_line(h, &line, &size))
		return 400;
	const char *first = memchr(line, ' ', size);
	const char *last = memrchr(line, ' ', size);
	if (!first || first == last || !is_token(line, (size_t)(first - line)))
		return 400;
	const char *version = last + 1;
	if (line + size - version != 8 || strncmp(version, "HTTP/", 5) != 0 || version[6] != '.')
		return 400;
	if (version[5] != '1' || (version[7] != '0' && version[7] != '1'))
		return 505;
	h->minor = version[7] - '0';
	int rc = parse_target(first + 1, (size_t)(last - first - 1), ret);
	if (rc != HTTP_OK)
		return rc;
	for (int i = 0; i < 3; i++)
		if ((size_t)(first - line) == strlen(methods[i]) &&
		    strncmp(line, methods[i], strlen(methods[i])) == 0) {
			ret->method = (enum http_method)i;
			return HTTP_OK;
		}
	return 501;
}

/* Digits only; two lengths that differ are an attack on whoever reads the other one. */
static int parse_length(struct head *h, const char *value, size_t size)
{
	size_t length = 0;
	if (!size)
		return 400;
	for (size_t i = 0; i < size; i++) {
		if (value[i] < '0' || value[i] > '9')
			return 400;
		length = length > HTTP_BODY_MAX ? length : 10 * length + (size_t)(value[i] - '0');
	}
	if (h->has_length && h->length != length)
		return 400;
	h->has_length = true;
	h->length = length;
	return HTTP_OK;
}

static int parse_field(struct head *h, const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size);
	if (!colon || !is_token(line, (size_t)(colon - line)))
		return 400;
	const char *value = colon + 1, *end = line + size;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	size_t name_size = (size_t)(colon - line), value_size = (size_t)(end - value);
	if (is_word(line, name_size, "content-length"))
		return parse_length(h, value, value_size);
	if (is_word(line, name_size, "transfer-encoding"))
		return 501;
	if (is_word(line, name_size, "host")) {
		if (h->has_host)
			return 400;
		h->has_host = true;
	} else if (is_word(line, name_size, "connection")) {
		h->close |= is_word(value, value_size, "close");
		h->keep |= is_word(value, value_size, "keep-alive");
	}
	return HTTP_OK;
}

static int parse_head(struct head *h, struct http_request *ret)
{
	int rc = parse_request_line(h, ret);
	while (rc == HTTP_OK && h->at < h->end) {
		const char *line;
		size_t size;
		if (!next_line(h, &line, &size))
			return 400;
		rc = parse_field(h, line, size);
	}
	if (rc == HTTP_OK && h->minor == 1 && !h->has_host)
		return 400;
	return rc;
}

int http_parse(const char *data, size_t size, struct http_request *ret)
{
	size_t seen = size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX;
	const char *empty = memmem(data, seen, "\r\n\r\n", 4);
	if (!empty)
		return size >= HTTP_HEAD_MAX ? 431 : HTTP_MORE;
	struct head h = {.at = data, .end = empty + 2};
	*ret = (struct http_request){0};
	int rc = parse_head(&h, ret);
	if (rc != HTTP_OK)
		return rc;
	if (h.length > HTTP_BODY_MAX)
		return 413;
	ret->body = empty + 4;
	ret->body_size = h.length;
	ret->keep_alive = h.minor == 1 ? !h.close : h.keep;
	ret->size = (size_t)(empty + 4 - data) + h.length;
	return size < ret->size ? HTTP_MORE : HTTP_OK;
}

const char *http_reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

long http_answer(const char *data, size_t size, size_t most, unsigned *ret_status)
{
	static const char field[] = "Content-Length:";
	const size_t name = sizeof(field) - 1;
	const char *empty = memmem(data, size, "\r\n\r\n", 4);
	if (!empty)
		return size >= most ? -1 : 0;
	if (empty - data < 12 || strncmp(data, "HTTP/1.", 7) != 0)
		return -1;
	*ret_status = 0;
	for (int i = 9; i < 12; i++) {
		if (data[i] < '0' || data[i] > '9')
			return -1;
		*ret_status = 10 * *ret_status + (unsigned)(data[i] - '0');
	}
	const char *at = data;
	/* line by line; the last line feed before the empty line ends the head */
	do
		at = (const char *)memchr(at, '\n', (size_t)(empty + 2 - at)) + 1;
	while (at < empty && ((size_t)(empty - at) < name || strncasecmp(at, field, name) != 0));
	if (at >= empty)
		return -1;
	size_t length = 0;
	for (at += name; at < empty && *at == ' ';)
		at++;
	for (; at < empty && *at >= '0' && *at <= '9' && length <= most; at++)
		length = 10 * length + (size_t)(*at - '0');
	size_t whole = (size_t)(empty + 4 - data) + length;
	if (whole > most)
		return -1;
	return size < whole ? 0 : (long)whole;
}

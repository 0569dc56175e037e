/* SPDX-License-Identifier: MIT */
/*
 * http: the part of HTTP/1.1 that a small server needs [RFC 9112]: GET, HEAD and POST, bodies by
 * Content-Length. What is not understood is refused, never guessed: no transfer codings, no folded
 * lines, no bare line feeds.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_HTTP_H
#define ASSAY_SUITES_CONCURRENCY_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_BODY_MAX = 8192 };
enum { HTTP_REQUEST_MAX = HTTP_HEAD_MAX + HTTP_BODY_MAX };

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* Points into the bytes that were parsed. */
struct http_request {
	enum http_method method;
	const char *path; /* up to the question mark, not terminated */
	size_t path_size;
	const char *body;
	size_t body_size;
	bool keep_alive;
	size_t size; /* bytes of the whole request; what follows is the next one */
};

#define HTTP_OK   0
#define HTTP_MORE (-1) /* nothing wrong so far, but not whole */

/* HTTP_OK and *ret, HTTP_MORE, or the status to refuse it with: 400, 413, 431, 501, 505. */
int http_parse(const char *data, size_t size, struct http_request *ret);

/* The text that goes with a status; never NULL. */
const char *http_reason(unsigned status);

/*
 * The size of a whole answer and its status; 0 while it is not whole; -1 when it is none, or has no
 * Content-Length, or is larger than `most`.
 */
long http_answer(const char *data, size_t size, size_t most, unsigned *ret_status);

#endif

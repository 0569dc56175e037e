/* SPDX-License-Identifier: MIT */
/* http: whatever is sent, parsing ends inside the bytes, and pieces of it never say more than the whole. */
#include "suites/concurrency/http.h"
#include "tests/fuzz/fuzz.h"

static void check_answer(const char *text, size_t size)
{
	unsigned status = 0;
	long whole = http_answer(text, size, 4096, &status);
	must(whole >= -1 && whole <= (long)size);
	must(whole <= 0 || status <= 999);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy without a terminator, so that reading past its end is seen */
	char *text = malloc(size ? size : 1);
	struct http_request request;
	must(text);
	if (size)
		memcpy(text, data, size);
	int rc = http_parse(text, size, &request);
	must(rc == HTTP_OK || rc == HTTP_MORE || (rc >= 400 && rc <= 505));
	if (rc == HTTP_OK) {
		must(request.size <= size && request.size <= HTTP_REQUEST_MAX);
		must(request.path[0] == '/' && request.path_size >= 1);
		must(request.body_size <= HTTP_BODY_MAX);
		must(request.body + request.body_size == text + request.size);
		/* every shorter piece is incomplete, never wrong and never whole */
		struct http_request piece;
		must(http_parse(text, request.size - 1, &piece) == HTTP_MORE);
		must(http_parse(text, request.size / 2, &piece) == HTTP_MORE);
	}
	must(rc != HTTP_MORE || size < HTTP_REQUEST_MAX);
	check_answer(text, size);
	free(text);
	return 0;
}

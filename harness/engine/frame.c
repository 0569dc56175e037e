/* SPDX-License-Identifier: MIT */
/* frame: header, checksum, payload. */
#include "harness/engine/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC 0x59415341u /* "ASAY" */

struct header {
	uint32_t magic;
	uint32_t type;
	uint32_t length;
	uint32_t crc;
};

static uint32_t checksum(const void *payload, size_t length)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), payload, (uInt)length);
}

enum assay_code assay_frame_write(int fd, enum assay_frame_type type, const void *payload,
				  size_t length, struct assay_err *err)
{
	struct header header = {MAGIC, type, (uint32_t)length, checksum(payload, length)};
	uint8_t bytes[sizeof(header) + 1024];
	uint8_t *all = bytes;
	ASSAY_AUTO_FREE uint8_t *large = NULL;
	if (length > ASSAY_FRAME_MAX)
		return assay_fail(err, ASSAY_EBUG, "frame of %zu bytes", length);
	if (sizeof(header) + length > sizeof(bytes)) {
		all = large = malloc(sizeof(header) + length);
		if (!large)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a record");
	}
	memcpy(all, &header, sizeof(header));
	memcpy(all + sizeof(header), payload, length);
	size_t todo = sizeof(header) + length;
	while (todo) {
		ssize_t n = write(fd, all, todo);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return assay_fail(err, ASSAY_EIO, "write a record: %s", strerror(errno));
		all += n;
		todo -= (size_t)n;
	}
	return ASSAY_OK;
}

void assay_frame_reader_done(struct assay_frame_reader *reader)
{
	free(reader->bytes);
	*reader = (struct assay_frame_reader){0};
}

enum assay_code assay_frame_feed(struct assay_frame_reader *reader, const void *bytes,
				 size_t length, struct assay_err *err)
{
	if (!length)
		return ASSAY_OK;
	if (reader->start) {
		memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (reader->end + length > reader->capacity) {
		size_t capacity = reader->capacity ? reader->capacity : 4096;
		while (capacity < reader->end + length)
			capacity *= 2;
		uint8_t *grown = realloc(reader->bytes, capacity);
		if (!grown)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for records");
		reader->bytes = grown;
		reader->capacity = capacity;
	}
	memcpy(reader->bytes + reader->end, bytes, length);
	reader->end += length;
	return ASSAY_OK;
}

bool assay_frame_next(struct assay_frame_reader *reader, enum assay_frame_type *ret_type,
		      const void **ret_payload, size_t *ret_length, enum assay_code *ret_code,
		      struct assay_err *err)
{
	struct header header;
	size_t have = reader->end - reader->start;
	*ret_code = ASSAY_OK;
	if (have < sizeof(header))
		return false;
	memcpy(&header, reader->bytes + reader->start, sizeof(header));
	if (header.magic != MAGIC || header.length > ASSAY_FRAME_MAX ||
	    header.type < ASSAY_FRAME_HELLO || header.type > ASSAY_FRAME_GO) {
		*ret_code =
			assay_fail(err, ASSAY_EPARSE, "the worker wrote garbage to its records");
		return false;
	}
	if (have < sizeof(header) + header.length)
		return false;
	const uint8_t *payload = reader->bytes + reader->start + sizeof(header);
	if (checksum(payload, header.length) != header.crc) {
		*ret_code = assay_fail(err, ASSAY_EPARSE, "a record of the worker is damaged");
		return false;
	}
	reader->start += sizeof(header) + header.length;
	*ret_type = (enum assay_frame_type)header.type;
	*ret_payload = payload;
	*ret_length = header.length;
	return true;
}

/* SPDX-License-Identifier: MIT */
/* trace: reading traces, numbering their objects, linking each request to the next of its object. */
#include "suites/cache/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/str.h"

enum { RECORD_BYTES = 24, NUMBER_DIGITS_MAX = 20 };

/* Requests as they come in, before objects are numbered. */
struct raw {
	uint64_t *ids;
	uint32_t *sizes;
	int64_t *next; /* binary traces only: as stated */
	size_t n, capacity;
};

static void raw_done(struct raw *raw)
{
	free(raw->ids);
	free(raw->sizes);
	free(raw->next);
}

void trace_done(struct trace *trace)
{
	free(trace->objects);
	free(trace->sizes);
	free(trace->next);
	*trace = (struct trace){0};
}

/* From 64-bit ids to 0, 1, 2, ...: open addressing, never more than half full. */
struct numbering {
	uint64_t *keys;
	uint32_t *numbers; /* UINT32_MAX: the slot is free */
	size_t mask;
	uint32_t n;
};

static enum assay_code numbering_init(struct numbering *m, size_t slots, struct assay_err *err)
{
	*m = (struct numbering){.mask = slots - 1};
	m->keys = malloc(slots * sizeof(*m->keys));
	m->numbers = malloc(slots * sizeof(*m->numbers));
	if (!m->keys || !m->numbers) {
		free(m->keys);
		free(m->numbers);
		*m = (struct numbering){0};
		return assay_fail(err, ASSAY_ENOMEM, "no memory to number %zu objects", slots / 2);
	}
	memset(m->numbers, 0xff, slots * sizeof(*m->numbers));
	return ASSAY_OK;
}

static void numbering_done(struct numbering *m)
{
	free(m->keys);
	free(m->numbers);
}

static size_t slot_of(const struct numbering *m, uint64_t id)
{
	size_t slot = (size_t)((id * 0x9e3779b97f4a7c15u) >> 20) & m->mask;
	while (m->numbers[slot] != UINT32_MAX && m->keys[slot] != id)
		slot = (slot + 1) & m->mask;
	return slot;
}

static enum assay_code grow(struct numbering *m, struct assay_err *err)
{
	struct numbering wider;
	enum assay_code rc = numbering_init(&wider, 2 * (m->mask + 1), err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; i <= m->mask; i++) {
		if (m->numbers[i] == UINT32_MAX)
			continue;
		size_t slot = slot_of(&wider, m->keys[i]);
		wider.keys[slot] = m->keys[i];
		wider.numbers[slot] = m->numbers[i];
	}
	wider.n = m->n;
	numbering_done(m);
	*m = wider;
	return ASSAY_OK;
}

static enum assay_code number_of(struct numbering *m, uint64_t id, uint32_t *ret,
				 struct assay_err *err)
{
	size_t slot = slot_of(m, id);
	if (m->numbers[slot] == UINT32_MAX) {
		m->keys[slot] = id;
		m->numbers[slot] = m->n++;
	}
	*ret = m->numbers[slot];
	return 2 * (size_t)m->n > m->mask ? grow(m, err) : ASSAY_OK;
}

/* Backwards through the requests: the one seen last is the next one. */
static enum assay_code link_requests(struct trace *t, struct assay_err *err)
{
	ASSAY_AUTO_FREE uint32_t *coming = malloc(t->n_objects * sizeof(*coming));
	ASSAY_AUTO_FREE uint32_t *count = calloc(t->n_objects, sizeof(*count));
	if (!coming || !count)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %" PRIu32 " objects",
				  t->n_objects);
	memset(coming, 0xff, t->n_objects * sizeof(*coming));
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t object = t->objects[i];
		t->next[i] = coming[object];
		coming[object] = i;
		count[object]++;
		t->max_count = count[object] > t->max_count ? count[object] : t->max_count;
	}
	for (uint32_t object = 0; object < t->n_objects; object++)
		t->footprint_bytes += t->sizes[coming[object]];
	return ASSAY_OK;
}

static enum assay_code number_objects(struct trace *t, const uint64_t *ids, struct assay_err *err)
{
	struct numbering m;
	enum assay_code rc = numbering_init(&m, 1024, err);
	for (uint32_t i = 0; rc == ASSAY_OK && i < t->n; i++)
		rc = number_of(&m, ids[i], &t->objects[i], err);
	t->n_objects = m.n;
	numbering_done(&m);
	return rc;
}

enum assay_code trace_from_ids(const uint64_t *ids, const uint32_t *sizes, size_t n,
			       struct trace *ret, struct assay_err *err)
{
	if (n == 0 || n >= UINT32_MAX)
		return assay_fail(err, ASSAY_EPARSE,
				  "a trace has 1 to %" PRIu32 " requests, not %zu", UINT32_MAX - 1,
				  n);
	struct trace t = {.n = (uint32_t)n};
	t.objects = malloc(n * sizeof(*t.objects));
	t.sizes = malloc(n * sizeof(*t.sizes));
	t.next = malloc(n * sizeof(*t.next));
	enum assay_code rc = ASSAY_OK;
	if (!t.objects || !t.sizes || !t.next)
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for %zu requests", n);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		t.sizes[i] = sizes && sizes[i] ? sizes[i] : 1;
	if (rc == ASSAY_OK)
		rc = number_objects(&t, ids, err);
	if (rc == ASSAY_OK)
		rc = link_requests(&t, err);
	if (rc != ASSAY_OK)
		trace_done(&t);
	else
		*ret = t;
	return rc;
}

static enum assay_code raw_add(struct raw *raw, uint64_t id, uint32_t size, struct assay_err *err)
{
	if (raw->n == raw->capacity) {
		size_t capacity = raw->capacity ? 2 * raw->capacity : 4096;
		uint64_t *ids = realloc(raw->ids, capacity * sizeof(*ids));
		raw->ids = ids ? ids : raw->ids;
		uint32_t *sizes = realloc(raw->sizes, capacity * sizeof(*sizes));
		raw->sizes = sizes ? sizes : raw->sizes;
		if (!ids || !sizes)
			return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu requests",
					  capacity);
		raw->capacity = capacity;
	}
	raw->ids[raw->n] = id;
	raw->sizes[raw->n++] = size;
	return ASSAY_OK;
}

/* A whole number of at most `most` that ends at `until`; moves *at behind it and that character. */
static bool take_number(const char **at, const char *end, char until, uint64_t most, uint64_t *ret)
{
	const char *c = *at;
	uint64_t value = 0;
	for (; c < end && *c >= '0' && *c <= '9'; c++) {
		uint64_t digit = (uint64_t)(*c - '0');
		if (value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (c == *at || c == end || *c != until)
		return false;
	*ret = value;
	*at = c + 1;
	return true;
}

static enum assay_code bad_line(const char *line, const char *end, size_t number,
				struct assay_err *err)
{
	char text[60], shown[60];
	size_t length = (size_t)(end - line);
	length = length < sizeof(text) ? length : sizeof(text) - 1;
	memcpy(text, line, length);
	text[length] = '\0';
	assay_sanitise(shown, sizeof(shown), text);
	return assay_fail(err, ASSAY_EPARSE,
			  "line %zu is '%s', not three whole numbers time,obj_id,size", number,
			  shown);
}

static const char header[] = "time,obj_id,size";

/* Where the first request begins: behind the header, when there is one. */
static const char *skip_header(const char *bytes, const char *end)
{
	size_t length = sizeof(header) - 1;
	if ((size_t)(end - bytes) < length || memcmp(bytes, header, length) != 0)
		return bytes;
	const char *c = bytes + length;
	c += c < end && *c == '\r';
	return c < end && *c == '\n' ? c + 1 : bytes;
}

static enum assay_code parse_csv(const char *bytes, size_t n_bytes, struct raw *raw,
				 struct assay_err *err)
{
	const char *end = bytes + n_bytes, *line = skip_header(bytes, end);
	size_t number = line == bytes ? 1 : 2;
	for (; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			return assay_fail(err, ASSAY_EPARSE,
					  "line %zu has no end: the file is cut short there (a "
					  "whole file ends in a newline)",
					  number);
		uint64_t time, id, size;
		const char *at = line;
		char last = stop > line && stop[-1] == '\r' ? '\r' : '\n';
		if (!take_number(&at, stop, ',', UINT64_MAX, &time) ||
		    !take_number(&at, stop, ',', UINT64_MAX, &id) ||
		    !take_number(&at, stop + 1, last, UINT32_MAX, &size) ||
		    at != stop + (last == '\n'))
			return bad_line(line, stop, number, err);
		enum assay_code rc = raw_add(raw, id, (uint32_t)size, err);
		if (rc != ASSAY_OK)
			return rc;
		line = stop + 1;
	}
	return raw->n ? ASSAY_OK : assay_fail(err, ASSAY_EPARSE, "there is no request in it");
}

static uint64_t little_endian(const char *bytes, size_t n)
{
	uint64_t value = 0;
	for (size_t i = n; i-- > 0;)
		value = value << 8 | (unsigned char)bytes[i];
	return value;
}

static enum assay_code parse_records(const char *bytes, size_t n_bytes, struct raw *raw,
				     struct assay_err *err)
{
	if (n_bytes % RECORD_BYTES != 0)
		return assay_fail(err, ASSAY_EPARSE,
				  "neither a CSV file of time,obj_id,size nor oracleGeneral "
				  "records of %d bytes: %zu bytes are left over after record %zu; "
				  "the file is cut short or of another kind",
				  RECORD_BYTES, n_bytes % RECORD_BYTES, n_bytes / RECORD_BYTES);
	size_t n = n_bytes / RECORD_BYTES;
	raw->next = malloc(n * sizeof(*raw->next));
	if (!raw->next)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu requests", n);
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		const char *record = bytes + i * RECORD_BYTES;
		raw->next[i] = (int64_t)little_endian(record + 16, 8);
		rc = raw_add(raw, little_endian(record + 4, 8),
			     (uint32_t)little_endian(record + 12, 4), err);
	}
	return rc;
}

/* Does every record name the next request to its object, as the format promises? */
static enum assay_code check_next(const struct trace *t, const int64_t *stated,
				  struct assay_err *err)
{
	for (uint32_t i = 0; i < t->n; i++) {
		bool never = stated[i] == -1 || stated[i] == INT64_MAX;
		if (t->next[i] == TRACE_NEVER ? never : stated[i] == (int64_t)t->next[i] + 1)
			continue;
		if (stated[i] > (int64_t)t->n && t->next[i] == TRACE_NEVER)
			return assay_fail(err, ASSAY_EPARSE,
					  "record %" PRIu32 " points to request %" PRId64
					  ", but the file ends after %" PRIu32 ": it is cut short",
					  i + 1, stated[i], t->n);
		return assay_fail(err, ASSAY_EPARSE,
				  "record %" PRIu32 " names %" PRId64
				  " as the object's next request, which is not so: neither CSV nor "
				  "an oracleGeneral trace",
				  i + 1, stated[i]);
	}
	return ASSAY_OK;
}

/* No control characters in what would be the first record: the high bytes of its size are zero. */
static bool looks_like_text(const char *bytes, size_t n_bytes)
{
	size_t n = n_bytes < RECORD_BYTES ? n_bytes : RECORD_BYTES;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] < ' ' && !memchr("\r\n\t", bytes[i], 3))
			return false;
	return true;
}

enum assay_code trace_parse(const char *bytes, size_t n_bytes, struct trace *ret,
			    struct assay_err *err)
{
	struct raw raw = {0};
	enum assay_code rc;
	if (!n_bytes)
		rc = assay_fail(err, ASSAY_EPARSE, "the file is empty");
	else if (looks_like_text(bytes, n_bytes))
		rc = parse_csv(bytes, n_bytes, &raw, err);
	else
		rc = parse_records(bytes, n_bytes, &raw, err);
	struct trace t = {0};
	if (rc == ASSAY_OK)
		rc = trace_from_ids(raw.ids, raw.sizes, raw.n, &t, err);
	if (rc == ASSAY_OK && raw.next)
		rc = check_next(&t, raw.next, err);
	raw_done(&raw);
	if (rc != ASSAY_OK)
		trace_done(&t);
	else
		*ret = t;
	return rc;
}

/* The whole file: read, not mapped, so that a file that shrinks meanwhile is an error, not a signal. */
static enum assay_code read_all(int fd, char *bytes, size_t size, struct assay_err *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, bytes + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return assay_fail(err, ASSAY_EIO, "read after %zu of %zu bytes: %s", done,
					  size, n ? strerror(errno) : "the file got shorter");
		done += (size_t)n;
	}
	return ASSAY_OK;
}

enum assay_code trace_read(const char *path, struct trace *ret, struct assay_err *err)
{
	struct stat status;
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) != 0)
		return assay_fail(err, ASSAY_EIO, "trace '%s': %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return assay_fail(err, ASSAY_EIO, "trace '%s' is not a file", path);
	size_t size = (size_t)status.st_size;
	ASSAY_AUTO_FREE char *bytes = malloc(size + 1);
	if (!bytes)
		return assay_fail(err, ASSAY_ENOMEM, "trace '%s': no memory for %zu bytes", path,
				  size);
	enum assay_code rc = read_all(fd, bytes, size, err);
	if (rc == ASSAY_OK)
		rc = trace_parse(bytes, size, ret, err);
	return assay_context(err, rc, "trace '%s'", path);
}

/* SPDX-License-Identifier: MIT */
/* records: the layout of perf_event's records, see perf_event_open(2), "MMAP layout". */
#include "profiler/records.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

/* A cursor over one record. */
struct cursor {
	const uint8_t *at, *end;
	bool failed;
};

static uint64_t take64(struct cursor *c)
{
	uint64_t value = 0;
	if (c->end - c->at < (ptrdiff_t)sizeof(value)) {
		c->failed = true;
		return 0;
	}
	memcpy(&value, c->at, sizeof(value));
	c->at += sizeof(value);
	return value;
}

static void take_two(struct cursor *c, uint32_t *first, uint32_t *second)
{
	uint64_t both = take64(c);
	memcpy(first, &both, sizeof(*first));
	memcpy(second, (const uint8_t *)&both + sizeof(*first), sizeof(*second));
}

static const void *take_bytes(struct cursor *c, uint64_t n)
{
	const uint8_t *from = c->at;
	if (n > (uint64_t)(c->end - c->at)) {
		c->failed = true;
		return NULL;
	}
	c->at += n;
	return from;
}

static const uint64_t *take_words(struct cursor *c, uint64_t n)
{
	return n > SIZE_MAX / sizeof(uint64_t) ? (c->failed = true, NULL)
					       : take_bytes(c, n * sizeof(uint64_t));
}

/* IP | TID | TIME | CALLCHAIN, and REGS_USER | STACK_USER when the layout has registers. */
static void read_sample(struct cursor *c, const struct record_layout *layout, struct record *r)
{
	r->kind = RECORD_SAMPLE;
	take64(c); /* ip: the chain begins with it */
	take_two(c, &r->pid, &r->tid);
	r->time_ns = take64(c);
	r->n_chain = take64(c);
	r->chain = take_words(c, r->n_chain);
	if (!layout->registers)
		return;
	if (take64(c) != PERF_SAMPLE_REGS_ABI_NONE) {
		r->n_registers = (size_t)__builtin_popcountll(layout->registers);
		r->registers = take_words(c, r->n_registers);
	}
	uint64_t size = take64(c);
	if (!size)
		return;
	r->stack = take_bytes(c, size);
	uint64_t used = take64(c);
	r->stack_size = used < size ? used : size;
}

/* A text that ends inside the record. */
static const char *take_text(struct cursor *c)
{
	const char *text = (const char *)c->at;
	if (c->at > c->end || !memchr(text, 0, (size_t)(c->end - c->at)))
		c->failed = true;
	return text;
}

/* TID and TIME at the end of whatever is no sample. */
static void read_trailer(struct cursor *c, struct record *r)
{
	uint32_t pid, tid;
	if (c->end - c->at < 16) {
		c->failed = true;
		return;
	}
	struct cursor tail = {c->end - 16, c->end, false};
	c->end -= 16;
	take_two(&tail, &pid, &tid);
	r->time_ns = take64(&tail);
	r->pid = pid;
	r->tid = tid;
}

static void read_map(struct cursor *c, bool with_inode, bool data, struct record *r)
{
	enum { PROT_EXECUTE = 4 };
	uint32_t protection = data ? 0 : PROT_EXECUTE, flags;
	take_two(c, &r->pid, &r->tid);
	r->address = take64(c);
	r->length = take64(c);
	r->offset = take64(c);
	if (with_inode) {
		take_bytes(c, 24); /* device, inode and its generation; or a build id */
		take_two(c, &protection, &flags);
	}
	r->executable = (protection & PROT_EXECUTE) != 0;
	r->name = take_text(c);
}

/* False: a kind that is of no use. */
static bool read_record(const struct perf_event_header *h, struct cursor *c,
			const struct record_layout *layout, struct record *r)
{
	uint32_t ignored;
	if (h->type == PERF_RECORD_SAMPLE) {
		read_sample(c, layout, r);
		return true;
	}
	read_trailer(c, r);
	switch (h->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		r->kind = RECORD_MAP;
		read_map(c, h->type == PERF_RECORD_MMAP2,
			 (h->misc & PERF_RECORD_MISC_MMAP_DATA) != 0, r);
		return true;
	case PERF_RECORD_COMM:
		r->kind = RECORD_NAME;
		take_two(c, &r->pid, &r->tid);
		r->exec = (h->misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
		r->name = take_text(c);
		return true;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		r->kind = h->type == PERF_RECORD_FORK ? RECORD_FORK : RECORD_EXIT;
		take_two(c, &r->pid, &r->parent);
		take_two(c, &r->tid, &ignored);
		return true;
	case PERF_RECORD_LOST:
		r->kind = RECORD_LOST;
		take64(c);
		r->lost = take64(c);
		return true;
	default:
		return false;
	}
}

struct place {
	uint64_t time_ns;
	size_t offset;
};

static int by_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The record at bytes + offset; ASSAY_SKIP when it is of no use. */
static enum assay_code at_offset(const uint8_t *bytes, size_t size, size_t offset,
				 const struct record_layout *layout, struct record *r,
				 size_t *ret_size, struct assay_err *err)
{
	struct perf_event_header h;
	if (size - offset < sizeof(h))
		return assay_fail(err, ASSAY_EPARSE, "the samples end inside a record");
	memcpy(&h, bytes + offset, sizeof(h));
	if (h.size < sizeof(h) || h.size % 8 || h.size > size - offset)
		return assay_fail(err, ASSAY_EPARSE, "a record of %u bytes at %zu of %zu", h.size,
				  offset, size);
	struct cursor c = {bytes + offset + sizeof(h), bytes + offset + h.size, false};
	*r = (struct record){0};
	*ret_size = h.size;
	bool useful = read_record(&h, &c, layout, r);
	if (c.failed)
		return assay_fail(err, ASSAY_EPARSE,
				  "a record of kind %u at %zu is shorter than it says", h.type,
				  offset);
	return useful ? ASSAY_OK : ASSAY_SKIP;
}

static enum assay_code find_all(const uint8_t *bytes, size_t size,
				const struct record_layout *layout, struct place **ret,
				size_t *ret_n, struct assay_err *err)
{
	size_t capacity = 0, length = 0;
	for (size_t offset = 0; offset < size; offset += length) {
		struct record r;
		enum assay_code rc = at_offset(bytes, size, offset, layout, &r, &length, err);
		if (rc == ASSAY_SKIP)
			continue;
		if (rc != ASSAY_OK)
			return rc;
		if (*ret_n == capacity) {
			capacity = capacity ? capacity * 2 : 1024;
			struct place *larger = realloc(*ret, capacity * sizeof(*larger));
			if (!larger)
				return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
			*ret = larger;
		}
		(*ret)[(*ret_n)++] = (struct place){r.time_ns, offset};
	}
	return ASSAY_OK;
}

enum assay_code records_read(const void *bytes, size_t size, const struct record_layout *layout,
			     record_fn on_record, void *context, struct assay_err *err)
{
	struct place *places = NULL;
	size_t n = 0, length;
	enum assay_code rc = find_all(bytes, size, layout, &places, &n, err);
	if (rc == ASSAY_OK && n)
		qsort(places, n, sizeof(*places), by_time);
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		struct record r;
		rc = at_offset(bytes, size, places[i].offset, layout, &r, &length, err);
		if (rc == ASSAY_OK)
			rc = on_record(context, &r, err);
	}
	free(places);
	return rc;
}

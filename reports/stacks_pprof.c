/* SPDX-License-Identifier: MIT */
/* stacks_pprof: pprof's protocol buffer, written by hand: it has few fields and needs no library. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "harness/base/str.h"
#include "reports/stacks.h"

/* Field numbers of google/pprof's profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
};

static void varint(struct assay_str *to, uint64_t value)
{
	char byte;
	for (; value >= 0x80; value >>= 7) {
		byte = (char)(value | 0x80);
		assay_str_put(to, &byte, 1);
	}
	byte = (char)value;
	assay_str_put(to, &byte, 1);
}

static void number(struct assay_str *to, unsigned field, uint64_t value)
{
	varint(to, (uint64_t)field << 3);
	varint(to, value);
}

static void bytes(struct assay_str *to, unsigned field, const char *from, size_t n)
{
	varint(to, (uint64_t)field << 3 | 2);
	varint(to, n);
	assay_str_put(to, from, n);
}

static void message(struct assay_str *to, unsigned field, struct assay_str *part)
{
	bytes(to, field, assay_str_text(part), part->length);
	to->failed |= part->failed;
	assay_str_clear(part);
}

/* The table of strings; the frames' texts are its entries from FIRST_OF_FRAMES on, three each. */
enum { EMPTY, UNIT_NAME, UNIT, CPU, NANOSECONDS, FIRST_OF_FRAMES };

static void value_type(struct assay_str *to, unsigned field, uint64_t type, uint64_t unit)
{
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0};
	number(&part, 1, type);
	number(&part, 2, unit);
	message(to, field, &part);
}

static void add_samples(struct assay_str *to, const struct assay_stacks *stacks)
{
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0};
	for (size_t i = 1; i < stacks->n_nodes; i++) {
		if (!stacks->nodes[i].self)
			continue;
		for (size_t at = i; at; at = stacks->nodes[at].parent) /* innermost first */
			number(&part, 1, stacks->nodes[at].frame + 1);
		number(&part, 2, stacks->nodes[i].self);
		message(to, PROFILE_SAMPLE, &part);
	}
}

/* One mapping, location and function per frame: addresses are not kept, names are. */
static void add_frames(struct assay_str *to, const struct assay_stacks *stacks)
{
	ASSAY_AUTO(assay_str_done) struct assay_str part = {0}, line = {0};
	for (size_t i = 0; i < stacks->n_frames; i++) {
		uint64_t strings = FIRST_OF_FRAMES + 3 * i;
		number(&part, 1, i + 1); /* mapping: id, file name, has functions */
		number(&part, 5, strings + 1);
		number(&part, 7, 1);
		message(to, PROFILE_MAPPING, &part);
		number(&line, 1, i + 1);
		number(&line, 2, stacks->frames[i].line);
		number(&part, 1, i + 1);
		number(&part, 2, i + 1);
		message(&part, 4, &line);
		message(to, PROFILE_LOCATION, &part);
		number(&part, 1, i + 1);
		number(&part, 2, strings);
		number(&part, 3, strings);
		number(&part, 4, strings + 2);
		number(&part, 5, stacks->frames[i].line);
		message(to, PROFILE_FUNCTION, &part);
	}
}

static void add_strings(struct assay_str *to, const struct assay_stacks *stacks)
{
	const bool memory = strcmp(stacks->facts.unit, "B") == 0;
	const char *const fixed[] = {
		[EMPTY] = "",
		[UNIT_NAME] = memory ? "alloc_space" : "samples",
		[UNIT] = memory ? "bytes" : "count",
		[CPU] = "cpu",
		[NANOSECONDS] = "nanoseconds",
	};
	for (size_t i = 0; i < FIRST_OF_FRAMES; i++)
		bytes(to, PROFILE_STRING, fixed[i], strlen(fixed[i]));
	for (size_t i = 0; i < stacks->n_frames; i++) {
		const struct assay_stack_frame *f = &stacks->frames[i];
		bytes(to, PROFILE_STRING, f->function, strlen(f->function));
		bytes(to, PROFILE_STRING, f->module, strlen(f->module));
		bytes(to, PROFILE_STRING, f->file, strlen(f->file));
	}
}

static enum assay_code pack(const struct assay_str *plain, FILE *out, struct assay_err *err)
{
	z_stream z = {0};
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the compressor");
	uLong bound = deflateBound(&z, plain->length);
	unsigned char *packed = malloc(bound);
	z.next_in = (unsigned char *)plain->text;
	z.avail_in = (unsigned)plain->length;
	z.next_out = packed;
	z.avail_out = (unsigned)bound;
	bool whole = packed && deflate(&z, Z_FINISH) == Z_STREAM_END;
	size_t n = whole ? bound - z.avail_out : 0;
	bool done = whole && fwrite(packed, 1, n, out) == n;
	deflateEnd(&z);
	free(packed);
	if (!whole)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for the compressor");
	return done ? ASSAY_OK : assay_fail(err, ASSAY_EIO, "write: %s", strerror(errno));
}

enum assay_code assay_stacks_pprof(const struct assay_stacks *stacks, FILE *out,
				   struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str to = {0};
	value_type(&to, PROFILE_SAMPLE_TYPE, UNIT_NAME, UNIT);
	add_samples(&to, stacks);
	add_frames(&to, stacks);
	add_strings(&to, stacks);
	number(&to, PROFILE_DURATION, stacks->facts.wall_ns);
	if (stacks->facts.rate_hz > 0) {
		value_type(&to, PROFILE_PERIOD_TYPE, CPU, NANOSECONDS);
		number(&to, PROFILE_PERIOD, (uint64_t)(1e9 / stacks->facts.rate_hz));
	}
	if (to.failed || to.length > UINT32_MAX / 2)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a pprof profile");
	return pack(&to, out, err);
}

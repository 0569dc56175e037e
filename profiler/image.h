/* SPDX-License-Identifier: MIT */
/*
 * image: an ELF file of 64 bits as it was mapped: where its parts go, the names of its functions, and
 * where functions without a name begin. Needs no library; what the file says is checked.
 */
#ifndef ASSAY_PROFILER_IMAGE_H
#define ASSAY_PROFILER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct image_part {
	uint64_t vaddr, offset, size; /* of a loadable segment that may be executed */
};

struct image_symbol {
	uint64_t begin, end; /* addresses in the file; end is never 0 */
	uint32_t name;       /* offset into the string table */
};

/* A table in the file; 0 where there is none. */
struct image_table {
	uint64_t offset, size;
};

struct image {
	const uint8_t *bytes; /* borrowed: valid as long as what was given to image_read() */
	size_t size;
	struct image_part parts[8];
	size_t n_parts;
	struct image_symbol *symbols; /* by begin */
	size_t n_symbols;
	const char *names; /* string table */
	size_t names_size;
	const uint8_t *table; /* of .eh_frame_hdr: pairs of 32-bit offsets, sorted; NULL: none */
	size_t n_table;
	uint64_t table_base; /* what its offsets are relative to */
	/* Stubs through which functions of other files are called, and what says which one goes where. */
	struct image_part stubs[4];
	size_t n_stubs;
	struct image_table relocations[2], dynamic, dynamic_names;
};

/* Read bytes[size], which may be anything. ASSAY_EPARSE: no ELF file of this machine's kind. */
enum assay_code image_read(const void *bytes, size_t size, struct image *ret,
			   struct assay_err *err);
void image_done(struct image *image);

/*
 * What to add to the file's addresses when the page at file offset `offset` is mapped at `start`. False
 * when no executable part of the file contains that offset.
 */
bool image_bias(const struct image *image, uint64_t start, uint64_t offset, uint64_t *ret);

/* Name of the function that contains the address; NULL when no symbol says so. *ret_begin: its start. */
const char *image_function(const struct image *image, uint64_t address, uint64_t *ret_begin);
/* "malloc@plt" to text[size] when the address is in a stub for a call to another file's function. x86-64 only. */
bool image_stub(const struct image *image, uint64_t address, char *text, size_t size);
/* Where the function with this address begins, by the unwind table; false where there is none. */
bool image_begin(const struct image *image, uint64_t address, uint64_t *ret_begin);

#endif

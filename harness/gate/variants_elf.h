/* SPDX-License-Identifier: MIT */
/*
 * variants_elf: the two things that placement variants need of ELF: an object file that is nothing but
 * padding, written without an assembler, and where the functions of a linked file lie. 64-bit files of
 * this machine's byte order. Sections and symbols: System V ABI, gABI 4.1, chapters 4 and 5.
 */
#ifndef ASSAY_GATE_VARIANTS_ELF_H
#define ASSAY_GATE_VARIANTS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/base/str.h"

/* What a file is for; an object of the same can be linked with it. */
struct assay_elf_target {
	uint16_t machine; /* EM_X86_64, ... */
	uint32_t flags;   /* of the processor, such as the floating-point ABI */
	bool linked;      /* an executable or a shared object */
};
/* ASSAY_EPARSE: bytes[length] are no ELF file; ASSAY_EUSAGE: one of another size or byte order. */
enum assay_code assay_elf_target(const void *bytes, size_t length, struct assay_elf_target *ret,
				 struct assay_err *err);

/*
 * Append a relocatable object whose only content are pad_bytes bytes of code that is never run. They
 * are in section .text.unlikely, which linkers put before the rest of the code, the compiler's
 * start-up files included, and are marked as not to be collected. ASSAY_ENOMEM.
 */
enum assay_code assay_elf_pad(const struct assay_elf_target *target, size_t pad_bytes,
			      struct assay_str *out, struct assay_err *err);

/* Where the code of a linked file lies: its largest executable section. */
struct assay_elf_code {
	uint64_t *functions; /* n addresses, in the order of the symbol table */
	size_t n;            /* 0 when the file has no symbols of functions */
	uint64_t last;       /* the highest of them; the end of the section when there is none */
	char last_name[64];  /* its symbol, cut to fit; "" when there is none */
};
/* Zero-initialise *ret. ASSAY_EUSAGE as above; ASSAY_EPARSE: malformed, or not linked, or without code; ASSAY_ENOMEM. */
enum assay_code assay_elf_code(const void *bytes, size_t length, struct assay_elf_code *ret,
			       struct assay_err *err);
void assay_elf_code_done(struct assay_elf_code *code);

/* A whole file, read only. */
struct assay_file_bytes {
	const void *bytes;
	size_t length;
};
/* ASSAY_EIO. Empty files have a length of 0. */
enum assay_code assay_file_map(const char *path, struct assay_file_bytes *ret,
			       struct assay_err *err);
void assay_file_unmap(struct assay_file_bytes *file);

#endif

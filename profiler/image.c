/* SPDX-License-Identifier: MIT */
/* image: program headers, the symbol table, and the table of functions made for unwinding. */
#include "profiler/image.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest gap after a function of unknown size that is still believed to be part of it. */
enum { PAGE = 4096, MOST_SYMBOLS = 8 * 1024 * 1024 };

static bool inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static bool fetch(const struct image *image, uint64_t offset, void *to, size_t size)
{
	if (!inside(image, offset, size))
		return false;
	memcpy(to, image->bytes + offset, size);
	return true;
}

/*
 * .eh_frame_hdr as the linkers write it: encodings, count, then pairs of 32-bit offsets from the
 * header's own address [LSB core specification, 10.6.2]. Other encodings are left alone.
 */
static void read_unwind_table(struct image *image, const Elf64_Phdr *p)
{
	enum { DATA_RELATIVE_S4 = 0x3b, UNSIGNED_4 = 0x03, HEAD = 12, PAIR = 8 };
	uint8_t head[HEAD];
	uint32_t count;
	if (!fetch(image, p->p_offset, head, sizeof(head)) || head[0] != 1 ||
	    head[2] != UNSIGNED_4 || head[3] != DATA_RELATIVE_S4)
		return;
	memcpy(&count, head + 8, sizeof(count));
	if (!inside(image, p->p_offset + HEAD, (uint64_t)count * PAIR))
		return;
	image->table = image->bytes + p->p_offset + HEAD;
	image->n_table = count;
	image->table_base = p->p_vaddr;
}

static void read_parts(struct image *image, const Elf64_Ehdr *head)
{
	for (unsigned i = 0; i < head->e_phnum; i++) {
		Elf64_Phdr p;
		if (!fetch(image, head->e_phoff + (uint64_t)i * sizeof(p), &p, sizeof(p)))
			return;
		if (p.p_type == PT_GNU_EH_FRAME)
			read_unwind_table(image, &p);
		if (p.p_type == PT_LOAD && (p.p_flags & PF_X) &&
		    image->n_parts < ASSAY_COUNT_OF(image->parts))
			image->parts[image->n_parts++] =
				(struct image_part){p.p_vaddr, p.p_offset, p.p_filesz};
	}
}

static int by_begin(const void *a, const void *b)
{
	const struct image_symbol *x = a, *y = b;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF;
}

static enum assay_code read_symbols(struct image *image, const Elf64_Shdr *table,
				    const Elf64_Shdr *strings, struct assay_err *err)
{
	size_t n = table->sh_size / sizeof(Elf64_Sym);
	if (!inside(image, table->sh_offset, table->sh_size) ||
	    !inside(image, strings->sh_offset, strings->sh_size) || n > MOST_SYMBOLS)
		return ASSAY_OK; /* cut off: as good as stripped */
	image->symbols = malloc((n + 1) * sizeof(*image->symbols));
	if (!image->symbols)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu symbols", n);
	for (size_t i = 0; i < n; i++) {
		Elf64_Sym s;
		if (!fetch(image, table->sh_offset + i * sizeof(s), &s, sizeof(s)) ||
		    !is_function(&s) || s.st_name >= strings->sh_size)
			continue;
		image->symbols[image->n_symbols++] =
			(struct image_symbol){s.st_value, s.st_value + s.st_size, s.st_name};
	}
	image->names = (const char *)image->bytes + strings->sh_offset;
	image->names_size = strings->sh_size;
	qsort(image->symbols, image->n_symbols, sizeof(*image->symbols), by_begin);
	for (size_t i = 0; i < image->n_symbols; i++) { /* assembly: up to the next one */
		struct image_symbol *s = &image->symbols[i];
		if (s->end != s->begin)
			continue;
		uint64_t next = i + 1 < image->n_symbols ? s[1].begin : s->begin + PAGE;
		s->end = next - s->begin < PAGE ? next : s->begin + PAGE;
	}
	return ASSAY_OK;
}

static void keep_stubs(struct image *image, const Elf64_Shdr *s, const char *name)
{
	if (strncmp(name, ".plt", 4) == 0 && s->sh_type == SHT_PROGBITS &&
	    image->n_stubs < ASSAY_COUNT_OF(image->stubs))
		image->stubs[image->n_stubs++] =
			(struct image_part){s->sh_addr, s->sh_offset, s->sh_size};
	if (s->sh_type == SHT_RELA)
		image->relocations[strcmp(name, ".rela.plt") == 0] =
			(struct image_table){s->sh_offset, s->sh_size};
	if (strcmp(name, ".dynsym") == 0)
		image->dynamic = (struct image_table){s->sh_offset, s->sh_size};
	if (strcmp(name, ".dynstr") == 0)
		image->dynamic_names = (struct image_table){s->sh_offset, s->sh_size};
}

/* A text in the table at `offset`; "" when it is not whole. */
static const char *text_in(const struct image *image, uint64_t offset, uint64_t size, uint64_t at)
{
	if (!inside(image, offset, size) || at >= size)
		return "";
	const char *text = (const char *)image->bytes + offset + at;
	return memchr(text, 0, size - at) ? text : "";
}

static void read_stubs(struct image *image, const Elf64_Ehdr *head)
{
	Elf64_Shdr s, names;
	if (head->e_shentsize != sizeof(s) || head->e_machine != EM_X86_64 ||
	    !fetch(image, head->e_shoff + (uint64_t)head->e_shstrndx * sizeof(s), &names,
		   sizeof(names)))
		return;
	for (unsigned i = 0; i < head->e_shnum; i++)
		if (fetch(image, head->e_shoff + (uint64_t)i * sizeof(s), &s, sizeof(s)))
			keep_stubs(image, &s,
				   text_in(image, names.sh_offset, names.sh_size, s.sh_name));
}

/* The full symbol table, or else the one for dynamic linking. */
static enum assay_code read_sections(struct image *image, const Elf64_Ehdr *head,
				     struct assay_err *err)
{
	Elf64_Shdr best = {0}, strings = {0};
	if (head->e_shentsize != sizeof(best))
		return ASSAY_OK;
	for (unsigned i = 0; i < head->e_shnum; i++) {
		Elf64_Shdr s;
		if (!fetch(image, head->e_shoff + (uint64_t)i * sizeof(s), &s, sizeof(s)))
			return ASSAY_OK;
		if (s.sh_type == SHT_SYMTAB || (s.sh_type == SHT_DYNSYM && !best.sh_size))
			best = s;
	}
	if (!best.sh_size || !fetch(image, head->e_shoff + (uint64_t)best.sh_link * sizeof(strings),
				    &strings, sizeof(strings)))
		return ASSAY_OK;
	return read_symbols(image, &best, &strings, err);
}

enum assay_code image_read(const void *bytes, size_t size, struct image *ret, struct assay_err *err)
{
	Elf64_Ehdr head;
	*ret = (struct image){.bytes = bytes, .size = size};
	if (!fetch(ret, 0, &head, sizeof(head)) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return assay_fail(err, ASSAY_EPARSE, "not an ELF file");
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_phentsize != sizeof(Elf64_Phdr))
		return assay_fail(err, ASSAY_EPARSE, "not a 64-bit little-endian ELF file");
	read_parts(ret, &head);
	read_stubs(ret, &head);
	enum assay_code rc = read_sections(ret, &head, err);
	if (rc != ASSAY_OK)
		image_done(ret);
	return rc;
}

void image_done(struct image *image)
{
	free(image->symbols);
	*image = (struct image){0};
}

bool image_bias(const struct image *image, uint64_t start, uint64_t offset, uint64_t *ret)
{
	for (size_t i = 0; i < image->n_parts; i++) {
		const struct image_part *p = &image->parts[i];
		uint64_t first = p->offset & ~(uint64_t)(PAGE - 1);
		if (offset < first || offset - first > p->offset - first + p->size)
			continue;
		*ret = start - offset - (p->vaddr - p->offset);
		return true;
	}
	return false;
}

const char *image_function(const struct image *image, uint64_t address, uint64_t *ret_begin)
{
	size_t lo = 0, hi = image->n_symbols;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (image->symbols[middle].begin <= address)
			lo = middle + 1;
		else
			hi = middle;
	}
	/* Names of the same start stand side by side; a short one inside a long one comes later. */
	for (size_t back = 0; lo > 0 && back < 8; lo--, back++) {
		const struct image_symbol *s = &image->symbols[lo - 1];
		if (address >= s->end)
			continue;
		const char *name = image->names + s->name;
		if (!*name || !memchr(name, 0, image->names_size - s->name))
			continue;
		*ret_begin = s->begin;
		return name;
	}
	return NULL;
}

/* The slot that "jmp *displacement(%rip)" in the stub's entry of 16 bytes reads; 0: no such instruction. */
static uint64_t slot_of(const struct image *image, const struct image_part *stubs, uint64_t address)
{
	enum { ENTRY = 16, JUMP = 6 };
	uint64_t begin = (address - stubs->vaddr) & ~(uint64_t)(ENTRY - 1);
	uint8_t code[JUMP];
	for (uint64_t at = begin; at + JUMP <= begin + ENTRY && at + JUMP <= stubs->size; at++) {
		int32_t displacement;
		if (!fetch(image, stubs->offset + at, code, sizeof(code)))
			return 0;
		memcpy(&displacement, code + 2, sizeof(displacement));
		if (code[0] == 0xff && code[1] == 0x25)
			return stubs->vaddr + at + JUMP + (uint64_t)(int64_t)displacement;
	}
	return 0;
}

/* The name of the function whose address is put into the slot; "" when none is. */
static const char *linked_to(const struct image *image, uint64_t slot)
{
	for (size_t t = 0; t < ASSAY_COUNT_OF(image->relocations); t++)
		for (uint64_t i = 0; i < image->relocations[t].size / sizeof(Elf64_Rela); i++) {
			Elf64_Rela r;
			Elf64_Sym s;
			if (!fetch(image, image->relocations[t].offset + i * sizeof(r), &r,
				   sizeof(r)))
				break;
			uint64_t at = ELF64_R_SYM(r.r_info) * sizeof(s);
			if (r.r_offset != slot || at + sizeof(s) > image->dynamic.size ||
			    !fetch(image, image->dynamic.offset + at, &s, sizeof(s)))
				continue;
			return text_in(image, image->dynamic_names.offset,
				       image->dynamic_names.size, s.st_name);
		}
	return "";
}

bool image_stub(const struct image *image, uint64_t address, char *text, size_t size)
{
	for (size_t i = 0; i < image->n_stubs; i++) {
		const struct image_part *stubs = &image->stubs[i];
		if (address < stubs->vaddr || address - stubs->vaddr >= stubs->size)
			continue;
		uint64_t slot = slot_of(image, stubs, address);
		const char *name = slot ? linked_to(image, slot) : "";
		snprintf(text, size, "%.200s@plt", name);
		return true;
	}
	return false;
}

static uint64_t entry(const struct image *image, size_t i)
{
	int32_t offset;
	memcpy(&offset, image->table + i * 8, sizeof(offset));
	return image->table_base + (uint64_t)(int64_t)offset;
}

bool image_begin(const struct image *image, uint64_t address, uint64_t *ret_begin)
{
	size_t lo = 0, hi = image->n_table;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (entry(image, middle) <= address)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo == 0)
		return false;
	*ret_begin = entry(image, lo - 1);
	return true;
}

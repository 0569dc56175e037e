/* SPDX-License-Identifier: MIT */
/* variants_elf: every offset is checked against the file before it is followed. */
#include "harness/gate/variants_elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of binutils 2.36 (2021): survives --gc-sections. Linkers that do not know it ignore it. */
#define RETAIN 0x200000u

/* Copied out, because nothing in a file is aligned for certain. False when it is not all there. */
static bool take(const void *bytes, size_t length, uint64_t at, void *to, size_t size)
{
	if (at > length || size > length - at)
		return false;
	memcpy(to, (const char *)bytes + at, size);
	return true;
}

static enum assay_code read_header(const void *bytes, size_t length, Elf64_Ehdr *header,
				   struct assay_err *err)
{
	if (length < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return assay_fail(err, ASSAY_EPARSE, "it is no ELF file");
	if (!take(bytes, length, 0, header, sizeof(*header)))
		return assay_fail(err, ASSAY_EPARSE, "it is an ELF file cut short");
	bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != (little ? ELFDATA2LSB : ELFDATA2MSB))
		return assay_fail(err, ASSAY_EUSAGE,
				  "it is an ELF file for another kind of machine; only 64 bits in "
				  "this machine's byte order are supported");
	return ASSAY_OK;
}

enum assay_code assay_elf_target(const void *bytes, size_t length, struct assay_elf_target *ret,
				 struct assay_err *err)
{
	Elf64_Ehdr header;
	enum assay_code code = read_header(bytes, length, &header, err);
	if (code != ASSAY_OK)
		return code;
	*ret = (struct assay_elf_target){
		.machine = header.e_machine,
		.flags = header.e_flags,
		.linked = header.e_type == ET_EXEC || header.e_type == ET_DYN,
	};
	return ASSAY_OK;
}

enum assay_code assay_elf_pad(const struct assay_elf_target *target, size_t pad_bytes,
			      struct assay_str *out, struct assay_err *err)
{
	/* The second section says that no executable stack is needed. */
	static const char names[] = "\0.text.unlikely\0.note.GNU-stack\0.shstrtab";
	enum { TEXT_NAME = 1, STACK_NAME = 16, STRTAB_NAME = 32, SECTIONS = 4 };
	size_t text_at = sizeof(Elf64_Ehdr), names_at = text_at + pad_bytes;
	size_t table_at = (names_at + sizeof(names) + 7) & ~(size_t)7;
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB,
			    EV_CURRENT, ELFOSABI_GNU},
		.e_type = ET_REL,
		.e_machine = target->machine,
		.e_version = EV_CURRENT,
		.e_flags = target->flags,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shoff = table_at,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = SECTIONS - 1,
	};
	Elf64_Shdr sections[SECTIONS] = {
		{0},
		{.sh_name = TEXT_NAME,
		 .sh_type = SHT_PROGBITS,
		 .sh_flags = SHF_ALLOC | SHF_EXECINSTR | RETAIN,
		 .sh_offset = text_at,
		 .sh_size = pad_bytes,
		 .sh_addralign = 1},
		{.sh_name = STACK_NAME,
		 .sh_type = SHT_PROGBITS,
		 .sh_offset = names_at,
		 .sh_addralign = 1},
		{.sh_name = STRTAB_NAME,
		 .sh_type = SHT_STRTAB,
		 .sh_offset = names_at,
		 .sh_size = sizeof(names),
		 .sh_addralign = 1},
	};
	assay_str_put(out, (const char *)&header, sizeof(header));
	for (size_t i = 0; i < pad_bytes && !out->failed; i++)
		assay_str_put(out, "\0", 1);
	assay_str_put(out, names, sizeof(names));
	assay_str_put(out, "\0\0\0\0\0\0\0", table_at - names_at - sizeof(names));
	assay_str_put(out, (const char *)sections, sizeof(sections));
	return out->failed ? assay_fail(err, ASSAY_ENOMEM, "out of memory for a pad object")
			   : ASSAY_OK;
}

/* A file and its table of sections. */
struct sections {
	const void *bytes;
	size_t length;
	Elf64_Ehdr header;
};

static bool section(const struct sections *file, size_t i, Elf64_Shdr *ret)
{
	uint64_t at = (uint64_t)i * sizeof(Elf64_Shdr);
	if (i >= file->header.e_shnum || file->header.e_shoff > file->length)
		return false;
	return take(file->bytes, file->length, file->header.e_shoff + at, ret, sizeof(*ret));
}

/* The largest executable section, its number to *ret_index; false when there is none. */
static bool find_code(const struct sections *file, size_t *ret_index, Elf64_Shdr *ret)
{
	Elf64_Shdr s;
	ret->sh_size = 0;
	for (size_t i = 0; section(file, i, &s); i++) {
		bool code = s.sh_type == SHT_PROGBITS && (s.sh_flags & SHF_EXECINSTR);
		if (code && s.sh_size > ret->sh_size) {
			*ret = s;
			*ret_index = i;
		}
	}
	return ret->sh_size > 0;
}

/* The table of all symbols; that of the dynamic ones where the file is stripped. */
static bool find_symbols(const struct sections *file, Elf64_Shdr *ret)
{
	Elf64_Shdr s;
	bool found = false;
	for (size_t i = 0; section(file, i, &s); i++) {
		if (s.sh_type == SHT_SYMTAB || (s.sh_type == SHT_DYNSYM && !found)) {
			*ret = s;
			found = true;
		}
	}
	return found && ret->sh_offset <= file->length &&
	       ret->sh_size <= file->length - ret->sh_offset;
}

static void keep_name(const struct sections *file, const Elf64_Shdr *symbols, uint32_t at, char *to,
		      size_t size)
{
	Elf64_Shdr strings;
	size_t n = 0;
	char raw[64] = "";
	if (section(file, symbols->sh_link, &strings) && strings.sh_offset <= file->length)
		while (n + 1 < sizeof(raw) &&
		       take(file->bytes, file->length, strings.sh_offset + at + n, &raw[n], 1) &&
		       raw[n])
			n++;
	raw[n] = '\0';
	assay_sanitise(to, size, raw);
}

static void add_function(const struct sections *file, const Elf64_Shdr *symbols,
			 const Elf64_Sym *symbol, struct assay_elf_code *ret)
{
	if (ret->n == 0 || symbol->st_value > ret->last) {
		ret->last = symbol->st_value;
		keep_name(file, symbols, symbol->st_name, ret->last_name, sizeof(ret->last_name));
	}
	ret->functions[ret->n++] = symbol->st_value;
}

enum assay_code assay_elf_code(const void *bytes, size_t length, struct assay_elf_code *ret,
			       struct assay_err *err)
{
	struct sections file = {.bytes = bytes, .length = length};
	Elf64_Shdr code = {0}, symbols = {0};
	size_t index = 0;
	enum assay_code rc = read_header(bytes, length, &file.header, err);
	if (rc != ASSAY_OK)
		return rc;
	if (file.header.e_type != ET_EXEC && file.header.e_type != ET_DYN)
		return assay_fail(err, ASSAY_EPARSE,
				  "it is neither an executable nor a shared object");
	if (file.header.e_shentsize != sizeof(Elf64_Shdr) || !find_code(&file, &index, &code))
		return assay_fail(err, ASSAY_EPARSE, "it has no section with code");
	ret->last = code.sh_addr + code.sh_size;
	if (!find_symbols(&file, &symbols))
		return ASSAY_OK;
	size_t n = symbols.sh_size / sizeof(Elf64_Sym);
	ret->functions = malloc((n + 1) * sizeof(*ret->functions));
	if (!ret->functions)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu symbols", n);
	for (size_t i = 0; i < n; i++) {
		Elf64_Sym symbol;
		memcpy(&symbol, (const char *)bytes + symbols.sh_offset + i * sizeof(symbol),
		       sizeof(symbol));
		int type = ELF64_ST_TYPE(symbol.st_info);
		if (symbol.st_shndx == index && (type == STT_FUNC || type == STT_GNU_IFUNC))
			add_function(&file, &symbols, &symbol, ret);
	}
	return ASSAY_OK;
}

void assay_elf_code_done(struct assay_elf_code *code)
{
	if (!code)
		return;
	free(code->functions);
	*code = (struct assay_elf_code){0};
}

enum assay_code assay_file_map(const char *path, struct assay_file_bytes *ret,
			       struct assay_err *err)
{
	struct stat st;
	*ret = (struct assay_file_bytes){0};
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return assay_fail(err, ASSAY_EIO, "open '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return assay_fail(err, ASSAY_EIO, "'%s' is not a regular file", path);
	if (st.st_size == 0)
		return ASSAY_OK;
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return assay_fail(err, ASSAY_EIO, "read '%s': %s", path, strerror(errno));
	*ret = (struct assay_file_bytes){bytes, (size_t)st.st_size};
	return ASSAY_OK;
}

void assay_file_unmap(struct assay_file_bytes *file)
{
	if (file && file->length)
		munmap((void *)(uintptr_t)file->bytes, file->length);
	if (file)
		*file = (struct assay_file_bytes){0};
}

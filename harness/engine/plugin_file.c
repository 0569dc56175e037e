/* SPDX-License-Identifier: MIT */
/* plugin_file: owner, mode and ABI of a plug-in. Every offset is checked before it is followed. */
#include "harness/engine/plugin_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/bench.h"

/* A structure of ELF in this machine's width; <link.h> has the same, but this folder has a link.h. */
#if __SIZEOF_POINTER__ == 8
#define NATIVE(name) Elf64_##name
#else
#define NATIVE(name) Elf32_##name
#endif

/* The file and what its header says. */
struct elf {
	const unsigned char *bytes;
	size_t length;
	NATIVE(Ehdr) header;
};

/* Copied out, because nothing in a file is aligned for certain. False when it is not all there. */
static bool take(const struct elf *elf, uint64_t at, void *to, size_t size)
{
	if (at > elf->length || size > elf->length - at)
		return false;
	memcpy(to, elf->bytes + at, size);
	return true;
}

static bool take_section(const struct elf *elf, uint32_t i, NATIVE(Shdr) * ret)
{
	return i < elf->header.e_shnum && elf->header.e_shoff <= elf->length &&
	       take(elf, elf->header.e_shoff + (uint64_t)i * sizeof(*ret), ret, sizeof(*ret));
}

static enum assay_code read_header(struct elf *elf, struct assay_err *err)
{
	const bool wide = sizeof(void *) == 8, little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	const unsigned char *ident = elf->header.e_ident;
	if (!take(elf, 0, &elf->header, sizeof(elf->header)) || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return assay_fail(err, ASSAY_EUSAGE, "it is no shared object");
	if (ident[EI_CLASS] != (wide ? ELFCLASS64 : ELFCLASS32) ||
	    ident[EI_DATA] != (little ? ELFDATA2LSB : ELFDATA2MSB))
		return assay_fail(err, ASSAY_EUSAGE, "it is for another kind of machine");
	if (elf->header.e_type != ET_DYN || elf->header.e_shentsize != sizeof(NATIVE(Shdr)) ||
	    elf->header.e_phentsize != sizeof(NATIVE(Phdr)))
		return assay_fail(err, ASSAY_EUSAGE, "it is no shared object");
	return ASSAY_OK;
}

/* Is the text at `offset` of the table of strings this name? */
static bool is_named(const struct elf *elf, const NATIVE(Shdr) * strings, uint32_t offset,
		     const char *name, size_t size)
{
	char text[32];
	return offset <= strings->sh_size && size <= strings->sh_size - offset &&
	       strings->sh_offset <= elf->length &&
	       take(elf, strings->sh_offset + offset, text, size) && memcmp(text, name, size) == 0;
}

/* The exported symbol assay_plugin among those of one table. */
static bool find_symbol(const struct elf *elf, const NATIVE(Shdr) * table, NATIVE(Sym) * ret)
{
	static const char name[] = "assay_plugin";
	NATIVE(Shdr) strings;
	if (!take_section(elf, table->sh_link, &strings) || table->sh_offset > elf->length)
		return false;
	for (uint64_t i = 0; i < table->sh_size / sizeof(*ret); i++) {
		if (!take(elf, table->sh_offset + i * sizeof(*ret), ret, sizeof(*ret)))
			return false;
		if (ret->st_shndx != SHN_UNDEF && ret->st_size >= sizeof(struct assay_plugin) &&
		    is_named(elf, &strings, ret->st_name, name, sizeof(name)))
			return true;
	}
	return false;
}

static bool find_export(const struct elf *elf, NATIVE(Sym) * ret)
{
	for (uint32_t i = 0; i < elf->header.e_shnum; i++) {
		NATIVE(Shdr) section;
		if (take_section(elf, i, &section) && section.sh_type == SHT_DYNSYM &&
		    find_symbol(elf, &section, ret))
			return true;
	}
	return false;
}

/* The number at an address, as the file has it: no relocation touches it. */
static bool read_at(const struct elf *elf, uint64_t address, unsigned *ret)
{
	for (uint32_t i = 0; i < elf->header.e_phnum && elf->header.e_phoff <= elf->length; i++) {
		NATIVE(Phdr) part;
		if (!take(elf, elf->header.e_phoff + (uint64_t)i * sizeof(part), &part,
			  sizeof(part)))
			return false;
		if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
		    address - part.p_vaddr < part.p_filesz && part.p_offset <= elf->length &&
		    address - part.p_vaddr <= elf->length)
			return take(elf, part.p_offset + (address - part.p_vaddr), ret,
				    sizeof(*ret));
	}
	return false;
}

enum assay_code assay_plugin_abi(const void *bytes, size_t length, unsigned *ret,
				 struct assay_err *err)
{
	struct elf elf = {.bytes = bytes, .length = length};
	NATIVE(Sym) symbol;
	enum assay_code code = read_header(&elf, err);
	if (code != ASSAY_OK)
		return code;
	if (!find_export(&elf, &symbol))
		return assay_fail(err, ASSAY_EUSAGE, "it exports no symbol 'assay_plugin'");
	if (!read_at(&elf, symbol.st_value, ret))
		return assay_fail(err, ASSAY_EUSAGE,
				  "its assay_plugin states no ABI before it is loaded; write it as "
				  "a constant");
	return ASSAY_OK;
}

/* Could anybody but this user and root change it? */
static enum assay_code check_owner(const struct stat *st, const char *what, const char *path,
				   struct assay_err *err)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return assay_fail(err, ASSAY_EUSAGE,
				  "%s belongs to user %u, who is neither you nor root; make a copy "
				  "of your own",
				  what, (unsigned)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		return assay_fail(err, ASSAY_EUSAGE,
				  "others than its owner can write %s; chmod go-w '%.200s'", what,
				  path);
	return ASSAY_OK;
}

static enum assay_code check_folder(const char *path, struct assay_err *err)
{
	struct stat st;
	ASSAY_AUTO_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	if (!folder)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	if (slash)
		slash[slash == folder] = '\0';
	if (stat(slash ? folder : ".", &st) != 0)
		return assay_fail(err, ASSAY_EUSAGE, "%s", strerror(errno));
	return check_owner(&st, "its folder", slash ? folder : ".", err);
}

static enum assay_code check_abi(int fd, size_t length, struct assay_err *err)
{
	unsigned abi = 0;
	void *bytes = length ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (bytes == MAP_FAILED)
		return assay_fail(err, ASSAY_EUSAGE, "%s",
				  length ? strerror(errno) : "it is empty");
	enum assay_code code = assay_plugin_abi(bytes, length, &abi, err);
	munmap(bytes, length);
	if (code == ASSAY_OK && abi != ASSAY_ABI)
		return assay_fail(err, ASSAY_EUSAGE,
				  "built for ABI %u, this assay has ABI %d; rebuild it against the "
				  "headers of this version",
				  abi, ASSAY_ABI);
	return code;
}

enum assay_code assay_plugin_check(const char *path, struct assay_err *err)
{
	struct stat st;
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return assay_fail(err, ASSAY_EUSAGE, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return assay_fail(err, ASSAY_EUSAGE, "it is not a regular file");
	enum assay_code code = check_owner(&st, "it", path, err);
	if (code == ASSAY_OK)
		code = check_folder(path, err);
	return code == ASSAY_OK ? check_abi(fd, (size_t)st.st_size, err) : code;
}

/* SPDX-License-Identifier: MIT */
/* test_variants_elf: which functions a linked file is said to have, by files made here, whole, odd and cut short. */
#include "harness/gate/variants_elf.h"

#include <elf.h>
#include <stdlib.h>

#include "tests/t.h"

enum { SYMBOLS = 6, SHOWN = 2 };
/* Places in the table of sections. */
enum { INIT = 1, TEXT, DATA, BSS, DYNAMIC, TABLE, STRINGS, SECTIONS };

/* The table of symbols comes last: it ends where the file does. */
struct image {
	Elf64_Ehdr header;
	Elf64_Shdr sections[SECTIONS];
	char strings[128];
	Elf64_Sym dynamic[SHOWN];
	Elf64_Sym symbols[SYMBOLS];
};

/* Names in the table of strings. */
enum { FIRST_NAME = 1, HIGH_NAME = 7, OTHER_NAME = 12, SHOWN_NAME = 18 };

static Elf64_Sym symbol(uint32_t name, int type, uint16_t section, uint64_t value)
{
	return (Elf64_Sym){.st_name = name,
			   .st_info = (unsigned char)ELF64_ST_INFO(STB_GLOBAL, type),
			   .st_shndx = section,
			   .st_value = value};
}

static Elf64_Shdr code(uint32_t type, uint64_t flags, uint64_t addr, uint64_t size)
{
	return (Elf64_Shdr){.sh_type = type, .sh_flags = flags, .sh_addr = addr, .sh_size = size};
}

static Elf64_Shdr table(uint32_t type, uint64_t offset, uint64_t size)
{
	return (Elf64_Shdr){
		.sh_type = type, .sh_offset = offset, .sh_size = size, .sh_link = STRINGS};
}

/* Code in .text and .init, of which .text is larger; larger still, but no code, what surrounds it. */
static struct image whole(void)
{
	bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	struct image f = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				       little ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT},
			   .e_type = ET_DYN,
			   .e_machine = EM_AARCH64,
			   .e_flags = 5,
			   .e_shoff = offsetof(struct image, sections),
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = SECTIONS},
		.sections = {[INIT] = code(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1000, 16),
			     [TEXT] = code(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x2000, 256),
			     [DATA] = code(SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x3000, 4096),
			     [BSS] = code(SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 0x4000, 8192),
			     [DYNAMIC] = table(SHT_DYNSYM, offsetof(struct image, dynamic),
					       sizeof(f.dynamic)),
			     [TABLE] = table(SHT_SYMTAB, offsetof(struct image, symbols),
					     sizeof(f.symbols)),
			     [STRINGS] = table(SHT_STRTAB, offsetof(struct image, strings),
					       sizeof(f.strings))},
		.strings = "\0first\0high\0other\0shown",
		.dynamic = {[1] = symbol(SHOWN_NAME, STT_FUNC, TEXT, 0x2040)},
		.symbols = {[1] = symbol(FIRST_NAME, STT_FUNC, TEXT, 0x2010),
			    [2] = symbol(HIGH_NAME, STT_GNU_IFUNC, TEXT, 0x2080),
			    [3] = symbol(OTHER_NAME, STT_FUNC, TEXT, 0x2080),
			    [4] = symbol(OTHER_NAME, STT_OBJECT, TEXT, 0x20f0),
			    [5] = symbol(OTHER_NAME, STT_FUNC, INIT, 0x5000)},
	};
	return f;
}

/* In a block of just that size, so that a sanitizer sees what is read behind it. */
static enum assay_code code_of(const struct image *f, size_t length, struct assay_elf_code *ret,
			       struct assay_err *err)
{
	char *bytes = malloc(length ? length : 1);
	assert_non_null(bytes);
	memcpy(bytes, f, length);
	*ret = (struct assay_elf_code){0};
	enum assay_code rc = assay_elf_code(bytes, length, ret, err);
	free(bytes);
	return rc;
}

/* What is found in the file; `name` is that of the highest function. */
static void finds(const struct image *f, size_t n, uint64_t last, const char *name)
{
	struct assay_elf_code got;
	struct assay_err err = {0};
	assert_ok(code_of(f, sizeof(*f), &got, &err));
	assert_int_equal(got.n, n);
	assert_int_equal(got.last, last);
	assert_string_equal(got.last_name, name);
	assay_elf_code_done(&got);
}

static void finds_nothing(const struct image *f, const char *why)
{
	struct assay_elf_code got;
	struct assay_err err = {0};
	assert_fails(code_of(f, sizeof(*f), &got, &err), ASSAY_EPARSE, why);
	assay_elf_code_done(&got);
}

static void functions_are_those_of_the_largest_code(void **state)
{
	(void)state;
	struct image f = whole();
	struct assay_elf_code got;
	struct assay_err err = {0};
	assert_ok(code_of(&f, sizeof(f), &got, &err));
	assert_int_equal(got.n, 3);
	static const uint64_t want[] = {0x2010, 0x2080, 0x2080};
	assert_memory_equal(got.functions, want, sizeof(want));
	assay_elf_code_done(&got);
	finds(&f, 3, 0x2080, "high"); /* the first of those at the highest address */
	f.sections[INIT].sh_size = 257;
	finds(&f, 1, 0x5000, "other");
	f.sections[INIT].sh_size = 256; /* as large as the other: the first of them */
	finds(&f, 1, 0x5000, "other");
}

static void a_stripped_file_has_dynamic_symbols(void **state)
{
	(void)state;
	struct image f = whole();
	f.sections[TABLE].sh_type = SHT_NULL;
	finds(&f, 1, 0x2040, "shown");
	f.sections[DYNAMIC].sh_type = SHT_NULL;
	finds(&f, 0, 0x2000 + 256, ""); /* the end of the code is where it lies */
	f = whole();                    /* whichever of them comes first */
	f.sections[TABLE] = whole().sections[DYNAMIC];
	f.sections[DYNAMIC] = whole().sections[TABLE];
	finds(&f, 3, 0x2080, "high");
	f.sections[DYNAMIC].sh_type = f.sections[TABLE].sh_type = SHT_DYNSYM;
	finds(&f, 3, 0x2080, "high"); /* of two, the first */
}

static void tables_outside_the_file_are_none(void **state)
{
	(void)state;
	struct image f = whole();
	f.sections[TABLE].sh_size++;
	finds(&f, 0, 0x2100, "");
	f = whole();
	f.sections[TABLE].sh_offset = sizeof(f) + 1;
	finds(&f, 0, 0x2100, "");
	f.sections[TABLE].sh_offset = UINT64_MAX - 8;
	finds(&f, 0, 0x2100, "");
	f.sections[TABLE].sh_offset = sizeof(f);
	f.sections[TABLE].sh_size = UINT64_MAX;
	finds(&f, 0, 0x2100, "");
	f = whole();
	f.sections[STRINGS].sh_offset = sizeof(f) + 1;
	finds(&f, 3, 0x2080, "");
	f.sections[STRINGS].sh_offset = UINT64_MAX;
	finds(&f, 3, 0x2080, "");
	f = whole();
	f.sections[TABLE].sh_link = SECTIONS;
	finds(&f, 3, 0x2080, "");
}

/* A name ends at its NUL, at the end of the file, or where there is no more room. */
static void names_end_somewhere(void **state)
{
	(void)state;
	struct image f = whole();
	memset(f.strings + HIGH_NAME, 'n', 100);
	char want[64] = "";
	memset(want, 'n', sizeof(want) - 1);
	finds(&f, 3, 0x2080, want);
	f = whole();
	f.sections[STRINGS].sh_offset = sizeof(f) - HIGH_NAME - 2;
	memcpy((char *)&f + sizeof(f) - 2, "ab", 2);
	finds(&f, 3, 0x2080, "ab");
	f = whole();
	f.strings[HIGH_NAME] = '\033';
	struct assay_elf_code got;
	struct assay_err err = {0};
	assert_ok(code_of(&f, sizeof(f), &got, &err));
	assert_null(strchr(got.last_name, '\033'));
	assert_non_null(strstr(got.last_name, "igh"));
	assay_elf_code_done(&got);
}

static void what_has_no_code_is_refused(void **state)
{
	(void)state;
	struct image f = whole();
	f.sections[INIT].sh_size = f.sections[TEXT].sh_size = 0;
	finds_nothing(&f, "no section with code");
	f.sections[TEXT].sh_size = 1;
	finds(&f, 3, 0x2080, "high");
	f = whole();
	f.header.e_shentsize++;
	finds_nothing(&f, "no section with code");
	f = whole();
	f.header.e_shoff = sizeof(f) + 1;
	finds_nothing(&f, "no section with code");
	f.header.e_shoff = UINT64_MAX - 64;
	finds_nothing(&f, "no section with code");
	f = whole();
	f.header.e_shnum = INIT;
	finds_nothing(&f, "no section with code");
	f.header.e_shnum = TEXT;
	finds(&f, 0, 0x1010, "");
	f = whole();
	f.header.e_type = ET_EXEC;
	finds(&f, 3, 0x2080, "high");
	f.header.e_type = ET_CORE;
	finds_nothing(&f, "neither an executable");
}

static void files_cut_short_are_read_as_far_as_they_go(void **state)
{
	(void)state;
	struct image f = whole();
	for (size_t length = 0; length < sizeof(f); length++) {
		struct assay_elf_code got;
		struct assay_err err = {0};
		enum assay_code rc = code_of(&f, length, &got, &err);
		size_t code_ends = offsetof(struct image, sections[TEXT + 1]);
		assert_int_equal(rc,
				 length < code_ends - sizeof(Elf64_Shdr) ? ASSAY_EPARSE : ASSAY_OK);
		if (length < sizeof(f.header))
			assert_non_null(strstr(err.text, length < 4 ? "no ELF file" : "cut short"));
		assert_true(got.n <= 1); /* of the dynamic ones, while their table is whole */
		assay_elf_code_done(&got);
	}
}

static void targets_are_told_apart(void **state)
{
	(void)state;
	struct image f = whole();
	struct assay_elf_target target;
	struct assay_err err = {0};
	static const struct {
		uint16_t type;
		bool linked;
	} types[] = {{ET_REL, false}, {ET_EXEC, true}, {ET_DYN, true}, {ET_CORE, false}};
	for (size_t i = 0; i < ASSAY_COUNT_OF(types); i++) {
		f.header.e_type = types[i].type;
		assert_ok(assay_elf_target(&f, sizeof(f), &target, &err));
		assert_int_equal(target.linked, types[i].linked);
		assert_int_equal(target.machine, EM_AARCH64);
		assert_int_equal(target.flags, 5);
	}
	f.header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	assert_fails(assay_elf_target(&f, sizeof(f), &target, &err), ASSAY_EUSAGE, "another kind");
	f = whole();
	f.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_fails(assay_elf_target(&f, sizeof(f), &target, &err), ASSAY_EUSAGE, "another kind");
	f.header.e_ident[EI_MAG3]++;
	assert_fails(assay_elf_target(&f, sizeof(f), &target, &err), ASSAY_EPARSE, "no ELF file");
}

static Elf64_Shdr section_of(const struct assay_str *object, size_t i)
{
	Elf64_Ehdr header;
	Elf64_Shdr section;
	memcpy(&header, object->text, sizeof(header));
	assert_true(i < header.e_shnum);
	size_t at = header.e_shoff + i * sizeof(section);
	assert_int_equal(at % 8, 0);
	assert_true(at + sizeof(section) <= object->length);
	memcpy(&section, object->text + at, sizeof(section));
	assert_true(section.sh_offset + section.sh_size <= object->length);
	return section;
}

static const char *name_of(const struct assay_str *object, size_t i)
{
	Elf64_Ehdr header;
	memcpy(&header, object->text, sizeof(header));
	Elf64_Shdr names = section_of(object, header.e_shstrndx);
	return object->text + names.sh_offset + section_of(object, i).sh_name;
}

/* A section of code of that size, at no particular place, that is kept; and a stack that is not executed. */
static void a_pad_is_nothing_but_room(void **state)
{
	(void)state;
	const struct assay_elf_target target = {EM_RISCV, 4, false};
	for (size_t bytes = 0; bytes < 18; bytes++) {
		struct assay_str object = {0};
		struct assay_err err = {0};
		assert_ok(assay_elf_pad(&target, bytes, &object, &err));
		struct assay_elf_target got;
		assert_ok(assay_elf_target(object.text, object.length, &got, &err));
		assert_true(got.machine == EM_RISCV && got.flags == 4 && !got.linked);
		Elf64_Shdr text = section_of(&object, 1);
		assert_string_equal(name_of(&object, 1), ".text.unlikely");
		assert_int_equal(text.sh_type, SHT_PROGBITS);
		assert_int_equal(text.sh_flags, SHF_ALLOC | SHF_EXECINSTR | 0x200000);
		assert_int_equal(text.sh_size, bytes);
		assert_int_equal(text.sh_addralign, 1);
		for (size_t i = 0; i < bytes; i++)
			assert_int_equal(object.text[text.sh_offset + i], 0);
		assert_string_equal(name_of(&object, 2), ".note.GNU-stack");
		assert_int_equal(section_of(&object, 2).sh_flags, 0);
		assert_int_equal(section_of(&object, 2).sh_size, 0);
		assert_string_equal(name_of(&object, 3), ".shstrtab");
		assert_int_equal(section_of(&object, 3).sh_type, SHT_STRTAB);
		assert_int_equal(section_of(&object, 0).sh_type, SHT_NULL);
		assay_str_done(&object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_those_of_the_largest_code),
		cmocka_unit_test(a_stripped_file_has_dynamic_symbols),
		cmocka_unit_test(tables_outside_the_file_are_none),
		cmocka_unit_test(names_end_somewhere),
		cmocka_unit_test(what_has_no_code_is_refused),
		cmocka_unit_test(files_cut_short_are_read_as_far_as_they_go),
		cmocka_unit_test(targets_are_told_apart),
		cmocka_unit_test(a_pad_is_nothing_but_room),
	};
	return cmocka_run_group_tests_name("variants_elf", tests, NULL, NULL);
}

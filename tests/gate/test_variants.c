/* SPDX-License-Identifier: MIT */
/* test_variants: link commands read and rewritten, manifests read and refused, sets found. */
#include "harness/gate/variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/gate/variants_elf.h"
#include "harness/gate/variants_link.h"
#include "tests/t.h"

static enum assay_code read_link(const char *text, struct assay_link *ret, struct assay_err *err)
{
	struct assay_argv argv = {0};
	*ret = (struct assay_link){0};
	enum assay_code code = assay_argv_split(text, &argv, err);
	if (code == ASSAY_OK)
		code = assay_link_read(argv.words, argv.n, ret, err);
	assay_argv_done(&argv);
	return code;
}

static void rewrites(const char *from, const char *want)
{
	struct assay_link link;
	struct assay_argv got = {0};
	struct assay_str text = {0};
	struct assay_err err = {0};
	assert_ok(read_link(from, &link, &err));
	assert_ok(assay_link_with(&link, "NEW", "PAD", &got, &err));
	assay_argv_quote(&got, &text);
	assert_string_equal(assay_str_text(&text), want);
	assay_str_done(&text);
	assay_argv_done(&got);
	assay_link_done(&link);
}

static void link_commands_get_an_output_and_a_pad(void **state)
{
	(void)state;
	rewrites("cc -shared -o text.so a.o b.o", "cc -shared -o NEW PAD a.o b.o");
	rewrites("cc a.o b.o -lm -o dir/prog", "cc PAD a.o b.o -lm -o NEW");
	rewrites("ld -shared --output=x.so a.o", "ld -shared --output=NEW PAD a.o");
	rewrites("ld --output x.so a.o", "ld --output NEW PAD a.o");
	rewrites("cc -ox a.c", "cc -oNEW PAD a.c");
	rewrites("ccache c++ x.cpp -o x", "ccache c++ PAD x.cpp -o NEW");
	rewrites("cc @more.o -l:libx.a -o x a.o", "cc @more.o -l:libx.a -o NEW PAD a.o");
	/* What comes after these is no input, whatever it looks like. */
	rewrites("cc -shared -Xlinker -soname -Xlinker x.so.1 -o x.so a.o",
		 "cc -shared -Xlinker -soname -Xlinker x.so.1 -o NEW PAD a.o");
	rewrites("ld -h x.so -soname y.so -o x.so liba.a",
		 "ld -h x.so -soname y.so -o NEW PAD liba.a");
	rewrites("cc -Wl,--whole-archive libx.a -o x", "cc -Wl,--whole-archive PAD libx.a -o NEW");
	rewrites("ld -oformat elf64-x86-64 -o x a.o", "ld -oformat elf64-x86-64 -o NEW PAD a.o");
	/* The user knows better. */
	rewrites("cc start.o '{pad}' a.o -o x", "cc start.o PAD a.o -o NEW");
	rewrites("rustc x.rs -C 'link-arg={pad}' -o x", "rustc x.rs -C link-arg=PAD -o NEW");
}

static void link_commands_that_are_none(void **state)
{
	(void)state;
	struct assay_link link;
	struct assay_err err = {0};
	assert_fails(assay_link_read(NULL, 0, &(struct assay_link){0}, &err), ASSAY_EUSAGE,
		     "missing");
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"cc a.o b.o", "no -o FILE"},
		{"cc a.o -o", "no -o FILE"},
		{"cc a.o -o ''", "no -o FILE"},
		{"cc @args", "@FILE is not looked into"},
		{"cc a.o -o x -o y", "two outputs, 'x' and 'y'"},
		{"ld a.o --output=x -oy", "two outputs, 'x' and 'y'"},
		{"cc .o -o x", "{pad}"}, /* a hidden file */
		{"cc -o x -lm", "{pad}"},
		{"cc -o x.o", "{pad}"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		assert_fails(read_link(cases[i].text, &link, &err), ASSAY_EUSAGE, cases[i].part);
		assay_link_done(&link);
	}
}

static void the_pad_is_an_object_of_its_target(void **state)
{
	(void)state;
	struct assay_file_bytes self;
	struct assay_elf_target target, pad_target;
	struct assay_elf_code code = {0};
	struct assay_str small = {0}, large = {0};
	struct assay_err err = {0};
	assert_ok(assay_file_map("/proc/self/exe", &self, &err));
	assert_ok(assay_elf_target(self.bytes, self.length, &target, &err));
	assert_true(target.linked);
	assert_ok(assay_elf_pad(&target, 0, &small, &err));
	assert_ok(assay_elf_pad(&target, 4096, &large, &err));
	assert_int_equal(large.length - small.length, 4096);
	assert_ok(assay_elf_target(large.text, large.length, &pad_target, &err));
	assert_int_equal(pad_target.machine, target.machine);
	assert_false(pad_target.linked);
	assert_fails(assay_elf_code(large.text, large.length, &code, &err), ASSAY_EPARSE,
		     "neither an executable");
	assay_elf_code_done(&code);
	assay_file_unmap(&self);
	assay_str_done(&small);
	assay_str_done(&large);
}

static void our_own_functions_are_found(void **state)
{
	(void)state;
	struct assay_file_bytes self;
	struct assay_elf_code code = {0};
	struct assay_err err = {0};
	char text[64] = "\177ELF\2\1\1";
	assert_ok(assay_file_map("/proc/self/exe", &self, &err));
	assert_ok(assay_elf_code(self.bytes, self.length, &code, &err));
	assert_true(code.n > 10);
	assert_true(*code.last_name);
	for (size_t i = 0; i < code.n; i++)
		assert_true(code.functions[i] <= code.last);
	assay_elf_code_done(&code);
	assay_file_unmap(&self);
	assert_fails(assay_elf_code("#!/bin/sh", 9, &code, &err), ASSAY_EPARSE, "no ELF file");
	assert_fails(assay_elf_code(text, 40, &code, &err), ASSAY_EPARSE, "cut short");
	text[4] = 1; /* ELFCLASS32 */
	assert_fails(assay_elf_code(text, 64, &code, &err), ASSAY_EUSAGE, "another kind");
}

/* A folder of its own with a file a-0, and its manifest, which tests spoil. */
struct fixture {
	char folder[T_PATH], manifest[T_PATH + 16], file[T_PATH + 16];
};

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* %s: whether it is complete, and the file's name. The digest is that of "variant". */
#define MANIFEST                                                                            \
	"{\"kind\":\"variants\",\"complete\":%s,\"output\":\"a\",\"symbol\":\"main\","      \
	"\"step_bytes\":64,\"functions\":3,\"variants\":[{\"file\":\"%s\",\"pad_bytes\":0," \
	"\"code_at\":16,\"moved\":0,\"length_bytes\":7,\"digest\":\"%s\"}]}"

static void manifest_of(const struct fixture *f, const char *complete, const char *file)
{
	char text[512], digest[ASSAY_DIGEST_SIZE];
	assay_digest("variant", 7, digest);
	snprintf(text, sizeof(text), MANIFEST, complete, file, digest);
	put(f->manifest, text);
}

static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	if (!f)
		return -1;
	*state = f;
	if (!mkdtemp(t_path(f->folder, "variants")))
		return -1;
	snprintf(f->manifest, sizeof(f->manifest), "%s/variants.json", f->folder);
	snprintf(f->file, sizeof(f->file), "%s/a-0", f->folder);
	put(f->file, "variant");
	manifest_of(f, "true", "a-0");
	return 0;
}

static int unmake(void **state)
{
	struct fixture *f = *state;
	unlink(f->manifest);
	unlink(f->file);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void a_set_is_found_by_folder_and_manifest(void **state)
{
	struct fixture *f = *state;
	const char *const names[] = {f->folder, f->manifest};
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		struct assay_variants set = {0};
		assert_ok(assay_variants_find(names[i], &set, &err));
		assert_int_equal(set.n, 1);
		assert_string_equal(set.folder, f->folder);
		assert_string_equal(set.output, "a");
		assert_string_equal(set.variants[0].path, f->file);
		assert_int_equal(set.variants[0].code_at, 16);
		assay_variants_done(&set);
	}
}

static void a_plain_file_is_itself(void **state)
{
	struct fixture *f = *state;
	struct assay_variants set = {0};
	struct assay_err err = {0};
	assert_ok(assay_variants_find(f->file, &set, &err));
	assert_int_equal(set.n, 1);
	assert_null(set.folder);
	assert_string_equal(set.variants[0].path, f->file);
	assert_string_equal(set.variants[0].file, "a-0");
	assay_variants_done(&set);
}

static void refuses(const char *path, enum assay_code code, const char *part)
{
	struct assay_variants set = {0};
	struct assay_err err = {0};
	assert_fails(assay_variants_find(path, &set, &err), code, part);
	assert_null(set.variants);
	assert_null(set.folder);
}

static void what_is_no_set_is_refused(void **state)
{
	struct fixture *f = *state;
	refuses("/nowhere/at/all", ASSAY_EUSAGE, "no file or folder '/nowhere/at/all'");
	manifest_of(f, "false", "a-0");
	refuses(f->folder, ASSAY_EUSAGE, "not complete");
	manifest_of(f, "true", "a-1");
	refuses(f->folder, ASSAY_EUSAGE, "'a-1' is gone");
	manifest_of(f, "true", "../etc");
	refuses(f->folder, ASSAY_EPARSE, "variant 0: it does not describe a variant");
	manifest_of(f, "true", ".hidden");
	refuses(f->folder, ASSAY_EPARSE, "variant 0");
	put(f->manifest, "{");
	refuses(f->manifest, ASSAY_EPARSE, "line 1");
	put(f->manifest, "");
	refuses(f->folder, ASSAY_EPARSE, "variants.json");
	put(f->manifest, "[1]");
	refuses(f->folder, ASSAY_EPARSE, "not the manifest");
	unlink(f->manifest);
	refuses(f->folder, ASSAY_EUSAGE, "without variants.json");
}

static void a_changed_file_is_noticed(void **state)
{
	struct fixture *f = *state;
	put(f->file, "varianT");
	refuses(f->folder, ASSAY_EUSAGE, "'a-0' is not the file that was built");
	put(f->file, "variants");
	refuses(f->folder, ASSAY_EUSAGE, "'a-0' is not the file that was built");
	put(f->file, "");
	refuses(f->folder, ASSAY_EUSAGE, "'a-0' is not the file that was built");
}

static void manifests_say_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *variants, *part;
	} cases[] = {
		{"[]", "it lists 0 variants"},
		{"7", "it lists 0 variants"},
		{"[7]", "variant 0: it does not"},
		{"[{\"file\":\"a\"}]", "variant 0: it does not"},
		{"[{\"file\":\"a\",\"pad_bytes\":-1,\"code_at\":1,\"moved\":0,\"length_bytes\":1,"
		 "\"digest\":\"12345678\"}]",
		 "variant 0: it does not"},
		{"[{\"file\":\"a\",\"pad_bytes\":0,\"code_at\":1,\"moved\":0,\"length_bytes\":1,"
		 "\"digest\":\"123456789\"}]",
		 "variant 0: it does not"},
		{"[{\"file\":\"a\",\"pad_bytes\":0,\"code_at\":1,\"moved\":0,\"length_bytes\":1,"
		 "\"digest\":\"12345678\"},{\"file\":\"b\",\"pad_bytes\":0,\"code_at\":1,\"moved\":0,"
		 "\"length_bytes\":1,\"digest\":\"12345678\"}]",
		 "variant 1: its pad does not grow"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++) {
		struct assay_variants set = {0};
		struct assay_err err = {0};
		bool complete;
		char text[600];
		snprintf(
			text, sizeof(text),
			"{\"kind\":\"variants\",\"complete\":true,\"output\":\"a\",\"symbol\":\"\","
			"\"step_bytes\":64,\"functions\":0,\"variants\":%s}",
			cases[i].variants);
		assert_fails(assay_variants_parse(text, strlen(text), &set, &complete, &err),
			     ASSAY_EPARSE, cases[i].part);
		assay_variants_done(&set);
	}
}

/* What every manifest must have, in its place and of its kind. */
static void manifests_have_a_head(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"\"kind\":7",    "\"kind\":\"gate\"", "\"complete\":1",        "\"output\":null",
		"\"symbol\":[]", "\"step_bytes\":-1", "\"step_bytes\":\"64\"", "\"functions\":0.5",
	};
	static const char *const fields[] = {
		"\"kind\":\"variants\"", "\"complete\":true", "\"output\":\"a\"",
		"\"symbol\":\"\"",       "\"step_bytes\":0",  "\"functions\":0",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(wrong) + ASSAY_COUNT_OF(fields); i++) {
		size_t spoilt = i - ASSAY_COUNT_OF(fields);
		bool left_out = i < ASSAY_COUNT_OF(fields);
		ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
		assay_str_add(&text, "{\"variants\":[]");
		for (size_t k = 0; k < ASSAY_COUNT_OF(fields); k++) {
			size_t key = strcspn(fields[k], ":");
			bool this_one =
				left_out ? i == k : strncmp(fields[k], wrong[spoilt], key + 1) == 0;
			if (!this_one)
				assay_str_add(&text, ",%s", fields[k]);
			else if (!left_out)
				assay_str_add(&text, ",%s", wrong[spoilt]);
		}
		assay_str_add(&text, "}");
		struct assay_variants set = {0};
		struct assay_err err = {0};
		bool complete;
		assert_fails(assay_variants_parse(assay_str_text(&text), text.length, &set,
						  &complete, &err),
			     ASSAY_EPARSE, "it is not the manifest of a set of variants");
		assay_variants_done(&set);
	}
}

/* One of a mebibyte is read, one that is a byte longer is not. */
static void manifests_are_no_longer_than_that(void **state)
{
	struct fixture *f = *state;
	struct assay_variants set = {0};
	struct assay_err err = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	struct assay_file_bytes file;
	assert_ok(assay_file_map(f->manifest, &file, &err));
	assay_str_put(&text, file.bytes, file.length);
	assay_file_unmap(&file);
	while (text.length < 1048576)
		assay_str_put(&text, "\n", 1);
	put(f->manifest, assay_str_text(&text));
	assert_ok(assay_variants_find(f->folder, &set, &err));
	assay_variants_done(&set);
	assay_str_put(&text, "\n", 1);
	put(f->manifest, assay_str_text(&text));
	refuses(f->folder, ASSAY_EPARSE, "it is longer than 1048576 bytes");
}

static void a_file_that_cannot_be_read_is_not_gone(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(symlink("a-0", f->file), 0); /* round and round */
	refuses(f->folder, ASSAY_EIO, "a-0': Too many levels of symbolic links");
	refuses(f->file, ASSAY_EIO, "look at '");
}

static void a_manifest_reads_back(void **state)
{
	(void)state;
	struct assay_variant variants[] = {
		{.path = (char *)"f/a-0",
		 .file = (char *)"a-0",
		 .code_at = 5,
		 .digest = "00000001"},
		{.path = (char *)"f/a-1",
		 .file = (char *)"a-1",
		 .pad_bytes = 64,
		 .code_at = 69,
		 .moved = 2,
		 .length_bytes = 9,
		 .digest = "00000002"},
	};
	struct assay_variants set = {.output = (char *)"a",
				     .symbol = (char *)"s",
				     .step_bytes = 64,
				     .functions = 3,
				     .variants = variants,
				     .n = 2};
	struct assay_variants got = {.folder = strdup("f")};
	struct assay_err err = {0};
	bool complete = true;
	json_t *json = assay_variants_json(&set, false);
	char *text = json_dumps(json, 0);
	assert_non_null(text);
	assert_ok(assay_variants_parse(text, strlen(text), &got, &complete, &err));
	assert_false(complete);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.variants[1].path, "f/a-1");
	assert_string_equal(got.variants[1].digest, "00000002");
	assert_int_equal(got.variants[1].moved, 2);
	assert_int_equal(got.variants[1].length_bytes, 9);
	assert_int_equal(got.functions, 3);
	assay_variants_done(&got);
	free(text);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_commands_get_an_output_and_a_pad),
		cmocka_unit_test(link_commands_that_are_none),
		cmocka_unit_test(the_pad_is_an_object_of_its_target),
		cmocka_unit_test(our_own_functions_are_found),
		cmocka_unit_test_setup_teardown(a_set_is_found_by_folder_and_manifest, make,
						unmake),
		cmocka_unit_test_setup_teardown(a_plain_file_is_itself, make, unmake),
		cmocka_unit_test_setup_teardown(what_is_no_set_is_refused, make, unmake),
		cmocka_unit_test_setup_teardown(a_changed_file_is_noticed, make, unmake),
		cmocka_unit_test_setup_teardown(manifests_are_no_longer_than_that, make, unmake),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_not_gone, make,
						unmake),
		cmocka_unit_test(manifests_say_what_is_wrong),
		cmocka_unit_test(manifests_have_a_head),
		cmocka_unit_test(a_manifest_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* test_image: this very program and its libc as ELF files; and files that are none, or end too soon. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/image.h"
#include "tests/t.h"

static void *map_file(const char *path, size_t *ret_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(bytes != MAP_FAILED);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

/* Known by name, and not inlined. */
static ASSAY_NOIPA int a_function_to_be_found(int x)
{
	return x * 3 + 1;
}

static uint64_t own_bias(void)
{
	Dl_info info;
	struct link_map *map;
	assert_true(dladdr1((void *)(uintptr_t)&a_function_to_be_found, &info, (void **)&map,
			    RTLD_DL_LINKMAP) != 0);
	return map->l_addr;
}

static void own_functions_are_named(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct image image;
	size_t size;
	uint64_t begin, again, at = (uint64_t)(uintptr_t)&a_function_to_be_found - own_bias();
	void *bytes = map_file("/proc/self/exe", &size);
	assert_int_equal(a_function_to_be_found(1), 4);
	assert_ok(image_read(bytes, size, &image, &err));
	assert_string_equal(image_function(&image, at + 1, &begin), "a_function_to_be_found");
	assert_true(begin == at);
	assert_true(image_begin(&image, at + 1, &again));
	assert_true(again == at);
	assert_null(image_function(&image, UINT64_MAX - 1, &begin));
	assert_false(image_begin(&image, 0, &begin));
	image_done(&image);
	munmap(bytes, size);
}

static void the_bias_of_a_mapping_is_found(void **state)
{
	(void)state;
	struct image image = {.parts = {{0x2000, 0x1000, 0x800}, {0x403010, 0x3010, 0x90}},
			      .n_parts = 2};
	uint64_t bias;
	assert_true(image_bias(&image, 0x7f0000001000, 0x1000, &bias));
	assert_true(bias == 0x7f0000001000 - 0x2000);
	assert_true(image_bias(&image, 0x403000, 0x3000, &bias)); /* not moved */
	assert_true(bias == 0);
	assert_false(image_bias(&image, 0x1000, 0x10000, &bias));
}

static void what_is_no_elf_file_is_refused(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct image image;
	uint8_t wrong[64] = {0x7f, 'E', 'L', 'F', 1, 1};
	assert_fails(image_read("#!/bin/sh\n", 10, &image, &err), ASSAY_EPARSE, "not an ELF");
	assert_fails(image_read("", 0, &image, &err), ASSAY_EPARSE, "not an ELF");
	assert_fails(image_read(wrong, sizeof(wrong), &image, &err), ASSAY_EPARSE, "64-bit");
}

/* Cut anywhere it has fewer names, and nothing worse happens. */
static void a_cut_file_is_as_good_as_stripped(void **state)
{
	(void)state;
	size_t size;
	void *bytes = map_file("/proc/self/exe", &size);
	for (size_t n = 64; n < size; n += size / 97 + 1) {
		struct assay_err err = {0};
		struct image image;
		uint64_t begin;
		uint8_t *cut = malloc(n);
		assert_non_null(cut);
		memcpy(cut, bytes, n);
		assert_ok(image_read(cut, n, &image, &err));
		for (uint64_t at = 0; at < size; at += 4099) {
			image_function(&image, at, &begin);
			image_begin(&image, at, &begin);
		}
		image_done(&image);
		free(cut);
	}
	munmap(bytes, size);
}

/* This program calls the C library's munmap() through a stub, by whatever means it was linked. */
static void stubs_are_called_by_what_they_call(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct image image;
	size_t size, found = 0, named = 0;
	char text[300];
	void *bytes = map_file("/proc/self/exe", &size);
	assert_ok(image_read(bytes, size, &image, &err));
	assert_false(image_stub(&image, 0, text, sizeof(text)));
	for (size_t i = 0; i < image.n_stubs; i++)
		for (uint64_t at = 0; at < image.stubs[i].size; at += 8) {
			assert_true(
				image_stub(&image, image.stubs[i].vaddr + at, text, sizeof(text)));
			found += strcmp(text, "munmap@plt") == 0;
			named += text[0] != '@';
		}
	if (image.n_stubs)
		assert_true(found > 0 && found <= 4 && named >= found);
	image_done(&image);
	munmap(bytes, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_functions_are_named),
		cmocka_unit_test(stubs_are_called_by_what_they_call),
		cmocka_unit_test(the_bias_of_a_mapping_is_found),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
		cmocka_unit_test(a_cut_file_is_as_good_as_stripped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

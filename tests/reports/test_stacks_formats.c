/* SPDX-License-Identifier: MIT */
/* test_stacks_formats: call stacks with hostile names, in every format they are written in. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "reports/stacks.h"
#include "tests/t.h"

static const char *xmllint;

/* main 1; main;<evil> 2; main;<evil>;memcpy 5; main;[kernel] 2 */
static struct assay_stacks *sample_tree(uint64_t last)
{
	static const struct assay_stack_frame functions[] = {
		{"main", "prog", "main.c", 3},
		{"operator<<\"&'>(a;b)\n]]></script>\x01", "prog<&", "a<b>.cc", 7},
		{"memcpy", "libc.so.6", "", 0},
		{"do_idle", "[kernel]", "", 0}};
	struct assay_err err = {0};
	struct assay_stacks *s;
	uint32_t f[4];
	assert_ok(assay_stacks_new(&s, &err));
	for (size_t i = 0; i < 4; i++)
		assert_ok(assay_stacks_frame(s, &functions[i], &f[i], &err));
	const uint32_t kernel[] = {f[0], f[3]};
	assert_ok(assay_stacks_add(s, f, 1, 1, &err));
	assert_ok(assay_stacks_add(s, f, 2, 2, &err));
	assert_ok(assay_stacks_add(s, f, 3, 5, &err));
	assert_ok(assay_stacks_add(s, kernel, 2, last, &err));
	const struct assay_stacks_facts facts = {.title = "sh -c '<&>\"'",
						 .engine = "perf",
						 .unit = "samples",
						 .rate_hz = 100,
						 .samples = 8 + last};
	assert_ok(assay_stacks_describe(s, &facts, &err));
	return s;
}

typedef enum assay_code (*writer)(const struct assay_stacks *, FILE *, struct assay_err *);

static char *written(const struct assay_stacks *s, writer write, size_t *ret_size)
{
	struct assay_err err = {0};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);
	assert_non_null(out);
	assert_ok(write(s, out, &err));
	assert_int_equal(fclose(out), 0);
	return text;
}

static enum assay_code write_svg(const struct assay_stacks *s, FILE *out, struct assay_err *err)
{
	return assay_stacks_svg(s, NULL, out, err);
}

static enum assay_code write_change(const struct assay_stacks *s, FILE *out, struct assay_err *err)
{
	struct assay_stacks *before = sample_tree(8);
	enum assay_code rc = assay_stacks_svg(s, before, out, err);
	assay_stacks_free(before);
	return rc;
}

static void folded_stacks_are_a_line_each(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	size_t size;
	char *text = written(s, assay_stacks_folded, &size);
	size_t lines = 0;
	for (char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(strstr(text, "main 1\n"));
	assert_non_null(strstr(text, ";memcpy 5\n"));
	assert_non_null(strstr(text, "(a:b)")); /* no frame of its own */
	assert_null(strchr(text, '\x01'));
	free(text);
	assay_stacks_free(s);
}

static void speedscope_can_read_it(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	size_t size;
	char *text = written(s, assay_stacks_speedscope, &size);
	json_t *json = json_loads(text, 0, NULL);
	json_t *profile = json_array_get(json_object_get(json, "profiles"), 0);
	json_t *frames = json_object_get(json_object_get(json, "shared"), "frames");
	assert_int_equal(json_array_size(frames), 4);
	assert_int_equal(json_array_size(json_object_get(profile, "samples")), 4);
	assert_int_equal(json_array_size(json_object_get(profile, "weights")), 4);
	assert_int_equal(json_integer_value(json_object_get(profile, "endValue")), 10);
	assert_string_equal(json_string_value(json_object_get(profile, "type")), "sampled");
	const json_t *deepest = json_array_get(json_object_get(profile, "samples"), 2);
	assert_int_equal(json_integer_value(json_array_get(deepest, 2)), 2);
	json_decref(json);
	free(text);
	assay_stacks_free(s);
}

/* Length of a varint at bytes[*at], which moves on. */
static uint64_t varint(const unsigned char *bytes, size_t *at)
{
	uint64_t value = 0;
	for (int shift = 0;; shift += 7) {
		value |= (uint64_t)(bytes[*at] & 0x7f) << shift;
		if (!(bytes[(*at)++] & 0x80))
			return value;
	}
}

static void pprof_is_a_well_formed_message(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	size_t size, n = 0, at = 0, fields[16] = {0};
	unsigned char plain[4096];
	char *packed = written(s, assay_stacks_pprof, &size);
	z_stream z = {.next_in = (unsigned char *)packed,
		      .avail_in = (unsigned)size,
		      .next_out = plain,
		      .avail_out = sizeof(plain)};
	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	n = sizeof(plain) - z.avail_out;
	inflateEnd(&z);
	while (at < n) {
		uint64_t key = varint(plain, &at), length = varint(plain, &at);
		assert_in_range(key >> 3, 1, 15);
		fields[key >> 3]++;
		if (key >> 3 == 6 && fields[6] == 1)
			assert_int_equal(length, 0); /* string 0 is empty */
		if ((key & 7) == 2)
			at += length;
	}
	assert_int_equal(at, n);
	assert_int_equal(fields[2], 4);         /* samples */
	assert_int_equal(fields[4], 4);         /* locations */
	assert_int_equal(fields[5], 4);         /* functions */
	assert_int_equal(fields[6], 5 + 3 * 4); /* strings */
	free(packed);
	assay_stacks_free(s);
}

static void check_xml(const char *text, size_t size)
{
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "stacks")), status = 1;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		execl(xmllint, xmllint, "--noout", "--nonet", path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	unlink(path);
	assert_int_equal(status, 0);
}

static void the_flame_graph_is_one_whole_document(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	size_t size;
	char *text = written(s, write_svg, &size);
	assert_non_null(strstr(text,
			       "<title>memcpy (libc.so.6)&#10;5 samples, 50.00 %; 50.00 % "
			       "itself</title>"));
	assert_non_null(strstr(text, "operator&lt;&lt;"));
	assert_null(strstr(text, "http://www.w3.org/1999/xlink"));
	if (*xmllint)
		check_xml(text, size);
	free(text);
	assay_stacks_free(s);
}

/* "void (int)" within a name is no module: who zooms still reads the whole. */
static void names_with_brackets_are_whole(void **state)
{
	static const struct assay_stack_frame frame = {"std::function<void (int)>::operator()",
						       "prog", "", 0};
	struct assay_err err = {0};
	struct assay_stacks *s;
	uint32_t f;
	size_t size;
	(void)state;
	assert_ok(assay_stacks_new(&s, &err));
	assert_ok(assay_stacks_frame(s, &frame, &f, &err));
	assert_ok(assay_stacks_add(s, &f, 1, 1, &err));
	char *text = written(s, write_svg, &size);
	assert_non_null(
		strstr(text, " data-name=\"std::function&lt;void (int)&gt;::operator()\">"));
	assert_non_null(strstr(text, "getAttribute('data-name')"));
	free(text);
	assay_stacks_free(s);
}

static void a_difference_says_what_grew(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	size_t size;
	char *text = written(s, write_change, &size);
	/* memcpy: 5 of 16 before, 5 of 10 now. */
	assert_non_null(strstr(text, "before: 31.25 %, +18.75 points"));
	assert_non_null(strstr(text, "before: 50.00 %, -30.00 points"));
	if (*xmllint)
		check_xml(text, size);
	free(text);
	assay_stacks_free(s);
}

/* A long profile has hundreds of thousands of nodes: looking through all for each would take minutes. */
static void a_difference_of_many_ends(void **state)
{
	enum { WIDE = 2000, DEEP = 100 };
	struct assay_err err = {0};
	struct assay_stacks *s;
	(void)state;
	assert_ok(assay_stacks_new(&s, &err));
	for (uint32_t i = 0; i < WIDE; i++) {
		char name[32], module[32];
		uint32_t path[DEEP];
		snprintf(name, sizeof(name), "function_%u", i);
		snprintf(module, sizeof(module), "module_%u", i % 50);
		const struct assay_stack_frame frame = {name, module, "", 0};
		assert_ok(assay_stacks_frame(s, &frame, &path[0], &err));
		for (size_t d = 1; d < DEEP; d++)
			path[d] = path[0];
		assert_ok(assay_stacks_add(s, path, DEEP, i == 7 ? 1000000 : 1, &err));
	}
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(assay_stacks_svg(s, s, out, &err));
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "before: 99.80 %, +0.00 points"));
	free(text);
	assay_stacks_free(s);
}

static void nothing_at_all_is_drawn_too(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct assay_stacks *s;
	size_t size;
	static const writer writers[] = {write_svg, write_change, assay_stacks_folded,
					 assay_stacks_speedscope, assay_stacks_pprof};
	assert_ok(assay_stacks_new(&s, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(writers); i++) {
		char *text = written(s, writers[i], &size);
		assert_true(size > 0 || writers[i] == assay_stacks_folded);
		free(text);
	}
	assay_stacks_free(s);
}

static void a_full_disk_is_said(void **state)
{
	(void)state;
	struct assay_stacks *s = sample_tree(2);
	static const writer writers[] = {write_svg, assay_stacks_folded, assay_stacks_speedscope,
					 assay_stacks_pprof};
	for (size_t i = 0; i < ASSAY_COUNT_OF(writers); i++) {
		struct assay_err err = {0};
		FILE *full = fopen("/dev/full", "w");
		assert_non_null(full);
		setvbuf(full, NULL, _IONBF, 0);
		assert_int_equal(writers[i](s, full, &err), ASSAY_EIO);
		fclose(full);
	}
	assay_stacks_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded_stacks_are_a_line_each),
		cmocka_unit_test(speedscope_can_read_it),
		cmocka_unit_test(pprof_is_a_well_formed_message),
		cmocka_unit_test(the_flame_graph_is_one_whole_document),
		cmocka_unit_test(names_with_brackets_are_whole),
		cmocka_unit_test(a_difference_says_what_grew),
		cmocka_unit_test(a_difference_of_many_ends),
		cmocka_unit_test(nothing_at_all_is_drawn_too),
		cmocka_unit_test(a_full_disk_is_said),
	};
	xmllint = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, NULL, NULL);
}

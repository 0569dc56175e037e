/* SPDX-License-Identifier: MIT */
/* A file appears whole or not at all, with ordinary rights, and nothing else is left in its folder. */
#include "tests/t.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output.h"

struct scene {
	char folder[64], file[96];
};

static int begin(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	if (!scene)
		return -1;
	if (!mkdtemp(t_path(scene->folder, "output")))
		return -1;
	snprintf(scene->file, sizeof(scene->file), "%s/out.xml", scene->folder);
	*state = scene;
	return 0;
}

static int end(void **state)
{
	struct scene *scene = *state;
	unlink(scene->file);
	int rc = rmdir(scene->folder);
	free(scene);
	return rc;
}

static size_t entries(const char *folder)
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void assert_content(const char *path, const char *want)
{
	char got[64] = "";
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, want);
}

static enum assay_code put(const char *path, const char *text, enum assay_code code,
			   struct assay_err *err)
{
	struct output output;
	enum assay_code opened = output_open(&output, path, err);
	if (opened != ASSAY_OK)
		return opened;
	assert_true(fputs(text, output.out) >= 0);
	return output_close(&output, code, err);
}

static void whole_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	struct stat st;
	mode_t before = umask(027);
	assert_ok(put(scene->file, "one", ASSAY_OK, &err));
	assert_content(scene->file, "one");
	assert_int_equal(stat(scene->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	umask(before);
	/* What failed half-way leaves the earlier file as it was. */
	assert_int_equal(put(scene->file, "half", ASSAY_EIO, &err), ASSAY_EIO);
	assert_content(scene->file, "one");
	assert_ok(put(scene->file, "two", ASSAY_OK, &err));
	assert_content(scene->file, "two");
	assert_int_equal(entries(scene->folder), 1);
}

/* Who is killed while it writes leaves nothing, for there is nothing to see until it is whole. */
static void nothing_is_seen_of_a_part(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	struct output output;
	int fd = open(scene->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) /* not every file system knows files without a name */
		skip();
	close(fd);
	assert_ok(output_open(&output, scene->file, &err));
	assert_true(fputs("part", output.out) >= 0 && fflush(output.out) == 0);
	assert_int_equal(entries(scene->folder), 0);
	assert_ok(output_close(&output, ASSAY_OK, &err));
	assert_content(scene->file, "part");
	assert_int_equal(entries(scene->folder), 1);
}

static void a_check_leaves_nothing(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	assert_ok(output_check(scene->file, &err));
	assert_int_equal(entries(scene->folder), 0);
	assert_ok(output_check("-", &err));
	assert_fails(output_check(scene->folder, &err), ASSAY_EIO, "it is a folder");
	assert_fails(output_check("/nowhere/at/all.xml", &err), ASSAY_EIO,
		     "cannot write '/nowhere/at/all.xml': No such file");
}

static void what_cannot_be_opened_is_told(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct output output;
	assert_fails(output_open(&output, "/nowhere/x", &err), ASSAY_EIO, "cannot write");
	assert_null(output.out);
	assert_ok(output_open(&output, NULL, &err));
	assert_true(output.out == stdout);
	assert_int_equal(output_close(&output, ASSAY_OK, &err), ASSAY_OK);
}

/* What is no file is written to, not replaced by one. */
static void pipes_and_devices_stay_what_they_are(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	struct stat st;
	char got[16] = "";
	assert_int_equal(mkfifo(scene->file, 0600), 0);
	int reader = open(scene->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_ok(output_check(scene->file, &err));
	assert_ok(put(scene->file, "through", ASSAY_OK, &err));
	assert_int_equal(read(reader, got, sizeof(got) - 1), 7);
	assert_string_equal(got, "through");
	close(reader);
	assert_int_equal(stat(scene->file, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_ok(put("/dev/null", "away", ASSAY_OK, &err));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(entries(scene->folder), 1);
}

/* A link stays one: what it leads to is replaced. */
static void links_are_followed(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	struct stat st;
	char link[128];
	snprintf(link, sizeof(link), "%s/link", scene->folder);
	assert_ok(put(scene->file, "one", ASSAY_OK, &err));
	assert_int_equal(symlink("out.xml", link), 0);
	assert_ok(put(link, "two", ASSAY_OK, &err));
	assert_content(scene->file, "two");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(put(link, "half", ASSAY_EIO, &err), ASSAY_EIO);
	assert_content(scene->file, "two");
	assert_int_equal(entries(scene->folder), 2);
	assert_int_equal(unlink(link), 0);
}

/* The system's names for what is open: /dev/stdout must survive that it is written to, and what stands in its file too. */
static void what_is_open_is_not_replaced(void **state)
{
	struct scene *scene = *state;
	struct assay_err err = {0};
	struct stat before, after;
	char name[64];
	int fd = open(scene->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "head ", 5), 5);
	assert_int_equal(fstat(fd, &before), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	assert_ok(output_check(name, &err));
	assert_ok(put(name, "and tail", ASSAY_OK, &err));
	assert_content(scene->file, "head and tail");
	assert_int_equal(stat(scene->file, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_int_equal(entries(scene->folder), 1);
	close(fd);
	struct output output;
	assert_ok(output_open(&output, "/dev/stdout", &err));
	assert_true(output.out == stdout);
	assert_ok(output_close(&output, ASSAY_OK, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_or_not_at_all, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_seen_of_a_part, begin, end),
		cmocka_unit_test_setup_teardown(a_check_leaves_nothing, begin, end),
		cmocka_unit_test_setup_teardown(pipes_and_devices_stay_what_they_are, begin, end),
		cmocka_unit_test_setup_teardown(links_are_followed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_open_is_not_replaced, begin, end),
		cmocka_unit_test(what_cannot_be_opened_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

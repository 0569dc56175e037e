/* SPDX-License-Identifier: MIT */
/* test_variants_build: sets really linked, and each way in which that goes wrong. */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/gate/variants.h"
#include "tests/t.h"

/* A folder, and a set's folder in it. Its command links the archive movable.a. */
struct fixture {
	char folder[T_PATH], set[64], output[64];
	char *words[8];
	struct assay_variants_request request;
	struct assay_variants got;
	struct assay_str said;
	struct assay_err err;
};

static int make(void **state)
{
	char *compiler = getenv("ASSAY_CC"), *archive = getenv("ASSAY_MOVABLE");
	struct fixture *f = calloc(1, sizeof(*f));
	if (!f || !compiler || !archive)
		return -1;
	*state = f;
	if (!mkdtemp(t_path(f->folder, "variants")))
		return -1;
	snprintf(f->set, sizeof(f->set), "%s/set", f->folder);
	snprintf(f->output, sizeof(f->output), "%s/movable.so", f->folder);
	char *words[] = {compiler,
			 (char *)"-shared",
			 (char *)"-o",
			 f->output,
			 (char *)"-Wl,--whole-archive",
			 archive,
			 (char *)"-Wl,--no-whole-archive"};
	memcpy(f->words, words, sizeof(words));
	f->request = (struct assay_variants_request){
		.words = f->words, .n_words = 7, .folder = f->set, .count = 3, .step_bytes = 64};
	return 0;
}

/* Remove the files of a folder and the folder; returns how many files there were, hidden ones too. */
static size_t empty(const char *folder)
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		unlinkat(dirfd(dir), e->d_name, 0);
		n++;
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
	return n;
}

static int unmake(void **state)
{
	struct fixture *f = *state;
	char other[80];
	snprintf(other, sizeof(other), "%s.variants", f->output);
	assay_variants_done(&f->got);
	assay_str_done(&f->said);
	empty(f->set);
	empty(other);
	empty(f->folder);
	free(f);
	return 0;
}

static enum assay_code build(struct fixture *f)
{
	assay_variants_done(&f->got);
	assay_str_clear(&f->said);
	return assay_variants_build(&f->request, &f->got, &f->said, &f->err);
}

static void builds(struct fixture *f)
{
	if (build(f) != ASSAY_OK)
		fail_msg("%s\n%s", f->err.text, assay_str_text(&f->said));
}

static bool exists(const char *folder, const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void a_set_is_built_moves_and_loads(void **state)
{
	struct fixture *f = *state;
	struct assay_err err = {0};
	builds(f);
	assert_int_equal(f->got.n, 3);
	assert_int_equal(f->got.functions >= 2, 1);
	assert_false(exists(f->folder, "movable.so")); /* the command's own output is not written */
	uintptr_t offsets[3];
	for (size_t i = 0; i < 3; i++) {
		const struct assay_variant *v = &f->got.variants[i];
		void *handle = dlopen(v->path, RTLD_NOW | RTLD_LOCAL);
		assert_non_null(handle);
		int (*twice)(int) = NULL;
		*(void **)&twice = dlsym(handle, "movable_twice");
		assert_non_null(twice);
		assert_int_equal(twice(21), 42);
		Dl_info info;
		assert_true(dladdr(*(void **)&twice, &info) != 0);
		offsets[i] = (uintptr_t)info.dli_saddr - (uintptr_t)info.dli_fbase;
		assert_int_equal(v->pad_bytes, 64 * i);
		assert_int_equal(v->code_at - f->got.variants[0].code_at, 64 * i);
		assert_true(i == 0 ? v->moved == 0 : v->moved >= 2);
		dlclose(handle);
	}
	assert_int_equal(offsets[1] - offsets[0], 64);
	assert_int_equal(offsets[2] - offsets[0], 128);
	struct assay_variants found = {0};
	assert_ok(assay_variants_find(f->set, &found, &err));
	assert_string_equal(found.variants[2].digest, f->got.variants[2].digest);
	assay_variants_done(&found);
	assert_int_equal(empty(f->set), 4); /* and nothing hidden is left */
}

static void names_follow_the_output(void **state)
{
	struct fixture *f = *state;
	snprintf(f->output, sizeof(f->output), "%s/libm.so.1.2", f->folder);
	f->request.folder = NULL;
	f->request.count = 11;
	builds(f);
	char want[80];
	snprintf(want, sizeof(want), "%s.variants", f->output);
	assert_string_equal(f->got.folder, want);
	assert_string_equal(f->got.variants[3].file, "libm-03.so.1.2");
	assert_string_equal(f->got.variants[10].file, "libm-10.so.1.2");
	empty(want);
}

static void a_smaller_set_replaces_a_larger_one(void **state)
{
	struct fixture *f = *state;
	char mine[80];
	builds(f);
	snprintf(mine, sizeof(mine), "%s/notes", f->set);
	FILE *notes = fopen(mine, "w");
	assert_non_null(notes);
	fclose(notes);
	f->request.count = 2;
	builds(f);
	assert_int_equal(f->got.n, 2);
	assert_true(exists(f->set, "movable-1.so"));
	assert_false(exists(f->set, "movable-2.so"));
	assert_true(exists(f->set, "notes"));
}

static void a_failed_build_keeps_the_set_that_is_there(void **state)
{
	struct fixture *f = *state;
	struct assay_variants found = {0};
	struct assay_err err = {0};
	builds(f);
	f->words[5] = (char *)"absent.a";
	struct assay_err *said = &f->err;
	if (build(f) != ASSAY_ECHECK ||
	    !strstr(said->text,
		    "variant 0: the link command failed: "
		    "exit status 1: ") ||
	    !strstr(said->text, "absent.a"))
		fail_msg("%s", said->text);
	assert_true(strstr(assay_str_text(&f->said), "absent.a") != NULL);
	assert_ok(assay_variants_find(f->set, &found, &err));
	assert_int_equal(found.n, 3);
	assay_variants_done(&found);
	assert_int_equal(empty(f->set), 4);
}

static void refuses(struct fixture *f, enum assay_code code, const char *part)
{
	struct assay_err err = {0};
	assay_variants_done(&f->got);
	assert_fails(assay_variants_build(&f->request, &f->got, NULL, &err), code, part);
	assert_null(f->got.variants);
}

static void failures_leave_nothing(void **state)
{
	struct fixture *f = *state;
	char *good = f->words[5];
	f->words[5] = (char *)"absent.a";
	refuses(f, ASSAY_ECHECK, "absent.a");
	assert_false(exists(f->folder, "set"));
	f->words[5] = (char *)"absent.o";
	refuses(f, ASSAY_EUSAGE, "absent.o");
	f->words[5] = good;
	f->words[0] = (char *)"assay-no-such-linker";
	refuses(f, ASSAY_EUSAGE, "no program 'assay-no-such-linker'");
	f->words[0] = (char *)"true";
	refuses(f, ASSAY_ECHECK, "wrote no output");
	assert_false(exists(f->folder, "set"));
}

static void code_that_does_not_move_is_an_error(void **state)
{
	struct fixture *f = *state;
	f->request.step_bytes = 16; /* lost in the alignment of 64 */
	refuses(f, ASSAY_EUSAGE, "have their code at the same address");
	assert_false(exists(f->folder, "set"));
}

static void what_is_no_elf_file_is_an_error(void **state)
{
	struct fixture *f = *state;
	char *words[] = {(char *)"sh", (char *)"-c", (char *)"echo hello >\"$2\" # {pad}",
			 (char *)"sh", (char *)"-o", f->output};
	f->request.words = words;
	f->request.n_words = 6;
	refuses(f, ASSAY_ECHECK, "what the link command wrote: it is no ELF file");
}

/* A command that leaves the start-up files out from its second run on. */
static void code_that_changes_is_an_error(void **state)
{
	struct fixture *f = *state;
	char mark[80];
	snprintf(mark, sizeof(mark), "%s/mark", f->folder);
	char *words[] = {(char *)"sh",
			 (char *)"-c",
			 (char *)"[ ! -e \"$4\" ] || less=-nostartfiles; touch \"$4\";"
				 "\"$3\" -shared $less -o \"$2\" \"$5\" -Wl,--whole-archive \"$6\" "
				 "-Wl,--no-whole-archive",
			 (char *)"sh",
			 (char *)"-o",
			 f->output,
			 f->words[0],
			 mark,
			 f->words[5]};
	f->request.words = words;
	f->request.n_words = 9;
	refuses(f, ASSAY_EUSAGE, "does not link the same code each time");
	assert_false(exists(f->folder, "set"));
}

/* A script that says `says` and fails; the words of the link command come after it. */
static void fails_saying(struct fixture *f, const char *says)
{
	char *words[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)says, (char *)"sh",
			 (char *)"-o", f->output,    (char *)"{pad}"};
	f->request.words = words;
	f->request.n_words = 7;
	assert_int_equal(build(f), ASSAY_ECHECK);
}

/* Of much that a linker says all is kept, and the last that tells something is the reason. */
static void what_the_linker_said_is_kept(void **state)
{
	struct fixture *f = *state;
	fails_saying(f, "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i + 1)); done; exit 3");
	assert_non_null(strstr(f->err.text, "exit status 3: line 1999"));
	const char *said = assay_str_text(&f->said);
	assert_memory_equal(said, "line 0\nline 1\n", 14);
	assert_int_equal(f->said.length, 10 * 7 + 90 * 8 + 900 * 9 + 1000 * 10);
	assert_string_equal(said + f->said.length - 10, "line 1999\n");
	static const char *const hollow[] = {
		"echo undefined x; echo collect2: error: ld returned 1 exit status; exit 1",
		"echo undefined x; echo 'clang: error: linker command failed with exit code 1'; exit 1",
		"printf 'undefined x\n\n'; printf 'clang: error: linker command failed'; exit 1",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(hollow); i++) {
		fails_saying(f, hollow[i]);
		assert_non_null(strstr(f->err.text, "exit status 1: undefined x"));
		assert_null(strstr(f->err.text, "error"));
	}
	fails_saying(f, "exit 1");
	const char *status = strstr(f->err.text, "exit status 1");
	assert_non_null(status);
	assert_string_equal(status, "exit status 1");
}

static void requests_have_limits(void **state)
{
	struct fixture *f = *state;
	static const size_t counts[] = {0, 1, 65};
	static const uint64_t steps[] = {0, 65537};
	for (size_t i = 0; i < ASSAY_COUNT_OF(counts); i++) {
		f->request.count = counts[i];
		refuses(f, ASSAY_EUSAGE, "2 to 64 variants");
	}
	f->request.count = 2;
	for (size_t i = 0; i < ASSAY_COUNT_OF(steps); i++) {
		f->request.step_bytes = steps[i];
		refuses(f, ASSAY_EUSAGE, "1 to 65536 bytes apart");
	}
	f->request.step_bytes = 64;
	f->words[3] = (char *)"folder/";
	refuses(f, ASSAY_EUSAGE, "named after 'folder/'");
	f->words[3] = (char *)"a\377b";
	refuses(f, ASSAY_EUSAGE, "not UTF-8");
}

static void folders_that_are_not_ours(void **state)
{
	struct fixture *f = *state;
	char path[80];
	f->request.folder = f->words[5]; /* a file */
	refuses(f, ASSAY_EUSAGE, "is a file; name a folder");
	f->request.folder = "/proc/self/set"; /* where nobody may write, root neither */
	refuses(f, ASSAY_EIO, "make the folder '/proc/self/set'");
	f->request.folder = f->set;
	assert_int_equal(mkdir(f->set, 0777), 0);
	snprintf(path, sizeof(path), "%s/thesis.tex", f->set);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	refuses(f, ASSAY_EUSAGE, "holds files and is no set of variants");
	assert_true(exists(f->set, "thesis.tex"));
	unlink(path);
	int fd = open(f->set, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	refuses(f, ASSAY_EUSAGE, "being built by another process");
	close(fd);
	builds(f); /* an empty folder is fine */
	snprintf(path, sizeof(path), "%s/variants.json", f->set);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("not ours", file);
	fclose(file);
	refuses(f, ASSAY_EPARSE, "of an earlier set");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_set_is_built_moves_and_loads, make, unmake),
		cmocka_unit_test_setup_teardown(names_follow_the_output, make, unmake),
		cmocka_unit_test_setup_teardown(a_smaller_set_replaces_a_larger_one, make, unmake),
		cmocka_unit_test_setup_teardown(a_failed_build_keeps_the_set_that_is_there, make,
						unmake),
		cmocka_unit_test_setup_teardown(failures_leave_nothing, make, unmake),
		cmocka_unit_test_setup_teardown(code_that_does_not_move_is_an_error, make, unmake),
		cmocka_unit_test_setup_teardown(what_is_no_elf_file_is_an_error, make, unmake),
		cmocka_unit_test_setup_teardown(code_that_changes_is_an_error, make, unmake),
		cmocka_unit_test_setup_teardown(what_the_linker_said_is_kept, make, unmake),
		cmocka_unit_test_setup_teardown(requests_have_limits, make, unmake),
		cmocka_unit_test_setup_teardown(folders_that_are_not_ours, make, unmake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

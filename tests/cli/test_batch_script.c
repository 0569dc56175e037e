/* SPDX-License-Identifier: MIT */
/* test_batch_script: the job that SLURM gets: limits in its head, every word from outside quoted. */
#include "tests/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/batch_script.h"

static void write_one(unsigned tasks, const char *folder, const char *const *words, size_t n,
		      struct assay_str *ret)
{
	struct assay_err err = {0};
	struct assay_argv all = {0};
	for (size_t i = 0; i < n; i++)
		assert_ok(assay_argv_add(&all, words[i], &err));
	const struct batch_script script = {
		.program = "/opt/a b/assay",
		.name = "assay-1",
		.folder = folder,
		.words = &all,
		.ranks = 8,
		.tasks = tasks,
		.time_ns = 90u * UINT64_C(1000000000),
		.warn_ns = 45u * UINT64_C(1000000000),
	};
	batch_script_write(&script, ret);
	assert_false(ret->failed);
	assay_argv_done(&all);
}

static void limits_stand_in_its_head(void **state)
{
	(void)state;
	struct assay_str text = {0};
	write_one(1, "/jobs", NULL, 0, &text);
	assert_non_null(strstr(text.text, "#SBATCH --ntasks=8\n"));
	assert_non_null(strstr(text.text, "#SBATCH --time=2\n")); /* minutes, rounded up */
	assert_non_null(strstr(text.text, "#SBATCH --signal=B:USR1@45\n"));
	assert_null(strstr(text.text, "--array"));
	assay_str_done(&text);
	write_one(5, "/jobs", NULL, 0, &text);
	assert_non_null(strstr(text.text, "#SBATCH --array=1-5\n"));
	assay_str_done(&text);
}

/* What a shell makes of the script, as far as it can tell without running it. */
static int shell_accepts(const char *text)
{
	char path[T_PATH];
	int fd = mkstemp(t_path(path, "script"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-n", path, (char *)NULL);
		_exit(99);
	}
	int status;
	waitpid(pid, &status, 0);
	unlink(path);
	return status;
}

static void hostile_words_stay_words(void **state)
{
	(void)state;
	struct assay_str text = {0};
	static const char *const words[] = {
		"--tag=x=$(touch /tmp/owned)", "a'b", "`id`", "new\nline", "--size=1,2", NULL};
	write_one(2, "/jobs/it's; rm -rf $HOME", words, 5, &text);
	assert_non_null(strstr(text.text, "'--tag=x=$(touch /tmp/owned)'"));
	assert_non_null(strstr(text.text, "'`id`'"));
	assert_null(strstr(text.text, "folder=/jobs/it's"));
	assert_int_equal(shell_accepts(text.text), 0);
	assay_str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_stand_in_its_head),
		cmocka_unit_test(hostile_words_stay_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

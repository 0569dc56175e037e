/* SPDX-License-Identifier: MIT */
/*
 * test_region: regions on threads, nested, unmatched and too deep, in a program that is listened to: this
 * one, started again with the variable set. What it handed over is read as text.
 */
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "profiler/preload.h"
#include "profiler/region.h"
#include "tests/t.h"

extern char **environ;

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void inner(void)
{
	ASSAY_REGION("inner");
	nap();
}

static void *outer(void *unused)
{
	ASSAY_REGION("outer");
	inner();
	inner();
	return unused;
}

static void recurse(int depth)
{
	ASSAY_REGION("deep ä");
	if (depth)
		recurse(depth - 1);
}

static int target(const char *word)
{
	pthread_t thread;
	if (strcmp(word, "threads") == 0) {
		for (int i = 0; i < 3; i++)
			if (pthread_create(&thread, NULL, outer, NULL) != 0 ||
			    pthread_join(thread, NULL) != 0)
				return 1;
		outer(NULL);
	} else if (strcmp(word, "unmatched") == 0) {
		ASSAY_REGION_END();
		ASSAY_REGION_BEGIN("never ended");
	} else if (strcmp(word, "deep") == 0) {
		recurse(99);
	} else if (strcmp(word, "fork") == 0) {
		inner();
		pid_t pid = fork();
		if (pid == 0) {
			inner();
			exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* What the target handed over; listened to or not. To free(). */
static char *run_target(const char *word, int listened)
{
	char path[T_PATH], variable[64], *text = calloc(1, 4096);
	char *const argv[] = {(char *)"test_region", (char *)(uintptr_t)word, NULL};
	char *env[256] = {variable};
	size_t n = listened != 0;
	pid_t pid;
	int status, fd = mkstemp(t_path(path, "region"));
	assert_true(fd >= 0 && text);
	snprintf(variable, sizeof(variable), "%s=%s", PRELOAD_REGION_ENV, path);
	for (size_t i = 0; environ[i] && n < 255; i++)
		env[n++] = environ[i];
	env[n] = NULL;
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(read(fd, text, 4095) >= 0);
	close(fd);
	unlink(path);
	return text;
}

static void threads_and_nesting_add_up(void **state)
{
	(void)state;
	char *text = run_target("threads", 1);
	unsigned long long count, total, self, longest, inner_total;
	const char *outer_line = strstr(text, "region outer "),
		   *inner_line = strstr(text, "region inner ");
	assert_non_null(outer_line);
	assert_non_null(inner_line);
	assert_int_equal(sscanf(inner_line, "region inner %llu %llu %llu %llu", &count,
				&inner_total, &self, &longest),
			 4);
	assert_int_equal(count, 8);
	assert_true(inner_total >= 8 * 1990000ull && inner_total == self && longest <= inner_total);
	assert_int_equal(sscanf(outer_line, "region outer %llu %llu %llu", &count, &total, &self),
			 3);
	assert_int_equal(count, 4);
	assert_true(total >= inner_total);
	/* What it called is not its own; each figure is rounded from the processor's ticks. */
	assert_true(self <= total - inner_total + 3 && self + 3 >= total - inner_total);
	assert_non_null(strstr(text, " 4 0\n")); /* threads, unmatched */
	free(text);
}

static void what_does_not_match_is_counted(void **state)
{
	(void)state;
	char *text = run_target("unmatched", 1);
	assert_null(strstr(text, "region"));
	assert_non_null(strstr(text, " 1 2\n"));
	free(text);
	text = run_target("deep", 1);
	assert_non_null(strstr(text, "region deep_ä 64 "));
	assert_non_null(strstr(text, " 1 36\n"));
	free(text);
}

static void a_child_has_its_own_figures(void **state)
{
	(void)state;
	char *text = run_target("fork", 1);
	const char *first = strstr(text, "region inner 1 ");
	assert_non_null(first);
	assert_non_null(strstr(first + 1, "region inner 1 "));
	free(text);
}

static void without_a_listener_nothing_happens(void **state)
{
	(void)state;
	char *text = run_target("threads", 0);
	assert_string_equal(text, "");
	assert_int_equal(assay_region_listening, 0);
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_nesting_add_up),
		cmocka_unit_test(what_does_not_match_is_counted),
		cmocka_unit_test(a_child_has_its_own_figures),
		cmocka_unit_test(without_a_listener_nothing_happens),
	};
	if (argc == 2)
		return target(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

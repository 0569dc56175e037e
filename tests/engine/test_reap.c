/* SPDX-License-Identifier: MIT */
/* test_reap: a whole tree is ended at once, with and without a control group, and how its leader ended is kept. */
#include "tests/t.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/engine/pen.h"
#include "harness/engine/reap.h"

enum { PATIENCE_MS = 5000, MANY = 40, EVER = 400 };

static int become_subreaper(void **state)
{
	(void)state;
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Every process starts others, in sessions of their own, until so many have lived; those that are killed are replaced. */
static _Noreturn void fork_on(volatile int *lived)
{
	for (;;) {
		if (__atomic_load_n(lived, __ATOMIC_RELAXED) < EVER &&
		    __atomic_fetch_add(lived, 1, __ATOMIC_RELAXED) < EVER && fork() == 0)
			setsid();
		usleep(2000);
	}
}

static struct assay_leader start_bomb(volatile int **ret_lived)
{
	volatile int *lived =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(lived != MAP_FAILED);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assay_pen_enter();
		setsid();
		fork_on(lived);
	}
	while (__atomic_load_n(lived, __ATOMIC_RELAXED) < MANY)
		usleep(1000);
	*ret_lived = lived;
	return (struct assay_leader){.pid = pid};
}

static void end_bomb(void)
{
	volatile int *lived;
	struct assay_leader leader = start_bomb(&lived);
	assert_int_equal(assay_reap_tree(&leader, PATIENCE_MS), 0);
	assert_true(leader.exited);
	assert_true(WIFSIGNALED(leader.wait_status));
	assert_int_equal(WTERMSIG(leader.wait_status), SIGKILL);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	munmap((void *)lived, 4096);
}

static void a_bomb_is_ended_without_a_pen(void **state)
{
	(void)state;
	end_bomb();
}

static void end_bomb_in_pen(bool old)
{
	struct assay_pen pen;
	assay_pen_make(&pen);
	if (old ? !*pen.tasks : !*pen.group) {
		assay_pen_remove(&pen, PATIENCE_MS);
		skip(); /* no control group of this version is to be had here */
	}
	if (old)
		unsetenv("_ASSAY_PEN");
	end_bomb();
	assert_false(assay_pen_holds());
	assay_pen_remove(&pen, PATIENCE_MS);
	assert_int_not_equal(access(pen.group, F_OK), 0);
	assert_int_not_equal(access(pen.tasks, F_OK), 0);
}

static void a_bomb_is_ended_in_a_pen(void **state)
{
	(void)state;
	end_bomb_in_pen(false);
}

static void a_bomb_is_ended_in_a_pen_of_version_1(void **state)
{
	(void)state;
	end_bomb_in_pen(true);
}

/* The limit of a process does not hold root; that of the group does, and is told. */
static void tasks_beyond_the_limit_are_refused(void **state)
{
	(void)state;
	enum { MOST = 6 };
	struct assay_pen pen;
	char path[ASSAY_PEN_BYTES + 32], reason[100] = "it did not start";
	int status;
	assay_pen_make(&pen);
	snprintf(path, sizeof(path), "%s/pids.max", *pen.tasks ? pen.tasks : pen.group);
	FILE *file = fopen(path, "r+e");
	if (!file) {
		assay_pen_remove(&pen, PATIENCE_MS);
		skip(); /* no group that counts tasks is to be had here */
	}
	unsigned long most = 0;
	assert_int_equal(fscanf(file, "%lu", &most), 1);
	assert_int_equal(most, assay_pen_most_tasks());
	rewind(file);
	assert_true(fprintf(file, "%d\n", MOST) > 0);
	assert_int_equal(fclose(file), 0);
	struct assay_leader leader = {.pid = fork()};
	if (leader.pid == 0) {
		int n = 1;
		assay_pen_enter();
		for (pid_t pid; n < 2 * MOST && (pid = fork()) != -1; n++)
			if (pid == 0)
				for (;;)
					pause();
		_exit(n);
	}
	assert_int_equal(waitpid(leader.pid, &status, 0), leader.pid);
	leader.exited = true;
	assert_int_equal(WEXITSTATUS(status), MOST);
	assert_int_equal(assay_reap_tree(&leader, PATIENCE_MS), 0);
	assert_int_equal(assay_pen_refusals(), 1);
	assay_pen_explain(1, reason, sizeof(reason));
	assert_string_equal(reason, "it did not start");
	assay_pen_explain(0, reason, sizeof(reason));
	assert_string_equal(reason,
			    "it did not start; it reached the limit of 6 processes and threads");
	assay_pen_remove(&pen, PATIENCE_MS);
	assert_int_equal(assay_pen_refusals(), 0);
}

/* Who is in the pen dies with the clearing of it alone, whatever waits for it. */
static void a_pen_is_cleared_as_a_whole(void **state)
{
	(void)state;
	struct assay_pen pen;
	char byte;
	int ends[2];
	assay_pen_make(&pen);
	if (!*pen.group && !*pen.tasks)
		skip();
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assay_pen_enter();
		pid = fork();
		if (write(ends[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_true(assay_pen_holds());
	assay_pen_clear();
	while (assay_pen_holds())
		usleep(1000);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	struct assay_leader nobody = {0};
	assert_int_equal(assay_reap_tree(&nobody, PATIENCE_MS), 0);
	assay_pen_remove(&pen, PATIENCE_MS);
	close(ends[0]);
	close(ends[1]);
}

static void the_end_of_a_leader_is_kept(void **state)
{
	(void)state;
	struct assay_leader leader = {.pid = fork()};
	assert_true(leader.pid >= 0);
	if (leader.pid == 0)
		_exit(7);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)leader.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(assay_reap_tree(&leader, PATIENCE_MS), 0);
	assert_true(leader.exited);
	assert_int_equal(WEXITSTATUS(leader.wait_status), 7);
}

static pid_t start_sleeper(char *variable)
{
	char name[] = "sleep", seconds[] = "60";
	char *const argv[] = {name, seconds, NULL}, *const env[] = {variable, NULL};
	pid_t pid;
	return posix_spawnp(&pid, argv[0], NULL, NULL, argv, env) == 0 ? pid : -1;
}

/* It finds what carries the mark, wherever it is in the variable; not others, nor what was there before itself. */
static void the_marked_are_found(void **state)
{
	(void)state;
	char same[] = "MARKS=:reaped", another[] = "MARKS=:spared", inner[] = "MARKS=:outer:reaped";
	int status;
	pid_t older = start_sleeper(same), other = start_sleeper(another);
	usleep(50000); /* the kernel's record of starts has steps of 10 ms */
	pid_t guard = fork();
	assert_true(older > 0 && other > 0 && guard >= 0);
	if (guard == 0) {
		pid_t marked = start_sleeper(inner);
		int left = assay_reap_marked(":reaped", PATIENCE_MS);
		bool ended = marked > 0 && waitpid(marked, &status, 0) == marked &&
			     WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		_exit(ended && left == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(guard, &status, 0), guard);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	kill(older, SIGKILL);
	kill(other, SIGKILL);
	assert_int_equal(waitpid(older, &status, 0), older);
	assert_int_equal(waitpid(other, &status, 0), other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bomb_is_ended_without_a_pen),
		cmocka_unit_test(a_bomb_is_ended_in_a_pen),
		cmocka_unit_test(a_bomb_is_ended_in_a_pen_of_version_1),
		cmocka_unit_test(tasks_beyond_the_limit_are_refused),
		cmocka_unit_test(a_pen_is_cleared_as_a_whole),
		cmocka_unit_test(the_marked_are_found),
		cmocka_unit_test(the_end_of_a_leader_is_kept),
	};
	return cmocka_run_group_tests(tests, become_subreaper, NULL);
}

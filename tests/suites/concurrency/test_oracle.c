/* SPDX-License-Identifier: MIT */
/* oracle: every executor passes it with many seeds, and executors with a planted fault fail it. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/concurrency/concurrency.h"
#include "tests/t.h"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_null;
extern const struct assay_subject assay_subject_concurrency_libgomp;
extern const struct assay_subject assay_subject_concurrency_libomp;
extern const struct assay_subject assay_subject_concurrency_tbb;
extern const struct assay_subject assay_subject_concurrency_steal;

static void check_with_seeds(const struct assay_subject *subject, uint64_t seeds)
{
	struct assay_err err = {0};
	for (uint64_t seed = 1; seed <= seeds; seed++)
		assert_ok(assay_suite_concurrency.check(subject, seed * 7919, &err));
}

static void null_passes(void **state)
{
	check_with_seeds(&assay_subject_concurrency_null, 5);
}

static void steal_passes(void **state)
{
	check_with_seeds(&assay_subject_concurrency_steal, 6);
}

/* In a process of its own: two OpenMP runtimes do not share one. */
static void check_peer(const char *name, const struct assay_subject *subject)
{
	struct assay_err err = {0};
	pid_t pid = fork();
	if (pid == 0) {
		/* more threads than CPUs: who spins delays the one it waits for */
		setenv("OMP_WAIT_POLICY", "passive", 1);
		enum assay_code code = subject->probe(&err);
		for (uint64_t seed = 1; code == ASSAY_OK && seed <= 1; seed++)
			code = assay_suite_concurrency.check(subject, seed * 7919, &err);
		if (code != ASSAY_OK)
			print_message("# %s: %s\n", name, err.text);
		_exit(code == ASSAY_SKIP && strlen(err.text) > 10 ? ASSAY_OK : (int)code);
	}
	assert_true(pid > 0);
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ASSAY_OK);
}

static void peers_pass_or_say_why_not(void **state)
{
	check_peer("libgomp", &assay_subject_concurrency_libgomp);
	check_peer("libomp", &assay_subject_concurrency_libomp);
	check_peer("tbb", &assay_subject_concurrency_tbb);
}

static const struct executor_ops *sound(void)
{
	return assay_subject_concurrency_null.ops;
}

static void join_nothing(struct worker *worker, struct task *task)
{
}

static void join_twice(struct worker *worker, struct task *task)
{
	task->run(worker, task);
	task->run(worker, task);
}

static void run_nothing(struct executor *executor, struct task *root)
{
}

static void assert_caught(struct executor_ops ops, const char *part)
{
	struct assay_subject faulty = {.ops = &ops};
	struct assay_err err = {0};
	assert_fails(assay_suite_concurrency.check(&faulty, 3, &err), ASSAY_ECHECK, part);
}

static void planted_faults_are_caught(void **state)
{
	struct executor_ops ops = *sound();
	ops.join = join_nothing;
	assert_caught(ops, "exactly once");
	ops.join = join_twice;
	assert_caught(ops, "exactly once");
	ops = *sound();
	ops.run = run_nothing;
	assert_caught(ops, "plain recursion");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_pass_or_say_why_not), /* first: no threads yet */
		cmocka_unit_test(null_passes),
		cmocka_unit_test(steal_passes),
		cmocka_unit_test(planted_faults_are_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

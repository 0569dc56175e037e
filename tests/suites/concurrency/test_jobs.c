/* SPDX-License-Identifier: MIT */
/*
 * jobs: every pool of jobs passes the oracle, faulty ones do not; the adaptive pool grows and shrinks; what
 * happens when threads are refused, and when the process of a job is killed.
 */
#include "suites/concurrency/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "suites/concurrency/adaptive.h"
#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/processes.h"
#include "tests/t.h"

#define DEADLINE_NS 20000000000u

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_jobs_null;
extern const struct assay_subject assay_subject_concurrency_adaptive_pool;
extern const struct assay_subject assay_subject_concurrency_fixed_pool;
extern const struct assay_subject assay_subject_concurrency_thread_per_task;
extern const struct assay_subject assay_subject_concurrency_process_per_task;
extern const struct assay_subject assay_subject_concurrency_steal_jobs;
extern const struct assay_subject assay_subject_concurrency_steal;
extern const struct assay_subject assay_subject_concurrency_libgomp_jobs;
extern const struct assay_subject assay_subject_concurrency_libomp_jobs;
extern const struct assay_subject assay_subject_concurrency_tbb_jobs;

/* In a process of its own, for what changes the process: 0 when `what` returned true. */
static int in_a_child(bool (*what)(const void *context), const void *context)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(what(context) ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static bool passes_or_says_why_not(const void *context)
{
	const struct assay_subject *subject = context;
	struct assay_err err = {0};
	setenv("OMP_WAIT_POLICY", "passive", 1); /* more threads than CPUs */
	enum assay_code code = subject->probe ? subject->probe(&err) : ASSAY_OK;
	if (code == ASSAY_SKIP)
		return strlen(err.text) > 10;
	for (uint64_t seed = 1; code == ASSAY_OK && seed <= 3; seed++)
		code = assay_suite_concurrency.check(subject, seed, &err);
	if (code != ASSAY_OK)
		print_message("# %s: %s\n", subject->brief, err.text);
	return code == ASSAY_OK;
}

static void all_pools_pass(void **state)
{
	static const struct assay_subject *const subjects[] = {
		&assay_subject_concurrency_jobs_null,
		&assay_subject_concurrency_adaptive_pool,
		&assay_subject_concurrency_fixed_pool,
		&assay_subject_concurrency_thread_per_task,
		&assay_subject_concurrency_process_per_task,
		&assay_subject_concurrency_steal_jobs,
		&assay_subject_concurrency_libgomp_jobs,
		&assay_subject_concurrency_libomp_jobs,
		&assay_subject_concurrency_tbb_jobs,
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(subjects); i++)
		assert_int_equal(in_a_child(passes_or_says_why_not, subjects[i]), 0);
}

static size_t lose_the_last(struct job_pool *pool, struct job *jobs, size_t n)
{
	size_t failed = 0;
	for (size_t i = 0; i + 1 < n; i++)
		failed += !job_run(&jobs[i]);
	return failed;
}

static size_t swallow_errors(struct job_pool *pool, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i].error = (jobs[i].run(&jobs[i]), 0);
	return 0;
}

static size_t miscount(struct job_pool *pool, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		job_run(&jobs[i]);
	return 0;
}

static size_t run_twice(struct job_pool *pool, struct job *jobs, size_t n)
{
	miscount(pool, jobs, n);
	miscount(pool, jobs, n);
	return jobs_failed(jobs, n);
}

static void assert_caught(size_t (*run)(struct job_pool *, struct job *, size_t), const char *part)
{
	struct job_pool_ops ops =
		*(const struct job_pool_ops *)assay_subject_concurrency_jobs_null.ops;
	struct assay_err err = {0};
	ops.run = run;
	assert_fails(jobs_check(&ops, 3, &err), ASSAY_ECHECK, part);
}

static void planted_faults_are_caught(void **state)
{
	assert_caught(lose_the_last, "has not run once");
	assert_caught(run_twice, "has not run once");
	assert_caught(swallow_errors, "has the error 0");
	assert_caught(miscount, "were counted");
}

/* Jobs that end only when so many of them run at a time. */
static struct gathering {
	_Atomic unsigned inside;
	unsigned wanted;
	_Atomic bool met;
} gathering;

static int gather(struct job *job)
{
	uint64_t deadline_ns = assay_now_ns() + DEADLINE_NS;
	if (atomic_fetch_add(&gathering.inside, 1) + 1 >= gathering.wanted)
		atomic_store(&gathering.met, true);
	while (!atomic_load(&gathering.met) && assay_now_ns() < deadline_ns)
		nanosleep(&(struct timespec){0, 200000}, NULL);
	atomic_fetch_sub(&gathering.inside, 1);
	return atomic_load(&gathering.met) ? 0 : 1;
}

static void the_adaptive_pool_grows_and_shrinks(void **state)
{
	struct adaptive_limits limits = {.least = 1, .most = 6, .trigger = 0.8};
	struct adaptive_state seen;
	struct adaptive *pool;
	struct assay_err err = {0};
	struct job jobs[20];
	limits.window_ns = 200000;
	limits.idle_ns = 1000000;
	assert_ok(adaptive_start(&limits, NULL, &pool, &err));
	for (int round = 0; round < 3; round++) {
		memset(&gathering, 0, sizeof(gathering));
		gathering.wanted = limits.most;
		for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++) {
			jobs[i] = (struct job){.run = gather};
			adaptive_submit(pool, &jobs[i]);
		}
		assert_int_equal(adaptive_wait(pool), 0);
		adaptive_look(pool, &seen);
		assert_int_equal(seen.peak, limits.most);
		uint64_t deadline_ns = assay_now_ns() + DEADLINE_NS;
		while (seen.threads > 1 && assay_now_ns() < deadline_ns) {
			nanosleep(&(struct timespec){0, 500000}, NULL);
			adaptive_look(pool, &seen);
		}
		assert_int_equal(seen.threads, 1);
	}
	assert_true(seen.started >= 1 + 3 * (limits.most - 1));
	adaptive_stop(pool);
	adaptive_stop(NULL);
}

/* Several threads hand over jobs of which some fail; nothing is lost. */
enum { SUBMITTERS = 3, OF_EACH = 2000 };

struct submitter {
	struct adaptive *pool;
	struct job *jobs;
};

static int fail_each_tenth(struct job *job)
{
	job->result++;
	return job->argument % 10 == 0 ? 7 : 0;
}

static void *submit_all(void *argument)
{
	struct submitter *s = argument;
	for (size_t i = 0; i < OF_EACH; i++)
		adaptive_submit(s->pool, &s->jobs[i]);
	return NULL;
}

static void many_submit_and_no_error_is_lost(void **state)
{
	struct adaptive *pool;
	struct assay_err err = {0};
	struct submitter submitters[SUBMITTERS];
	pthread_t threads[SUBMITTERS];
	struct job *jobs = calloc(SUBMITTERS * OF_EACH, sizeof(*jobs));
	assert_non_null(jobs);
	assert_ok(adaptive_start(&ADAPTIVE_LIMITS, NULL, &pool, &err));
	for (size_t i = 0; i < SUBMITTERS * OF_EACH; i++)
		jobs[i] = (struct job){.run = fail_each_tenth, .argument = i};
	for (size_t i = 0; i < SUBMITTERS; i++) {
		submitters[i] = (struct submitter){pool, jobs + i * OF_EACH};
		assert_int_equal(pthread_create(&threads[i], NULL, submit_all, &submitters[i]), 0);
	}
	for (size_t i = 0; i < SUBMITTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(adaptive_wait(pool), SUBMITTERS * OF_EACH / 10);
	assert_int_equal(adaptive_wait(pool), 0); /* counted once */
	for (size_t i = 0; i < SUBMITTERS * OF_EACH; i++) {
		assert_int_equal(jobs[i].result, 1);
		assert_int_equal(jobs[i].error, i % 10 == 0 ? 7 : 0);
	}
	adaptive_stop(pool);
	free(jobs);
}

static void limits_that_make_no_sense_are_refused(void **state)
{
	static const struct adaptive_limits bad[] = {
		{.least = 0, .most = 2}, {.least = 3, .most = 2}, {.least = 1, .most = 65}};
	struct adaptive *pool;
	struct assay_err err = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++)
		assert_fails(adaptive_start(&bad[i], NULL, &pool, &err), ASSAY_EUSAGE,
			     "1 to 64 are possible");
}

static void *nothing(void *argument)
{
	return NULL;
}

/* No more threads and processes for this one. False: the limit has no effect here. */
static bool refuse_more(void)
{
	struct rlimit none = {0, 0};
	pthread_t thread;
	if (geteuid() == 0 && setuid(65534) != 0)
		return false;
	if (setrlimit(RLIMIT_NPROC, &none) != 0)
		return false;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0)
		return true;
	pthread_join(thread, NULL);
	return false;
}

static int nap(struct job *job)
{
	nanosleep(&(struct timespec){0, 2000000}, NULL);
	job->result = job->argument + 1;
	return 0;
}

static bool all_napped(const struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i].result != i + 1 || jobs[i].error)
			return false;
	return true;
}

static bool growth_refused(const void *context)
{
	struct adaptive *pool;
	struct adaptive_state seen;
	struct assay_err err = {0};
	struct job jobs[8];
	if (adaptive_start(&ADAPTIVE_LIMITS, NULL, &pool, &err) != ASSAY_OK)
		return false;
	bool refused = refuse_more();
	for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++) {
		jobs[i] = (struct job){.run = nap, .argument = i};
		adaptive_submit(pool, &jobs[i]);
	}
	size_t failed = adaptive_wait(pool);
	adaptive_look(pool, &seen);
	adaptive_stop(pool);
	if (!refused)
		print_message("# RLIMIT_NPROC refuses nothing here\n");
	return failed == 0 && all_napped(jobs, ASSAY_COUNT_OF(jobs)) &&
	       (!refused || (seen.refused > 0 && seen.threads == 1));
}

static bool start_refused(const void *context)
{
	const struct executor_ops *steal = assay_subject_concurrency_steal.ops;
	const int cpus[2] = {-1, -1};
	struct adaptive *pool;
	struct assay_err err = {0};
	struct executor *executor;
	if (!refuse_more())
		return true;
	return adaptive_start(&ADAPTIVE_LIMITS, NULL, &pool, &err) == ASSAY_EENV &&
	       strstr(err.text, "start one of 1 threads") &&
	       steal->start(2, cpus, &executor, &err) == ASSAY_EENV &&
	       strstr(err.text, "start thread 1");
}

/* Threads and processes for each job: with none to be had, they run in the caller. */
static bool none_to_be_had(const void *context)
{
	const struct job_pool_ops *ops = ((const struct assay_subject *)context)->ops;
	const int cpus[2] = {-1, -1};
	struct job_pool *pool;
	struct assay_err err = {0};
	struct job jobs[3];
	if (!refuse_more())
		return true;
	for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++)
		jobs[i] = (struct job){.run = nap, .argument = i};
	if (ops->start(2, cpus, &pool, &err) != ASSAY_OK)
		return false;
	size_t failed = ops->run(pool, jobs, ASSAY_COUNT_OF(jobs));
	ops->stop(pool);
	return failed == 0 && all_napped(jobs, ASSAY_COUNT_OF(jobs));
}

static void refused_threads_cost_no_job(void **state)
{
	assert_int_equal(in_a_child(growth_refused, NULL), 0);
	assert_int_equal(in_a_child(start_refused, NULL), 0);
	assert_int_equal(in_a_child(none_to_be_had, &assay_subject_concurrency_thread_per_task), 0);
	assert_int_equal(in_a_child(none_to_be_had, &assay_subject_concurrency_process_per_task),
			 0);
}

static int die_if_seven(struct job *job)
{
	if (job->argument == 7)
		kill(getpid(), SIGKILL);
	job->result = job->argument + 1;
	return job->argument == 8 ? 4 : 0;
}

static void a_killed_process_loses_its_job_only(void **state)
{
	static const struct {
		unsigned most;
		size_t each;
	} ways[] = {{1, 1}, {3, 1}, {1, 100}, {3, 100}, {2, 4}};
	for (size_t w = 0; w < ASSAY_COUNT_OF(ways); w++) {
		struct job jobs[20];
		for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++)
			jobs[i] = (struct job){.run = die_if_seven, .argument = i};
		assert_int_equal(
			processes_run(jobs, ASSAY_COUNT_OF(jobs), ways[w].most, ways[w].each, NULL),
			2);
		for (size_t i = 0; i < ASSAY_COUNT_OF(jobs); i++) {
			assert_int_equal(jobs[i].error, i == 7 ? JOB_LOST : i == 8 ? 4 : 0);
			assert_int_equal(jobs[i].result, i == 7 ? 0 : i + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_pools_pass), /* first: they fork, and there are no threads yet */
		cmocka_unit_test(refused_threads_cost_no_job),
		cmocka_unit_test(a_killed_process_loses_its_job_only),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(the_adaptive_pool_grows_and_shrinks),
		cmocka_unit_test(many_submit_and_no_error_is_lost),
		cmocka_unit_test(limits_that_make_no_sense_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

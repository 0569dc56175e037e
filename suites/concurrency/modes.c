/* SPDX-License-Identifier: MIT */
/* modes: trying, and choosing. */
#include "suites/concurrency/modes.h"

#include <time.h>

#include "harness/base/clock.h"
#include "harness/stats/estimate.h"

enum { TRY_HERE = 5, TRY_EACH = 8, TRY_SHARE = 32, MEASURE_ROUNDS = 9, REST_NS = 300000 };

/* Jobs that use less of their time than this wait for something. */
#define WAITS_SHARE 0.5
/* Of the CPUs' time, what threads must make use of for processes not to be tried: they cost more to begin. */
#define SCALES_WELL 0.75

size_t modes_run(struct modes *m, enum mode mode, struct job *jobs, size_t n)
{
	size_t failed = 0;
	switch (mode) {
	case MODE_THREADS:
		for (size_t i = 0; i < n; i++)
			adaptive_submit(m->pool, &jobs[i]);
		return adaptive_wait(m->pool);
	case MODE_PROCESSES:
		return processes_run(jobs, n, m->processes, n, m->set);
	default:
		for (size_t i = 0; i < n; i++)
			failed += !job_run(&jobs[i]);
		return failed;
	}
}

static int nothing(struct job *job)
{
	return 0;
}

void modes_measure(struct modes *m)
{
	double clock_ns[MEASURE_ROUNDS];
	for (int round = 0; round < MEASURE_ROUNDS; round++) {
		uint64_t begin_ns = assay_now_ns();
		clock_ns[round] = (double)(assay_now_ns() - begin_ns);
	}
	assay_sort(clock_ns, MEASURE_ROUNDS);
	m->clock_ns = clock_ns[MEASURE_ROUNDS / 2];
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		double ns[MEASURE_ROUNDS];
		for (int round = 0; round < MEASURE_ROUNDS; round++) {
			struct job jobs[2] = {{.run = nothing}, {.run = nothing}};
			/* threads of the pool fall asleep, as they are when a batch comes */
			nanosleep(&(struct timespec){0, REST_NS}, NULL);
			uint64_t begin_ns = assay_now_ns();
			modes_run(m, mode, jobs, 2);
			ns[round] = (double)(assay_now_ns() - begin_ns);
		}
		assay_sort(ns, MEASURE_ROUNDS);
		m->begin_ns[mode] = ns[MEASURE_ROUNDS / 2];
	}
}

enum mode modes_cheapest(const double job_ns[MODE_COUNT], const double begin_ns[MODE_COUNT],
			 size_t left)
{
	enum mode best = MODE_SEQUENTIAL;
	double best_ns = job_ns[best] * (double)left;
	for (enum mode mode = best + 1; mode < MODE_COUNT; mode++) {
		double ns = begin_ns[mode] + job_ns[mode] * (double)left;
		if (job_ns[mode] > 0 && ns < best_ns) {
			best = mode;
			best_ns = ns;
		}
	}
	return best;
}

bool modes_worth_trying(double job_ns, double begin_ns, size_t left)
{
	/* on two CPUs it halves what is left at best; it begins twice, for the trial and for the rest, and
	 * what may be gained must be worth more than that */
	return left > 2 * TRY_EACH && job_ns * (double)left / 2 > 3 * begin_ns;
}

/* Jobs of the batch that have not been run. */
struct rest {
	struct job *jobs;
	size_t n, failed;
};

static double try_some(struct modes *m, enum mode mode, struct rest *rest, size_t n)
{
	n = n < rest->n ? n : rest->n;
	if (n == 0)
		return 0;
	uint64_t begin_ns = assay_now_ns();
	rest->failed += modes_run(m, mode, rest->jobs, n);
	double ns = (double)(assay_now_ns() - begin_ns) - m->begin_ns[mode];
	rest->jobs += n;
	rest->n -= n;
	return ns > 0 ? ns / (double)n : 1;
}

/* One by one, the median: an interruption must not make a job look long. */
static double try_here(const struct modes *m, struct rest *rest)
{
	double ns[TRY_HERE] = {0};
	size_t n = 0;
	for (; n < TRY_HERE && rest->n > 0; n++) {
		uint64_t begin_ns = assay_now_ns();
		rest->failed += !job_run(rest->jobs);
		ns[n] = (double)(assay_now_ns() - begin_ns);
		rest->jobs++;
		rest->n--;
	}
	assay_sort(ns, n);
	double job_ns = n ? ns[n / 2] - m->clock_ns : 0;
	return job_ns > 1 ? job_ns : 1;
}

size_t modes_choose_and_run(struct modes *m, struct job *jobs, size_t n, enum mode *ret)
{
	struct rest rest = {jobs, n, 0};
	double job_ns[MODE_COUNT] = {0};
	uint64_t cpu_ns = assay_thread_cpu_ns(), begin_ns = assay_now_ns();
	job_ns[MODE_SEQUENTIAL] = try_here(m, &rest);
	double used =
		(double)(assay_thread_cpu_ns() - cpu_ns) / (double)(assay_now_ns() - begin_ns);
	if (used < WAITS_SHARE &&
	    modes_worth_trying(job_ns[MODE_SEQUENTIAL], m->begin_ns[MODE_THREADS], rest.n)) {
		*ret = MODE_THREADS;
		return rest.failed + modes_run(m, *ret, rest.jobs, rest.n);
	}
	if (modes_worth_trying(job_ns[MODE_SEQUENTIAL], m->begin_ns[MODE_THREADS], rest.n))
		job_ns[MODE_THREADS] =
			try_some(m, MODE_THREADS, &rest, TRY_EACH + rest.n / TRY_SHARE);
	double gain = job_ns[MODE_THREADS] > 0 ? job_ns[MODE_SEQUENTIAL] / job_ns[MODE_THREADS]
					       : m->processes;
	double cheapest_ns = gain > 1 && job_ns[MODE_THREADS] > 0 ? job_ns[MODE_THREADS]
								  : job_ns[MODE_SEQUENTIAL];
	if (gain < SCALES_WELL * m->processes &&
	    modes_worth_trying(cheapest_ns, m->begin_ns[MODE_PROCESSES], rest.n))
		job_ns[MODE_PROCESSES] =
			try_some(m, MODE_PROCESSES, &rest, TRY_EACH + rest.n / TRY_SHARE);
	*ret = modes_cheapest(job_ns, m->begin_ns, rest.n);
	return rest.failed + modes_run(m, *ret, rest.jobs, rest.n);
}

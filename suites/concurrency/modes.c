/* SPDX-License-Identifier: MIT */
/* modes: trying, and choosing. */
#include "suites/concurrency/modes.h"

#include "harness/base/clock.h"

enum { TRY_HERE = 4, TRY_EACH = 8, TRY_SHARE = 32, MEASURE_ROUNDS = 5 };

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
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		m->begin_ns[mode] = 1e18;
		for (int round = 0; round < MEASURE_ROUNDS; round++) {
			struct job jobs[2] = {{.run = nothing}, {.run = nothing}};
			uint64_t begin_ns = assay_now_ns();
			modes_run(m, mode, jobs, 2);
			double ns = (double)(assay_now_ns() - begin_ns);
			if (ns < m->begin_ns[mode])
				m->begin_ns[mode] = ns;
		}
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
	/* at best it halves what is left; it begins twice, for the trial and for the rest */
	return left > 2 * TRY_EACH && job_ns * (double)left / 2 > 2 * begin_ns;
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

size_t modes_choose_and_run(struct modes *m, struct job *jobs, size_t n, enum mode *ret)
{
	struct rest rest = {jobs, n, 0};
	double job_ns[MODE_COUNT] = {0};
	uint64_t cpu_ns = assay_thread_cpu_ns(), begin_ns = assay_now_ns();
	job_ns[MODE_SEQUENTIAL] = try_some(m, MODE_SEQUENTIAL, &rest, TRY_HERE);
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

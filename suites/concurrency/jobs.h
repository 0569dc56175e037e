/* SPDX-License-Identifier: MIT */
/* jobs: the interface of what runs independent jobs that are handed over from outside. */
#ifndef ASSAY_SUITES_CONCURRENCY_JOBS_H
#define ASSAY_SUITES_CONCURRENCY_JOBS_H

#include <limits.h>
#include <sched.h>

#include "harness/bench.h"

#define JOB_POOL_INTERFACE "job_pool"

/* The error of a job whose process died before it was through. */
#define JOB_LOST INT_MIN

/* The caller's, and not to be moved or read until run() has returned. */
struct job {
	int (*run)(struct job *job); /* sets `result`; returns 0 or an error of its own */
	uint64_t argument;
	uint64_t result;
	int error;        /* what run returned, or JOB_LOST */
	struct job *next; /* the pool's */
};

struct job_pool; /* each subject has its own */

struct job_pool_ops {
	/* Ready to run jobs on `threads` threads or processes, on the CPUs of cpus[threads] as far as
	 * they are not negative. */
	enum assay_code (*start)(unsigned threads, const int *cpus, struct job_pool **ret,
				 struct assay_err *err);
	/* Run each of jobs[n] once, in any order; returns when all are through: how many have an error.
	 * One call at a time. */
	size_t (*run)(struct job_pool *pool, struct job *jobs, size_t n);
	void (*stop)(struct job_pool *pool);
};

/* Run it here. */
static inline bool job_run(struct job *job)
{
	job->error = job->run(job);
	return job->error == 0;
}

/* How many of jobs[n] have an error. */
size_t jobs_failed(const struct job *jobs, size_t n);

/* The CPUs of cpus[n]; false when one is negative or too large, and a thread is to be left where it is. */
bool jobs_cpu_set(const int *cpus, unsigned n, cpu_set_t *ret);

/* Oracle of the interface: batches of many sizes, jobs that fail, threads 1 to 4. */
enum assay_code jobs_check(const struct job_pool_ops *ops, uint64_t seed, struct assay_err *err);

#endif

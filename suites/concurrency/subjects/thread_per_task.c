/* SPDX-License-Identifier: MIT */
/*
 * thread_per_task: a thread of its own for each job, at most 256 alive. Where none is to be had, the oldest
 * is waited for; and with none left the job runs here.
 */
#include <pthread.h>
#include <stdlib.h>

#include "suites/concurrency/jobs.h"

enum { ALIVE_MOST = 256 };

struct job_pool {
	pthread_attr_t attributes;
	pthread_t alive[ALIVE_MOST]; /* a ring */
};

static enum assay_code start(unsigned threads, const int *cpus, struct job_pool **ret,
			     struct assay_err *err)
{
	cpu_set_t set;
	struct job_pool *pool = calloc(1, sizeof(*pool));
	if (!pool || pthread_attr_init(&pool->attributes) != 0) {
		free(pool);
		return assay_fail(err, ASSAY_ENOMEM, "thread_per_task: out of memory");
	}
	int error = jobs_cpu_set(cpus, threads, &set)
			    ? pthread_attr_setaffinity_np(&pool->attributes, sizeof(set), &set)
			    : 0;
	if (error) {
		pthread_attr_destroy(&pool->attributes);
		free(pool);
		return assay_fail(err, ASSAY_EENV, "thread_per_task: place threads: %s",
				  strerror(error));
	}
	*ret = pool;
	return ASSAY_OK;
}

static void *run_job(void *argument)
{
	job_run(argument);
	return NULL;
}

static size_t run(struct job_pool *pool, struct job *jobs, size_t n)
{
	size_t joined = 0, started = 0; /* of the ring */
	for (size_t i = 0; i < n;) {
		pthread_t *thread = &pool->alive[started % ALIVE_MOST];
		if (started - joined < ALIVE_MOST &&
		    pthread_create(thread, &pool->attributes, run_job, &jobs[i]) == 0) {
			started++;
			i++;
		} else if (joined < started) {
			pthread_join(pool->alive[joined++ % ALIVE_MOST], NULL);
		} else {
			job_run(&jobs[i++]);
		}
	}
	while (joined < started)
		pthread_join(pool->alive[joined++ % ALIVE_MOST], NULL);
	return jobs_failed(jobs, n);
}

static void stop(struct job_pool *pool)
{
	pthread_attr_destroy(&pool->attributes);
	free(pool);
}

static const struct job_pool_ops ops = {.start = start, .run = run, .stop = stop};

const struct assay_subject assay_subject_concurrency_thread_per_task = {
	.interface = JOB_POOL_INTERFACE,
	.brief = "pthread_create and pthread_join for each job",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/* threads: a persistent team of pthreads, each pinned, each always with the same share. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "suites/scaling/rendezvous.h"

struct worker {
	struct rendezvous *rendezvous;
	unsigned number;
	pthread_t thread;
};

struct team {
	struct rendezvous rendezvous;
	unsigned threads;
	unsigned started; /* workers that exist; number 0, the caller, included */
	struct worker *workers;
};

static void *serve(void *context)
{
	struct worker *worker = context;
	rendezvous_serve(worker->rendezvous, worker->number);
	return NULL;
}

static void stop(struct team *team)
{
	if (!team)
		return;
	rendezvous_stop(&team->rendezvous);
	for (unsigned i = 1; i < team->started; i++)
		pthread_join(team->workers[i].thread, NULL);
	free(team->workers);
	free(team);
}

/* Start worker `number` on its CPU; an errno. */
static int start_worker(struct team *team, unsigned number, int cpu)
{
	struct worker *worker = &team->workers[number];
	pthread_attr_t attr;
	cpu_set_t one;
	*worker = (struct worker){.rendezvous = &team->rendezvous, .number = number};
	int error = pthread_attr_init(&attr);
	if (error)
		return error;
	if (cpu >= 0) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		error = pthread_attr_setaffinity_np(&attr, sizeof(one), &one);
	}
	if (!error)
		error = pthread_create(&worker->thread, &attr, serve, worker);
	pthread_attr_destroy(&attr);
	return error;
}

static enum assay_code start(unsigned threads, const int *cpus, struct team **ret,
			     struct assay_err *err)
{
	struct team *team = aligned_alloc(ASSAY_CACHE_LINE, sizeof(*team));
	if (!team)
		return assay_fail(err, ASSAY_ENOMEM, "threads: out of memory");
	*team = (struct team){.threads = threads, .started = 1};
	team->workers = calloc(threads, sizeof(*team->workers));
	if (!team->workers) {
		stop(team);
		return assay_fail(err, ASSAY_ENOMEM, "threads: out of memory");
	}
	for (; team->started < threads; team->started++) {
		unsigned i = team->started;
		int error = start_worker(team, i, cpus ? cpus[i] : -1);
		if (error) {
			stop(team);
			return assay_fail(err, ASSAY_EIO, "threads: start of worker %u: %s", i,
					  strerror(error));
		}
	}
	*ret = team;
	return ASSAY_OK;
}

static enum assay_code run(struct team *team, team_part part, void *context, struct assay_err *err)
{
	(void)err;
	if (team->threads > 1)
		rendezvous_post(&team->rendezvous, part, context, team->threads);
	part(context, 0, team->threads);
	while (team->threads > 1 && !rendezvous_wait(&team->rendezvous, 1000000000u))
		; /* threads do not die alone: the harness's deadline ends a part that hangs */
	return ASSAY_OK;
}

static const struct team_ops ops = {
	.computes = true,
	.start = start,
	.run = run,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_threads = {
	.brief = "persistent pinned pthreads, equal shares, spin then sleep",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/*
 * preload_sampler: runs inside a program under test that knows nothing of it. On each tick of the
 * process' CPU-time timer it appends the registers and the top of the stack to a file; unwinding and
 * names come later and elsewhere. A library of its own, which needs nothing else of assay at run time.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "profiler/preload.h"
#include "profiler/preload_record.h"

/* A handler, and a child after fork(), have no other way to it. */
static struct itimerval period;

static void on_tick(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info;
	record_sample(context);
}

/* Timers are not inherited: the child gets its own. */
static void after_fork(void)
{
	record_fork();
	setitimer(ITIMER_PROF, &period, NULL);
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv(PRELOAD_SAMPLER_ENV);
	struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_RESTART | SA_SIGINFO};
	char *path;
	unsigned long rate = text ? strtoul(text, &path, 10) : 0;
	if (rate < 1 || rate > 10000 || *path != ':' || !record_open(path + 1))
		return;
	period.it_interval.tv_usec = period.it_value.tv_usec = (suseconds_t)(1000000 / rate);
	if (rate == 1)
		period.it_interval = period.it_value = (struct timeval){1, 0};
	pthread_atfork(NULL, NULL, after_fork);
	sigfillset(&action.sa_mask);
	if (sigaction(SIGPROF, &action, NULL) == 0)
		setitimer(ITIMER_PROF, &period, NULL);
}

/* Libraries that were loaded since. */
__attribute__((destructor)) static void end(void)
{
	static const struct itimerval never;
	if (period.it_value.tv_sec == 0 && period.it_value.tv_usec == 0)
		return;
	setitimer(ITIMER_PROF, &never, NULL);
	record_maps();
}

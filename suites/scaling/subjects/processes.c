/* SPDX-License-Identifier: MIT */
/* processes: a persistent team of forked processes over shared memory, each pinned. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/scaling/rendezvous.h"

/* How long the leader waits before it looks whether all workers are still alive. */
#define PATIENCE_NS 200000000u

struct team {
	struct rendezvous *rendezvous; /* shared */
	unsigned threads;
	unsigned started;
	pid_t *workers; /* 0: none, or collected */
};

/* The child: nothing but the work, and gone with its parent. */
static void serve(struct rendezvous *rendezvous, unsigned number, int cpu, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (cpu >= 0) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) != 0)
			_exit(1);
	}
	rendezvous_serve(rendezvous, number);
	_exit(0);
}

/* One worker that has ended although the team has not, or 0. */
static pid_t find_dead(struct team *team)
{
	for (unsigned i = 1; i < team->started; i++) {
		pid_t pid = team->workers[i];
		if (pid && waitpid(pid, NULL, WNOHANG) == pid) {
			team->workers[i] = 0;
			return pid;
		}
	}
	return 0;
}

static void collect(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void stop(struct team *team)
{
	if (!team)
		return;
	if (team->rendezvous)
		rendezvous_stop(team->rendezvous);
	for (unsigned i = 1; team->workers && i < team->started; i++)
		if (team->workers[i])
			collect(team->workers[i]);
	team_free(team->rendezvous, sizeof(*team->rendezvous));
	free(team->workers);
	free(team);
}

static enum assay_code fork_workers(struct team *team, const int *cpus, struct assay_err *err)
{
	pid_t parent = getpid();
	for (; team->started < team->threads; team->started++) {
		unsigned i = team->started;
		pid_t pid = fork();
		if (pid < 0)
			return assay_fail(err, ASSAY_EIO, "processes: fork of worker %u: %s", i,
					  strerror(errno));
		if (pid == 0)
			serve(team->rendezvous, i, cpus ? cpus[i] : -1, parent);
		team->workers[i] = pid;
	}
	return ASSAY_OK;
}

static enum assay_code start(unsigned threads, const int *cpus, struct team **ret,
			     struct assay_err *err)
{
	struct team *team = calloc(1, sizeof(*team));
	if (!team)
		return assay_fail(err, ASSAY_ENOMEM, "processes: out of memory");
	team->threads = threads;
	team->started = 1;
	team->rendezvous = team_alloc(sizeof(*team->rendezvous));
	team->workers = calloc(threads, sizeof(*team->workers));
	enum assay_code code = ASSAY_OK;
	if (!team->rendezvous || !team->workers)
		code = assay_fail(err, ASSAY_ENOMEM, "processes: out of memory");
	if (code == ASSAY_OK)
		code = fork_workers(team, cpus, err);
	if (code != ASSAY_OK) {
		stop(team);
		return code;
	}
	*ret = team;
	return ASSAY_OK;
}

static enum assay_code run(struct team *team, team_part part, void *context, struct assay_err *err)
{
	if (team->threads > 1)
		rendezvous_post(team->rendezvous, part, context, team->threads);
	part(context, 0, team->threads);
	while (team->threads > 1 && !rendezvous_wait(team->rendezvous, PATIENCE_NS)) {
		pid_t dead = find_dead(team);
		if (dead)
			return assay_fail(err, ASSAY_EIO, "processes: worker %d has died", dead);
	}
	return ASSAY_OK;
}

static const struct team_ops ops = {
	.computes = true,
	.start = start,
	.run = run,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_processes = {
	.brief = "persistent pinned processes over shared memory, equal shares",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/* processes: fork, share, reap. */
#include "suites/concurrency/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct outcome {
	uint64_t result;
	int error;
};

/* What the processes share. */
struct board {
	_Atomic uint64_t next;                    /* job that nobody has begun */
	_Atomic uint64_t current[PROCESSES_MOST]; /* what each is at, NO_JOB between two */
	struct outcome outcomes[];
};
#define NO_JOB UINT64_MAX

struct family {
	struct job *jobs;
	size_t n, each;
	struct board *board;
	unsigned most, live;
	const cpu_set_t *set;
	pid_t pids[PROCESSES_MOST]; /* 0: none */
	struct pollfd
		ends[PROCESSES_MOST]; /* readable, for end of file, when the process is gone */
};

/* A number of this process's own to work on, or NO_JOB. */
static uint64_t claim(struct family *f)
{
	/* relaxed: a number; jobs were written before the fork */
	uint64_t i = atomic_fetch_add_explicit(&f->board->next, 1, memory_order_relaxed);
	return i < f->n ? i : NO_JOB;
}

static void work(struct family *f, unsigned self, uint64_t first)
{
	struct board *board = f->board;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (f->set) /* refused: it then runs where its parent may */
		sched_setaffinity(0, sizeof(*f->set), f->set);
	uint64_t i = first;
	for (size_t done = 0; i != NO_JOB;) {
		struct job *job = &f->jobs[i];
		job_run(job);
		board->outcomes[i] = (struct outcome){job->result, job->error};
		/* release: who sees that this job is over sees its outcome */
		i = ++done < f->each ? claim(f) : NO_JOB;
		atomic_store_explicit(&board->current[self], i, memory_order_release);
	}
	_exit(0);
}

/* False: no process to be had just now. */
static bool begin(struct family *f, uint64_t first)
{
	unsigned self = 0;
	int ends[2];
	while (f->pids[self])
		self++;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	atomic_store_explicit(&f->board->current[self], first, memory_order_relaxed);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		work(f, self, first);
	}
	close(ends[1]); /* else none of the later ones would leave it open */
	if (pid < 0) {
		close(ends[0]);
		return false;
	}
	f->pids[self] = pid;
	f->ends[self] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	f->live++;
	return true;
}

static void reap(struct family *f, unsigned i)
{
	while (waitpid(f->pids[i], NULL, 0) < 0 && errno == EINTR)
		;
	close(f->ends[i].fd);
	f->ends[i].fd = -1;
	f->pids[i] = 0;
	f->live--;
	/* acquire: the outcomes of those before */
	uint64_t at = atomic_load_explicit(&f->board->current[i], memory_order_acquire);
	if (at != NO_JOB)
		f->board->outcomes[at].error = JOB_LOST;
}

/* Wait until at least one is gone. */
static void reap_some(struct family *f)
{
	while (poll(f->ends, f->most, -1) < 0 && errno == EINTR)
		;
	for (unsigned i = 0; i < f->most; i++)
		if (f->pids[i] && f->ends[i].revents)
			reap(f, i);
}

static void run_here(struct family *f, uint64_t i)
{
	job_run(&f->jobs[i]);
	f->board->outcomes[i] = (struct outcome){f->jobs[i].result, f->jobs[i].error};
}

static void run_all(struct family *f)
{
	for (uint64_t i; (i = claim(f)) != NO_JOB;) {
		while (f->live == f->most)
			reap_some(f);
		while (!begin(f, i)) {
			if (f->live == 0) {
				run_here(f, i);
				break;
			}
			reap_some(f);
		}
	}
	while (f->live > 0)
		reap_some(f);
}

size_t processes_run(struct job *jobs, size_t n, unsigned most, size_t each, const cpu_set_t *set)
{
	size_t bytes = sizeof(struct board) + n * sizeof(struct outcome), failed = 0;
	struct family f = {.jobs = jobs, .n = n, .each = each, .most = most, .set = set};
	f.board = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f.board == MAP_FAILED) {
		for (size_t i = 0; i < n; i++)
			failed += !job_run(&jobs[i]);
		return failed;
	}
	for (unsigned i = 0; i < PROCESSES_MOST; i++)
		f.ends[i].fd = -1;
	run_all(&f);
	for (size_t i = 0; i < n; i++) {
		jobs[i].result = f.board->outcomes[i].result;
		jobs[i].error = f.board->outcomes[i].error;
	}
	munmap(f.board, bytes);
	return jobs_failed(jobs, n);
}

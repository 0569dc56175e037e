/* SPDX-License-Identifier: MIT */
/*
 * modes: chooses how a batch of jobs is run: one after the other, on threads or in processes.
 *
 * It tries: a few jobs here. Jobs that mostly wait go to threads, of which there are then more than CPUs. Of
 * others, where what is left is worth it, some are tried on threads; where threads did not make the most of
 * the CPUs, as with jobs that share a lock, some in processes; the rest goes the way that was cheapest. What it
 * tries with are jobs of the batch, so that trying costs only what a worse way costs.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_MODES_H
#define ASSAY_SUITES_CONCURRENCY_MODES_H

#include "suites/concurrency/adaptive.h"
#include "suites/concurrency/processes.h"

enum mode { MODE_SEQUENTIAL, MODE_THREADS, MODE_PROCESSES, MODE_COUNT };

struct modes {
	struct adaptive *pool;
	unsigned processes;          /* at a time */
	const cpu_set_t *set;        /* their CPUs; NULL: those of the caller */
	double begin_ns[MODE_COUNT]; /* of a way, before the first job is through */
	double clock_ns;             /* of one look at the clock */
};

/* Run jobs[n] in one way; returns how many have an error. */
size_t modes_run(struct modes *m, enum mode mode, struct job *jobs, size_t n);
/* What beginning costs on this machine: begin_ns of all ways, from a few empty batches; and
 * clock_ns. */
void modes_measure(struct modes *m);
/* Run jobs[n], choosing the way. *ret: that of most of them. Returns how many have an error. */
size_t modes_choose_and_run(struct modes *m, struct job *jobs, size_t n, enum mode *ret);

/*
 * The choice itself. job_ns[]: what a job takes in each way, measured; 0: not tried. Which is cheapest for `left`
 * more jobs, of those tried.
 */
enum mode modes_cheapest(const double job_ns[MODE_COUNT], const double begin_ns[MODE_COUNT],
			 size_t left);
/* Is it worth while to try a way whose beginning costs begin_ns, when the cheapest so far takes job_ns a job? */
bool modes_worth_trying(double job_ns, double begin_ns, size_t left);

#endif

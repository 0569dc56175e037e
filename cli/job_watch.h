/* SPDX-License-Identifier: MIT */
/*
 * job_watch: is a batch job over? What the scheduler says is a hint: a job is done when its bundles are there, whatever
 * it says, and lost only when the scheduler has called it ended, or forgotten it, and no bundle came for a while, because
 * network file systems show a new file late.
 */
#ifndef ASSAY_CLI_JOB_WATCH_H
#define ASSAY_CLI_JOB_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the scheduler says of a job. */
enum job_state {
	JOB_NO_ANSWER, /* it could not be asked */
	JOB_UNKNOWN,   /* it lists no such job */
	JOB_ALIVE,     /* pending, running, requeued, or anything that we have never heard of */
	JOB_ENDED,     /* completed, failed, cancelled, timed out, ... */
};

/*
 * The state of the job called `name` from lines "NAME STATE" as squeue prints them, one per task of an array: alive when
 * one of them is. Other jobs, and lines that are none, are passed over. By name, because the number of a job is known
 * only when sbatch's answer arrives.
 */
enum job_state job_state_read(const char *lines, const char *name);

/* The number in what sbatch --parsable printed, "123" or "123;cluster"; 0: it printed none. */
uint64_t job_number_read(const char *text);

enum job_verdict {
	JOB_WAIT,
	JOB_DONE, /* all bundles are there */
	JOB_LOST, /* and will not come */
};

/* Zero-initialise, and set the first. */
struct job_watch {
	uint64_t patience_ns;     /* for a bundle, once the scheduler has given the job up */
	unsigned unknown, silent; /* answers of that kind in a row */
	bool given_up;
	uint64_t given_up_ns; /* since then */
};

/* What follows from `there` bundles of `due`, and from an answer of the scheduler when `asked`, at `now_ns`. */
enum job_verdict job_watch_look(struct job_watch *watch, size_t there, size_t due, bool asked,
				enum job_state state, uint64_t now_ns);

#endif

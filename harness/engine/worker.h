/* SPDX-License-Identifier: MIT */
/*
 * worker: the other side of a launch. The program executes itself; the child measures one launch of
 * one case, or runs one oracle, and streams records.
 */
#ifndef ASSAY_ENGINE_WORKER_H
#define ASSAY_ENGINE_WORKER_H

#include "harness/engine/measure.h"
#include "harness/engine/registry.h"

struct assay_link;

/* What one worker is to do; what a `worker` command line says. */
struct assay_job {
	const char *case_name; /* measure this case ... */
	const char *program;   /* ... of the program this describes; NULL: it is in the registry */
	const char *check_suite; /* ... or run this suite's oracle on this subject */
	const char *check_subject;
	const unsigned *cpus; /* one per thread of the case; NULL: not pinned */
	size_t n_cpus;
	uint64_t seed;
	struct assay_effort effort;
	const char *driver;        /* NULL: the default */
	const char *const *events; /* counted pass, NULL-terminated; NULL: none */
	bool spans;                /* say when each timed loop began and ended */
	uint64_t memory_bytes;     /* limit of private memory, 0: none */
	uint64_t timeout_ns;       /* of one process of a program, 0: none */
	const char *replay;        /* folder of the simulator's files: count there; NULL: measure */
	int fd;                    /* records go here */
	int parent;                /* pid of the controller: die with it */
	unsigned ranks; /* of the launch this worker is one of; 0: it is alone (see link.h) */
	bool roll_call; /* ranks: say who is there, and nothing else */
	struct assay_link *link; /* of a rank; set by assay_worker_run() */
};

/*
 * Where a worker finds the controller's standard output and error, when its job is a program that
 * writes there itself.
 */
enum { ASSAY_WORKER_OUTPUT = 4, ASSAY_WORKER_ERRORS = 5 };

/*
 * Limits, signals and rights of a process that is about to run foreign code: only for a worker's main,
 * before it loads a plug-in. ASSAY_EINTR: the controller is gone.
 */
enum assay_code assay_worker_confine(const struct assay_job *job, struct assay_err *err);

/*
 * Do the job and write all records; the last one is the status. Returns ASSAY_OK when the status was
 * written, whatever it says. The process has been confined.
 */
enum assay_code assay_worker_run(struct assay_registry *registry, const struct assay_job *job,
				 struct assay_err *err);

#endif

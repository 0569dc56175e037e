/* SPDX-License-Identifier: MIT */
/* launch: start one worker, read its records, and see to it that nothing of it is left. */
#ifndef ASSAY_ENGINE_LAUNCH_H
#define ASSAY_ENGINE_LAUNCH_H

#include <signal.h>

#include "harness/engine/argv.h"
#include "harness/engine/frame.h"
#include "harness/engine/worker.h"

struct assay_launch {
	const char *program;      /* to execute, e.g. "/proc/self/exe" */
	const char *const *under; /* a simulator and its options, before it; may be NULL */
	const char *sandbox;      /* path of bubblewrap: start it inside; NULL: not */
	const char *const *reads; /* in the sandbox: other files, see assay_sandbox_words() */
	const char *const *writes;
	const char *const *plugins;     /* NULL-terminated */
	const struct assay_job *job;    /* fd and parent are filled in here */
	const char *const *environment; /* "NAME=VALUE" pairs to add; may be NULL */
	bool same_layout; /* addresses as in every such launch: no chance in them, and one stack */
	unsigned n_threads; /* of the case: OMP_NUM_THREADS and friends; 0: left alone */
	bool passes_output; /* the worker gets our standard output and error as well */
	uint64_t timeout_ns;
	const volatile sig_atomic_t *interrupted; /* non-zero: stop at once; may be NULL */
};

/* Called for each whole record as it comes. */
typedef enum assay_code (*assay_record_fn)(void *context, enum assay_frame_type type,
					   const void *payload, size_t length,
					   struct assay_err *err);

struct assay_outcome {
	enum assay_status status;
	char reason[512]; /* empty when ok; may end with the last line the worker printed */
};

/*
 * Run one worker to its end or its deadline. Whatever it started is killed: its session, and every
 * orphan that was handed to us (the caller must be a child subreaper, see assay_guard_start).
 * ASSAY_EINTR when interrupted; other errors mean that no worker could be run at all. A bad end of
 * the worker is not an error but the outcome.
 */
enum assay_code assay_launch_run(const struct assay_launch *launch, assay_record_fn on_record,
				 void *context, struct assay_outcome *ret, struct assay_err *err);

/*
 * The words and the environment of the worker that `launch` asks for, its first word being a mere name: for those who
 * start workers in another way (ranks.h). Both are to be freed with assay_argv_done(). ASSAY_ENOMEM.
 */
enum assay_code assay_launch_command(const struct assay_launch *launch, struct assay_argv *ret_argv,
				     struct assay_argv *ret_environment, struct assay_err *err);

#endif

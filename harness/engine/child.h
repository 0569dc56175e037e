/* SPDX-License-Identifier: MIT */
/* child: run one program to its end, timed or for what it prints. No shell. */
#ifndef ASSAY_ENGINE_CHILD_H
#define ASSAY_ENGINE_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "harness/base/err.h"
#include "harness/base/str.h"
#include "harness/engine/argv.h"

/*
 * The file that `program` names: itself when it has a slash, else the first executable of that name
 * in PATH. ASSAY_EUSAGE when there is none, with a guess at what was meant. *ret is malloc'd.
 */
enum assay_code assay_child_find(const char *program, char **ret, struct assay_err *err);

struct assay_child {
	const char *path;
	const struct assay_argv *argv;
	int in, out, errors;      /* what become its descriptors 0, 1 and 2; negative: /dev/null */
	char *const *environment; /* NULL: ours */
	/*
	 * NULL, or the last signal that came to us. assay_child_run() passes SIGTERM on, once; SIGINT is sent to
	 * all of a terminal's programs at once by the terminal itself.
	 */
	const volatile sig_atomic_t *signalled;
};

struct assay_child_end {
	int wait_status;
	bool timed_out;      /* and therefore killed */
	uint64_t wall_ns;    /* from just before it is spawned until it has been waited for */
	struct rusage usage; /* of it and of those of its children that it waited for */
};

/*
 * Run it and wait. ASSAY_EIO when it cannot be started. A deadline (0: none) is kept by the process'
 * interval timer and SIGALRM, which adds nothing to the time measured: only for a worker, and only
 * on a thread that receives the signal.
 */
enum assay_code assay_child_run(const struct assay_child *child, uint64_t timeout_ns,
				struct assay_child_end *ret, struct assay_err *err);

/*
 * Run it and keep what it writes to descriptor 1, up to `limit` bytes; `out` is not looked at. The
 * time is not measured. ASSAY_EIO also when it writes more than that: it is killed then.
 */
enum assay_code assay_child_capture(const struct assay_child *child, uint64_t timeout_ns,
				    size_t limit, struct assay_str *output,
				    struct assay_child_end *ret, struct assay_err *err);

/* "exit status 3", "killed by signal 11 (Segmentation fault)"; NULL when it ended well. */
const char *assay_child_complaint(const struct assay_child_end *end, char *text, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sandbox: workers inside bubblewrap: no network, no other processes in sight, nothing on the disk that they
 * can change, no variables but those that measuring needs. It moves timings (system calls, what
 * /tmp is), so that a run says whether it had one.
 */
#ifndef ASSAY_ENGINE_SANDBOX_H
#define ASSAY_ENGINE_SANDBOX_H

#include <stdbool.h>

#include "harness/engine/argv.h"

enum { ASSAY_SANDBOX_VERSION_BYTES = 64 };

/*
 * Find bwrap and see it work: many containers forbid the namespaces it needs. *ret_bwrap is its path, the
 * caller's to free; `version` what it calls itself, "bubblewrap 0.8.0". 
 * ASSAY_EUSAGE with a sentence when there is no sandbox to be had here.
 */
enum assay_code assay_sandbox_find(char **ret_bwrap, char version[ASSAY_SANDBOX_VERSION_BYTES],
				   struct assay_err *err);

/* What a program needs inside; each NULL-terminated, or NULL: none. */
struct assay_sandbox_needs {
	const char *const *plugins;     /* files that are read, wherever they lie ... */
	const char *const *reads;       /* ... as are these */
	const char *const *writes;      /* files that are there already, and are written */
	const char *const *environment; /* "NAME=VALUE" for the program alone, not for bubblewrap */
};

/*
 * Append the words that start `program` in the sandbox of `bwrap`: its own words follow them. `program` is
 * a file, or /proc/self/exe for this one; it, the files it needs and the current folder can be read inside.
 */
enum assay_code assay_sandbox_words(const char *bwrap, const char *program,
				    const struct assay_sandbox_needs *needs, struct assay_argv *ret,
				    struct assay_err *err);

/* Does "NAME=VALUE" reach a worker in the sandbox? */
bool assay_sandbox_passes(const char *variable);

#endif

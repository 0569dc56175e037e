/* SPDX-License-Identifier: MIT */
/*
 * command: any program as a benchmark of the suite "command". A sample is one process: its wall time,
 * its CPU time and peak memory beside it. No shell is started, so none is in the time.
 *
 * The case is called command/<program>/cmd:<slug of its arguments>-<digest>/<axis>:<value>/threads:1.
 * The digest is over what decides the work that is timed: the words before parameters are filled in,
 * the prepare command, input and output. It makes the series one of exactly this command.
 */
#ifndef ASSAY_ENGINE_COMMAND_H
#define ASSAY_ENGINE_COMMAND_H

#include <stdbool.h>

#include "harness/engine/argv.h"
#include "harness/engine/plan.h"
#include "harness/engine/program.h"

struct assay_command_spec {
	struct assay_argv argv;    /* with {parameters} */
	struct assay_argv prepare; /* run before each sample, untimed; n = 0: none */
	const char *input;         /* file behind its descriptor 0; NULL: /dev/null */
	const char
		*output; /* "null" (or NULL), "pipe", "inherit", or the file behind descriptor 1 */
	unsigned warmup; /* untimed runs at the beginning of each launch */
	bool ignore_failure;
	const char *label; /* instead of slug and digest; NULL: those */
	/* Values of axes, "threads" among them. Those that are mentioned become the command's axes; a
	 * list with a range or a name such as ncores is one of numbers, any other one of words. */
	const struct assay_override *params;
	size_t n_params;
};

/* Does the command use {name} anywhere? */
bool assay_command_mentions(const struct assay_command_spec *spec, const char *name);

/*
 * Write the description that assay_program_add() takes; *ret is malloc'd. ASSAY_EUSAGE: a word is not
 * UTF-8, a reserved or malformed parameter name, values that cannot be part of a case's name.
 */
enum assay_code assay_command_describe(const struct assay_command_spec *spec, char **ret,
				       struct assay_err *err);

/* The command line of a case of this program, parameters filled in, quoted as for a shell. */
enum assay_code assay_command_line(const struct assay_case *c, struct assay_str *out,
				   struct assay_err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* command_launch: what command.c makes and command_launch.c runs. */
#ifndef ASSAY_ENGINE_COMMAND_LAUNCH_H
#define ASSAY_ENGINE_COMMAND_LAUNCH_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/engine/command.h"

/* A command as the registry holds it. Texts of axes belong to `description`. */
struct command {
	struct assay_program program;
	json_t *description;
	struct assay_argv argv, prepare;
	const char *input, *output;
	unsigned warmup;
	bool ignore_failure;
	char label[64]; /* the value of the axis cmd */
};

/* `argv` with the parameters of the case, its threads among them, in place of their braces. */
enum assay_code assay_command_fill(const struct assay_case *c, const struct assay_argv *argv,
				   struct assay_argv *ret, struct assay_err *err);

/* Of assay_command_kind. */
enum assay_code assay_command_measure(const struct assay_program *program,
				      const struct assay_case *c, const struct assay_job *job,
				      const struct assay_program_sink *sink,
				      struct assay_program_end *end, struct assay_err *err);
uint64_t assay_command_deadline_ns(const struct assay_program *program,
				   const struct assay_effort *effort, uint64_t timeout_ns);

#endif

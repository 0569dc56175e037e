/* SPDX-License-Identifier: MIT */
/* output: where a document goes: stdout, or a file that appears whole or not at all. */
#ifndef ASSAY_CLI_OUTPUT_H
#define ASSAY_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/err.h"

struct output {
	FILE *out;        /* to write to */
	const char *path; /* borrowed; NULL: stdout */
	char *temporary;  /* private: stands in for `target` until it is complete */
	bool named;       /* private: `temporary` is there */
	char *target;     /* private: the file that a link named by `path` leads to, or `path` */
};

/*
 * Begin to write; NULL, "-" and the names a system has for it are stdout. What is no file, such as a pipe, is appended to.
 * ASSAY_EIO when the folder cannot be written to.
 */
enum assay_code output_open(struct output *output, const char *path, struct assay_err *err);
/* The same for what somebody may want to read while it grows: it stands in its place from the beginning, and stays. */
enum assay_code output_open_growing(struct output *output, const char *path, struct assay_err *err);
/*
 * The end. With ASSAY_OK in `code` the file takes its place at once, over an earlier one; with anything
 * else it is dropped and an earlier one stays. Returns `code`, or why it could not be finished.
 */
enum assay_code output_close(struct output *output, enum assay_code code, struct assay_err *err);

/* Could `path` be written? Asked before hours of work, not after. Nothing is left behind. */
enum assay_code output_check(const char *path, struct assay_err *err);

#endif

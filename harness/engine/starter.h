/* SPDX-License-Identifier: MIT */
/*
 * starter: how the ranks of a launch are started. A starter is data: the words of a command in which {program} stands
 * for all words of the worker, {ranks} for how many, {assay} for this program and {timeout_s} for the deadline in
 * seconds. Whatever it is, it starts that many workers, each of which finds us by an environment variable and then
 * speaks the same protocol (link.h).
 */
#ifndef ASSAY_ENGINE_STARTER_H
#define ASSAY_ENGINE_STARTER_H

#include <stdint.h>

#include "harness/base/err.h"
#include "harness/engine/argv.h"

/* Where a worker finds the controller: "HOST:PORT/KEY". A starter must hand it on to every rank. */
#define ASSAY_LINK_VARIABLE "_ASSAY_LINK"

struct assay_starter {
	const char *name;
	const char *template; /* in the grammar of assay_argv_split() */
	bool near;            /* all ranks are on this host: nobody else need reach us */
	const char *brief;
};

/* The built-in ones; *ret_n is how many. */
const struct assay_starter *assay_starters(size_t *ret_n);

/* Split a template and check it. ASSAY_EUSAGE: not a command, no {program} as a word by itself, no {ranks}, or a word
 * in braces that is none of ours. */
enum assay_code assay_starter_parse(const char *text, struct assay_argv *ret,
				    struct assay_err *err);

/* What stands in for the words in braces. */
struct assay_starter_values {
	const char *assay;                /* path of this program */
	const struct assay_argv *program; /* the worker and its arguments */
	unsigned ranks;
	uint64_t timeout_ns;
};
/* The command to execute. */
enum assay_code assay_starter_fill(const struct assay_argv *template,
				   const struct assay_starter_values *values,
				   struct assay_argv *ret, struct assay_err *err);

#endif

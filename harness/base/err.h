/* SPDX-License-Identifier: MIT */
/* err: the one error type. Functions return a code and fill a caller-owned message. */
#ifndef ASSAY_BASE_ERR_H
#define ASSAY_BASE_ERR_H

#include "harness/base/attr.h"

enum assay_code {
	ASSAY_OK = 0,
	ASSAY_SKIP,   /* not possible here, and the message says why: a result, not an error */
	ASSAY_EUSAGE, /* the user asked for something that does not exist or makes no sense */
	ASSAY_ENOMEM,
	ASSAY_EIO,    /* a system call failed */
	ASSAY_EPARSE, /* text or bytes from outside are malformed */
	ASSAY_ECHECK, /* an oracle disagreed: the answer is wrong */
	ASSAY_ESTORE, /* the result store refused, or is damaged */
	ASSAY_EENV,   /* the machine is not fit for what was asked */
	ASSAY_EINTR,  /* interrupted by the user; finished work is kept */
	ASSAY_EBUG,   /* broken invariant of ours */
};

/* A message complete enough to print as it stands. Zero-initialise; no destructor needed. */
struct assay_err {
	enum assay_code code;
	char text[400];
};

/*
 * Set *err to `code` and the formatted message, cut to fit; returns `code`, so that
 * `return assay_fail(err, ASSAY_EIO, "open '%s': %s", path, strerror(errno));` is the idiom.
 * err may be NULL. Does not allocate and keeps errno. Thread-safe on distinct err.
 */
ASSAY_API enum assay_code assay_fail(struct assay_err *err, enum assay_code code, const char *fmt,
				     ...) ASSAY_PRINTF(3, 4);

/*
 * Prefix the message already in *err with "<formatted>: " on the way up; returns `code`.
 * No effect on success (ASSAY_OK).
 */
ASSAY_API enum assay_code assay_context(struct assay_err *err, enum assay_code code,
					const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* A short constant name such as "usage" or "store"; never NULL. */
const char *assay_code_name(enum assay_code code);

#endif

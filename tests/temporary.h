/* SPDX-License-Identifier: MIT */
/* temporary: names for files and folders that a test makes, where it was told to make them. */
#ifndef ASSAY_TESTS_TEMPORARY_H
#define ASSAY_TESTS_TEMPORARY_H

#include <stdio.h>
#include <stdlib.h>

enum { T_PATH = 48 }; /* bytes of such a name */

/*
 * to[T_PATH] becomes a template for mkdtemp() and mkstemp() below TMPDIR, which tests/in_folder.sh removes
 * whatever becomes of the test; below /tmp where TMPDIR is not set or too long. Returns `to`.
 */
static inline char *t_path(char *to, const char *name)
{
	const char *folder = getenv("TMPDIR");
	int n = snprintf(to, T_PATH, "%s/%s-XXXXXX", folder ? folder : "/tmp", name);
	if (n >= T_PATH)
		snprintf(to, T_PATH, "/tmp/%.30s-XXXXXX", name);
	return to;
}

#endif

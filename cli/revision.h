/* SPDX-License-Identifier: MIT */
/* revision: which commit the code under test is at. */
#ifndef ASSAY_CLI_REVISION_H
#define ASSAY_CLI_REVISION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/gate/acceptance.h"

/*
 * The commit git reports for the current folder, as lower-case hex in commit[65], and whether tracked
 * files differ from it. False, and an empty commit, outside a repository or without git: then
 * nothing is known, which is no error.
 */
bool revision_read(char commit[65], bool *dirty);

/* What one side of a comparison was built from. */
struct revision {
	char commit[65]; /* "" unknown */
	bool dirty;
};
/*
 * The same for the work tree that a file or folder lies in; *ret_aside tells whether that is another one than
 * the current folder's, as that of a base in a work tree of its own is.
 */
void revision_of(const char *file, struct revision *ret, bool *ret_aside);

/* Who git says is at work here, else the user's name on this machine; "" when neither is known. */
void revision_author(char *name, size_t size);

/*
 * Does commit `in` contain `change`, according to git in the current folder? For struct assay_gate_ancestry;
 * `context` is not used. Unknown without git, outside a repository, and of commits that are not in it.
 */
enum assay_gate_contains revision_contains(void *context, const char *in, const char *change);

#endif

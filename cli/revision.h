/* SPDX-License-Identifier: MIT */
/* revision: which commit the code under test is at. */
#ifndef ASSAY_CLI_REVISION_H
#define ASSAY_CLI_REVISION_H

#include <stdbool.h>

/*
 * The commit git reports for the current folder, as lower-case hex in commit[65], and whether tracked
 * files differ from it. False, and an empty commit, outside a repository or without git: then
 * nothing is known, which is no error.
 */
bool revision_read(char commit[65], bool *dirty);

#endif

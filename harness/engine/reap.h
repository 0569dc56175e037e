/* SPDX-License-Identifier: MIT */
/* reap: end a whole tree of processes, also those that left their session. */
#ifndef ASSAY_ENGINE_REAP_H
#define ASSAY_ENGINE_REAP_H

#include <sys/types.h>

/*
 * Kill the process group `group`, all that is in our pen (pen.h) and every descendant of this process, and wait until
 * none is left, or for `patience_ms` (at most ten times that in all) they do not become fewer. The caller must be a child
 * subreaper and have no other children.
 * Returns the number of processes still alive: 0 is the rule.
 */
int assay_reap_tree(pid_t group, unsigned patience_ms);

/*
 * Kill every process of this user that was started with `mark` in its environment, and all descendants of those, until
 * none is found, with the same patience. This process is spared. Returns the number found last: 0 is the rule.
 */
int assay_reap_marked(const char *mark, unsigned patience_ms);

#endif

/* SPDX-License-Identifier: MIT */
/* reap: end a whole tree of processes, also those that left their session. */
#ifndef ASSAY_ENGINE_REAP_H
#define ASSAY_ENGINE_REAP_H

#include <stdbool.h>
#include <sys/types.h>

/* A child of ours that leads a tree. Once it is collected, `wait_status` says how it ended. */
struct assay_leader {
	pid_t pid; /* of its process group too; 0: there is none */
	bool exited;
	int wait_status;
};

/*
 * A descriptor that can be read once the child `pid` has ended, closed on exec; the caller's to close. -1 where the kernel
 * has none to give (before Linux 5.3, and under some filters): then ask waitpid() from time to time.
 */
int assay_exit_fd(pid_t pid);

/*
 * Kill the leader and its process group, all that is in our pen (pen.h) and every descendant of this process, collect
 * them and wait until none is left, or for `patience_ms` (at most ten times that in all) they do not become fewer. All of it at
 * once: while one of them dies, others may fork. The caller must be a child subreaper and have no other children; NULL:
 * there is no leader.
 * Returns the number of processes still alive: 0 is the rule.
 */
int assay_reap_tree(struct assay_leader *leader, unsigned patience_ms);

/*
 * Kill every process of this user that was started with `mark` in its environment after this one was, and all descendants
 * of those, until none is found, with the same patience. Returns the number found last: 0 is the rule.
 */
int assay_reap_marked(const char *mark, unsigned patience_ms);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * pager: long output for people goes through one, as git does it: only to a terminal, and a page that fits is
 * left standing.
 */
#ifndef ASSAY_CLI_PAGER_H
#define ASSAY_CLI_PAGER_H

#include <sys/types.h>

/* In the environment of a program behind a pager: columns of the terminal. */
#define PAGER_COLUMNS "_ASSAY_PAGER_COLUMNS"

/*
 * Put the pager `program` behind standard output: words as a shell would split them; NULL is $PAGER or less,
 * "cat" and "" are none. Returns its process, or 0 when there is none: standard output is no terminal,
 * none is wished for, or it cannot be started, which is no reason to fail.
 */
pid_t pager_start(const char *program);
/* Close standard output and wait until the reader has read. */
void pager_wait(pid_t pager);

#endif

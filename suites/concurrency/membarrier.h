/* SPDX-License-Identifier: MIT */
/* membarrier: a fence that one thread runs on all processors of the process, so that others need none. */
#ifndef ASSAY_SUITES_CONCURRENCY_MEMBARRIER_H
#define ASSAY_SUITES_CONCURRENCY_MEMBARRIER_H

#include <linux/membarrier.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Once before the first fence; false: this kernel has none. */
static inline bool fence_everywhere_prepare(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* All threads of the process execute a full fence before this returns. */
static inline void fence_everywhere(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

#endif

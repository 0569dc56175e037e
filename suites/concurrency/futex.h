/* SPDX-License-Identifier: MIT */
/* futex: sleeping until a word changes; Linux, within one process. */
#ifndef ASSAY_SUITES_CONCURRENCY_FUTEX_H
#define ASSAY_SUITES_CONCURRENCY_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sleep while *word is `value`. May also return for no reason: the caller looks again. */
static inline void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* Wake at most `most` of those that sleep on the word; returns how many. */
static inline unsigned futex_wake(_Atomic uint32_t *word, unsigned most)
{
	long woken = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
	return woken > 0 ? (unsigned)woken : 0;
}

#endif

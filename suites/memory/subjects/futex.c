/* SPDX-License-Identifier: MIT */
/* futex: the waiting side sleeps in the kernel on one word; the other wakes it. */
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suites/memory/memory.h"

static enum assay_code open_word(void **ret_state, struct assay_err *err)
{
	atomic_uint *word = aligned_alloc(2 * ASSAY_CACHE_LINE, 2 * ASSAY_CACHE_LINE);

	if (!word)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a word");
	atomic_init(word, 0);
	*ret_state = word;
	return ASSAY_OK;
}

static bool turn(void *state, unsigned side, uint32_t v)
{
	atomic_uint *word = state;
	unsigned now;

	(void)side;
	/* Woken for nothing, interrupted, or changed meanwhile: look again. */
	while ((now = atomic_load_explicit(word, memory_order_acquire)) != v)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
	atomic_store_explicit(word, v + 1, memory_order_release);
	return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) >= 0;
}

static const struct handoff ops = {open_word, turn, free};

const struct assay_subject assay_subject_memory_futex = {
	.interface = MEMORY_HANDOFF,
	.brief = "asleep in the kernel, woken through a futex",
	.ops = &ops,
};

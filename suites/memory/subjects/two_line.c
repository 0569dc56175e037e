/* SPDX-License-Identifier: MIT */
/* two_line: each side writes a line of its own and reads the other's. */
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/memory/memory.h"

enum { SPINS_BEFORE_RELAX = 1000 };

struct lines {
	struct {
		_Alignas(2 *
			 ASSAY_CACHE_LINE) atomic_uint next; /* the turn this side has passed on */
	} side[2];
};

static enum assay_code open_lines(void **ret_state, struct assay_err *err)
{
	struct lines *lines = aligned_alloc(_Alignof(struct lines), sizeof(*lines));

	if (!lines)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for two lines");
	atomic_init(&lines->side[0].next, 0);
	atomic_init(&lines->side[1].next, 0);
	*ret_state = lines;
	return ASSAY_OK;
}

static bool turn(void *state, unsigned side, uint32_t v)
{
	struct lines *lines = state;
	unsigned spins = 0;

	while (atomic_load_explicit(&lines->side[!side].next, memory_order_acquire) != v)
		if (++spins > SPINS_BEFORE_RELAX) /* the other side is not running */
			assay_cpu_relax();
	atomic_store_explicit(&lines->side[side].next, v + 1, memory_order_release);
	return true;
}

static const struct handoff ops = {open_lines, turn, free};

const struct assay_subject assay_subject_memory_two_line = {
	.interface = MEMORY_HANDOFF,
	.brief = "a line each way, store and load",
	.ops = &ops,
};

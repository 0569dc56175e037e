/* SPDX-License-Identifier: MIT */
/* cas: both sides try to compare-and-swap one and the same line until it is their turn. */
#include <stdatomic.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/memory/memory.h"

enum { SPINS_BEFORE_RELAX = 1000 };

struct line {
	_Alignas(2 * ASSAY_CACHE_LINE) atomic_uint word;
	char rest[2 * ASSAY_CACHE_LINE - sizeof(atomic_uint)];
};

static enum assay_code open_line(void **ret_state, struct assay_err *err)
{
	struct line *line = aligned_alloc(_Alignof(struct line), sizeof(*line));

	if (!line)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a line");
	atomic_init(&line->word, 0);
	*ret_state = line;
	return ASSAY_OK;
}

static bool turn(void *state, unsigned side, uint32_t v)
{
	struct line *line = state;
	unsigned spins = 0;

	(void)side;
	for (unsigned expected = v; !atomic_compare_exchange_weak_explicit(
		     &line->word, &expected, v + 1, memory_order_acq_rel, memory_order_relaxed);
	     expected = v)
		if (++spins > SPINS_BEFORE_RELAX) /* the other side is not running */
			assay_cpu_relax();
	return true;
}

static const struct handoff ops = {open_line, turn, free};

const struct assay_subject assay_subject_memory_cas = {
	.interface = MEMORY_HANDOFF,
	.brief = "compare-and-swap on one line",
	.ops = &ops,
};

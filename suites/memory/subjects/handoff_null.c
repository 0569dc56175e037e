/* SPDX-License-Identifier: MIT */
/* handoff_null: nobody waits for anybody: what the call costs. */
#include "suites/memory/memory.h"

static enum assay_code open_nothing(void **ret_state, struct assay_err *err)
{
	(void)err;
	*ret_state = NULL;
	return ASSAY_OK;
}

static bool turn(void *state, unsigned side, uint32_t v)
{
	(void)state;
	(void)side;
	(void)v;
	return true;
}

static void close_nothing(void *state)
{
	(void)state;
}

static const struct handoff ops = {open_nothing, turn, close_nothing, .is_null = true};

const struct assay_subject assay_subject_memory_handoff_null = {
	.interface = MEMORY_HANDOFF,
	.brief = "nobody waits for anybody: the cost of the call",
	.ops = &ops,
	.is_null = true,
};

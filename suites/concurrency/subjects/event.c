/* SPDX-License-Identifier: MIT */
/* event: ours: spins for as long as a wake-up costs here, then sleeps; see event.h. */
#define PAUSES wake_cost_pauses(waker, waiter)
#include "suites/concurrency/subjects/event_waking.h"

const struct assay_subject assay_subject_concurrency_event = {
	.interface = WAKING_INTERFACE,
	.brief = "spins as long as a wake-up costs here, then sleeps on a futex",
	.ops = EVENT_OPS,
};

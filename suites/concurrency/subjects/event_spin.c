/* SPDX-License-Identifier: MIT */
/* event_spin: our event that never sleeps; see event.h. */
#define PAUSES UINT32_MAX
#include "suites/concurrency/subjects/event_waking.h"

const struct assay_subject assay_subject_concurrency_event_spin = {
	.interface = WAKING_INTERFACE,
	.brief = "our event, which never sleeps",
	.ops = EVENT_OPS,
};

/* SPDX-License-Identifier: MIT */
/* event_park: our event that sleeps at once; see event.h. */
#define PAUSES 0
#include "suites/concurrency/subjects/event_waking.h"

const struct assay_subject assay_subject_concurrency_event_park = {
	.interface = WAKING_INTERFACE,
	.brief = "our event, which sleeps at once",
	.ops = EVENT_OPS,
};

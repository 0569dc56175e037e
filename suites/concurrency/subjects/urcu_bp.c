/* SPDX-License-Identifier: MIT */
/* urcu_bp: liburcu's bp flavour, a peer: as memb, and readers register themselves. */
#include "harness/base/attr.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* inline, as its fast users have it */
#endif
#include <urcu-bp.h>
#define QUIESCENT() ((void)0)
#define OFFLINE()   ((void)0)
#define ONLINE()    ((void)0)
#endif

#include "suites/concurrency/subjects/urcu_reading.h"

const struct assay_subject assay_subject_concurrency_urcu_bp = {
	.interface = READING_INTERFACE,
	.brief = "liburcu, bp: as memb, readers register themselves",
	.ops = &ops,
	.probe = urcu_probe,
};

/* SPDX-License-Identifier: MIT */
/* urcu_mb: liburcu's mb flavour, a peer: readers run a full fence at either end. */
#include "harness/base/attr.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* inline, as its fast users have it */
#endif
#define RCU_MB
#include <urcu.h>
#define QUIESCENT() ((void)0)
#define OFFLINE()   ((void)0)
#define ONLINE()    ((void)0)
#endif

#include "suites/concurrency/subjects/urcu_reading.h"

const struct assay_subject assay_subject_concurrency_urcu_mb = {
	.interface = READING_INTERFACE,
	.brief = "liburcu, mb: a full fence at either end of a read",
	.ops = &ops,
	.probe = urcu_probe,
};

/* SPDX-License-Identifier: MIT */
/* urcu_memb: liburcu's memb flavour, a peer: readers run no fence, membarrier(2) runs them for them. */
#include "harness/base/attr.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* inline, as its fast users have it */
#endif
#define RCU_MEMBARRIER
#include <urcu.h>
#define QUIESCENT() ((void)0)
#define OFFLINE()   ((void)0)
#define ONLINE()    ((void)0)
#endif

#include "suites/concurrency/subjects/urcu_reading.h"

const struct assay_subject assay_subject_concurrency_urcu_memb = {
	.interface = READING_INTERFACE,
	.brief = "liburcu, memb: no fence for readers, membarrier for writers",
	.ops = &ops,
	.probe = urcu_probe,
};

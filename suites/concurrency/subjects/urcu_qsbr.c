/* SPDX-License-Identifier: MIT */
/* urcu_qsbr: liburcu's qsbr flavour, a peer: readers write nothing, and say now and then that they hold nothing; here after each read. */
#include "harness/base/attr.h"

#ifdef ASSAY_HAVE_URCU_FLAVOURS
#if !ASSAY_SANITIZED
#define _LGPL_SOURCE /* inline, as its fast users have it */
#endif
#include <urcu-qsbr.h>
#define QUIESCENT() rcu_quiescent_state()
#define OFFLINE()   rcu_thread_offline()
#define ONLINE()    rcu_thread_online()
#endif

#include "suites/concurrency/subjects/urcu_reading.h"

const struct assay_subject assay_subject_concurrency_urcu_qsbr = {
	.interface = READING_INTERFACE,
	.brief = "liburcu, qsbr: readers say when they hold nothing",
	.ops = &ops,
	.probe = urcu_probe,
};

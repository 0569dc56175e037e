/* SPDX-License-Identifier: MIT */
/* ck_probe: are the subjects that are Concurrency Kit's usable here? */
#ifndef ASSAY_SUITES_CONCURRENCY_SUBJECTS_CK_PROBE_H
#define ASSAY_SUITES_CONCURRENCY_SUBJECTS_CK_PROBE_H

#include "harness/base/attr.h"
#include "harness/bench.h"

#if ASSAY_TSAN
#define CK_WATCHED 1
#elif defined(__has_feature)
#define CK_WATCHED __has_feature(thread_sanitizer)
#else
#define CK_WATCHED 0
#endif

static inline enum assay_code ck_probe(struct assay_err *err)
{
#ifdef ASSAY_HAVE_CK
	if (CK_WATCHED)
		return assay_fail(err, ASSAY_SKIP,
				  "ThreadSanitizer does not see how Concurrency Kit synchronises");
	return ASSAY_OK;
#else
	return assay_fail(err, ASSAY_SKIP,
			  "built without Concurrency Kit; install libck-dev and build again");
#endif
}

#endif

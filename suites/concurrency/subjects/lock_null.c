/* SPDX-License-Identifier: MIT */
/* lock_null: excludes nobody; what the harness and two calls cost. */
#include "suites/concurrency/lock.h"

struct lock {
	char nothing;
};

static enum assay_code null_init(struct lock *lock, unsigned threads, const int *cpus,
				 struct assay_err *err)
{
	return ASSAY_OK;
}

static void null_nothing(struct lock *lock, struct lock_place *place)
{
}

static const struct lock_ops ops = {
	.bytes = sizeof(struct lock),
	.init = null_init,
	.acquire = null_nothing,
	.release = null_nothing,
	.acquire_shared = null_nothing,
	.release_shared = null_nothing,
	.excludes_nobody = true,
};

const struct assay_subject assay_subject_concurrency_lock_null = {
	.interface = LOCK_INTERFACE,
	.brief = "excludes nobody: the cost of the calls",
	.ops = &ops,
	.is_null = true,
};

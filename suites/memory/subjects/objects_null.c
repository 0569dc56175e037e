/* SPDX-License-Identifier: MIT */
/* objects_null: one object for everybody: the cost of the calls. */
#include <stdlib.h>

#include "suites/memory/memory.h"

static enum assay_code open_one(size_t bytes, void **ret_pool, struct assay_err *err)
{
	*ret_pool = calloc(1, bytes);
	return *ret_pool ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "no memory for an object");
}

static void *acquire(void *pool, bool *ret_reused)
{
	*ret_reused = true;
	return pool;
}

static void release(void *pool, void *object)
{
	(void)pool;
	(void)object;
}

static const struct object_pool ops = {open_one, acquire, release, free, .is_null = true};

const struct assay_subject assay_subject_memory_objects_null = {
	.interface = MEMORY_OBJECT_POOL,
	.brief = "one object for everybody: the cost of the calls",
	.ops = &ops,
	.is_null = true,
};

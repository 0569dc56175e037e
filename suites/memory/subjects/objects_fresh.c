/* SPDX-License-Identifier: MIT */
/* objects_fresh: no pool: every object from the C library and back to it. */
#include <stdlib.h>

#include "suites/memory/memory.h"

struct fresh {
	size_t bytes;
};

static enum assay_code open_fresh(size_t bytes, void **ret_pool, struct assay_err *err)
{
	struct fresh *fresh = malloc(sizeof(*fresh));

	if (!fresh)
		return assay_fail(err, ASSAY_ENOMEM, "no memory");
	fresh->bytes = bytes;
	*ret_pool = fresh;
	return ASSAY_OK;
}

static void *acquire(void *pool, bool *ret_reused)
{
	*ret_reused = false;
	return malloc(((struct fresh *)pool)->bytes);
}

static void release(void *pool, void *object)
{
	(void)pool;
	free(object);
}

static const struct object_pool ops = {open_fresh, acquire, release, free};

const struct assay_subject assay_subject_memory_objects_fresh = {
	.interface = MEMORY_OBJECT_POOL,
	.brief = "no pool: malloc and free each time",
	.ops = &ops,
};

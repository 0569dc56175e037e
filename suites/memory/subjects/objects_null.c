/* SPDX-License-Identifier: MIT */
/* objects_null: one object to a thread, whatever it does with it: the cost of the calls. */
#include <stdlib.h>

#include "suites/memory/memory.h"

/* Not one for all: threads that write into it would take its lines from each other. */
static _Thread_local void *own;

struct size {
	size_t bytes;
};

static enum assay_code open_none(size_t bytes, void **ret_pool, struct assay_err *err)
{
	struct size *size = malloc(sizeof(*size));

	if (!size)
		return assay_fail(err, ASSAY_ENOMEM, "no memory");
	size->bytes = bytes;
	*ret_pool = size;
	return ASSAY_OK;
}

static void *acquire(void *pool, bool *ret_reused)
{
	*ret_reused = true;
	if (__builtin_expect(!own, 0))
		own = calloc(1, ((struct size *)pool)->bytes);
	return own;
}

static void release(void *pool, void *object)
{
	(void)pool;
	(void)object;
}

/* Of other threads' objects nothing is known; they end with the process. */
static void close_none(void *pool)
{
	free(own);
	own = NULL;
	free(pool);
}

static const struct object_pool ops = {open_none, acquire, release, close_none, .is_null = true};

const struct assay_subject assay_subject_memory_objects_null = {
	.interface = MEMORY_OBJECT_POOL,
	.brief = "one object to a thread: the cost of the calls",
	.ops = &ops,
	.is_null = true,
};

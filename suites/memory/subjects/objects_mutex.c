/* SPDX-License-Identifier: MIT */
/* objects_mutex: one list under one lock, as most programs have it. */
#include <pthread.h>
#include <stdlib.h>

#include "suites/memory/memory.h"

struct object {
	struct object *next;
};

struct shared {
	pthread_mutex_t lock;
	struct object *idle;
	size_t bytes;
};

static enum assay_code open_shared(size_t bytes, void **ret_pool, struct assay_err *err)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return assay_fail(err, ASSAY_ENOMEM, "no memory");
	pthread_mutex_init(&shared->lock, NULL);
	shared->bytes = bytes > sizeof(struct object) ? bytes : sizeof(struct object);
	*ret_pool = shared;
	return ASSAY_OK;
}

static void *acquire(void *pool, bool *ret_reused)
{
	struct shared *shared = pool;

	pthread_mutex_lock(&shared->lock);
	struct object *object = shared->idle;
	if (object)
		shared->idle = object->next;
	pthread_mutex_unlock(&shared->lock);
	*ret_reused = object != NULL;
	return object ? (void *)object : malloc(shared->bytes);
}

static void release(void *pool, void *ptr)
{
	struct shared *shared = pool;
	struct object *object = ptr;

	pthread_mutex_lock(&shared->lock);
	object->next = shared->idle;
	shared->idle = object;
	pthread_mutex_unlock(&shared->lock);
}

static void close_shared(void *pool)
{
	struct shared *shared = pool;

	for (struct object *o = shared ? shared->idle : NULL, *next; o; o = next) {
		next = o->next;
		free(o);
	}
	if (shared)
		pthread_mutex_destroy(&shared->lock);
	free(shared);
}

static const struct object_pool ops = {open_shared, acquire, release, close_shared};

const struct assay_subject assay_subject_memory_objects_mutex = {
	.interface = MEMORY_OBJECT_POOL,
	.brief = "one list under one lock",
	.ops = &ops,
};

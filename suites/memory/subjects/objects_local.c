/* SPDX-License-Identifier: MIT */
/*
 * objects_local: ours: each thread keeps a few objects and goes to the shared list for several at a time. A
 * magazine of 16, half of which moves when it runs full or empty [Bonwick, Adams, "Magazines and Vmem", USENIX
 * 2001]. When a thread ends, what it kept is for the others.
 */
#include <pthread.h>
#include <stdlib.h>

#include "suites/memory/memory.h"

enum { MAGAZINE = 16 };

struct object {
	struct object *next;
};

struct local {
	pthread_mutex_t lock;
	pthread_key_t key;
	struct object *idle;
	size_t bytes;
};

struct magazine {
	struct local *pool;
	size_t n;
	struct object *objects[MAGAZINE];
};

static void put_back(struct magazine *m, size_t keep)
{
	pthread_mutex_lock(&m->pool->lock);
	while (m->n > keep) {
		struct object *object = m->objects[--m->n];
		object->next = m->pool->idle;
		m->pool->idle = object;
	}
	pthread_mutex_unlock(&m->pool->lock);
}

static void end_thread(void *value)
{
	put_back(value, 0);
	free(value);
}

static enum assay_code open_local(size_t bytes, void **ret_pool, struct assay_err *err)
{
	struct local *local = calloc(1, sizeof(*local));

	if (!local)
		return assay_fail(err, ASSAY_ENOMEM, "no memory");
	if (pthread_key_create(&local->key, end_thread) != 0) {
		free(local);
		return assay_fail(err, ASSAY_EIO, "no more keys for threads");
	}
	pthread_mutex_init(&local->lock, NULL);
	local->bytes = bytes > sizeof(struct object) ? bytes : sizeof(struct object);
	*ret_pool = local;
	return ASSAY_OK;
}

static struct magazine *magazine_of(struct local *local)
{
	struct magazine *m = pthread_getspecific(local->key);

	if (__builtin_expect(m != NULL, 1))
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->pool = local;
	if (pthread_setspecific(local->key, m) == 0)
		return m;
	free(m);
	return NULL;
}

static void fill(struct magazine *m)
{
	pthread_mutex_lock(&m->pool->lock);
	while (m->n < MAGAZINE / 2 && m->pool->idle) {
		m->objects[m->n++] = m->pool->idle;
		m->pool->idle = m->pool->idle->next;
	}
	pthread_mutex_unlock(&m->pool->lock);
}

static void *acquire(void *pool, bool *ret_reused)
{
	struct local *local = pool;
	struct magazine *m = magazine_of(local);

	if (m && m->n == 0)
		fill(m);
	*ret_reused = m && m->n > 0;
	return *ret_reused ? (void *)m->objects[--m->n] : malloc(local->bytes);
}

static void release(void *pool, void *object)
{
	struct magazine *m = magazine_of(pool);

	if (!m) {
		free(object);
		return;
	}
	if (m->n == MAGAZINE)
		put_back(m, MAGAZINE / 2);
	m->objects[m->n++] = object;
}

/* Threads that still live have their magazines: of this thread alone can it be taken. */
static void close_local(void *pool)
{
	struct local *local = pool;

	if (!local)
		return;
	struct magazine *m = pthread_getspecific(local->key);
	if (m) {
		pthread_setspecific(local->key, NULL);
		end_thread(m);
	}
	pthread_key_delete(local->key);
	for (struct object *o = local->idle, *next; o; o = next) {
		next = o->next;
		free(o);
	}
	pthread_mutex_destroy(&local->lock);
	free(local);
}

static const struct object_pool ops = {open_local, acquire, release, close_local};

const struct assay_subject assay_subject_memory_objects_local = {
	.interface = MEMORY_OBJECT_POOL,
	.brief = "ours: a magazine to each thread over a shared list",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/* tiers: down on a get, up on a hit, down again on a put. */
#include "suites/cache/tiers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "suites/cache/anywhere.h"
#include "suites/cache/cache.h"
#include "suites/cache/hash.h"
#include "suites/cache/redis_server.h"
#include "suites/cache/store.h"

extern const struct assay_subject assay_subject_cache_set_assoc, assay_subject_cache_log_store,
	assay_subject_cache_sqlite;

enum {
	COUNTERS = 4096,
	OWN_LEAST = 16,
	OWN_MOST = 512,
	OWN_AT_FIRST = 64,
	OWN_REVIEW = 4096,
	DIRTY_MOST = 256,
	BACKGROUND_MS = 5
};
#define VALUE_BYTES (TIERS_WORDS * sizeof(uint64_t))

struct entry {
	uint64_t key;
	uint64_t value[TIERS_WORDS];
};

struct tiers {
	struct tiers_config config;
	const struct cache_ops *shared_ops;
	struct cache *shared;
	_Atomic uint32_t
		counters[COUNTERS]; /* puts by key: what a thread holds is checked with them */

	pthread_mutex_t lower; /* everything below, and all puts */
	struct entry *dirty;   /* DIRTY_MOST, the first n_dirty in use */
	size_t n_dirty;
	char folder[FOLDER_BYTES];
	struct kv_store *disk, *sqlite;
	struct server *server;
	struct wire *redis;
	uint64_t bytes_moved;
	struct assay_err err;

	pthread_t writer;
	pthread_cond_t wake;
	bool writes, stop;
};

struct own_entry {
	uint32_t counter;
	bool used;
	struct entry entry;
};
/*
 * The array has as many places in use as pay: now and then it is asked how many gets it answered, and how
 * many it would have answered with another place for the key that was displaced last from each.
 */
struct tiers_thread {
	struct tiers *tiers;
	uint32_t in_use; /* a power of two */
	uint32_t gets, hits, near_hits;
	uint64_t displaced[OWN_MOST];
	struct own_entry own[OWN_MOST];
};

static const struct store_ops *disk_ops(void)
{
	return assay_subject_cache_log_store.ops;
}

static const struct store_ops *sqlite_ops(void)
{
	return assay_subject_cache_sqlite.ops;
}

static _Atomic uint32_t *counter_of(struct tiers *t, uint64_t hash)
{
	return &t->counters[hash % COUNTERS];
}

/* Keep the first error; the tier above goes on without. Under the lock. */
static bool note(struct tiers *t, enum assay_code rc, const struct assay_err *err)
{
	if (rc != ASSAY_OK && rc != ASSAY_SKIP && t->err.code == ASSAY_OK)
		t->err = *err;
	return rc == ASSAY_OK;
}

static void note_wire(struct tiers *t)
{
	if (wire_error(t->redis) && t->err.code == ASSAY_OK)
		assay_fail(&t->err, ASSAY_EIO, "redis: %s", wire_error(t->redis));
}

static void write_entry(struct tiers *t, const struct entry *e)
{
	struct assay_err err = {0};
	if (t->disk)
		note(t, disk_ops()->put(t->disk, e->key, e->value, &err), &err);
	if (t->redis && !wire_redis_set(t->redis, e->key, e->value, VALUE_BYTES))
		note_wire(t);
	if (t->sqlite)
		note(t, sqlite_ops()->put(t->sqlite, e->key, e->value, &err), &err);
	t->bytes_moved +=
		VALUE_BYTES * ((t->disk != NULL) + (t->redis != NULL) + (t->sqlite != NULL));
}

static void commit(struct tiers *t)
{
	struct assay_err err = {0};
	if (t->disk)
		note(t, disk_ops()->sync(t->disk, &err), &err);
	if (t->sqlite)
		note(t, sqlite_ops()->sync(t->sqlite, &err), &err);
}

static void write_dirty(struct tiers *t)
{
	if (!t->n_dirty)
		return;
	for (size_t i = 0; i < t->n_dirty; i++)
		write_entry(t, &t->dirty[i]);
	t->n_dirty = 0;
	commit(t);
}

static struct entry *find_dirty(struct tiers *t, uint64_t key)
{
	for (size_t i = 0; i < t->n_dirty; i++)
		if (t->dirty[i].key == key)
			return &t->dirty[i];
	return NULL;
}

static void add_dirty(struct tiers *t, const struct entry *e)
{
	struct entry *at = find_dirty(t, e->key);
	if (!at && t->n_dirty == DIRTY_MOST)
		write_dirty(t);
	at = at ? at : &t->dirty[t->n_dirty++];
	*at = *e;
}

static void *write_behind(void *argument)
{
	struct tiers *t = argument;
	anywhere_begin(); /* for good */
	pthread_mutex_lock(&t->lower);
	while (!t->stop) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until); /* the other may step back by hours */
		until.tv_nsec += BACKGROUND_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&t->wake, &t->lower, &until);
		write_dirty(t);
	}
	pthread_mutex_unlock(&t->lower);
	return NULL;
}

enum assay_code tiers_sync(struct tiers *t, struct assay_err *err)
{
	pthread_mutex_lock(&t->lower);
	write_dirty(t);
	enum assay_code rc = t->err.code;
	if (rc != ASSAY_OK)
		assay_fail(err, rc, "%s", t->err.text);
	pthread_mutex_unlock(&t->lower);
	return rc;
}

void tiers_free(struct tiers *t)
{
	if (!t)
		return;
	if (t->writes) {
		pthread_mutex_lock(&t->lower);
		t->stop = true;
		pthread_cond_signal(&t->wake);
		pthread_mutex_unlock(&t->lower);
		pthread_join(t->writer, NULL);
	}
	write_dirty(t);
	if (t->shared)
		t->shared_ops->destroy(t->shared);
	disk_ops()->close(t->disk);
	if (t->sqlite)
		sqlite_ops()->close(t->sqlite);
	wire_close(t->redis);
	server_stop(t->server);
	if (t->folder[0])
		folder_remove(t->folder);
	pthread_mutex_destroy(&t->lower);
	pthread_cond_destroy(&t->wake);
	free(t->dirty);
	free(t);
}

static enum assay_code open_lower(struct tiers *t, struct assay_err *err)
{
	const struct tiers_config *c = &t->config;
	enum assay_code rc = ASSAY_OK;
	if (c->depth >= TIERS_DISK)
		rc = folder_make(t->folder, err);
	if (rc != ASSAY_OK)
		t->folder[0] = '\0';
	struct store_config store = {t->folder, VALUE_BYTES, c->most_keys};
	if (rc == ASSAY_OK && c->depth >= TIERS_DISK)
		rc = disk_ops()->open(&store, &t->disk, err);
	if (rc == ASSAY_OK && c->depth >= TIERS_REDIS)
		rc = redis_server_start(&t->server, err);
	if (rc == ASSAY_OK && c->depth >= TIERS_REDIS)
		rc = wire_open(server_socket(t->server), WIRE_DEADLINE_MS, &t->redis, err);
	if (rc == ASSAY_OK && c->depth >= TIERS_SQLITE)
		rc = assay_subject_cache_sqlite.probe(err);
	if (rc == ASSAY_OK && c->depth >= TIERS_SQLITE)
		rc = sqlite_ops()->open(&store, &t->sqlite, err);
	return rc;
}

enum assay_code tiers_new(const struct tiers_config *config, struct tiers **ret,
			  struct assay_err *err)
{
	struct tiers *t = calloc(1, sizeof(*t));
	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for tiers");
	t->config = *config;
	pthread_mutex_init(&t->lower, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	t->shared_ops = assay_subject_cache_set_assoc.ops;
	struct cache_config shared = {config->shared_bytes, TIERS_WORDS, 1};
	enum assay_code rc = t->shared_ops->create(&shared, &t->shared, err);
	if (rc == ASSAY_OK && !(t->dirty = calloc(DIRTY_MOST, sizeof(*t->dirty))))
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for tiers");
	if (rc == ASSAY_OK)
		rc = open_lower(t, err);
	if (rc == ASSAY_OK && config->write_back && config->depth > TIERS_MEMORY) {
		t->writes = pthread_create(&t->writer, NULL, write_behind, t) == 0;
		if (!t->writes)
			rc = assay_fail(err, ASSAY_EENV, "no thread to write behind");
	}
	if (rc != ASSAY_OK)
		tiers_free(t);
	else
		*ret = t;
	return rc;
}

struct tiers_thread *tiers_thread_new(struct tiers *tiers)
{
	struct tiers_thread *thread = calloc(1, sizeof(*thread));
	if (thread) {
		thread->tiers = tiers;
		thread->in_use = OWN_AT_FIRST;
	}
	return thread;
}

void tiers_thread_free(struct tiers_thread *thread)
{
	free(thread);
}

static void keep_own(struct tiers_thread *thread, uint64_t hash, uint32_t counter, uint64_t key,
		     const uint64_t *value)
{
	uint32_t at = (uint32_t)hash & (thread->in_use - 1);
	struct own_entry *own = &thread->own[at];
	if (own->used && own->entry.key != key)
		thread->displaced[at] = own->entry.key;
	own->used = true;
	own->counter = counter;
	own->entry.key = key;
	memcpy(own->entry.value, value, VALUE_BYTES);
}

/* Twice the places when one get in sixteen would have been answered with more of them, half when hardly
 * one in sixty-four is answered at all. What lies where no place is any more is simply missed. */
static void review_size(struct tiers_thread *thread)
{
	if (thread->near_hits > OWN_REVIEW / 16 && thread->in_use < OWN_MOST)
		thread->in_use *= 2;
	else if (thread->hits < OWN_REVIEW / 64 && thread->in_use > OWN_LEAST)
		thread->in_use /= 2;
	thread->gets = thread->hits = thread->near_hits = 0;
}

uint32_t tiers_thread_entries(const struct tiers_thread *thread)
{
	return thread->in_use;
}

/* The first tier below memory that has it, or the origin. Under the lock. */
static enum tier look_below(struct tiers *t, uint64_t key, uint64_t *value)
{
	struct assay_err err = {0};
	const struct entry *dirty = find_dirty(t, key);
	if (dirty) {
		memcpy(value, dirty->value, VALUE_BYTES);
		return TIER_DIRTY;
	}
	if (t->disk && note(t, disk_ops()->get(t->disk, key, value, &err), &err))
		return TIER_DISK;
	if (t->redis && wire_redis_get(t->redis, key, value, VALUE_BYTES))
		return TIER_REDIS;
	if (t->redis)
		note_wire(t);
	if (t->sqlite && note(t, sqlite_ops()->get(t->sqlite, key, value, &err), &err))
		return TIER_SQLITE;
	t->config.origin(t->config.context, key, value);
	return TIER_ORIGIN;
}

/* What was found goes into the tiers above it; what the origin made into all of them. */
static void promote(struct tiers *t, enum tier found, uint64_t key, const uint64_t *value)
{
	struct entry e = {.key = key};
	struct assay_err err = {0};
	memcpy(e.value, value, VALUE_BYTES);
	t->shared_ops->put(t->shared, key, value);
	t->bytes_moved += VALUE_BYTES;
	if (found == TIER_ORIGIN && t->config.write_back && t->writes)
		add_dirty(t, &e);
	else if (found == TIER_ORIGIN)
		write_entry(t, &e);
	else if (found > TIER_DISK && t->disk)
		note(t, disk_ops()->put(t->disk, key, value, &err), &err);
}

enum tier tiers_get(struct tiers_thread *thread, uint64_t key, uint64_t value[TIERS_WORDS])
{
	struct tiers *t = thread->tiers;
	uint64_t hash = cache_hash(key);
	uint32_t at = (uint32_t)hash & (thread->in_use - 1);
	const struct own_entry *own = &thread->own[at];
	if (++thread->gets == OWN_REVIEW)
		review_size(thread);
	/* acquire, before anything is read below: a later put changes it, and then this copy is void */
	uint32_t counter = atomic_load_explicit(counter_of(t, hash), memory_order_acquire);
	if (own->used && own->counter == counter && own->entry.key == key) {
		memcpy(value, own->entry.value, VALUE_BYTES);
		thread->hits++;
		return TIER_THREAD;
	}
	thread->near_hits += thread->displaced[at] == key;
	enum tier found = TIER_SHARED;
	if (!t->shared_ops->get(t->shared, key, value)) {
		pthread_mutex_lock(&t->lower);
		found = look_below(t, key, value);
		if (t->config.promote || found == TIER_ORIGIN)
			promote(t, found, key, value);
		pthread_mutex_unlock(&t->lower);
	}
	if (t->config.promote || found == TIER_ORIGIN)
		keep_own(thread, hash, counter, key, value);
	return found;
}

void tiers_put(struct tiers_thread *thread, uint64_t key, const uint64_t value[TIERS_WORDS])
{
	struct tiers *t = thread->tiers;
	struct entry e = {.key = key};
	memcpy(e.value, value, VALUE_BYTES);
	pthread_mutex_lock(&t->lower);
	t->shared_ops->put(t->shared, key, value);
	/* release: who sees the new count finds the new value in the table */
	atomic_fetch_add_explicit(counter_of(t, cache_hash(key)), 1, memory_order_release);
	if (t->writes) {
		add_dirty(t, &e);
	} else {
		write_entry(t, &e);
		commit(t);
	}
	pthread_mutex_unlock(&t->lower);
}

const char *tiers_error(struct tiers *t)
{
	pthread_mutex_lock(&t->lower);
	bool failed = t->err.code != ASSAY_OK;
	pthread_mutex_unlock(&t->lower);
	return failed ? t->err.text : NULL;
}

uint64_t tiers_bytes_moved(struct tiers *t)
{
	pthread_mutex_lock(&t->lower);
	uint64_t bytes = t->bytes_moved;
	pthread_mutex_unlock(&t->lower);
	return bytes;
}

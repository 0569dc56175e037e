/* SPDX-License-Identifier: MIT */
/* drain: checkpoints by a thread with a connection of its own, asked for as the log grows. */
#include "harness/store/drain.h"

#include <pthread.h>
#include <stdlib.h>

#include "harness/base/str.h"

struct store_drain {
	struct assay_store *store;
	struct store_drain_limits limits;
	sqlite3 *db; /* the thread's own */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool wanted, busy, stop;
	int asked_at; /* pages in the log when it was last asked */
};

/* What it cannot move, for readers or for want of space, stays in the log: nothing is lost by it, and the next one tries. */
static void checkpoint(sqlite3 *db)
{
	sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *drain_log(void *argument)
{
	struct store_drain *drain = argument;
	pthread_mutex_lock(&drain->lock);
	while (!drain->stop) {
		if (!drain->wanted) {
			pthread_cond_wait(&drain->moved, &drain->lock);
			continue;
		}
		drain->wanted = false;
		drain->busy = true;
		pthread_mutex_unlock(&drain->lock);
		checkpoint(drain->db);
		pthread_mutex_lock(&drain->lock);
		drain->busy = false;
		pthread_cond_broadcast(&drain->moved);
	}
	pthread_mutex_unlock(&drain->lock);
	return NULL;
}

/* Called by SQLite after each commit. */
static int after_commit(void *argument, sqlite3 *db, const char *name, int pages)
{
	struct store_drain *drain = argument;
	bool full = pages >= drain->limits.wait_after;
	if (pages < drain->asked_at) /* it began anew */
		drain->asked_at = 0;
	if (pages < drain->asked_at + drain->limits.ask_after && !full)
		return SQLITE_OK;
	drain->asked_at = pages;
	pthread_mutex_lock(&drain->lock);
	drain->wanted = !full;
	pthread_cond_broadcast(&drain->moved);
	while (full && drain->busy)
		pthread_cond_wait(&drain->moved, &drain->lock);
	pthread_mutex_unlock(&drain->lock);
	if (full)
		checkpoint(db);
	return SQLITE_OK;
}

static sqlite3 *open_again(const struct assay_store *store)
{
	ASSAY_AUTO(assay_str_done) struct assay_str uri = {0};
	sqlite3 *db = NULL;
	store_uri(&uri, store->path, "mode=rw");
	if (!uri.failed &&
	    sqlite3_open_v2(assay_str_text(&uri), &db,
			    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE,
			    NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK)
		return db;
	sqlite3_close(db);
	return NULL;
}

struct store_drain *store_drain_new(struct assay_store *store, struct store_drain_limits limits)
{
	struct store_drain *drain = calloc(1, sizeof(*drain));
	if (!drain)
		return NULL;
	drain->store = store;
	drain->limits = limits;
	pthread_mutex_init(&drain->lock, NULL);
	pthread_cond_init(&drain->moved, NULL);
	drain->db = open_again(store);
	if (drain->db && pthread_create(&drain->thread, NULL, drain_log, drain) == 0) {
		sqlite3_wal_hook(store->db, after_commit, drain);
		return drain;
	}
	sqlite3_close(drain->db);
	pthread_cond_destroy(&drain->moved);
	pthread_mutex_destroy(&drain->lock);
	free(drain);
	return NULL;
}

void store_drain_free(struct store_drain *drain)
{
	if (!drain)
		return;
	sqlite3_wal_autocheckpoint(drain->store->db, STORE_LOG_PAGES);
	pthread_mutex_lock(&drain->lock);
	drain->stop = true;
	pthread_cond_broadcast(&drain->moved);
	pthread_mutex_unlock(&drain->lock);
	pthread_join(drain->thread, NULL);
	sqlite3_close(drain->db);
	pthread_cond_destroy(&drain->moved);
	pthread_mutex_destroy(&drain->lock);
	free(drain);
}

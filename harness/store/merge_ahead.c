/* SPDX-License-Identifier: MIT */
/* merge_ahead: the next files are looked at by a thread while one is merged. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/attr.h"
#include "harness/store/merge_source.h"

/* How many files may wait, looked at: few, because they may change meanwhile, and are in memory best when young. */
enum { AHEAD = 4 };

struct looked {
	struct stat st; /* before it was looked at */
	bool known;     /* false: left alone */
	enum assay_code code;
	struct store_source source;
	struct assay_err err;
};

struct store_ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	char **paths;
	size_t n;
	struct stat mine;
	size_t taken, done; /* files: taken <= done <= taken + AHEAD */
	bool stop;
	struct looked ring[AHEAD];
};

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
	return same_file(a, b) && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void look(const struct store_ahead *ahead, const char *path, struct looked *ret)
{
	*ret = (struct looked){0};
	if (stat(path, &ret->st) != 0 || same_file(&ret->st, &ahead->mine))
		return;
	ret->code = store_source_look(path, &ret->source, &ret->err);
	ret->known = true;
}

static void *look_at_all(void *argument)
{
	struct store_ahead *ahead = argument;
	struct looked looked;
	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stop && ahead->done < ahead->n) {
		if (ahead->done == ahead->taken + AHEAD) {
			pthread_cond_wait(&ahead->moved, &ahead->lock);
			continue;
		}
		pthread_mutex_unlock(&ahead->lock);
		look(ahead, ahead->paths[ahead->done], &looked); /* only this thread moves `done` */
		pthread_mutex_lock(&ahead->lock);
		ahead->ring[ahead->done++ % AHEAD] = looked;
		pthread_cond_broadcast(&ahead->moved);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static void free_memory(struct store_ahead *ahead)
{
	for (size_t i = 0; ahead->paths && i < ahead->n; i++)
		free(ahead->paths[i]);
	free(ahead->paths);
	free(ahead);
}

struct store_ahead *store_ahead_new(const char *mine, const char *const *paths, size_t n)
{
	struct store_ahead *ahead = calloc(1, sizeof(*ahead));
	if (!ahead)
		return NULL;
	bool complete = stat(mine, &ahead->mine) == 0;
	ahead->n = n;
	ahead->paths = calloc(n, sizeof(*ahead->paths));
	for (size_t i = 0; ahead->paths && i < n; i++)
		complete = (ahead->paths[i] = strdup(paths[i])) && complete;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->moved, NULL);
	if (complete && ahead->paths &&
	    pthread_create(&ahead->thread, NULL, look_at_all, ahead) == 0)
		return ahead;
	free_memory(ahead);
	return NULL;
}

enum assay_code store_ahead_look(struct store_ahead *ahead, const char *path,
				 struct store_source *ret, struct assay_err *err)
{
	struct looked looked = {0};
	if (ahead && ahead->taken < ahead->n && strcmp(ahead->paths[ahead->taken], path) == 0) {
		pthread_mutex_lock(&ahead->lock);
		while (ahead->done == ahead->taken)
			pthread_cond_wait(&ahead->moved, &ahead->lock);
		looked = ahead->ring[ahead->taken++ % AHEAD];
		pthread_cond_broadcast(&ahead->moved);
		pthread_mutex_unlock(&ahead->lock);
	}
	struct stat now;
	if (!looked.known || stat(path, &now) != 0 || !unchanged(&now, &looked.st))
		return store_source_look(path, ret, err);
	*ret = looked.source;
	return looked.code == ASSAY_OK ? ASSAY_OK
				       : assay_fail(err, looked.code, "%s", looked.err.text);
}

void store_ahead_free(struct store_ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->stop = true;
	pthread_cond_broadcast(&ahead->moved);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->moved);
	pthread_mutex_destroy(&ahead->lock);
	free_memory(ahead);
}

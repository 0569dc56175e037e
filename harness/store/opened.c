/* SPDX-License-Identifier: MIT */
/* opened: a list of device and inode, which stay the same whatever name a file is opened by. */
#include "harness/store/opened.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct store_opened *first;

void store_opened_enter(struct store_opened *entry, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return; /* removed since: nobody finds it by its name again */
	pthread_mutex_lock(&lock);
	*entry = (struct store_opened){st.st_dev, st.st_ino, first};
	first = entry;
	pthread_mutex_unlock(&lock);
}

void store_opened_leave(struct store_opened *entry)
{
	pthread_mutex_lock(&lock);
	for (struct store_opened **at = &first; *at; at = &(*at)->next)
		if (*at == entry) {
			*at = entry->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}

bool store_opened_has(const struct stat *file)
{
	pthread_mutex_lock(&lock);
	const struct store_opened *at = first;
	while (at && (at->device != file->st_dev || at->inode != file->st_ino))
		at = at->next;
	pthread_mutex_unlock(&lock);
	return at != NULL;
}

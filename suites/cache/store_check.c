/* SPDX-License-Identifier: MIT */
/* store_check: the oracle of stores on disk: random puts and gets beside an array, then reopened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "suites/cache/cache.h"
#include "suites/cache/store.h"

enum { KEYS = 300, OPS = 3000, WORDS = 13 };

enum assay_code folder_make(char folder[FOLDER_BYTES], struct assay_err *err)
{
	const char *tmp = getenv("TMPDIR");
	bool fits = tmp && *tmp == '/' && strlen(tmp) < FOLDER_BYTES / 2;
	snprintf(folder, FOLDER_BYTES, "%s/assay-kv-XXXXXX", fits ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return assay_fail(err, ASSAY_EIO, "folder '%s': %s", folder, strerror(errno));
	return ASSAY_OK;
}

/* The entries of one folder; folders in it with `deep` more levels. */
static void empty_folder(int at, unsigned deep)
{
	DIR *folder = fdopendir(at);
	if (!folder) {
		close(at);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(folder));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == 0 || !deep)
			continue;
		int inner = openat(dirfd(folder), entry->d_name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0)
			empty_folder(inner, deep - 1);
		unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	}
	closedir(folder);
}

void folder_remove(const char *folder)
{
	int at = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at >= 0)
		empty_folder(at, 1);
	rmdir(folder);
}

struct trial {
	const struct store_ops *ops;
	struct kv_store *store;
	uint64_t salt;
	uint64_t version[KEYS]; /* put last; 0: never */
};

static uint64_t key_of(const struct trial *t, uint64_t index)
{
	return index * (t->salt | 1);
}

static enum assay_code check_get(struct trial *t, uint64_t index, struct assay_err *err)
{
	uint64_t value[WORDS], key = key_of(t, index), version = t->version[index];
	enum assay_code rc = t->ops->get(t->store, key, value, err);
	if (rc == ASSAY_SKIP && !version)
		return ASSAY_OK;
	if (rc == ASSAY_SKIP)
		return assay_fail(err, ASSAY_ECHECK, "key %" PRIx64 " was put and is gone", key);
	if (rc != ASSAY_OK)
		return rc;
	if (!version)
		return assay_fail(err, ASSAY_ECHECK, "key %" PRIx64 " was never put", key);
	if (!cache_value_is(value, WORDS, cache_value_base(key, version)))
		return assay_fail(err, ASSAY_ECHECK,
				  "key %" PRIx64 " has not the value put last (version %" PRIu64
				  ")",
				  key, version);
	return ASSAY_OK;
}

static enum assay_code put(struct trial *t, uint64_t index, struct assay_err *err)
{
	uint64_t value[WORDS], key = key_of(t, index);
	cache_value_fill(value, WORDS, cache_value_base(key, ++t->version[index]));
	return t->ops->put(t->store, key, value, err);
}

static enum assay_code check_all(struct trial *t, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (uint64_t i = 0; rc == ASSAY_OK && i < KEYS; i++)
		rc = check_get(t, i, err);
	return rc;
}

static enum assay_code drive(struct trial *t, const struct store_config *config, uint64_t seed,
			     struct assay_err *err)
{
	struct assay_rng rng;
	assay_rng_init(&rng, seed);
	enum assay_code rc = t->ops->open(config, &t->store, err);
	if (rc != ASSAY_OK)
		return rc;
	for (int op = 0; rc == ASSAY_OK && op < OPS; op++) {
		/* the last keys are never put: what is missing must stay so */
		uint64_t index = assay_rng_below(&rng, KEYS);
		rc = op % 3 == 0 ? put(t, index % (KEYS - 50), err) : check_get(t, index, err);
		if (rc == ASSAY_OK && op % 500 == 499)
			rc = t->ops->sync(t->store, err);
	}
	if (rc == ASSAY_OK)
		rc = check_all(t, err);
	if (rc == ASSAY_OK)
		rc = t->ops->sync(t->store, err);
	t->ops->close(t->store);
	if (rc == ASSAY_OK)
		rc = assay_context(err, t->ops->open(config, &t->store, err), "opened again");
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_context(err, check_all(t, err), "opened again");
	t->ops->close(t->store);
	return rc;
}

enum assay_code store_check(const struct store_ops *ops, uint64_t seed, struct assay_err *err)
{
	char folder[FOLDER_BYTES];
	struct trial *t = calloc(1, sizeof(*t));
	if (!t)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for the reference");
	enum assay_code rc = folder_make(folder, err);
	if (rc == ASSAY_OK) {
		struct store_config config = {folder, WORDS * sizeof(uint64_t), KEYS};
		*t = (struct trial){.ops = ops, .salt = seed};
		rc = drive(t, &config, seed, err);
		folder_remove(folder);
	}
	free(t);
	return rc;
}

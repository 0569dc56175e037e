/* SPDX-License-Identifier: MIT */
/* log: append, index, recover. */
#include "suites/cache/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites/cache/hash.h"
#include "suites/cache/mapped.h"
#include "suites/cache/sum.h"

#define FILE_MAGIC   "assaylog"
#define RECORD_MAGIC 0x61c7ec0du
#define GROW_BYTES   ((uint64_t)1 << 20)
#define MOST_BYTES   ((uint64_t)1 << 30)
/* Rewritten when it is this much longer than four times what is still valid. */
#define SLACK_BYTES ((uint64_t)16 << 20)
enum { LENGTH_TO_LIVE = 4 };

struct file_head {
	char magic[8];
	uint64_t value_bytes;
};

/* 8-byte aligned in the file; the value follows. */
struct record {
	uint32_t magic;
	uint32_t head_sum; /* of what follows, and of the record's place in the file */
	uint64_t key;
	uint32_t value_sum;
	uint32_t zero;
};

/* Open addressing, at most half full. Offset 0 is the file's head: the slot is free. */
struct slot {
	uint64_t key;
	uint64_t offset;
};

struct log {
	struct log_config config;
	char *path;
	int fd;
	struct mapped *mapped;
	char *map;
	uint64_t map_bytes, file_bytes, end;
	size_t value_bytes, stride;
	struct slot *slots;
	uint64_t slot_mask, n_values, most_values, n_damaged;
};

static uint32_t head_sum(const struct record *r, uint64_t offset)
{
	uint64_t words[3] = {r->key, (uint64_t)r->zero << 32 | r->value_sum, offset};
	return sum_crc32c(words, sizeof(words));
}

static struct slot *slot_of(const struct log *log, uint64_t key)
{
	uint64_t at = cache_hash(key) & log->slot_mask;
	while (log->slots[at].offset && log->slots[at].key != key)
		at = (at + 1) & log->slot_mask;
	return &log->slots[at];
}

void log_close(struct log *log)
{
	if (!log)
		return;
	bool lost = log->mapped && mapped_is_lost(log->mapped);
	mapped_free(log->mapped);
	/* what was allocated ahead is given back; if not, opening passes over the zeros */
	if (log->fd >= 0 && log->end && !lost && ftruncate(log->fd, (off_t)log->end) != 0)
		errno = 0;
	if (log->fd >= 0)
		close(log->fd);
	free(log->slots);
	free(log->path);
	free(log);
}

static enum assay_code grow(struct log *log, uint64_t to, struct assay_err *err)
{
	if (to <= log->file_bytes)
		return ASSAY_OK;
	to = (to + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
	if (to > log->map_bytes)
		return assay_fail(err, ASSAY_EIO, "log: its %" PRIu64 " bytes are full",
				  log->map_bytes);
	int error = posix_fallocate(log->fd, (off_t)log->file_bytes, (off_t)(to - log->file_bytes));
	if (error)
		return assay_fail(err, ASSAY_EIO, "log: no room for another %" PRIu64 " bytes: %s",
				  to - log->file_bytes, strerror(error));
	log->file_bytes = to;
	return ASSAY_OK;
}

/* To be asked after whatever was read or written: was it the file? */
static enum assay_code still_there(const struct log *log, struct assay_err *err)
{
	if (!mapped_is_lost(log->mapped))
		return ASSAY_OK;
	return assay_fail(err, ASSAY_EIO,
			  "log '%s': the file was cut or its disk is gone; open it again",
			  log->path);
}

static bool is_sound_head(const struct log *log, uint64_t offset)
{
	struct record r;
	memcpy(&r, log->map + offset, sizeof(r));
	return r.magic == RECORD_MAGIC && r.zero == 0 && r.head_sum == head_sum(&r, offset);
}

static bool is_sound_value(const struct log *log, uint64_t offset)
{
	struct record r;
	memcpy(&r, log->map + offset, sizeof(r));
	return sum_lanes(log->map + offset + sizeof(r), log->value_bytes) == r.value_sum;
}

static enum assay_code index_record(struct log *log, uint64_t key, uint64_t offset,
				    struct assay_err *err)
{
	struct slot *slot = slot_of(log, key);
	if (!slot->offset && log->n_values == log->most_values)
		return assay_fail(err, ASSAY_EIO, "log: more than the %" PRIu64 " keys asked for",
				  log->most_values);
	log->n_values += !slot->offset;
	*slot = (struct slot){key, offset};
	return ASSAY_OK;
}

static bool is_zero(const char *bytes, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Index every sound record. From what is damaged go on by words until a head is sound again. */
static enum assay_code recover(struct log *log, struct assay_err *err)
{
	uint64_t offset = sizeof(struct file_head);
	bool damaged = false;
	log->end = offset;
	while (offset + log->stride <= log->file_bytes) {
		if (!is_sound_head(log, offset) || !is_sound_value(log, offset)) {
			if (!damaged && is_zero(log->map + offset, log->file_bytes - offset))
				break; /* allocated ahead, never written */
			log->n_damaged += !damaged;
			damaged = true;
			offset += sizeof(uint64_t);
			continue;
		}
		struct record r;
		memcpy(&r, log->map + offset, sizeof(r));
		enum assay_code rc = index_record(log, r.key, offset, err);
		if (rc != ASSAY_OK)
			return rc;
		damaged = false;
		offset += log->stride;
		log->end = offset;
	}
	/* what is damaged at the end is left as it is: records go on behind it */
	uint64_t last = log->file_bytes;
	while (last > log->end && !log->map[last - 1])
		last--;
	log->n_damaged += !damaged && last > log->end; /* a record that was cut off */
	log->end = last > log->end ? (last + 7) & ~(uint64_t)7 : log->end;
	return ASSAY_OK;
}

static enum assay_code begin_file(struct log *log, const char *path, struct assay_err *err)
{
	struct file_head head = {.magic = FILE_MAGIC, .value_bytes = log->value_bytes};
	struct stat status;
	if (fstat(log->fd, &status) != 0)
		return assay_fail(err, ASSAY_EIO, "log '%s': %s", path, strerror(errno));
	log->file_bytes = (uint64_t)status.st_size;
	if (log->file_bytes > log->map_bytes)
		return assay_fail(err, ASSAY_EIO, "log '%s' has more than %" PRIu64 " bytes", path,
				  log->map_bytes);
	if (log->file_bytes == 0) {
		enum assay_code rc = grow(log, sizeof(head), err);
		if (rc != ASSAY_OK)
			return assay_context(err, rc, "'%s'", path);
		memcpy(log->map, &head, sizeof(head));
		log->end = sizeof(head);
		return ASSAY_OK;
	}
	struct file_head found;
	if (log->file_bytes < sizeof(found))
		return assay_fail(err, ASSAY_EPARSE, "log '%s' is cut short in its head", path);
	memcpy(&found, log->map, sizeof(found));
	if (memcmp(found.magic, head.magic, sizeof(head.magic)) != 0)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is no log of assay's", path);
	if (found.value_bytes != head.value_bytes)
		return assay_fail(err, ASSAY_EPARSE,
				  "log '%s' has values of %" PRIu64 " bytes, not %zu", path,
				  found.value_bytes, log->value_bytes);
	enum assay_code rc = recover(log, err);
	if (rc == ASSAY_OK)
		rc = still_there(log, err);
	return assay_context(err, rc, "'%s'", path);
}

enum assay_code log_open(const struct log_config *config, struct log **ret, struct assay_err *err)
{
	struct log *log = calloc(1, sizeof(*log));
	if (!log)
		return assay_fail(err, ASSAY_ENOMEM, "log: out of memory");
	log->fd = -1;
	log->path = strdup(config->path);
	log->config = *config;
	log->config.path = log->path;
	log->value_bytes = config->value_bytes;
	log->stride = (sizeof(struct record) + config->value_bytes + 7) & ~(size_t)7;
	log->most_values = config->most_values;
	log->map_bytes = config->most_bytes ? config->most_bytes : MOST_BYTES;
	log->slot_mask = 1;
	while (log->slot_mask < 2 * config->most_values)
		log->slot_mask = 2 * log->slot_mask + 1;
	log->slots = calloc(log->slot_mask + 1, sizeof(*log->slots));
	enum assay_code rc = ASSAY_OK;
	if (!log->slots || !log->path)
		rc = assay_fail(err, ASSAY_ENOMEM, "log: no memory for its index");
	else if ((log->fd = open(config->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		rc = assay_fail(err, ASSAY_EIO, "log '%s': %s", config->path, strerror(errno));
	if (rc == ASSAY_OK) {
		rc = mapped_new(log->fd, log->map_bytes, &log->mapped, &log->map, err);
		rc = rc == ASSAY_OK ? begin_file(log, config->path, err)
				    : assay_context(err, rc, "log '%s'", config->path);
	}
	if (rc != ASSAY_OK)
		log_close(log);
	else
		*ret = log;
	return rc;
}

enum assay_code log_get(struct log *log, uint64_t key, void *value, struct assay_err *err)
{
	const struct slot *slot = slot_of(log, key);
	if (!slot->offset)
		return ASSAY_SKIP;
	const struct record *r = (const struct record *)(const void *)(log->map + slot->offset);
	const char *stored = log->map + slot->offset + sizeof(*r);
	memcpy(value, stored, log->value_bytes);
	/* the copy is checked, not the file: whoever changes it meanwhile is found out too */
	bool sound = sum_lanes(value, log->value_bytes) == r->value_sum && r->key == key;
	enum assay_code rc = still_there(log, err);
	if (rc == ASSAY_OK && !sound)
		return assay_fail(err, ASSAY_ECHECK,
				  "log: the record of key %" PRIx64 " at %" PRIu64 " is damaged",
				  key, slot->offset);
	return rc;
}

static enum assay_code append(struct log *log, uint64_t key, const void *value,
			      struct assay_err *err)
{
	enum assay_code rc = grow(log, log->end + log->stride, err);
	if (rc == ASSAY_OK)
		rc = index_record(log, key, log->end, err);
	if (rc != ASSAY_OK)
		return rc;
	struct record r = {
		.magic = RECORD_MAGIC, .key = key, .value_sum = sum_lanes(value, log->value_bytes)};
	r.head_sum = head_sum(&r, log->end);
	/* the head last: what is cut off before it is nothing */
	memcpy(log->map + log->end + sizeof(r), value, log->value_bytes);
	__asm__ volatile("" : : : "memory");
	memcpy(log->map + log->end, &r, sizeof(r));
	log->end += log->stride;
	return still_there(log, err);
}

/* What is damaged is not taken along: it could not be read before either. */
static enum assay_code copy_valid(const struct log *from, struct log *to, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (uint64_t i = 0; rc == ASSAY_OK && i <= from->slot_mask; i++) {
		const struct slot *slot = &from->slots[i];
		if (slot->offset && is_sound_value(from, slot->offset))
			rc = append(to, slot->key, from->map + slot->offset + sizeof(struct record),
				    err);
	}
	return rc == ASSAY_OK ? still_there(from, err) : rc;
}

/* Write what is valid to a new file, which then takes the name of the old one. */
static enum assay_code rewrite(struct log *log, struct assay_err *err)
{
	size_t length = strlen(log->path) + sizeof(".new");
	char *path = malloc(length);
	if (!path)
		return assay_fail(err, ASSAY_ENOMEM, "log: out of memory");
	snprintf(path, length, "%s.new", log->path);
	unlink(path); /* of an earlier attempt that was cut off */
	struct log_config config = log->config;
	config.path = path;
	struct log *fresh = NULL;
	enum assay_code rc = log_open(&config, &fresh, err);
	if (rc == ASSAY_OK)
		rc = copy_valid(log, fresh, err);
	if (rc == ASSAY_OK && rename(path, log->path) != 0)
		rc = assay_fail(err, ASSAY_EIO, "log: rename '%s': %s", path, strerror(errno));
	if (rc == ASSAY_OK) {
		/* the two change places, and the old one is closed under the new one's struct */
		struct log old = *log;
		*log = *fresh;
		log->path = old.path;
		log->config = old.config;
		old.path = fresh->path;
		*fresh = old;
	} else {
		unlink(path);
	}
	log_close(fresh);
	free(path);
	return rc;
}

enum assay_code log_put(struct log *log, uint64_t key, const void *value, struct assay_err *err)
{
	uint64_t live = log->n_values * log->stride, end = log->end + log->stride;
	enum assay_code there = still_there(log, err);
	if (there != ASSAY_OK)
		return there;
	if (end > LENGTH_TO_LIVE * live + SLACK_BYTES ||
	    (end > log->map_bytes && live < log->map_bytes / 2)) {
		enum assay_code rc = rewrite(log, err);
		if (rc != ASSAY_OK)
			return rc;
	}
	return append(log, key, value, err);
}

enum assay_code log_sync(struct log *log, int force, struct assay_err *err)
{
	/* pages of a shared map are the kernel's already: a crash of this process loses none of them */
	if (force && msync(log->map, log->end, MS_SYNC) != 0)
		return assay_fail(err, ASSAY_EIO, "log: %s", strerror(errno));
	return ASSAY_OK;
}

uint64_t log_values(const struct log *log)
{
	return log->n_values;
}

uint64_t log_damaged(const struct log *log)
{
	return log->n_damaged;
}

uint64_t log_bytes(const struct log *log)
{
	return log->end;
}

/* SPDX-License-Identifier: MIT */
/*
 * power: the power goes. All writes, syncs and names of a scene are recorded; then images of the disk are made as a loss
 * of power at any moment might leave them, and each must open, be sound and hold what was acknowledged.
 *
 * The model of the disk: what was written and then synchronised is there. Of what was written since, per file, nothing,
 * all, the first part, or any part is there, in any order, each write possibly torn at a multiple of 512
 * bytes; bytes beside a write are not touched. Names change in order, as with a journal of metadata,
 * and some of the last changes are lost. This is the idea of SQLite's own crash tests.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/soak/scenes.h"
#include "tests/soak/soak.h"
#include "tests/soak/vfs.h"

enum { MOST_FILES = 64, MOST_NAMES = 32, SECTOR = 512 };

struct content {
	unsigned char *bytes;
	size_t size, capacity;
};

struct name {
	char name[96];
	unsigned file;
};

struct disk {
	struct content files[MOST_FILES];
	size_t synced_to[MOST_FILES]; /* events before this one are in `files` */
	struct name names[MOST_NAMES];
	size_t n_names, names_synced_to;
};

static void reserve(struct content *c, size_t size)
{
	if (size > c->capacity) {
		size_t capacity = size + size / 2;
		c->bytes = realloc(c->bytes, capacity);
		if (!c->bytes)
			soak_broken("out of memory for an image");
		c->capacity = capacity;
	}
	if (size > c->size)
		memset(c->bytes + c->size, 0, size - c->size);
}

static void put(struct content *c, uint64_t offset, const unsigned char *bytes, size_t n)
{
	if (n == 0)
		return;
	reserve(c, (size_t)offset + n);
	memcpy(c->bytes + offset, bytes, n);
	if (offset + n > c->size)
		c->size = (size_t)offset + n;
}

static void cut(struct content *c, uint64_t size)
{
	reserve(c, (size_t)size);
	c->size = (size_t)size;
}

static void apply(struct content *c, const struct shim_event *event)
{
	if (event->kind == SHIM_DID_WRITE)
		put(c, event->offset, event->bytes, event->size);
	else
		cut(c, event->offset);
}

/* Only some sectors of the write. */
static void apply_torn(struct soak *soak, struct content *c, const struct shim_event *event)
{
	if (event->kind != SHIM_DID_WRITE) {
		apply(c, event);
		return;
	}
	for (size_t at = 0; at < event->size; at += SECTOR) {
		size_t n = event->size - at < SECTOR ? event->size - at : SECTOR;
		if (soak_below(soak, 2))
			put(c, event->offset + at, event->bytes + at, n);
	}
}

static bool changes(const struct shim_event *event, unsigned file)
{
	return event->file == file &&
	       (event->kind == SHIM_DID_WRITE || event->kind == SHIM_DID_TRUNCATE);
}

static void rename_in(struct disk *disk, const struct shim_event *event)
{
	size_t i = 0;
	while (i < disk->n_names && strcmp(disk->names[i].name, event->name) != 0)
		i++;
	if (event->kind == SHIM_DID_UNNAME) {
		if (i < disk->n_names)
			disk->names[i] = disk->names[--disk->n_names];
		return;
	}
	if (i == MOST_NAMES)
		soak_broken("too many names in an image");
	if (i == disk->n_names)
		disk->n_names++;
	memcpy(disk->names[i].name, event->name, sizeof(event->name));
	disk->names[i].file = event->file;
}

static bool names(const struct shim_event *event)
{
	return event->kind == SHIM_DID_NAME || event->kind == SHIM_DID_UNNAME;
}

/* What is certain after the first `n` events. */
static void play(const struct shim *shim, size_t n, struct disk *disk)
{
	for (size_t i = 0; i < n; i++) {
		const struct shim_event *event = &shim->events[i];
		if (event->kind == SHIM_DID_SYNC) {
			for (size_t j = disk->synced_to[event->file]; j < i; j++)
				if (changes(&shim->events[j], event->file))
					apply(&disk->files[event->file], &shim->events[j]);
			disk->synced_to[event->file] = i;
		} else if (event->kind == SHIM_DID_SYNC_NAMES) {
			for (size_t j = disk->names_synced_to; j < i; j++)
				if (names(&shim->events[j]))
					rename_in(disk, &shim->events[j]);
			disk->names_synced_to = i;
		}
	}
}

/* And what is not: some of the rest. */
static void lose(struct soak *soak, const struct shim *shim, size_t n, struct disk *disk)
{
	for (unsigned file = 0; file < shim->files; file++) {
		enum { NOTHING, ALL, FIRST_PART, ANY_PART, TORN, WAYS };
		uint64_t way = soak_below(soak, WAYS);
		size_t end = way == FIRST_PART
				     ? disk->synced_to[file] +
					       soak_below(soak, n - disk->synced_to[file] + 1)
				     : n;
		for (size_t i = disk->synced_to[file]; way != NOTHING && i < end; i++) {
			const struct shim_event *event = &shim->events[i];
			if (!changes(event, file) || (way >= ANY_PART && soak_below(soak, 2)))
				continue;
			if (way == TORN)
				apply_torn(soak, &disk->files[file], event);
			else
				apply(&disk->files[file], event);
		}
	}
	size_t last = disk->names_synced_to + soak_below(soak, n - disk->names_synced_to + 1);
	for (size_t i = disk->names_synced_to; i < last; i++)
		if (names(&shim->events[i]))
			rename_in(disk, &shim->events[i]);
}

static void write_image(const struct disk *disk)
{
	for (size_t i = 0; i < disk->n_names; i++) {
		const struct content *c = &disk->files[disk->names[i].file];
		FILE *file = fopen(disk->names[i].name, "we");
		if (!file || fwrite(c->bytes, 1, c->size, file) != c->size || fclose(file) != 0)
			soak_broken("write the image's '%s'", disk->names[i].name);
	}
}

static void one_image(struct soak *soak, const struct shim *shim, size_t first, uint64_t before,
		      const char *scene)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	if (!disk)
		soak_broken("out of memory for an image");
	size_t n = first + soak_below(soak, shim->n - first + 1);
	uint64_t acknowledged = before;
	for (size_t i = 0; i < n; i++)
		if (shim->events[i].kind == SHIM_DID_ACKNOWLEDGE)
			acknowledged = shim->events[i].offset;
	play(shim, n, disk);
	lose(soak, shim, n, disk);
	write_image(disk);
	for (size_t i = 0; i < MOST_FILES; i++)
		free(disk->files[i].bytes);
	free(disk);
	char what[80];
	snprintf(what, sizeof(what), "%s, power lost after %zu of %zu", scene, n, shim->n);
	scene_judge(soak, acknowledged, what);
	soak_clear_folder();
}

/* What was there before a scene is on the disk: files and names, as if just synchronised. */
static void record_present(struct shim *shim)
{
	static const char *const present[] = {"results.db", "other.db"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(present); i++)
		if (access(present[i], F_OK) == 0)
			shim_adopt(shim, present[i]);
}

/* Returns with which event the scene begins; *ret_before is what was acknowledged by then. */
static size_t record(struct soak *soak, const struct scene *scene, struct shim *shim,
		     uint64_t *ret_before)
{
	struct assay_err err = {0};
	struct scene_state state = {.shim = shim};
	*ret_before = scene->prepare ? scene->prepare() : 0;
	shim->remote = scene->remote;
	shim->recording = true;
	record_present(shim);
	size_t first = shim->n;
	state.acknowledged = *ret_before;
	if (scene->play(&state, &err) != ASSAY_OK)
		soak_fail(soak, "%s fails without a fault: %s", scene->name, err.text);
	shim->recording = false;
	soak_clear_folder();
	return first;
}

static void power_loss(struct soak *soak)
{
	static struct shim shim = {.lazy = true};
	shim_install(&shim);
	uint64_t each = soak->asked / n_scenes + 1, events = 0;
	for (size_t i = 0; i < n_scenes; i++) {
		uint64_t before;
		size_t first = record(soak, scenes[i], &shim, &before);
		events += shim.n - first;
		for (uint64_t j = 0; j < each && soak_trial(soak); j++)
			one_image(soak, &shim, first, before, scenes[i]->name);
		shim_forget(&shim);
	}
	snprintf(soak->note, sizeof(soak->note), "%" PRIu64 " operations recorded", events);
}

const struct campaign soak_power_loss = {
	.name = "power-loss",
	.brief =
		"images of the disk as a loss of power leaves them: the last writes missing, in another order, torn",
	.trials = 10000,
	.few = 60,
	.run = power_loss,
};

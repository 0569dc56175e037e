/* SPDX-License-Identifier: MIT */
/*
 * slab: ours: blocks of one size in a slab with a bitmap, one lock per size. Nothing is written into free
 * blocks, a second release is seen, and a slab without blocks in use goes back to the system at once, all
 * but one of each size [Bonwick, "The slab allocator: an object-caching kernel memory allocator", USENIX 1994;
 * the bitmap as in phkmalloc].
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "suites/memory/memory.h"
#include "suites/memory/size_class.h"

#define SLAB_BYTES ((size_t)64 << 10)
enum { WORDS = 64 }; /* of 64 bits: blocks are at least 16 bytes */

struct slab {
	struct slab *next, **link; /* among those of its class that have room */
	uint32_t class;
	uint32_t block_bytes;
	uint32_t capacity, used;
	uint32_t first_word; /* no bit is set in the words before it */
	char *blocks;
	uint64_t free[WORDS]; /* a bit for each block that can be had */
};

static struct shelf {
	_Alignas(ASSAY_CACHE_LINE) pthread_mutex_t lock;
	struct slab *roomy;
	size_t empty; /* slabs among them without blocks in use */
} shelves[SIZE_CLASSES] = {[0 ... SIZE_CLASSES - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static struct slab *slab_of(const void *ptr)
{
	return (struct slab *)((uintptr_t)ptr & ~(uintptr_t)(SLAB_BYTES - 1));
}

static void link_first(struct shelf *shelf, struct slab *slab)
{
	slab->next = shelf->roomy;
	slab->link = &shelf->roomy;
	if (slab->next)
		slab->next->link = &slab->next;
	shelf->roomy = slab;
}

static void unlink_slab(struct slab *slab)
{
	*slab->link = slab->next;
	if (slab->next)
		slab->next->link = slab->link;
}

static struct slab *slab_new(size_t class)
{
	char *base = mmap(NULL, 2 * SLAB_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)base & (SLAB_BYTES - 1);
	if (before)
		munmap(base, before);
	munmap(base + before + SLAB_BYTES, SLAB_BYTES - before);
	struct slab *slab = (struct slab *)(base + before);
	slab->class = (uint32_t) class;
	slab->block_bytes = (uint32_t)size_class_bytes(class);
	slab->blocks = (char *)slab + ((sizeof(*slab) + 63) & ~(size_t)63);
	slab->capacity =
		(uint32_t)((size_t)((char *)slab + SLAB_BYTES - slab->blocks) / slab->block_bytes);
	for (uint32_t i = 0; i < slab->capacity; i++)
		slab->free[i / 64] |= (uint64_t)1 << i % 64;
	return slab;
}

static void *take(struct slab *slab)
{
	uint32_t word = slab->first_word;

	while (!slab->free[word])
		word++;
	slab->first_word = word;
	uint32_t bit = (uint32_t)__builtin_ctzll(slab->free[word]);
	slab->free[word] &= slab->free[word] - 1;
	slab->used++;
	return slab->blocks + (size_t)(word * 64 + bit) * slab->block_bytes;
}

static void *alloc(size_t size)
{
	if (size > SIZE_LARGEST)
		return malloc(size);
	size_t class = size_class_of(size);
	struct shelf *shelf = &shelves[class];
	pthread_mutex_lock(&shelf->lock);
	struct slab *slab = shelf->roomy;
	if (!slab) {
		slab = slab_new(class);
		if (!slab) {
			pthread_mutex_unlock(&shelf->lock);
			return NULL;
		}
		link_first(shelf, slab);
		shelf->empty++;
	}
	shelf->empty -= slab->used == 0;
	void *ptr = take(slab);
	if (slab->used == slab->capacity)
		unlink_slab(slab);
	pthread_mutex_unlock(&shelf->lock);
	return ptr;
}

/* Mark the block free. What is no block in use ends the process. */
static void give(struct slab *slab, const void *ptr)
{
	uint32_t offset = (uint32_t)((const char *)ptr - slab->blocks);
	uint32_t block = offset / slab->block_bytes, word = block / 64;
	uint64_t bit = (uint64_t)1 << block % 64;

	if (block >= slab->capacity || offset % slab->block_bytes || slab->free[word] & bit)
		__builtin_trap();
	slab->free[word] |= bit;
	if (word < slab->first_word)
		slab->first_word = word;
	slab->used--;
}

static void release(void *ptr, size_t size)
{
	if (size > SIZE_LARGEST) {
		free(ptr);
		return;
	}
	struct slab *slab = slab_of(ptr);
	struct shelf *shelf = &shelves[size_class_of(size)];
	pthread_mutex_lock(&shelf->lock);
	if (slab->used == slab->capacity)
		link_first(shelf, slab);
	give(slab, ptr);
	if (slab->used == 0 && shelf->empty++ > 0) {
		shelf->empty--;
		unlink_slab(slab);
		munmap(slab, SLAB_BYTES);
	}
	pthread_mutex_unlock(&shelf->lock);
}

static void trim(void)
{
	for (struct shelf *shelf = shelves; shelf < shelves + SIZE_CLASSES; shelf++) {
		pthread_mutex_lock(&shelf->lock);
		for (struct slab *slab = shelf->roomy, *next; slab; slab = next) {
			next = slab->next;
			if (slab->used)
				continue;
			unlink_slab(slab);
			shelf->empty--;
			munmap(slab, SLAB_BYTES);
		}
		pthread_mutex_unlock(&shelf->lock);
	}
}

static const struct allocator ops = {
	.alloc = alloc,
	.release = release,
	.trim = trim,
	.keeps_content = true,
};

const struct assay_subject assay_subject_memory_slab = {
	.brief = "ours: bitmaps, one lock per size, empty slabs go back at once",
	.ops = &ops,
};

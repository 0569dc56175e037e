/* SPDX-License-Identifier: MIT */
/* heap: a binary heap of deadlines, with the place of each entry so that it can be cancelled. */
#include <stdlib.h>

#include "suites/cache/parts.h"

struct item {
	uint64_t deadline;
	uint32_t entry;
};

struct expiry {
	struct item *items;
	uint32_t *place; /* of each entry in items */
	uint32_t n;
};

static void heap_destroy(struct expiry *h)
{
	if (!h)
		return;
	free(h->items);
	free(h->place);
	free(h);
}

static struct expiry *heap_create(uint32_t n)
{
	struct expiry *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->items = malloc(n * sizeof(*h->items));
	h->place = malloc(n * sizeof(*h->place));
	if (!h->items || !h->place) {
		heap_destroy(h);
		return NULL;
	}
	return h;
}

static void set(struct expiry *h, uint32_t at, struct item item)
{
	h->items[at] = item;
	h->place[item.entry] = at;
}

static void rise(struct expiry *h, uint32_t at, struct item item)
{
	for (; at && h->items[(at - 1) / 2].deadline > item.deadline; at = (at - 1) / 2)
		set(h, at, h->items[(at - 1) / 2]);
	set(h, at, item);
}

static void sink(struct expiry *h, uint32_t at, struct item item)
{
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= h->n)
			break;
		child +=
			child + 1 < h->n && h->items[child + 1].deadline < h->items[child].deadline;
		if (h->items[child].deadline >= item.deadline)
			break;
		set(h, at, h->items[child]);
		at = child;
	}
	set(h, at, item);
}

static void heap_add(struct expiry *h, uint32_t entry, uint64_t deadline)
{
	rise(h, h->n++, (struct item){deadline, entry});
}

static void remove_at(struct expiry *h, uint32_t at)
{
	struct item last = h->items[--h->n];
	if (at == h->n)
		return;
	if (at && h->items[(at - 1) / 2].deadline > last.deadline)
		rise(h, at, last);
	else
		sink(h, at, last);
}

static void heap_cancel(struct expiry *h, uint32_t entry)
{
	remove_at(h, h->place[entry]);
}

static void heap_advance(struct expiry *h, uint64_t now,
			 void (*expired)(void *context, uint32_t entry), void *context)
{
	while (h->n && h->items[0].deadline <= now) {
		uint32_t entry = h->items[0].entry;
		remove_at(h, 0);
		expired(context, entry);
	}
}

static const struct expiry_ops ops = {
	.create = heap_create,
	.add = heap_add,
	.cancel = heap_cancel,
	.advance = heap_advance,
	.destroy = heap_destroy,
};

const struct assay_subject assay_subject_cache_heap = {
	.interface = EXPIRY_INTERFACE,
	.brief = "binary heap of deadlines: the usual design",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/*
 * wheel: ours: a hierarchical timing wheel [Varghese & Lauck, "Hashed and hierarchical timing wheels",
 * SOSP 1987], four levels of 64 slots; adding and cancelling are O(1), an entry moves down at most three
 * times. A bit per slot says which are in use, so that empty time is skipped.
 */
#include <stdlib.h>

#include "suites/cache/parts.h"

enum { LEVELS = 4, SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS };

/* Lists are circular; element n + level * SLOTS + slot is the head of a slot's. */
struct link {
	uint32_t before, after;
};

struct expiry {
	uint32_t n;
	uint64_t now;
	uint64_t used[LEVELS]; /* a bit per slot that may have entries */
	uint64_t *deadline;
	struct link *links;
};

static uint32_t head_of(const struct expiry *w, unsigned level, unsigned slot)
{
	return w->n + level * SLOTS + slot;
}

static void wheel_destroy(struct expiry *w)
{
	if (!w)
		return;
	free(w->deadline);
	free(w->links);
	free(w);
}

static struct expiry *wheel_create(uint32_t n)
{
	struct expiry *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->n = n;
	w->deadline = malloc(n * sizeof(*w->deadline));
	w->links = malloc(((size_t)n + LEVELS * SLOTS) * sizeof(*w->links));
	if (!w->deadline || !w->links) {
		wheel_destroy(w);
		return NULL;
	}
	for (uint32_t i = n; i < n + LEVELS * SLOTS; i++)
		w->links[i] = (struct link){i, i};
	return w;
}

/* By the highest group of bits in which the deadline differs from now. */
static void wheel_add(struct expiry *w, uint32_t entry, uint64_t deadline)
{
	uint64_t differs = deadline ^ w->now;
	unsigned level =
		differs < SLOTS ? 0 : (63u - (unsigned)__builtin_clzll(differs)) / SLOT_BITS;
	level = level < LEVELS ? level : LEVELS - 1;
	unsigned slot = (unsigned)(deadline >> (SLOT_BITS * level)) % SLOTS;
	uint32_t head = head_of(w, level, slot);
	w->deadline[entry] = deadline;
	w->links[entry] = (struct link){w->links[head].before, head};
	w->links[w->links[head].before].after = entry;
	w->links[head].before = entry;
	w->used[level] |= UINT64_C(1) << slot;
}

static void wheel_cancel(struct expiry *w, uint32_t entry)
{
	struct link at = w->links[entry];
	w->links[at.before].after = at.after;
	w->links[at.after].before = at.before;
}

/* Empty a slot: what is due expires, the rest goes to where it belongs now. */
static void empty_slot(struct expiry *w, unsigned level, unsigned slot,
		       void (*expired)(void *context, uint32_t entry), void *context)
{
	uint32_t head = head_of(w, level, slot), first = w->links[head].after;
	w->used[level] &= ~(UINT64_C(1) << slot);
	if (first == head)
		return;
	w->links[w->links[head].before].after = head; /* a chain that ends at its head */
	w->links[head] = (struct link){head, head};
	for (uint32_t entry = first, after; entry != head; entry = after) {
		after = w->links[entry].after;
		if (w->deadline[entry] <= w->now)
			expired(context, entry);
		else
			wheel_add(w, entry, w->deadline[entry]);
	}
}

/* The next moment at which a slot has to be emptied: the nearest used slot of the lowest level. */
static uint64_t next_moment(const struct expiry *w)
{
	uint64_t best = UINT64_MAX;
	for (unsigned level = 0; level < LEVELS; level++) {
		unsigned shift = SLOT_BITS * level, at = (unsigned)(w->now >> shift) % SLOTS;
		if (!w->used[level])
			continue;
		/* the slots after this one, in the order in which time reaches them */
		unsigned by = (at + 1) % SLOTS;
		uint64_t turned = w->used[level] >> by | (by ? w->used[level] << (SLOTS - by) : 0);
		uint64_t steps = (uint64_t)__builtin_ctzll(turned) + 1;
		uint64_t moment = ((w->now >> shift) + steps) << shift;
		best = moment < best ? moment : best;
	}
	return best;
}

static void wheel_advance(struct expiry *w, uint64_t now,
			  void (*expired)(void *context, uint32_t entry), void *context)
{
	for (;;) {
		uint64_t moment = next_moment(w);
		if (moment > now)
			break;
		w->now = moment;
		/* from above: what moves down into a slot of this moment expires with it */
		for (unsigned level = LEVELS; level-- > 0;) {
			unsigned slot = (unsigned)(moment >> (SLOT_BITS * level)) % SLOTS;
			uint64_t below = (UINT64_C(1) << (SLOT_BITS * level)) - 1;
			if (!(moment & below) && w->used[level] >> slot & 1)
				empty_slot(w, level, slot, expired, context);
		}
	}
	w->now = now;
}

static const struct expiry_ops ops = {
	.create = wheel_create,
	.add = wheel_add,
	.cancel = wheel_cancel,
	.advance = wheel_advance,
	.destroy = wheel_destroy,
};

const struct assay_subject assay_subject_cache_wheel = {
	.interface = EXPIRY_INTERFACE,
	.brief = "hierarchical timing wheel, four levels of 64 slots",
	.ops = &ops,
};

/* SPDX-License-Identifier: MIT */
/* spsc_ring: making a ring, and waiting for it. */
#include "suites/memory/spsc_ring.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"

/* How long a side that waits looks away: the line of the other's index stays there meanwhile. */
#define PAUSES_PER_LOOK 16u
/* Looks before the processor is offered to someone else, who may be the other side. */
#define LOOKS_PER_YIELD 64u

enum assay_code spsc_ring_new(size_t capacity, struct spsc_ring **ret, struct assay_err *err)
{
	if (capacity < 4 * SPSC_BATCH || (capacity & (capacity - 1)) != 0)
		return assay_fail(err, ASSAY_EBUG,
				  "ring of %zu slots: not a power of two of at least %d", capacity,
				  4 * SPSC_BATCH);
	struct spsc_ring *ring = aligned_alloc(SPSC_APART, sizeof(*ring));
	void **slots = calloc(capacity, sizeof(*slots));
	if (!ring || !slots) {
		free(ring);
		free(slots);
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a ring of %zu slots", capacity);
	}
	memset(ring, 0, sizeof(*ring));
	ring->slots = slots;
	ring->mask = capacity - 1;
	*ret = ring;
	return ASSAY_OK;
}

void spsc_ring_free(struct spsc_ring *ring)
{
	if (!ring)
		return;
	free(ring->slots);
	free(ring);
}

static void look_away(unsigned *looks)
{
	for (unsigned i = 0; i < PAUSES_PER_LOOK; i++)
		assay_cpu_relax();
	if (++*looks % LOOKS_PER_YIELD == 0)
		sched_yield();
}

void spsc_ring_push_wait(struct spsc_ring *ring, void *item)
{
	unsigned looks = 0;

	while (!spsc_ring_push(ring, item))
		look_away(&looks);
}

void *spsc_ring_pop_wait(struct spsc_ring *ring)
{
	unsigned looks = 0;

	for (;;) {
		void *item = spsc_ring_pop(ring);
		if (item)
			return item;
		look_away(&looks);
	}
}

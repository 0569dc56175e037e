/* SPDX-License-Identifier: MIT */
/* breaker_window: a ring of slots and their sum; what a slot held is taken off when it is reused. */
#include "suites/concurrency/breaker_window.h"

#include <stdlib.h>
#include <string.h>

enum assay_code breaker_window_init(struct breaker_window *w, enum breaker_window_kind kind,
				    uint32_t size, struct assay_err *err)
{
	*w = (struct breaker_window){.kind = kind, .size = size};
	if (kind != BREAKER_INTERVAL)
		w->slots = calloc(size, sizeof(*w->slots));
	if (kind != BREAKER_INTERVAL && !w->slots)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a window of %u", size);
	return ASSAY_OK;
}

void breaker_window_done(struct breaker_window *w)
{
	free(w->slots);
}

void breaker_window_clear(struct breaker_window *w)
{
	w->at = 0;
	w->sum = (struct breaker_counts){0};
	if (w->slots)
		memset(w->slots, 0, w->size * sizeof(*w->slots));
}

static void forget(struct breaker_window *w, struct breaker_counts *slot)
{
	w->sum.calls -= slot->calls;
	w->sum.success -= slot->success;
	w->sum.failed -= slot->failed;
	w->sum.slow -= slot->slow;
	w->sum.total_ns -= slot->total_ns;
	*slot = (struct breaker_counts){0};
}

void breaker_window_move(struct breaker_window *w, uint64_t now_ns)
{
	uint64_t second = now_ns / 1000000000u;
	if (w->kind != BREAKER_TIME || second <= w->second)
		return;
	uint64_t steps = second - w->second;
	if (steps >= w->size)
		breaker_window_clear(w);
	else
		for (uint64_t s = w->second + 1; s <= second; s++)
			forget(w, &w->slots[s % w->size]);
	w->second = second;
}

static void add(struct breaker_counts *counts, bool failed, bool slow, uint64_t took_ns)
{
	counts->calls++;
	counts->success += !failed;
	counts->failed += failed;
	counts->slow += slow;
	counts->total_ns += took_ns;
}

void breaker_window_add(struct breaker_window *w, uint64_t now_ns, bool failed, bool slow,
			uint64_t took_ns)
{
	struct breaker_counts *slot = NULL;
	if (w->kind == BREAKER_TIME) {
		breaker_window_move(w, now_ns);
		slot = &w->slots[w->second % w->size];
	} else if (w->kind == BREAKER_COUNT) {
		slot = &w->slots[w->at];
		w->at = w->at + 1 < w->size ? w->at + 1 : 0;
		forget(w, slot);
	}
	if (slot)
		add(slot, failed, slow, took_ns);
	add(&w->sum, failed, slow, took_ns);
}

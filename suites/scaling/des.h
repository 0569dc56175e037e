/* SPDX-License-Identifier: MIT */
/*
 * des: what happens next, for discrete-event simulation: a calendar queue [Brown, "Calendar queues", CACM
 * 31(10), 1988] over a fixed number of slots, each with at most one event to come, such as the end of what
 * a node is doing. Times in one array and links in another: an event is 12 bytes, so that those of ten
 * thousand nodes stay in a second-level cache. Putting and taking are O(1) on average; the width of a day
 * follows the events.
 */
#ifndef ASSAY_SUITES_SCALING_DES_H
#define ASSAY_SUITES_SCALING_DES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

#define DES_NONE UINT32_MAX
#define DES_IDLE (-1.0) /* the time of a slot without an event */

struct des {
	double now; /* time of the event taken last */
	double days_per_time;
	uint64_t day;
	uint32_t mask; /* days of a year, less one */
	uint32_t pending;
	double *time;   /* of each slot */
	uint32_t *next; /* of each slot, within its day; sorted by time */
	uint32_t *head; /* of each day of the year */
	/* Since `since`: events taken, and steps beside them that a better width would save. */
	uint64_t taken, steps;
	double since;
	uint32_t slots;
};

/* Slots 0 to slots - 1, at most 2^30. `gap`: about how far events lie apart; it is learnt, so any guess above
 * 0 will do. */
enum assay_code des_init(struct des *des, size_t slots, double gap, struct assay_err *err);
void des_done(struct des *des);

/* Take a width for days from what was seen; called by des_take(). */
void des_retune(struct des *des);
/* Where no day of this year has an event: the day of the first one. */
uint64_t des_first_day(const struct des *des);

static inline uint64_t des_day_of(const struct des *des, double time)
{
	return (uint64_t)(time * des->days_per_time);
}

/* An event for an idle slot, at time >= des->now. Of equal times the one put first comes first. */
static inline void des_put(struct des *des, uint32_t slot, double time)
{
	uint32_t *link = &des->head[des_day_of(des, time) & des->mask];
	while (*link != DES_NONE && des->time[*link] <= time) {
		link = &des->next[*link];
		des->steps++;
	}
	des->time[slot] = time;
	des->next[slot] = *link;
	*link = slot;
	des->pending++;
}

/* Forget the event of a slot; fine for an idle one. */
static inline void des_drop(struct des *des, uint32_t slot)
{
	double time = des->time[slot];
	if (time < 0)
		return;
	uint32_t *link = &des->head[des_day_of(des, time) & des->mask];
	while (*link != slot)
		link = &des->next[*link];
	*link = des->next[slot];
	des->time[slot] = DES_IDLE;
	des->pending--;
}

/* The slot of the next event, which is idle from then on; des->now is its time. DES_NONE: there is none. */
static inline uint32_t des_take(struct des *des)
{
	if (des->pending == 0)
		return DES_NONE;
	for (uint32_t empty = 0;; des->day++, empty++) {
		uint32_t *link = &des->head[des->day & des->mask];
		uint32_t slot = *link;
		if (slot != DES_NONE && des_day_of(des, des->time[slot]) <= des->day) {
			*link = des->next[slot];
			des->now = des->time[slot];
			des->time[slot] = DES_IDLE;
			des->pending--;
			des->steps += empty;
			if (++des->taken >= 4096)
				des_retune(des);
			return slot;
		}
		if (empty > des->mask) {
			des->day = des_first_day(des) - 1;
			empty = 0;
		}
	}
}

#endif

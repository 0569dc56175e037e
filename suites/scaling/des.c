/* SPDX-License-Identifier: MIT */
/* des: memory, and the width of a day. */
#include "suites/scaling/des.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_DAYS = 16, MOST_SLOTS = 1 << 30 };

/* Beside one look at a day, so many steps an event are fine; so much must a width differ to be worth it. */
#define STEPS_FINE   1.0
#define WIDTH_CHANGE 1.5

static void clear_days(struct des *des)
{
	for (uint32_t i = 0; i <= des->mask; i++)
		des->head[i] = DES_NONE;
}

enum assay_code des_init(struct des *des, size_t slots, double gap, struct assay_err *err)
{
	*des = (struct des){0};
	if (slots < 1 || slots > MOST_SLOTS || !(gap > 0))
		return assay_fail(err, ASSAY_EUSAGE, "event queue: %zu slots, gap %g", slots, gap);
	uint32_t days = LEAST_DAYS;
	while (days < slots)
		days *= 2;
	des->slots = (uint32_t)slots;
	des->mask = days - 1;
	des->days_per_time = 1 / gap;
	des->time = malloc(slots * sizeof(*des->time));
	des->next = malloc(slots * sizeof(*des->next));
	des->head = malloc(days * sizeof(*des->head));
	if (!des->time || !des->next || !des->head) {
		des_done(des);
		return assay_fail(err, ASSAY_ENOMEM, "event queue: out of memory for %zu slots",
				  slots);
	}
	for (size_t i = 0; i < slots; i++)
		des->time[i] = DES_IDLE;
	clear_days(des);
	return ASSAY_OK;
}

void des_done(struct des *des)
{
	free(des->time);
	free(des->next);
	free(des->head);
	*des = (struct des){0};
}

uint64_t des_first_day(const struct des *des)
{
	double first = INFINITY;
	for (uint32_t i = 0; i <= des->mask; i++)
		if (des->head[i] != DES_NONE && des->time[des->head[i]] < first)
			first = des->time[des->head[i]];
	return des_day_of(des, first);
}

/* Put every event where it belongs with this width. */
static void spread(struct des *des, double days_per_time)
{
	des->days_per_time = days_per_time;
	des->day = des_day_of(des, des->now);
	des->pending = 0;
	clear_days(des);
	for (uint32_t slot = 0; slot < des->slots; slot++)
		if (des->time[slot] >= 0)
			des_put(des, slot, des->time[slot]);
}

void des_retune(struct des *des)
{
	double gap = (des->now - des->since) / (double)des->taken;
	bool slow = (double)des->steps > STEPS_FINE * (double)des->taken;
	double change = gap * des->days_per_time;
	if (slow && gap > 0 && (change > WIDTH_CHANGE || change < 1 / WIDTH_CHANGE))
		spread(des, 1 / gap);
	des->taken = des->steps = 0;
	des->since = des->now;
}
